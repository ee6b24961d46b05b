// Task groups: no child outlives the block. The first failure cancels the body and the siblings and waits for them; all
// failures are kept together. The group's scope is where its children live, so cancelling it cancels them.

import { CancelledError, ClosedResourceError } from '../base/errors.js';
import { ExceptionGroup } from '../base/exception_group.js';
import { CancelScope } from '../kernel/cancel_scope.js';
import { NOTHING } from '../kernel/scope_operation.js';
import { type Coroutine, type CoroutineFunction, isCoroutine, type Step } from '../kernel/coroutine.js';
import { current } from '../kernel/current.js';
import type { EventLoop, TaskOptions } from '../kernel/event_loop.js';
import { type CancelRequest, Future, notInTask, State, SUSPENDED } from '../kernel/future.js';
import { assertBody, callBody, type ScopeBody, ScopedOperation, steppingTask } from '../kernel/scoped.js';
import type { Task } from '../kernel/task.js';

// The wait for the children. Cancellation does not end it: it reaches the children instead, and their end ends it.
class ChildrenDone extends Future<void> {
  readonly #onAsked: (request: CancelRequest) => void;

  constructor(host: Task<unknown>, onAsked: (request: CancelRequest) => void) {
    super(host._loop);
    this.#onAsked = onAsked;
  }

  override next(): Step {
    const task = current.task;
    if (this.done()) return super.next();
    if (task === null || task._waiting !== null) throw notInTask('a task group');
    task._waiting = this;
    return SUSPENDED;
  }

  override _cancelBy(request: CancelRequest): boolean {
    if (this.done()) return false;
    this.#onAsked(request);
    return true;
  }
}

/**
 * The owner of child tasks; `withTaskGroup` makes one.
 *
 * Source: trio.Nursery, asyncio.TaskGroup.
 */
export class TaskGroup {
  /** The scope that the body and the children run in. */
  readonly scope: CancelScope;
  readonly #host: Task<unknown>;
  readonly #children = new Set<Task<unknown>>();
  readonly #errors: Error[] = [];
  #wait: ChildrenDone | null = null;
  #request: CancelRequest | null = null;
  // A scope was cancelled while the block waited for its children: the block ends with that scope's error.
  #wasInterrupted = false;
  #isClosed = false;

  /** @internal */
  constructor(scope: CancelScope, host: Task<unknown>) {
    this.scope = scope;
    this.#host = host;
    scope._status.members = new Set();
  }

  /** @internal */
  get _looks(): boolean {
    return true;
  }

  /** The unfinished children, in creation order. */
  get children(): ReadonlySet<Task<unknown>> {
    return new Set(this.#children);
  }

  /**
   * Starts a child. In a group that is cancelled it runs to its first checkpoint and is cancelled there.
   *
   * Throws: ClosedResourceError after the group has ended (the coroutine is closed); as `createTask`.
   * Checkpoint: no.
   */
  createTask<T>(coroutine: Coroutine<T> | CoroutineFunction<T>, options: TaskOptions = {}): Task<T> {
    if (this.#isClosed) {
      if (isCoroutine(coroutine)) coroutine.return(undefined as T);
      throw new ClosedResourceError('the task group has ended; start children before its block ends');
    }
    const loop = this.#host._loop as EventLoop;
    const child = loop._makeTask<T>(coroutine, options, this.scope._status);
    if (child.done()) this.#account(child);
    else {
      this.#children.add(child);
      this.scope._status.members?.add(child);
      child._addWaiter(this);
    }
    return child;
  }

  /** Cancels the body and all children; the block then ends quietly. */
  cancel(reason?: unknown): void {
    this.scope.cancel(reason);
  }

  /** @internal A child is done. */
  _wake(source: Future<unknown>): void {
    const child = source as Task<unknown>;
    this.#children.delete(child);
    this.scope._status.members?.delete(child);
    this.#account(child);
    if (this.#children.size === 0) this.#wait?._finish(undefined);
  }

  #account(child: Task<unknown>): void {
    if ((child._state & State.outcome) !== State.failed) return;
    child._look();
    this.#errors.push(child._value as Error);
    this.scope._cancelFor({ reason: child._value, origin: { task: child.name, source: 'group' } });
  }

  /** @internal Waits for the children, also for those that are started meanwhile. */
  *_join(error: unknown): Coroutine<unknown> {
    let outcome = error;
    if (outcome === NOTHING && this.#host._hasPendingCancel()) outcome = this.#host._takePendingCancel();
    const origin = { task: this.#host._nominal.name, source: 'group' } as const;
    if (outcome !== NOTHING) this.scope._cancelFor({ reason: outcome, origin });
    while (this.#children.size > 0) {
      this.#wait = new ChildrenDone(this.#host, (request) => this.#asked(request));
      yield* this.#wait;
    }
    this.#isClosed = true;
    if (this.#wasInterrupted && outcome === NOTHING) outcome = this.#host._status.error();
    if (this.#request !== null) outcome = new CancelledError(this.#request.reason, this.#request.origin);
    return this.#collect(outcome);
  }

  /** @internal The block is left without waiting, because its coroutine is closed by force. */
  _forsake(): void {
    this.#isClosed = true;
    this.scope.cancel('the coroutine of its task group was closed');
  }

  // The waiting task itself is asked: the children are cancelled, and the request goes on when they have ended.
  #asked(request: CancelRequest): void {
    if (this.#host._status.effective !== null) {
      this.#wasInterrupted = true;
      return;
    }
    this.#request ??= request;
    this.scope._cancelFor(request);
  }

  #collect(outcome: unknown): unknown {
    const isCancel = outcome instanceof CancelledError;
    const errors = [...this.#errors];
    if (outcome !== NOTHING && !isCancel) errors.push(outcome as Error);
    if (errors.length === 0) return outcome;
    // A request to the task itself must not be hidden behind the errors: it is made again, for the next wait.
    if (isCancel && outcome.scope === null) this.#host.cancel(outcome.reason);
    return new ExceptionGroup(errors, 'unhandled errors in a task group');
  }
}

/**
 * Runs `body` with a group of tasks, and ends when the body and all children have ended.
 *
 * Returns: the body's value; undefined if `group.cancel()` ended it.
 * Throws: ExceptionGroup with the children's failures in the order in which they happened, the body's last; CancelledError
 *   if the task was cancelled from outside.
 * Checkpoint: it waits for children; without any it only looks for a cancellation. Cancel: the children are cancelled
 *   and awaited.
 * Source: trio.open_nursery, asyncio.TaskGroup.
 */
export function withTaskGroup<T>(body: ScopeBody<TaskGroup, T>): ScopedOperation<T> {
  assertBody(body, 'withTaskGroup');
  return new ScopedOperation(() => performGroup(body));
}

function* performGroup<T>(body: ScopeBody<TaskGroup, T>): Coroutine<T> {
  const host = steppingTask('a task group');
  const scope = new CancelScope();
  scope._enter(host);
  const group = new TaskGroup(scope, host);
  let hasEnded = false;
  let value: T | undefined;
  let error: unknown = NOTHING;
  try {
    try {
      value = yield* callBody(body, group, host);
    } catch (thrown) {
      error = thrown;
    }
    error = yield* group._join(error);
    hasEnded = true;
  } finally {
    if (!hasEnded) group._forsake();
    error = scope._leave(error);
  }
  if (error !== NOTHING) throw error;
  return value as T;
}
