// Scopes with a deadline, and other regions. Deadlines nest: the earliest one that is visible decides.

import { TimeoutError } from '../base/errors.js';
import { assertInstant, assertOptions } from '../kernel/arguments.js';
import { cancelCheck } from '../kernel/cancel_check.js';
import { CancelScope, performInScope } from '../kernel/cancel_scope.js';
import type { Coroutine } from '../kernel/coroutine.js';
import { runningTask } from '../kernel/running.js';
import { assertBody, type ScopeBody, ScopedOperation, steppingTask } from '../kernel/scoped.js';

/** Options of `shielded`. */
export interface ShieldedOptions {
  /** Milliseconds after which the shielded body itself is cancelled; Infinity by default. */
  readonly timeout?: number;
}

/**
 * Runs `body` in a new scope that is cancelled after `ms`; its own cancellation ends quietly.
 *
 * Units: milliseconds, counted from the entry. Returns: the scope; `scope.value` is what the body returned, and
 * `scope.cancelledCaught` tells whether it was cut short.
 * Throws: what the body throws; ArgumentTypeError, ArgumentRangeError.
 * Checkpoint: no. Cancel: the body is cancelled, and what it does in its `finally` blocks is awaited.
 * Source: trio.move_on_after.
 */
export function moveOnAfter<T>(ms: number, body: ScopeBody<ValuedScope<T>, T>): ScopedOperation<ValuedScope<T>> {
  assertInstant(ms, 'moveOnAfter');
  assertBody(body, 'moveOnAfter');
  return new ScopedOperation(() => performValued(() => instantAfter(ms), body));
}

/** Like `moveOnAfter`, with an instant of `loop.time()`. Source: trio.move_on_at. */
export function moveOnAt<T>(when: number, body: ScopeBody<ValuedScope<T>, T>): ScopedOperation<ValuedScope<T>> {
  assertInstant(when, 'moveOnAt');
  assertBody(body, 'moveOnAt');
  return new ScopedOperation(() => performValued(() => when, body));
}

/**
 * Runs `body` in a new scope and throws if it is not done within `ms`.
 *
 * Units: milliseconds, counted from the entry. Returns: the body's value.
 * Throws: TimeoutError if the deadline ended the body; CancelledError if the scope or the task was cancelled otherwise.
 * Checkpoint: no. Cancel: as `moveOnAfter`.
 * Source: trio.fail_after, asyncio.timeout.
 */
export function failAfter<T>(ms: number, body: ScopeBody<CancelScope, T>): ScopedOperation<T> {
  assertInstant(ms, 'failAfter');
  assertBody(body, 'failAfter');
  return new ScopedOperation(() => performOrFail(() => instantAfter(ms), body, `not done within ${ms} ms`));
}

/** Like `failAfter`, with an instant of `loop.time()`. Source: trio.fail_at, asyncio.timeout_at. */
export function failAt<T>(when: number, body: ScopeBody<CancelScope, T>): ScopedOperation<T> {
  assertInstant(when, 'failAt');
  assertBody(body, 'failAt');
  return new ScopedOperation(() => performOrFail(() => when, body, `not done at ${when} ms`));
}

/** The asyncio name of `failAfter`. */
export const timeout = failAfter;

/**
 * Runs `body` where cancellations of outer scopes do not reach, for cleaning up.
 *
 * Returns: the body's value. Throws: what the body throws; TimeoutError after `timeout` ms.
 * Checkpoint: no. Cancel: outer scopes wait at its end; `task.cancel()` is not kept out.
 * Source: trio.CancelScope(shield=True).
 */
export function shielded<T>(
  body: ScopeBody<CancelScope, T>,
  options: ShieldedOptions = {},
): ScopedOperation<T> {
  assertOptions(options, 'shielded');
  const { timeout: ms = Infinity } = options;
  assertInstant(ms, 'shielded: timeout');
  assertBody(body, 'shielded');
  return new ScopedOperation(() => performOrFail(() => instantAfter(ms), body, `not done within ${ms} ms`, true));
}

/** A scope that keeps what its body returned. */
// eslint-disable-next-line @typescript-eslint/no-unnecessary-type-parameters -- the type of `value` is the point of it
export class ValuedScope<T> extends CancelScope {
  /** What the body returned; undefined until then, and if it was cut short. */
  value: T | undefined = undefined;
}

function* performValued<T>(deadline: () => number, body: ScopeBody<ValuedScope<T>, T>): Coroutine<ValuedScope<T>> {
  const scope = new ValuedScope<T>({ deadline: deadline() });
  scope.value = yield* performInScope(scope, body, scope);
  return scope;
}

function* performOrFail<T>(
  deadline: () => number,
  body: ScopeBody<CancelScope, T>,
  message: string,
  shield = false,
): Coroutine<T> {
  const scope = new CancelScope({ deadline: deadline(), shield });
  const value = yield* performInScope(scope, body, scope);
  if (!scope.cancelledCaught) return value as T;
  const cause = scope._cancelledError();
  throw scope._isDeadlineCause ? new TimeoutError(`the operation was ${message}`, { cause }) : cause;
}

/** Throws the cancellation that waits for the task, if there is one; else it does nothing and takes no tick. */
export function checkpointIfCancelled(): ScopedOperation<void> {
  return new ScopedOperation(performCheck);
}

 
function* performCheck(): Coroutine<void> {
  cancelCheck();
}

/** Returns: the earliest deadline that can reach the running task: -Infinity if it is cancelled, Infinity for none. */
export function currentEffectiveDeadline(): number {
  return runningTask()?._status.effectiveDeadline() ?? Infinity;
}

function instantAfter(ms: number): number {
  return (steppingTask('a timeout')._loop as unknown as { time(): number }).time() + ms;
}
