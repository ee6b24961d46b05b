// race and any: the first one counts. The others are cancelled, and the race is over when they have ended.

import { ArgumentRangeError, ArgumentTypeError } from '../base/errors.js';
import { ExceptionGroup } from '../base/exception_group.js';
import { type Coroutine, describe } from '../kernel/coroutine.js';
import type { Future } from '../kernel/future.js';
import { ScopedOperation } from '../kernel/scoped.js';
import type { Waitable, WaitableValue } from './ensure_future.js';
import { hasNoResult, Siblings } from './siblings.js';
import { discard, readOwned, type WaitableUnion } from './waitables.js';

/** Options of `race`, `any` and `staggeredRace`. */
export interface RaceOptions {
  /** Called with each value of a loser that was made here and ended too late: a connection to be closed, say. */
  readonly onOrphan?: (value: unknown) => void;
}

/**
 * Runs everything concurrently; the first to end decides, with its value or its failure. The others are cancelled, and it
 * ends when they have ended. Nothing starts before it is awaited. To leave a loser running, give `shield(task)`.
 *
 * Takes what `gather` takes, as arguments, as an array or as a record.
 * Returns: the value of the first one.
 * Throws: the failure of the first one; ArgumentRangeError for a race of nothing, which would never end; ArgumentTypeError,
 *   WrongLoopError, CoroutineReusedError, and then what was given is closed or cancelled. What a loser fails with goes to
 *   the exception handler.
 * Checkpoint: only if none is done. Cancel: everything is cancelled and waited for; once somebody has won, the value is
 *   given, and the request is for the next wait.
 * Source: Promise.race, trio-util's wait_any.
 */
export function race<const A extends readonly Waitable[]>(
  items: A,
  options?: RaceOptions,
): ScopedOperation<WaitableUnion<A>>;
export function race<A extends readonly Waitable[]>(...items: A): ScopedOperation<WaitableUnion<A>>;
export function race<R extends Readonly<Record<string, Waitable>>>(
  items: R,
  options?: RaceOptions,
): ScopedOperation<WaitableValue<R[keyof R]>>;
export function race(...args: unknown[]): ScopedOperation<unknown> {
  const { items, onOrphan } = readRace(args, 'race');
  return new ScopedOperation(() => performRace(items, onOrphan));
}

/**
 * Runs everything concurrently; the first to succeed decides. The others are cancelled, and it ends when they have ended.
 *
 * Takes what `race` takes. Returns: the value of the first success.
 * Throws: ExceptionGroup with every failure, in the order of the arguments, if all failed; otherwise as `race`.
 * Checkpoint: only if no success is there. Cancel: as `race`.
 * Source: Promise.any.
 */
export function any<const A extends readonly Waitable[]>(
  items: A,
  options?: RaceOptions,
): ScopedOperation<WaitableUnion<A>>;
export function any<A extends readonly Waitable[]>(...items: A): ScopedOperation<WaitableUnion<A>>;
export function any<R extends Readonly<Record<string, Waitable>>>(
  items: R,
  options?: RaceOptions,
): ScopedOperation<WaitableValue<R[keyof R]>>;
export function any(...args: unknown[]): ScopedOperation<unknown> {
  const { items, onOrphan } = readRace(args, 'any');
  return new ScopedOperation(() => performAny(items, onOrphan));
}

type OnOrphan = ((value: unknown) => void) | undefined;

function readRace(args: readonly unknown[], call: string): { items: readonly unknown[]; onOrphan: OnOrphan } {
  const { items, options } = readOwned(args, call, ['onOrphan']);
  try {
    if (items.length === 0) throw new ArgumentRangeError(`${call}: there is nothing to wait for, so it would never end`);
    return { items, onOrphan: readRaceOptions(options, call) };
  } catch (error) {
    discard(items);
    throw error;
  }
}

/** @internal Returns: `onOrphan`. */
export function readRaceOptions(options: unknown, call: string): OnOrphan {
  const { onOrphan } = options as RaceOptions;
  if (onOrphan === undefined || typeof onOrphan === 'function') return onOrphan;
  throw new ArgumentTypeError(`${call}: onOrphan is a function, not ${describe(onOrphan)}`);
}

function* performRace(items: readonly unknown[], onOrphan: OnOrphan): Coroutine<unknown> {
  const siblings = new Siblings({ call: 'race', decides: () => true, onOrphan });
  void siblings.startAll(items);
  yield* siblings.join();
  siblings.reportLate();
  return siblings.outcome();
}

function* performAny(items: readonly unknown[], onOrphan: OnOrphan): Coroutine<unknown> {
  const siblings = new Siblings({ call: 'any', decides: isSuccess, onOrphan });
  const children = siblings.startAll(items);
  yield* siblings.join();
  return takeFirstSuccess(siblings, children as Future<unknown>[]);
}

/** @internal */
export function isSuccess(child: Future<unknown>): boolean {
  return !hasNoResult(child);
}

/** @internal Returns: the winner's value. Throws: what could not be started, all failures, or what stopped it. */
export function takeFirstSuccess(siblings: Siblings, children: readonly Future<unknown>[]): unknown {
  siblings.reportLate();
  if (siblings.failure !== null || siblings.decided !== null || siblings.isAsked) return siblings.outcome();
  throw new ExceptionGroup([...new Set(children)].map((child) => child._takeError()), 'all of them failed');
}
