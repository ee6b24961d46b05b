// all: fan out, fan in, as one unit that ends when everything in it has ended. `gather` lets the siblings of a failure go
// on.

import { ArgumentTypeError } from '../base/errors.js';
import { ExceptionGroup } from '../base/exception_group.js';
import { type Coroutine, describe } from '../kernel/coroutine.js';
import type { Future } from '../kernel/future.js';
import { ScopedOperation } from '../kernel/scoped.js';
import type { Waitable } from './ensure_future.js';
import { hasNoResult, Siblings } from './siblings.js';
import { discard, type Given, readOwned, type WaitableValues } from './waitables.js';

/** Options of `all` and `mapConcurrent`. */
export interface FailureOptions {
  /** Throw every failure, one alone too, in an ExceptionGroup in the order in which they happened. */
  readonly groupFailures?: boolean;
}

/**
 * Runs everything concurrently and gives the results in the order of the arguments. What it is given is its own: it ends
 * when all of it has ended, whatever happens. Nothing starts before it is awaited.
 *
 * Takes what `gather` takes; what is made of coroutines and functions runs in the scope of whoever awaits it.
 * Throws: the first failure, after the others were cancelled and have ended (what they fail with meanwhile goes to the
 *   exception handler; with `groupFailures` all are thrown together); ArgumentTypeError, WrongLoopError,
 *   CoroutineReusedError, and then what was given is closed or cancelled.
 * Checkpoint: only if something is pending; of nothing it looks for a cancellation. Cancel: everything is cancelled and
 *   waited for; if it still comes to a result or a failure, that is given, and the request is for the next wait.
 * Source: anyio.gather, Promise.all.
 */
export function all<const A extends readonly Waitable[]>(
  items: A,
  options?: FailureOptions,
): ScopedOperation<WaitableValues<A>>;
export function all<A extends readonly Waitable[]>(...items: A): ScopedOperation<WaitableValues<A>>;
export function all<R extends Readonly<Record<string, Waitable>>>(
  items: R,
  options?: FailureOptions,
): ScopedOperation<WaitableValues<R>>;
export function all(...args: unknown[]): ScopedOperation<unknown> {
  const given = readOwned(args, 'all', ['groupFailures']);
  try {
    const groupFailures = readFailureOptions(given.options, 'all');
    return new ScopedOperation(() => performAll(given, groupFailures));
  } catch (error) {
    discard(given.items);
    throw error;
  }
}

/** @internal Returns: `groupFailures`. */
export function readFailureOptions(options: unknown, call: string): boolean {
  const { groupFailures = false } = options as { groupFailures?: unknown };
  if (typeof groupFailures === 'boolean') return groupFailures;
  throw new ArgumentTypeError(`${call}: groupFailures is true or false, not ${describe(groupFailures)}`);
}

function* performAll({ items, keys }: Given, groupFailures: boolean): Coroutine<unknown> {
  const siblings = new Siblings({ call: 'all', decides: hasNoResult });
  const children = siblings.startAll(items);
  yield* siblings.join();
  throwFailure(siblings, groupFailures);
  const isComplete = children.every((child) => child !== undefined && !hasNoResult(child));
  if (!isComplete || (siblings.isAsked && items.length === 0)) throw siblings.cancelledError();
  siblings.keepRequest();
  const results = (children as Future<unknown>[]).map((child) => child._value);
  return keys === null ? results : Object.fromEntries(keys.map((key, i) => [key, results[i]]));
}

/** @internal Throws: the failure that has decided, if there is one. */
export function throwFailure(siblings: Siblings, groupFailures: boolean): void {
  const { failure } = siblings;
  if (failure === null) return;
  siblings.keepRequest();
  if (groupFailures) throw new ExceptionGroup([failure, ...siblings.late], 'several things failed together');
  siblings.reportLate();
  throw failure;
}
