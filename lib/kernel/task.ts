// Task: the scheduled owner of a coroutine. A pending task is in one of three states: waiting (on one pending future),
// scheduled (its record is in the ring), or running. A step calls `next()` once; what the coroutine's innermost
// operation left in the `current` slot says what to wait for. `cancel()` asks once: it cancels the future waited on, or
// is remembered for the next wait if there is none. A value that came before the cancel is never lost.
// Cost: `private` methods instead of `#` ones, here and in Future, because a `#` method adds a brand to each instance.

import {
  asError,
  CancelledError,
  InvalidStateError,
} from '../base/errors.js';
import { Kind } from '../engine/abi.js';
import { callAs, leaveAsync, ReactionSet, refusedAsync } from './async_bridge.js';
import { captureResource, type Context, storesAreFrames } from './context.js';
import {
  claim,
  type Coroutine,
  isAsyncFunction,
  isCoroutine,
  isGeneratorFunction,
  isThenable,
  markDriven,
  resume,
  type Step,
} from './coroutine.js';
import { BUDGET, CHECKPOINT, current, type Suspended } from './current.js';
import { badYield, type CancelRequest, Future, State } from './future.js';
import { Joined } from './joined.js';
import type { LoopCore } from './loop_core.js';
import { NOTHING_RARE, type Rare } from './rare.js';
import type { Root } from './root.js';
import type { FailureOwner } from './unhandled.js';

/** @internal Bits of a task's state above those of its future. */
const enum Flag {
  /** Never stepped. */
  fresh = 8,
  /** The next step throws what stands in `_value`. */
  raise = 16,
  /** A cancellation waits for the next wait. */
  cancelPending = 32,
  /** The coroutine is an async function. */
  async = 64,
  /** Any reason not to call `next()` straight away. */
  special = fresh | raise | cancelPending,
}

/** What a task drives: a coroutine object, or a function that is called in its first step. */
export type TaskSource = Coroutine<unknown> | (() => unknown);

let lastId = 0;

// A request walks down from task to task. What it reaches on the way through combinators and async functions is asked
// after the present one, so that the depth of what awaits what costs no stack.
let isAsking = false;
const toAsk: (Task<unknown> | CancelRequest)[] = [];

/**
 * A coroutine that runs concurrently, and the future of its result.
 *
 * Awaiting a task owns it: cancelling the waiter cancels the task. `join()` waits without owning.
 * Source: asyncio.Task.
 */
export class Task<T> extends Future<T> {
  /** @internal */ declare readonly _id: number;
  /** @internal */ declare readonly _root: Root;
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
    root: Root,
    parent: Task<unknown> | null,
    context: Context | null,
    name: string | null,
  ) {
    super(loop, Flag.fresh);
    this._id = ++lastId;
    this._root = root;
    this._waiting = null;
    this._source = source;
    this._parent = parent;
    this._rare = name === null && context === null ? null : { ...NOTHING_RARE, name, context };
    this._slot = loop._allocate(this);
    root._taskBegan();
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
    return this._rare?.cancelCount ?? 0;
  }

  /** Returns: a future that is done when this task is, whatever its outcome; cancelling it leaves the task alone. */
  join(): Future<void> {
    return new Joined(this);
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
    if (isAsking) {
      toAsk.push(this, request);
      return true;
    }
    isAsking = true;
    try {
      this._askDown(request);
      for (let i = 0; i < toAsk.length; i += 2) (toAsk[i] as Task<unknown>)._askDown(toAsk[i + 1] as CancelRequest);
    } finally {
      isAsking = false;
      toAsk.length = 0;
    }
    return true;
  }

  private _askDown(request: CancelRequest): void {
    let task: Task<unknown> = this;
    for (;;) {
      task._ownRare().cancelCount++;
      const waiting: unknown = task._waiting;
      if (!(waiting instanceof Task) || waiting.done()) {
        if (!reaches(waiting, request)) task._remember(request);
        return;
      }
      task = waiting;
    }
  }

  private _ownRare(): Rare {
    return (this._rare ??= { ...NOTHING_RARE });
  }

  /** @internal The variables and stores that its steps run with; null for none. */
  get _context(): Context | null {
    return this._rare === null ? null : this._rare.context;
  }
  set _context(context: Context | null) {
    if (context !== this._context) this._ownRare().context = context;
  }

  /** @internal */
  _hasPendingCancel(): boolean {
    return (this._state & Flag.cancelPending) !== 0;
  }

  /** @internal */
  _takePendingCancel(): CancelledError {
    const { reason, origin } = this._ownRare().pendingCancel as CancelRequest;
    this._ownRare().pendingCancel = null;
    this._state &= ~Flag.cancelPending;
    return new CancelledError(reason, origin);
  }

  private _remember(request: CancelRequest): void {
    this._ownRare().pendingCancel ??= request;
    this._state |= Flag.cancelPending;
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
    else if (storesAreFrames) this._advanceInFrame(context);
    // eslint-disable-next-line @typescript-eslint/unbound-method -- its receiver is given; a closure would cost a step
    else context._resource.runInAsyncScope(this._advance, this);
  }

  // Where Node keeps stores in frames, what this step sets must be carried to the next one by hand.
  private _advanceInFrame(context: Context): void {
    context._resource?.runInAsyncScope(() => {
      this._advance();
      context._resource = captureResource();
    });
  }

  private _advance(): void {
    const waiting = this._waiting;
    // A checkpoint is told by this very field that its task has been there, and clears it.
    if (waiting !== CHECKPOINT) this._waiting = null;
    let step: Step;
    try {
      if ((this._state & Flag.special) !== 0) {
        const special = this._advanceSpecially(waiting);
        if (special === null) return;
        step = special;
      } else {
        step = resume.call(this._source as Coroutine<unknown>);
      }
    } catch (error) {
      this._endWith(error);
      return;
    }
    if (step.done) {
      this._end(State.finished, step.value);
      return;
    }
    const suspended = this._waiting;
    if (suspended === CHECKPOINT) this._loop._append(this._slot, Kind.step);
    else if (suspended === null || suspended === BUDGET) this._goOnNextTick(suspended, step.value);
    else this._waitFor(suspended as Future<unknown>);
  }

  private _waitFor(future: Future<unknown>): void {
    // A future that was completed between its answer and here has woken its waiters already.
    if (future.done()) this._wake();
    else future._addWaiter(this);
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
      if (this._hasPendingCancel()) return this._endUnstarted();
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
    const isGenerator = isGeneratorFunction(fn);
    if (!isGenerator && !this._loop._hasMicrotasks && isAsyncFunction(fn)) throw refusedAsync(this.name);
    this._state |= isGenerator ? 0 : Flag.async;
    // A fresh generator that nobody else holds needs no claim; `coroutine` makes it when it hands it out.
    if (isGenerator) return resume.call((this._source = fn() as Coroutine<unknown>));
    let result: unknown;
    try {
      result = callAs(this, fn);
    } catch (error) {
      leaveAsync();
      throw error;
    }
    if (isThenable(result) && !isCoroutine(result)) {
      if (this._loop._hasMicrotasks) return this._follow(result);
      leaveAsync();
      throw refusedAsync(this.name);
    }
    leaveAsync();
    this._state &= ~Flag.async;
    return resume.call((this._source = claim(result, `${this.name}: what its function returned`)));
  }

  private _follow(promise: PromiseLike<unknown>): null {
    this._source = null;
    this._loop._owesMicrotasks = true;
    promise.then(
      (value) => {
        leaveAsync();
        if (!this.done()) this._end(State.finished, value);
      },
      (error: unknown) => {
        leaveAsync();
        if (!this.done()) this._endWith(error);
      },
    );
    return null;
  }

  private _endWith(error: unknown): void {
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
    const source = this._source;
    let exception: unknown = new InvalidStateError(`${this.name} was still pending when its loop ended`);
    try {
      if (source !== null && typeof source !== 'function') source.return(undefined);
    } catch (error) {
      exception = error;
    }
    // What it waited for must not wake it any more: its slot may be somebody else's by then.
    if (this._waiting instanceof Future) this._waiting._removeWaiter(this);
    const message = `${this.name} was abandoned: it did not end when cancelled`;
    this._loop.callExceptionHandler({ message, exception, task: this });
    if (!this.done()) this._end(State.cancelled, new CancelledError('abandoned'));
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

// Returns: whether the request reached the wait, or an earlier one already did.
function reaches(waiting: unknown, request: CancelRequest): boolean {
  if (waiting instanceof ReactionSet) return waiting.cancelAll(request);
  if (!(waiting instanceof Future)) return false;
  return waiting.done() ? waiting.cancelled() : waiting._cancelBy(request);
}
