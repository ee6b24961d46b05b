// Future: a value that is not there yet, and the one way to wait in this library. It is its own stateless iterator:
// `next()` answers "suspended" while it is pending and its result once it is done, so an await allocates nothing.
// Waiters never run inside the call that completes the future; they are appended to the ready ring (or, for the
// library's own combinators, told at once, because those only count).
// Every wait is a future whose `cancel()` undoes the wait; a subclass overrides `_undo` for that.

import {
  ArgumentTypeError,
  asError,
  BadYieldError,
  CancelledError,
  type CancelOrigin,
  InvalidStateError,
  NotInTaskError,
  WrongLoopError,
} from '../base/errors.js';
import { inspect, type InspectOptions } from 'node:util';
import { printable } from '../base/values.js';
import { findAsyncTask, ReactionWaiter } from './async_bridge.js';
import { cancelledError } from './cancelled_error.js';
import { DoneCallback } from './done_callback.js';
import { creationSite, noteCreation } from './creation_site.js';
import { type Coroutine, describe, isThenable, type Operation, type Step, type Suspension } from './coroutine.js';
import { AWAITS_PER_STEP, BUDGET, current, type SteppingTask } from './current.js';
import type { LoopCore } from './loop_core.js';
import { selfAwaitError } from './self_await.js';
import { Flag } from './task_flags.js';
import { type FailureOwner, FailureReport } from './unhandled.js';

/** @internal Bits of a future's state. */
export const enum State {
  pending = 0,
  finished = 1,
  failed = 2,
  cancelled = 3,
  /** Mask of the four above. */
  outcome = 3,
  /** Somebody has looked at the failure, so it is not reported. */
  looked = 4,
  // The bits above are a task's own: `Flag`.
}

/** Something that waits for a future and is told once when it is done. */
export interface Waiter {
  /** @internal */
  _wake(source: Future<unknown>): void;
  /** @internal True for one that will look at a failure it is woken with. */
  readonly _looks?: boolean;
}

/** @internal Why and by whom a future was cancelled; a task that ended so keeps the error itself. */
export interface CancelRequest {
  readonly reason: unknown;
  readonly origin: CancelOrigin | null;
  /** The scope that asks; none if somebody asked the task itself. */
  readonly scope?: object | null;
}

// What `next()` answers. One object each, shared: `yield*` and the task read it before anybody else is asked.
/** @internal */
export const SUSPENDED: Step = { done: false, value: undefined };
/** @internal Emptied at the end of a turn, so that it keeps no user's value alive. */
export const RESULT: Step = { done: true, value: undefined };

/** @internal The error for an operation that was asked by something that is not a stepping task. */
export function notInTask(what: string): NotInTaskError {
  if (current.task !== null) current.task._waiting = null;
  return new NotInTaskError(
    `${what} was iterated outside a task's \`yield*\` (a for…of, a spread, or a bare next()); ` +
      'did you mean `yield* …` in a function* run by a task, or `await …`?',
  );
}

/**
 * A one-shot value: pending, then finished, failed or cancelled.
 *
 * Await it with `yield*` in a coroutine or `await` anywhere; several may wait, and are woken in order.
 * Checkpoint: only if it is pending. Cancel: cancelling a task that waits here cancels this future too; wait with
 * `shield(future)` to leave it alone.
 * Source: asyncio.Future.
 */
export class Future<T> implements Operation<T>, PromiseLike<T> {
  /** @internal */ declare readonly _isSuspension: true;
  // `declare` and plain assignments: class field initialisers cost a call per instance.
  /** @internal */ declare readonly _loop: LoopCore;
  /** @internal */ declare _state: number;
  /** @internal Result, error, or CancelRequest, by the state. */
  declare _value: unknown;
  /** @internal Who waits; after an unseen failure, its report. */
  declare _waiters: Waiter | Waiter[] | FailureReport | null;

  /** Users call `loop.createFuture()`. Throws: ArgumentTypeError without a loop. */
  constructor(loop: LoopCore, state: number = State.pending) {
    if (loop === undefined) throw new ArgumentTypeError('a future belongs to a loop: use getRunningLoop().createFuture()');
    this._loop = loop;
    this._state = state;
    this._value = undefined;
    this._waiters = null;
    if (loop._debug) noteCreation(this);
  }

  done(): boolean {
    return (this._state & State.outcome) !== State.pending;
  }

  cancelled(): boolean {
    return (this._state & State.outcome) === State.cancelled;
  }

  /** Returns: the result. Throws: the failure; CancelledError; InvalidStateError while it is pending. */
  result(): T {
    if (!this.done()) throw new InvalidStateError('the future has no result yet; await it, or ask done() first');
    return this._take();
  }

  /** Returns: the failure, or null for a result. Throws: CancelledError; InvalidStateError while it is pending. */
  exception(): Error | null {
    const outcome = this._state & State.outcome;
    if (outcome === State.finished) return null;
    if (outcome === State.pending) throw new InvalidStateError('the future is not done yet; await it, or ask done()');
    const error = this._takeError();
    if (outcome === State.cancelled) throw error;
    return error;
  }

  /** Completes the future. Throws: InvalidStateError if it is done already. */
  setResult(value: T): void {
    this._assertPending('setResult');
    this._finish(value);
  }

  /** Fails the future; what is not an Error is wrapped in NonErrorThrown. Throws: InvalidStateError if it is done. */
  setException(error: unknown): void {
    this._assertPending('setException');
    if (typeof error === 'function' && error.prototype instanceof Error) {
      this._fail(new (error as new () => Error)());
      return;
    }
    this._fail(asError(error));
  }

  /** Cancels the wait. Returns: false, changing nothing, if the future is done. */
  cancel(reason?: unknown): boolean {
    return this._cancelBy({ reason, origin: cancelOrigin() });
  }

  /** Calls `fn(future)` through the ready queue once it is done, also if it is done already. */
  addDoneCallback(fn: (future: this) => unknown): void {
    const callback = new DoneCallback(this._loop, fn as (future: Future<unknown>) => unknown);
    if (this.done()) callback._wake(this);
    else this._addWaiter(callback);
  }

  /** Returns: how many registrations of `fn` were removed; a call that is already queued is not one. */
  removeDoneCallback(fn: (future: this) => unknown): number {
    return this._removeWaiters((waiter) => waiter instanceof DoneCallback && waiter.fn === fn);
  }

  /** For `await`: a native promise of this future's outcome. */
  then<R = T, E = never>(
    onFulfilled?: ((value: T) => R | PromiseLike<R>) | null,
    onRejected?: ((reason: unknown) => E | PromiseLike<E>) | null,
  ): Promise<R | E> {
    return this._toPromise().then(onFulfilled, onRejected);
  }

  [Symbol.iterator](): Iterator<Suspension, T, unknown> {
    return this as unknown as Iterator<Suspension, T, unknown>;
  }

  /** @internal Asked by `yield*`, at first and again after each wake-up. */
  next(): Step {
    const outcome = this._state & State.outcome;
    if (outcome === State.pending) return this._suspend();
    if (++current.awaits > AWAITS_PER_STEP && current.task !== null) {
      current.awaits = 0;
      current.task._waiting = BUDGET;
      return SUSPENDED;
    }
    if (outcome !== State.finished) throw this._errorFor(outcome);
    RESULT.value = this._value;
    return RESULT;
  }

  private _errorFor(outcome: State): Error {
    const task = current.task;
    // A combinator whose children were cancelled fails with a CancelledError instead of being cancelled itself.
    const isCancel = outcome === State.cancelled || this._value instanceof CancelledError;
    return isCancel && task !== null ? task._cancelledAs(this) : this._takeError();
  }

  /** @internal */
  throw(error: unknown): never {
    throw error;
  }

  private _suspend(): Step {
    const task = current.task;
    if (task === null || task._waiting !== null) throw notInTask('a future');
    if (task._loop !== this._loop) {
      throw new WrongLoopError(`${task.name} awaits a future of another loop; complete one of its own from there`);
    }
    if ((this._state & Flag.task) !== 0) this._refuseSelfAwait(task);
    task._waiting = this;
    if (task._hasPendingCancel() && (!this._standsIn || task._unseenRequest !== null)) {
      task._askAwaited();
      if (this.done()) return this._endAtOnce(task);
    }
    return SUSPENDED;
  }

  private _refuseSelfAwait(task: SteppingTask): void {
    const error = selfAwaitError(task, this);
    if (error !== null) throw error;
  }

  private _endAtOnce(task: SteppingTask): Step {
    task._waiting = null;
    return this.next();
  }

  /** @internal Cancels on behalf of somebody. Tasks and combinators override it. */
  _cancelBy(request: CancelRequest): boolean {
    if (this.done()) return false;
    this._undo();
    this._complete(State.cancelled, request);
    return true;
  }

  /** @internal What it was cancelled with; overridden where a CancelledError is a failure. */
  get _cancelRequest(): unknown {
    return this._value;
  }

  /** @internal */
  get _standsIn(): boolean {
    return false;
  }
  /** @internal True if nobody who waits for it may go on before it has ended. */
  get _binds(): boolean {
    return false;
  }

  /** @internal For people who ask what a task waits for, and the tasks that could end the wait, where that is known. */
  _waitsFor(): { readonly what: string; readonly by: readonly Future<unknown>[] } {
    return { what: 'a future', by: [] };
  }
  /** @internal What is told of the ends that this wait is for, where it is not told itself. */
  get _ears(): object | null {
    return null;
  }

  /** @internal Undoes the wait: disarms, removes, forgets. Called once, before the future becomes cancelled. */
  _undo(): void {}

  /** @internal */
  _finish(value: unknown): void {
    this._complete(State.finished, value);
  }

  /** @internal */
  _fail(error: Error): void {
    const waiters = this._waiters;
    this._complete(State.failed, error);
    const isSeen = (this._state & State.looked) !== 0 || (waiters as Waiter | null)?._looks === true;
    if (!isSeen) this._waiters = FailureReport.open(this);
  }

  /** @internal */
  _complete(state: State, value: unknown): void {
    this._state |= state;
    this._value = value;
    const waiters = this._waiters;
    if (waiters === null) return;
    this._waiters = null;
    if (!Array.isArray(waiters)) (waiters as Waiter)._wake(this);
    else for (const waiter of waiters) waiter._wake(this);
  }

  /** @internal The value, or throws the failure. Only for done futures. */
  _take(): T {
    if ((this._state & State.outcome) !== State.finished) throw this._takeError();
    return this._value as T;
  }

  /** @internal The failure or a CancelledError of one's own; it counts as looked at from here on. */
  _takeError(): Error {
    this._look();
    if ((this._state & State.outcome) === State.failed) return this._value as Error;
    if (this._value instanceof CancelledError) return this._value;
    const { reason, origin } = this._value as CancelRequest;
    return cancelledError(reason, origin);
  }

  /** For `console.log`: state, result, waiters, and in debug mode the place of creation. */
  [inspect.custom](_depth: number, options: InspectOptions): string {
    return describeFuture(this, this.constructor.name, options);
  }

  /** @internal Who is told of a failure that nobody looks at. */
  _failureOwner(): FailureOwner | null {
    return this._loop._failureOwner();
  }

  /** @internal Marks the failure as seen. */
  _look(): void {
    this._state |= State.looked;
    if (this._waiters instanceof FailureReport) {
      this._waiters.close();
      this._waiters = null;
    }
  }

  /** @internal */
  _addWaiter(waiter: Waiter): void {
    const waiters = this._waiters as Waiter | Waiter[] | null;
    if (waiters === null) this._waiters = waiter;
    else if (Array.isArray(waiters)) waiters.push(waiter);
    else this._waiters = [waiters, waiter];
  }

  /** @internal */
  _removeWaiter(waiter: Waiter): void {
    this._removeWaiters((candidate) => candidate === waiter);
  }

  /** @internal */
  _removeWaiters(matches: (waiter: Waiter) => boolean): number {
    if (this.done() || this._waiters === null) return 0;
    const waiters = this._waiters as Waiter | Waiter[];
    const before = Array.isArray(waiters) ? waiters : [waiters];
    const kept = before.filter((waiter) => !matches(waiter));
    this._waiters = kept.length === 0 ? null : kept;
    return before.length - kept.length;
  }

  /** @internal */
  _toPromise(): Promise<T> {
    this._look();
    return ReactionWaiter.promiseFor(this) as Promise<T>;
  }

  private _assertPending(call: string): void {
    if (this.done()) {
      throw new InvalidStateError(`${call}: the future is done already; ask done() first, or make a new future`);
    }
  }
}

// On the prototype, so that telling a suspension apart costs no field in each future.
(Future.prototype as { _isSuspension: boolean })._isSuspension = true;

const OUTCOMES = ['pending', 'finished', 'failed', 'cancelled'];
const RESULT_COLUMNS = 60;

function describeFuture(future: Future<unknown>, kind: string, options: InspectOptions): string {
  const outcome = future._state & State.outcome;
  const parts = [OUTCOMES[outcome] as string];
  const { name } = future as { name?: unknown };
  if (typeof name === 'string') parts.unshift(name);
  if (outcome === State.finished) parts.push(inspect(future._value, { ...options, depth: 0 }).slice(0, RESULT_COLUMNS));
  if (outcome === State.failed) parts.push(printable(future._value).slice(0, RESULT_COLUMNS));
  if (outcome === State.pending) parts.push(`waiters: ${countWaiters(future._waiters)}`);
  const site = creationSite(future);
  return `${kind} <${parts.join(', ')}>${site === null ? '' : ` created at\n${site}`}`;
}

function countWaiters(waiters: unknown): number {
  return Array.isArray(waiters) ? waiters.length : Number(waiters !== null);
}

/** @internal The task that asks, also where a part of its code runs in a task of its own. */
export function cancelOrigin(): CancelOrigin | null {
  const task = current.task ?? (current.loop === null ? findAsyncTask() : null);
  return task === null ? null : { task: task._nominal.name };
}

/** @internal The error for what a coroutine yielded by itself, naming the mistake where it is a known one. */
export function badYield(value: unknown, taskName: string): BadYieldError {
  const what =
    value instanceof Future
      ? 'a future was yielded with `yield`; write `yield*` to await it'
      : isIterable(value)
        ? 'a coroutine or operation was yielded with `yield`; write `yield*` to await it'
        : isThenable(value)
          ? 'a promise was yielded; write `yield* until(promise)` to await it'
          : `${describe(value)} was yielded; a coroutine may only \`yield*\` futures, tasks, coroutines and operations`;
  return new BadYieldError(`${taskName}: ${what}`);
}

function isIterable(value: unknown): value is Coroutine<unknown> {
  return typeof value === 'object' && value !== null && Symbol.iterator in value;
}
