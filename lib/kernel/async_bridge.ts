// Async functions: how they wait for our futures, and how their task is found.
// An async function cannot be stepped or thrown into. It is resumed by settling the promise it awaits, which is done by
// a record of its own, so that its microtasks run before the next record; and it is cancelled by rejecting that promise.
// Its task is found through an AsyncLocalStorage that exists only while async-function tasks are alive.

import { AsyncLocalStorage } from 'node:async_hooks';
import { asError, AsyncFunctionRefusedError, CancelledError } from '../base/errors.js';
import { Kind } from '../engine/abi.js';
import { asyncOwner } from './context.js';
import type { ActiveContext } from './active_context.js';
import { AWAITS_PER_STEP, current, type Request, type SteppingTask } from './current.js';
import type { LoopCore, Sink } from './loop_core.js';
import { selfAwaitError } from './self_await.js';
import { noteThrown } from './swallowed.js';

/** What the bridge must know of a task whose coroutine is an async function. */
export interface AsyncTask extends SteppingTask {
  _context: ActiveContext | null;
  readonly _isAsync: boolean;
  readonly _reactions: ReactionSet;
  done(): boolean;
  /** What is asked in the name of its cancelled scope: whoever else waits there is told in the same name. */
  _scopeRequest(): Request;
  _takeUnseenRequest(): Request | null;
  _remember(request: Request): void;
}

/** What the bridge must know of a future. */
interface Source {
  readonly _loop: LoopCore;
  readonly _cancelRequest: unknown;
  /** It runs a part of its awaiter's own code. */
  readonly _standsIn: boolean;
  /** Nobody who waits for it may go on before it has ended. */
  readonly _binds: boolean;
  done(): boolean;
  cancelled(): boolean;
  _take(): unknown;
  _takeError(): Error;
  _addWaiter(waiter: ReactionWaiter): void;
  _removeWaiter(waiter: ReactionWaiter): void;
  _cancelBy(request: Request): boolean;
}

/** The promises that one async function waits for at once; usually one, several under `Promise.all`. */
export class ReactionSet {
  readonly #waiters = new Set<ReactionWaiter>();

  add(waiter: ReactionWaiter): void {
    this.#waiters.add(waiter);
  }
  delete(waiter: ReactionWaiter): void {
    this.#waiters.delete(waiter);
  }

  /** The function is not to be resumed any more by what it waits for. Returns: what that was. */
  leaveAll(): unknown[] {
    const sources = [...this.#waiters].map((waiter) => waiter.source);
    for (const waiter of this.#waiters) waiter.source._removeWaiter(waiter);
    return sources;
  }

  /** Ends all waits with `error`, whatever becomes of what is waited for. Returns: false if it must not be. */
  leaveBy(error: CancelledError): boolean {
    const waiters = [...this.#waiters].filter((waiter) => !waiter.isLeft && !waiter.source.done());
    if (waiters.length === 0 || waiters.some(({ source }) => source._standsIn || source._binds)) return false;
    for (const waiter of waiters) waiter.leaveBy(error);
    return true;
  }

  /** Their function was no async one: these waits are nobody's, and its task goes on without them. */
  disown(): void {
    for (const waiter of this.#waiters) waiter.disown();
  }

  /** What is waited for. */
  get sources(): object[] {
    return [...this.#waiters].map((waiter) => waiter.source);
  }

  /** How many there are. */
  get size(): number {
    return this.#waiters.size;
  }

  /** Returns: whether a cancellation reached, or had already reached, one of the waits. */
  cancelAll(request: Request): boolean {
    let reached = false;
    for (const { source, isLeft } of [...this.#waiters]) {
      reached = isLeft || (source.done() ? source.cancelled() : source._cancelBy(request)) || reached;
    }
    return reached;
  }

  /** Undoes the waits in the name of a scope. */
  undoFor(request: Request, error: CancelledError): void {
    for (const waiter of [...this.#waiters]) waiter.undoFor(request, error);
  }
}

export class ReactionWaiter implements Sink {
  readonly source: Source;
  #task: AsyncTask | null;
  readonly #settle: { resolve: (value: unknown) => void; reject: (error: unknown) => void };
  #slot = -1;
  #undoneBy: CancelledError | null = null;
  /** It has been left, and is about to reject. */
  isLeft = false;

  private constructor(
    source: Source,
    task: AsyncTask | null,
    settle: { resolve: (value: unknown) => void; reject: (error: unknown) => void },
  ) {
    this.source = source;
    this.#task = task;
    this.#settle = settle;
  }

  /**
   * Returns: a promise of the future's outcome, waited for on behalf of the async function that asks. A cancellation that
   * is pending is passed on to the future, which may not end by it at once.
   */
  static promiseFor(source: Source): Promise<unknown> {
    const task = awaitingTask();
    const mustYield = source.done() && ++current.awaits > AWAITS_PER_STEP && source._loop._isAttended();
    if (source.done() && !mustYield) return settled(source, task);
    const refusal = task === null ? null : selfAwaitError(task, source);
    if (refusal !== null) return Promise.reject(refusal);
    return new Promise((resolve, reject) => {
      const waiter = new ReactionWaiter(source, task, { resolve, reject });
      if (!mustYield && task?._hasPendingCancel() === true && waiter.#passOn(task)) return;
      task?._reactions.add(waiter);
      if (!mustYield) return source._addWaiter(waiter);
      current.awaits = 0;
      return waiter._wake();
    });
  }

  // Returns: whether there is nothing to wait for any more.
  #passOn(task: AsyncTask): boolean {
    const request = task._takeUnseenRequest();
    if (request === null) this.undoFor(task._scopeRequest(), task._takePendingCancel() as CancelledError);
    else if (!this.source._cancelBy(request)) task._remember(request);
    else if (!this.source.done() && task._unseenRequest !== null) {
      // It came back to the task from below: what it would wait for waits for the task.
      this.#settle.reject(task._takePendingCancel());
      return true;
    }
    if (this.source.done()) this.#end();
    return this.source.done();
  }

  /** Undoes the wait in the name of a scope, whose error the awaiter gets, whatever comes back from below. */
  undoFor(request: Request, error: CancelledError): void {
    if (this.isLeft || this.source._standsIn || this.source.done()) return;
    if (this.source._cancelBy(request)) this.#undoneBy = error;
  }

  /** No task waits here any more. */
  disown(): void {
    this.#task = null;
  }

  /** The wait ends with `error`, and what was waited for goes on. */
  leaveBy(error: CancelledError): void {
    this.source._removeWaiter(this);
    this.#undoneBy = error;
    this.isLeft = true;
    this._wake();
  }

  _wake(): void {
    const loop = this.source._loop;
    this.#slot = loop._allocate(this);
    loop._append(this.#slot, Kind.reaction);
  }

  _deliver(_a: number, _b: number): void {
    this.source._loop._release(this.#slot);
    this.#end();
  }

  #end(): void {
    this.#task?._reactions.delete(this);
    let value: unknown;
    try {
      if (this.isLeft) throw this.#undoneBy as CancelledError;
      value = taken(this.source, this.#task);
    } catch (error) {
      const isUndone = this.#undoneBy !== null && error instanceof CancelledError;
      const thrown = isUndone ? this.#undoneBy : error;
      this.#settle.reject(this.#task === null ? thrown : noteThrown(this.#task, thrown, this.source));
      return;
    }
    this.#settle.resolve(value);
  }
}

// Most waits that are over before they began have no value; one promise serves them all.
const nothing = Promise.resolve();

function settled(source: Source, task: AsyncTask | null): Promise<unknown> {
  try {
    const value = taken(source, task);
    return value === undefined ? nothing : Promise.resolve(value);
  } catch (error) {
    return Promise.reject(asError(error));
  }
}

// What was cancelled by a scope that the task is in throws that scope's error, whoever waited there first.
function taken(source: Source, task: AsyncTask | null): unknown {
  try {
    return source._take();
  } catch (error) {
    throw error instanceof CancelledError && task !== null ? task._cancelledAs(source) : error;
  }
}

// One storage for the thread, in use only while an async-function task is alive: an enabled one slows every promise.
const storage = new AsyncLocalStorage<AsyncTask | undefined>();
let liveAsyncTasks = 0;

/** Calls an async function so that it and all its continuations are known to belong to `task`. */
export function callAs<R>(task: AsyncTask, fn: () => R): R {
  liveAsyncTasks++;
  asyncOwner.find = findAsyncTask;
  asyncOwner.hide = hideAsyncTask;
  try {
    return storage.run(task, fn);
  } catch (error) {
    leaveAsync();
    throw error;
  }
}

/** Ends a task as the promise of its async function settles. */
export function follow(task: FollowingTask, promise: PromiseLike<unknown>): void {
  promise.then(
    (value) => {
      leaveAsync();
      if (!task.done()) task._endWithValue(value);
    },
    (error: unknown) => {
      leaveAsync();
      if (!task.done()) task._endWith(error);
    },
  );
}

interface FollowingTask {
  done(): boolean;
  _endWithValue(value: unknown): void;
  _endWith(error: unknown): void;
}

/** The counterpart of `callAs`, once the function's promise has settled or it turned out not to be async. */
export function leaveAsync(): void {
  if (--liveAsyncTasks > 0) return;
  asyncOwner.find = () => null;
  asyncOwner.hide = (fn) => fn();
  storage.disable();
}

function hideAsyncTask<R>(fn: () => R): R {
  return storage.run(undefined, fn);
}

/** The unfinished async-function task that the running microtask belongs to, or null. */
export function findAsyncTask(): AsyncTask | null {
  if (liveAsyncTasks === 0) return null;
  const task = storage.getStore();
  return task === undefined || task.done() || !task._isAsync ? null : task;
}

// In a step it is the stepping task, if that one is an async function in its first, synchronous part. In a callback of
// the loop it is nobody. Elsewhere, in microtasks, the storage knows.
function awaitingTask(): AsyncTask | null {
  if (current.task !== null) return (current.task as AsyncTask)._isAsync ? (current.task as AsyncTask) : null;
  return current.loop === null ? findAsyncTask() : null;
}

/** The error for an async function on a loop that owns the thread where nobody can run microtasks. */
export function refusedAsync(name: string): AsyncFunctionRefusedError {
  return new AsyncFunctionRefusedError(
    `${name} is an async function, and promises cannot settle while this loop owns the thread here; ` +
      'use run(…) or a function*',
  );
}
