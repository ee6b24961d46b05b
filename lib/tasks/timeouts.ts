// Scopes with a deadline, and other regions. Deadlines nest: the earliest one that is visible decides.

import { TimeoutError } from '../base/errors.js';
import { assertInstant, assertOptions } from '../kernel/arguments.js';
import { CancelScope, type CancelScopeOptions } from '../kernel/cancel_scope.js';
import { runningTask } from '../kernel/running.js';
import { ScopeOperation } from '../kernel/scope_operation.js';
import { assertBody, type ScopeBody, type ScopedOperation } from '../kernel/scoped.js';

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
  return new MoveOn(body, { relativeDeadline: ms });
}

/** Like `moveOnAfter`, with an instant of `loop.time()`. Source: trio.move_on_at. */
export function moveOnAt<T>(when: number, body: ScopeBody<ValuedScope<T>, T>): ScopedOperation<ValuedScope<T>> {
  assertInstant(when, 'moveOnAt');
  assertBody(body, 'moveOnAt');
  return new MoveOn(body, { deadline: when });
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
  return new OrFail(body, { relativeDeadline: ms });
}

/** Like `failAfter`, with an instant of `loop.time()`. Source: trio.fail_at, asyncio.timeout_at. */
export function failAt<T>(when: number, body: ScopeBody<CancelScope, T>): ScopedOperation<T> {
  assertInstant(when, 'failAt');
  assertBody(body, 'failAt');
  return new OrFail(body, { deadline: when });
}

/** The asyncio name of `failAfter`. */
export const timeout = failAfter;
/** The asyncio name of `failAt`. */
export const timeoutAt = failAt;

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
  assertOptions(options, 'shielded', ['timeout']);
  const { timeout: ms = Infinity } = options;
  assertInstant(ms, 'shielded: timeout');
  assertBody(body, 'shielded');
  return new OrFail(body, { relativeDeadline: ms, shield: true });
}

/** A scope that keeps what its body returned. */
// eslint-disable-next-line @typescript-eslint/no-unnecessary-type-parameters -- the type of `value` is the point of it
export class ValuedScope<T> extends CancelScope {
  /** What the body returned; undefined until then, and if it was cut short. */
  value: T | undefined = undefined;
}

class MoveOn<T> extends ScopeOperation<ValuedScope<T>, T, ValuedScope<T>> {
  private declare readonly _options: CancelScopeOptions;

  constructor(body: ScopeBody<ValuedScope<T>, T>, options: CancelScopeOptions) {
    super(body);
    this._options = options;
  }

  override _open(): ValuedScope<T> {
    return new ValuedScope<T>(this._options);
  }

  override _result(scope: ValuedScope<T>, value: T | undefined): ValuedScope<T> {
    scope.value = value;
    return scope;
  }

  override _copy(): MoveOn<T> {
    return new MoveOn(this._body, this._options);
  }
}

class OrFail<T> extends ScopeOperation<CancelScope, T, T> {
  private declare readonly _options: CancelScopeOptions;

  constructor(body: ScopeBody<CancelScope, T>, options: CancelScopeOptions) {
    super(body);
    this._options = options;
  }

  override _open(): CancelScope {
    return new CancelScope(this._options);
  }

  override _result(scope: CancelScope, value: T | undefined): T {
    if (!scope.cancelledCaught) return value as T;
    const cause = scope._cancelledError();
    if (!scope._isDeadlineCause) throw cause;
    const { deadline, relativeDeadline } = this._options;
    const limit = deadline === undefined ? `within ${relativeDeadline} ms` : `at ${deadline} ms`;
    throw new TimeoutError(`the operation was not done ${limit}`, { cause });
  }

  override _copy(): OrFail<T> {
    return new OrFail(this._body, this._options);
  }
}

/** Returns: the earliest deadline that can reach the running task: -Infinity if it is cancelled, Infinity for none. */
export function currentEffectiveDeadline(): number {
  return runningTask()?._status.effectiveDeadline() ?? Infinity;
}
