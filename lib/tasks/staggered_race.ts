// staggeredRace: attempts one after the other, each with a head start; the first to succeed wins.

import { ArgumentRangeError, ArgumentTypeError } from '../base/errors.js';
import { assertInstant, assertOptions } from '../kernel/arguments.js';
import { type Coroutine, type CoroutineFunction, describe } from '../kernel/coroutine.js';
import type { Future } from '../kernel/future.js';
import { ScopedOperation } from '../kernel/scoped.js';
import { isSuccess, type RaceOptions, readRaceOptions, takeFirstSuccess } from './race.js';
import { Siblings } from './siblings.js';

/**
 * Calls the functions one after the other: the next one when `delayMs` have passed, or at once when the one before it has
 * failed. The first to succeed decides; the others are cancelled, and it ends when they have ended.
 *
 * Units: milliseconds; zero or less is no head start, Infinity waits for each to fail before the next.
 * Returns: the value of the first success.
 * Throws: ExceptionGroup with every failure, in the order of the functions, if all failed; ArgumentRangeError for no
 *   functions and a NaN delay; ArgumentTypeError.
 * Checkpoint: yes. Cancel: everything that was started is cancelled and waited for; once somebody has won, the value is
 *   given, and the request is for the next wait.
 * Source: asyncio.staggered, RFC 8305 (Happy Eyeballs).
 */
export function staggeredRace<T>(
  fns: readonly CoroutineFunction<T>[],
  delayMs: number,
  options: RaceOptions = {},
): ScopedOperation<T> {
  if (!Array.isArray(fns)) {
    throw new ArgumentTypeError(`staggeredRace: an array of functions is needed, not ${describe(fns)}`);
  }
  const attempts = [...(fns as readonly CoroutineFunction<T>[])];
  for (const fn of attempts) {
    if (typeof fn === 'function') continue;
    throw new ArgumentTypeError(`staggeredRace: each is a function, called when its turn comes, not ${describe(fn)}`);
  }
  assertInstant(delayMs, 'staggeredRace: delayMs');
  assertOptions(options, 'staggeredRace', ['onOrphan']);
  const onOrphan = readRaceOptions(options, 'staggeredRace');
  if (attempts.length === 0) throw new ArgumentRangeError('staggeredRace: there is nothing to try, so it would never end');
  return new ScopedOperation(() => perform(attempts, delayMs, onOrphan));
}

function* perform<T>(
  attempts: readonly CoroutineFunction<T>[],
  delayMs: number,
  onOrphan: RaceOptions['onOrphan'],
): Coroutine<T> {
  const siblings = new Siblings({ call: 'staggeredRace', decides: isSuccess, onOrphan });
  const started: Future<unknown>[] = [];
  yield* siblings.join(startAll(siblings, attempts, delayMs, started));
  return takeFirstSuccess(siblings, started) as T;
}

function* startAll(
  siblings: Siblings,
  attempts: readonly CoroutineFunction<unknown>[],
  delayMs: number,
  started: Future<unknown>[],
): Coroutine<void> {
  siblings.checkCancel();
  for (const attempt of attempts) {
    const child = siblings.start(attempt);
    if (child === undefined) break;
    started.push(child);
    if (started.length < attempts.length) yield* headStart(siblings, child, delayMs);
  }
}

function* headStart(siblings: Siblings, attempt: Future<unknown>, delayMs: number): Coroutine<void> {
  const { loop } = siblings;
  let hasPassed = delayMs <= 0;
  const pass = (): void => {
    hasPassed = true;
    siblings.poke();
  };
  const timer = hasPassed || delayMs === Infinity ? null : loop.callLater(delayMs, pass);
  try {
    yield* siblings.until(() => hasPassed || attempt.done() || siblings.isStopped);
  } finally {
    timer?.cancel();
  }
}
