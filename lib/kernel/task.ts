// Task: the scheduled owner of a coroutine. A pending task is in one of three states: waiting (on one pending future),
// scheduled (its record is in the ring), or running. A step calls `next()` once; what the coroutine's innermost
// operation left in the `current` slot says what to wait for. `cancel()` asks once: it cancels the future waited on, or
// is remembered for the next wait if there is none. A value that came before the cancel is never lost.
// Cost: `private` methods instead of `#` ones, here and in Future, because a `#` method adds a brand to each instance.

import { asError, CancelledError, InvalidStateError } from '../base/errors.js';
import { Kind } from '../engine/abi.js';
import { callAs, follow, leaveAsync, ReactionSet, refusedAsync } from './async_bridge.js';
import { cancelledError } from './cancelled_error.js';
import { advanceWithStores, type Context } from './context.js';
import { awaited, claim, type Coroutine, isAsyncFunction, isCoroutine, isGeneratorFunction } from './coroutine.js';
import { isOperation, isThenable, markDriven, raise, resume, type Step } from './coroutine.js';
import { BUDGET, CHECKPOINT, current, type Suspended } from './current.js';
import { askDown, leaveWaits, reachWait, undoFor, undoWaits } from './cancel_chain.js';
import type { CancelStatus } from './cancel_status.js';
import { badYield, type CancelRequest, Future, State } from './future.js';
import { Joined } from './joined.js';
import type { LoopCore } from './loop_core.js';
import { NOTHING_RARE, noteRequest, type Rare, requestWithin, takeUndone } from './rare.js';
import type { Root } from './root.js';
import { noteLooked, noteThrown } from './swallowed.js';
import { Flag } from './task_flags.js';
import { expectAwait } from './unawaited.js';
import type { FailureOwner } from './unhandled.js';

/** What a task drives: a coroutine object, or a function that is called in its first step. */
export type TaskSource = Coroutine<unknown> | (() => unknown);

let lastId = 0;

/**
 * A coroutine that runs concurrently, and the future of its result.
 *
 * Awaiting a task owns it: cancelling the waiter cancels the task. `join()` waits without owning.
 * Source: asyncio.Task.
 */
export class Task<T> extends Future<T> {
  /** @internal */ declare readonly _id: number;
  /** @internal The innermost scope it runs in. */
  declare _status: CancelStatus;
  /** @internal */ declare readonly _slot: number;
  /** @internal What is waited for: a future, an async function's promises, or nothing. */
  declare _waiting: Future<unknown> | ReactionSet | Suspended | null;
  private declare _source: TaskSource | null;
  private declare _parent: Task<unknown> | null;
  private declare _rare: Rare | null;

  /** @internal Users call `createTask`. */
  constructor(
    loop: LoopCore,
    source: TaskSource,
    status: CancelStatus,
    parent: Task<unknown> | null,
    context: Context | null,
    name: string | null,
  ) {
    super(loop, Flag.task | (status.effective === null ? Flag.fresh : Flag.fresh | Flag.inCancelledScope));
    this._id = ++lastId;
    this._status = status;
    this._waiting = null;
    this._source = source;
    this._parent = parent;
    this._rare = name === null && context === null ? null : { ...NOTHING_RARE, name, context };
    this._slot = loop._allocate(this);
    this._root._taskBegan();
  }

  get name(): string {
    const name = this._rare?.name ?? null;
    return name === null ? `Task-${this._id}` : String(name);
  }
  set name(name: string) {
    this._ownRare().name = String(name);
  }

  /** The task that created this one, while both are unfinished. */
  get parent(): Task<unknown> | null {
    return this._parent === null || this._parent.done() ? null : this._parent;
  }

  /** The coroutine object being driven; null for async functions, before the first step of a function, and at the end. */
  get coroutine(): Coroutine<T> | null {
    if (this._source === null || typeof this._source === 'function') return null;
    markDriven(this._source);
    return this._source as Coroutine<T>;
  }

  /** Returns: how many times `cancel` was called while the task was unfinished. */
  cancelling(): number {
    if (this._loop._debug) noteLooked(this, null);
    return this._timesAsked;
  }
  /** @internal The same, for the library, whose looking means nothing. */
  get _timesAsked(): number {
    return this._rare?.cancelCount ?? 0;
  }

  /** Returns: a future that is done when this task is, whatever its outcome; cancelling it leaves the task alone. */
  join(): Future<void> {
    return expectAwait(new Joined(this), 'task.join()');
  }

  /** Throws: InvalidStateError, always: a task's result is its coroutine's. */
  override setResult(_value: T): void {
    throw new InvalidStateError(`${this.name}: a task's result comes from its coroutine; use a future to set one`);
  }
  /** Throws: InvalidStateError, always. */
  override setException(_error: unknown): void {
    throw new InvalidStateError(`${this.name}: a task's failure comes from its coroutine; use a future to set one`);
  }

  /** @internal Asks the task, and if it waits on another task, that one, and so on down. Never recurses. */
  override _cancelBy(request: CancelRequest): boolean {
    if (this.done()) return false;
    askDown(this, request);
    return true;
  }

  private _ownRare(): Rare {
    return (this._rare ??= { ...NOTHING_RARE });
  }

  /** @internal The task that its code believes to run in: another one's, if it runs a scope's body for that one. */
  get _nominal(): Task<unknown> {
    return (this._rare?.standsFor as Task<unknown> | null | undefined) ?? this;
  }
  set _nominal(task: Task<unknown>) {
    this._ownRare().standsFor = task;
  }
  /** @internal True if its awaiter runs its own code in it: a scope that reaches the awaiter reaches it by itself. */
  override get _standsIn(): boolean {
    return this._rare !== null && this._rare.standsFor !== null;
  }

  /** @internal The variables and stores that its steps run with; null for none. */
  get _context(): Context | null {
    return this._rare === null ? null : this._rare.context;
  }
  set _context(context: Context | null) {
    if (context !== this._context) this._ownRare().context = context;
  }
  /** @internal */
  get _root(): Root {
    return this._status.root as Root;
  }
  /** @internal Asked once by somebody, or in a scope that is cancelled. */
  _hasPendingCancel(): boolean {
    return (this._state & (Flag.cancelPending | Flag.inCancelledScope)) !== 0;
  }

  /** @internal What is asked in the name of its cancelled scope. */
  _scopeRequest(): CancelRequest {
    return this._status.request();
  }

  /** @internal */
  _takePendingCancel(): CancelledError {
    const request = this._unseenRequest;
    this._state &= ~Flag.cancelPending;
    const error = request === null ? this._status.error() : cancelledError(request.reason, request.origin);
    return noteThrown(this, error, null);
  }

  /** @internal The request that it has not seen yet, to be passed on; it counts as made here: no scope swallows it. */
  _takeUnseenRequest(): CancelRequest | null {
    const request = this._unseenRequest;
    if (request !== null) this._ownRare().askedIn = this._status;
    this._state &= ~Flag.cancelPending;
    return request;
  }

  /** @internal Passes the cancellation that is pending on to what it is about to wait for, which may end by it later. */
  _askAwaited(): void {
    const request = this._takeUnseenRequest();
    if (request === null) this._deliverScopeCancel();
    else if (!reachWait(this._waiting, request)) this._remember(request);
  }

  /** @internal Puts the task into a scope, or back into the one around it. */
  _enterStatus(status: CancelStatus): void {
    this._status = status;
    this._noteScope();
  }
  /** @internal What is visible in its scope has changed: noted here, so that a checkpoint looks at one word. */
  _noteScope(): void {
    if (this._status.effective === null) this._state &= ~Flag.inCancelledScope;
    else this._state |= Flag.inCancelledScope;
  }

  /** @internal A cancellation became visible in the task's scope: undoes the wait; a running task sees it by itself. */
  _deliverScopeCancel(): void {
    const error = this.done() ? null : undoFor(this._waiting, this._status, this);
    if (error !== null) this._ownRare().undone = { wait: this._waiting, error };
  }

  /** @internal A wait that a scope has undone throws the scope's own error, whatever came back from below. */
  _cancelledAs(future: { readonly _cancelRequest: unknown; _takeError(): Error }): Error {
    const error = takeUndone(this._rare, future) ?? this._status.errorFor(future._cancelRequest) ?? future._takeError();
    return noteThrown(this, error, future);
  }

  /** @internal Returns: the error of a request that came while a scope was entered, or null. It is not thrown again. */
  _takeRequestWithin(status: CancelStatus): CancelledError | null {
    const request = requestWithin(this._rare, status);
    if (request === null) return null;
    return this._unseenRequest !== null ? this._takePendingCancel() : cancelledError(request.reason, request.origin);
  }

  /** @internal */
  _noteRequest(request: CancelRequest): void {
    noteRequest(this._ownRare(), request, this._status);
  }

  /** @internal Keeps a request for the task's next wait. */
  _remember(request: CancelRequest): void {
    if (this._unseenRequest === null) this._ownRare().pendingCancel = request;
    this._state |= Flag.cancelPending;
  }
  /** @internal A request that it has not seen yet. */
  get _unseenRequest(): CancelRequest | null {
    return (this._state & Flag.cancelPending) === 0 ? null : (this._rare as Rare).pendingCancel;
  }
  /** @internal Awaiting a failed future is looking at its failure. */
  get _looks(): boolean {
    return true;
  }

  /** @internal The future waited on is done. */
  _wake(_source?: Future<unknown>): void {
    this._loop._append(this._slot, Kind.step);
  }
  /** @internal One step. */
  _deliver(_a: number, _b: number): void {
    current.task = this;
    current.awaits = 0;
    const context = this._context;
    if (context === null || context._resource === null) this._advance();
    else advanceWithStores(this, context);
  }
  /** @internal */
  _advance(): void {
    const waiting = this._waiting;
    // A checkpoint is told by this very field that its task has been there, and clears it.
    if (waiting !== CHECKPOINT) this._waiting = null;
    let step: Step;
    try {
      if ((this._state & Flag.special) !== 0) {
        const special = this._advanceSpecially(waiting);
        if (special === null) return;
        step = special;
      } else if ((this._state & Flag.inCancelledScope) !== 0 && this._isUndone(waiting)) {
        step = raise.call(this._source as Coroutine<unknown>, this._cancelledAs(waiting));
      } else {
        step = resume.call(this._source as Coroutine<unknown>);
      }
    } catch (error) {
      this._endWith(error);
      return;
    }
    if (step.done) {
      this._endWithValue(step.value);
      return;
    }
    const suspended = this._waiting;
    if (suspended === CHECKPOINT) this._loop._append(this._slot, Kind.step);
    else if (suspended === null || suspended === BUDGET) this._goOnNextTick(suspended, step.value);
    // A future that was completed between its answer and here has woken its waiters already.
    else if ((suspended as Future<unknown>).done()) this._wake();
    else (suspended as Future<unknown>)._addWaiter(this);
  }

  // In debug mode the wait throws its error itself, so that the place is on the stack.
  private _isUndone(waiting: unknown): waiting is Future<unknown> {
    return waiting instanceof Future && waiting.cancelled() && !this._loop._debug;
  }

  private _goOnNextTick(suspended: Suspended | null, value: unknown): void {
    if (suspended === null && value !== undefined && value !== null) {
      this._value = badYield(value, this.name);
      this._state |= Flag.raise;
    }
    this._wake();
  }
  // Returns: the coroutine's answer, or null if there is none to act on.
  private _advanceSpecially(waiting: unknown): Step | null {
    if ((this._state & Flag.fresh) !== 0) {
      this._state &= ~Flag.fresh;
      // A part of another task's code runs to its first wait, as it would in that task.
      if ((this._state & Flag.cancelPending) !== 0 && !this._standsIn) return this._endUnstarted();
      if (typeof this._source === 'function') return this._callFunction(this._source);
      return resume.call(this._source as Coroutine<unknown>);
    }
    this._waiting = null;
    const coroutine = this._source as Coroutine<unknown>;
    if ((this._state & Flag.raise) !== 0) {
      const error = this._value;
      this._value = undefined;
      this._state &= ~Flag.raise;
      return coroutine.throw(error) as unknown as Step;
    }
    // At a bare checkpoint there is no value to lose, so the cancellation is thrown there. A future gives its value.
    if (waiting === null || waiting === CHECKPOINT) {
      return coroutine.throw(this._takePendingCancel()) as unknown as Step;
    }
    return resume.call(coroutine);
  }
  // Cancelled before the first step: no line of the body runs.
  private _endUnstarted(): null {
    const error = this._takePendingCancel();
    if (typeof this._source !== 'function') (this._source as Coroutine<unknown>).return(undefined);
    this._end(State.cancelled, error);
    return null;
  }
  private _callFunction(fn: () => unknown): Step | null {
    // A fresh generator that nobody else holds needs no claim; `coroutine` makes it when it hands it out.
    if (isGeneratorFunction(fn)) return resume.call((this._source = fn() as Coroutine<unknown>));
    if (!this._loop._hasMicrotasks && isAsyncFunction(fn)) throw refusedAsync(this.name);
    this._state |= Flag.async;
    const result = callAs(this, fn);
    const isOurs = result instanceof Future || isOperation(result);
    const isPromise = !isOurs && isThenable(result) && !isCoroutine(result);
    if (isPromise && this._loop._hasMicrotasks) return this._follow(result);
    leaveAsync();
    this._state &= ~Flag.async;
    // It has called `then` of a future, as a function may that is not waiting.
    if (this._waiting instanceof ReactionSet) this._waiting.disown();
    this._waiting = null;
    if (isPromise) throw refusedAsync(this.name);
    this._source = isOurs ? awaited(result) : claim(result, `${this.name}: what its function returned`);
    return resume.call(this._source);
  }

  private _follow(promise: PromiseLike<unknown>): null {
    this._source = null;
    this._loop._owesMicrotasks = true;
    follow(this, promise);
    return null;
  }

  /** @internal */
  _endWithValue(value: unknown): void {
    this._end(State.finished, value);
  }
  /** @internal */
  _endWith(error: unknown): void {
    if (error instanceof CancelledError) this._end(State.cancelled, error);
    else this._end(State.failed, asError(error));
  }

  private _end(state: State, value: unknown): void {
    this._source = null;
    this._parent = null;
    this._waiting = null;
    this._loop._release(this._slot);
    if (state === State.failed) this._fail(value as Error);
    else this._complete(state, value);
    this._context = null;
    this._root._taskEnded(this);
  }

  /** @internal Closes the coroutine by force, because it does not end when asked. */
  _abandon(): void {
    if (this.done()) return;
    const source = this._source;
    let exception: unknown = new InvalidStateError(`${this.name} was still pending when its loop ended`);
    try {
      if (source !== null && typeof source !== 'function') source.return(undefined);
    } catch (error) {
      exception = error;
    }
    // What it waited for must not wake it any more: its slot may be somebody else's by then.
    const left = leaveWaits(this._waiting, this);
    const message = `${this.name} was abandoned: it did not end when cancelled`;
    this._loop.callExceptionHandler({ message, exception, task: this });
    if (!this.done()) this._end(State.cancelled, new CancelledError('abandoned'));
    undoWaits(left);
  }

  /** @internal */
  get _isAsync(): boolean {
    return (this._state & Flag.async) !== 0;
  }
  /** @internal The promises that an async function waits for. */
  get _reactions(): ReactionSet {
    if (this._waiting instanceof ReactionSet) return this._waiting;
    const reactions = new ReactionSet();
    this._waiting = reactions;
    return reactions;
  }

  /** @internal */
  override _failureOwner(): FailureOwner | null {
    return this._root;
  }
}
