// Task groups: no child outlives the block. The first failure cancels the body and the siblings and waits for them; all
// failures are kept together. The group's scope is where its children live, so cancelling it cancels them.

import {
  asError,
  BusyResourceError,
  CancelledError,
  ClosedResourceError,
  NotInTaskError,
  ScopeNestingError,
} from '../base/errors.js';
import { ExceptionGroup } from '../base/exception_group.js';
import { assertCallable } from '../kernel/arguments.js';
import { CancelScope } from '../kernel/cancel_scope.js';
import { type CancelCause, CancelStatus } from '../kernel/cancel_status.js';
import { cancelledError } from '../kernel/cancelled_error.js';
import { type Coroutine, type CoroutineFunction, isCoroutine, isGeneratorFunction } from '../kernel/coroutine.js';
import type { EventLoop } from '../kernel/event_loop.js';
import { type CancelRequest, type Future, State, type Waiter } from '../kernel/future.js';
import { endScopesOf } from '../kernel/left_open.js';
import { runningTask } from '../kernel/running.js';
import { NOTHING } from '../kernel/scope_operation.js';
import type { ScopedOperation } from '../kernel/scoped.js';
import type { Task } from '../kernel/task.js';
import { Closing } from './group_end.js';
import { GroupLine } from './group_line.js';
import { checkChildOptions, checkGroupOptions, type ChildOptions, type TaskGroupOptions } from './group_options.js';
import { Starting, TaskStatus } from './group_start.js';
import { JointWait } from './joint_wait.js';

const NO_OPTIONS: ChildOptions = {};

/** @internal Who ends a group: the block that runs its body, or whoever made it. */
export const enum Form {
  open,
  block,
}

const enum Phase {
  running,
  ending,
  ended,
  /** It was left without waiting for its children. */
  forsaken,
}

/**
 * The owner of child tasks. `withTaskGroup` makes one around a body; `new TaskGroup()` is one without a body, for
 * `await using` or for `close()` in a `finally`.
 *
 * A group without a body begins where it is made: its scope is the innermost one of the current task until it is closed.
 * Close it in that same task, and in the reverse order of opening. Nobody tells it how the code between ended: a failure
 * there does not cancel the children but waits for them (call `cancel()` first, or use `withTaskGroup`), and the
 * CancelledError with which the group cuts that code short goes on beyond the block. If closing throws as well, `await
 * using` throws a SuppressedError: its `error` is what closing threw, its `suppressed` what the block did. A task that
 * was cancelled meanwhile cancels the children as it closes; one that ends without closing cancels them too.
 * Source: trio.Nursery, asyncio.TaskGroup.
 */
export class TaskGroup {
  /** The scope that the body and the children run in. */
  readonly scope: CancelScope;
  /** For people and errors; null if none was given. */
  readonly name: string | null;
  readonly #host: Task<unknown>;
  readonly #errors: Error[] = [];
  readonly #line: GroupLine | null;
  // How often the task had been asked to end when the group began.
  readonly #askedBefore: number;
  // What keeps the group open: children that are no daemons, and those that are about to start.
  #open = 0;
  #daemons = 0;
  // Where daemons stand, once there are any.
  #daemonStatus: CancelStatus | null = null;
  #hostEnd: Waiter | null = null;
  #wait: JointWait | null = null;
  #request: CancelRequest | null = null;
  // A scope was cancelled while the block waited for its children: the block ends with that scope's error.
  #wasInterrupted = false;
  #phase = Phase.running;

  /**
   * Begins a group in the current task.
   *
   * Throws: NotInTaskError outside a task; ArgumentTypeError, ArgumentRangeError for the options. Checkpoint: no.
   */
  constructor(options?: TaskGroupOptions);
  // eslint-disable-next-line @typescript-eslint/unified-signatures -- the second one is not for users
  /** @internal */ constructor(options: TaskGroupOptions, form: Form);
  constructor(options: TaskGroupOptions = {}, form = Form.open) {
    if (form === Form.open) checkGroupOptions(options, 'TaskGroup');
    const host = runningTask();
    if (host === null) throw new NotInTaskError('a task group is made in a task, which waits for the children at its end');
    this.scope = new CancelScope();
    this.name = options.name ?? null;
    this.#host = host;
    this.#line = options.limit === undefined || options.limit === Infinity ? null : new GroupLine(options.limit);
    this.#askedBefore = host._timesAsked;
    this.scope._enter(host);
    this.scope._status.members = new Set();
    if (form === Form.open) this.#watchHost();
  }

  /** @internal */
  get _looks(): boolean {
    return this.#phase !== Phase.forsaken;
  }

  /** The task whose block this is. */
  get parentTask(): Task<unknown> {
    return this.#host._nominal;
  }

  /** The unfinished children in creation order, with those that wait for their turn; not those that have yet to start. */
  get children(): ReadonlySet<Task<unknown>> {
    const tasks = [...this.#members] as Task<unknown>[];
    return new Set(tasks.filter((task) => task._nominal === task));
  }

  // Also the tasks in which children run parts of their code.
  get #members(): Set<unknown> {
    return this.scope._status.members as Set<unknown>;
  }

  /**
   * Starts a child. In a group that is cancelled it runs to its first checkpoint and is cancelled there; in one whose limit
   * is reached it waits for its turn, and if it is cancelled before, it never runs.
   *
   * Throws: ClosedResourceError after the group has ended (the coroutine is closed); as `createTask`.
   * Checkpoint: no.
   */
  createTask<T>(coroutine: Coroutine<T> | CoroutineFunction<T>, options: ChildOptions = NO_OPTIONS): Task<T> {
    this.#assertOpen(coroutine);
    if (options !== NO_OPTIONS) checkChildOptions(options);
    const isDaemon = options.daemon === true;
    const loop = this.#host._loop as EventLoop;
    const child = loop._newTask<T>(coroutine, options, isDaemon ? this.#daemonRegion() : this.scope._status);
    this.#count(child, isDaemon);
    child._addWaiter(this);
    this.#begin(child, options);
    return child;
  }

  /**
   * Starts a child and waits until it says that it is ready: `fn` is called with a TaskStatus and calls `started(value)`.
   *
   * Until then the child runs in the caller's scope and is not among `children`; the group stays open for it.
   * Returns: a future of that value.
   * Throws: ClosedResourceError after the group has ended; ArgumentTypeError. The future: the child's own failure before it
   *   has started, which is no failure of the group; InvalidStateError if the child ends without `started()`.
   * Checkpoint: only if the child is not ready. Cancel: the child is cancelled and awaited, unless it has started.
   * Source: trio.Nursery.start.
   */
  start<V = void>(
    fn: (status: TaskStatus<V>) => Coroutine<unknown> | PromiseLike<unknown>,
    options: ChildOptions = NO_OPTIONS,
  ): Future<V> {
    assertCallable(fn, 'start');
    this.#assertOpen(null);
    if (options !== NO_OPTIONS) checkChildOptions(options);
    const loop = this.#host._loop as EventLoop;
    const caller = runningTask();
    const callerStatus = caller?._loop === loop ? caller._status : this.scope._status;
    const starting = new Starting<V>(loop, this, this.#host._root, callerStatus, options.daemon === true);
    const status = new TaskStatus(starting);
    const source = isGeneratorFunction(fn) ? fn(status) : () => fn(status);
    const child = loop._newTask(source, options, starting.status, 'start');
    starting.watch(child);
    this.#open++;
    this.#begin(child, options);
    return starting;
  }

  /** Cancels the body and all children; the block then ends quietly. */
  cancel(reason?: unknown): void {
    this.scope.cancel(reason);
  }

  /**
   * Ends a group that was made without a body: waits for its children, then throws what `withTaskGroup` would throw.
   *
   * It must run in the task that made the group, after what was opened in it. Once the group has ended it does nothing.
   * Throws: ExceptionGroup; CancelledError if the task was cancelled from outside; ScopeNestingError, without having done
   *   anything, in another task or while a scope inside is open; BusyResourceError while it is being closed.
   * Checkpoint: it waits for children; without any it only looks for a cancellation. Cancel: the children are cancelled and
   *   awaited.
   */
  close(): ScopedOperation<void> {
    return new Closing(this.#host, (task) => this.#close(task));
  }

  /** `close()`, for `await using`. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close().then();
  }

  *#close(task: Task<unknown> | null): Coroutine<void> {
    if (task !== this.#host) throw new ScopeNestingError('a task group is closed in the task that made it');
    if (this.#phase === Phase.ended) return;
    if (this.#hostEnd === null) throw new ScopeNestingError('a group that runs a body is closed at its end, not before');
    if (this.#phase === Phase.ending) throw new BusyResourceError('the task group is being closed already');
    if (this.#host._status !== this.scope._status) {
      throw new ScopeNestingError('the task group has a scope inside that is still open; leave that one first');
    }
    this.#host._removeWaiter(this.#hostEnd);
    yield* this._end(NOTHING);
  }

  // The task might end without closing the group.
  #watchHost(): void {
    const forsake = (): void => {
      this._forsake('its task has ended without closing it');
      endScopesOf(this.#host);
    };
    this.#hostEnd = { _wake: forsake };
    this.#host._addWaiter(this.#hostEnd);
  }

  #assertOpen(coroutine: unknown): void {
    if (this.#phase <= Phase.ending) return;
    if (isCoroutine(coroutine)) coroutine.return(undefined);
    throw new ClosedResourceError('the task group has ended; start children before its block ends');
  }

  #begin(child: Task<unknown>, options: ChildOptions): void {
    const eager = options.eager === true;
    if (this.#line !== null && options.daemon !== true) this.#line.begin(child, eager);
    else (child._loop as EventLoop)._begin(child, eager);
  }

  #count(child: Task<unknown>, isDaemon: boolean): void {
    this.#members.add(child);
    if (!isDaemon) this.#open++;
    else {
      this.#daemons++;
      this.#daemonRegion().members?.add(child);
    }
  }

  #daemonRegion(): CancelStatus {
    if (this.#daemonStatus !== null) return this.#daemonStatus;
    // Its errors are told apart from those of the group's own scope, so that no scope catches them by mistake.
    this.#daemonStatus = new CancelStatus(this.#host._root, this.scope._status, { _becameCancelled() {} });
    this.#daemonStatus.members = new Set();
    return this.#daemonStatus;
  }

  /** @internal A child that was started belongs to the group from now on. */
  _adopt(child: Task<unknown>, isDaemon: boolean): CancelStatus {
    this.#open--;
    this.#count(child, isDaemon);
    this.#endWait();
    return isDaemon ? this.#daemonRegion() : this.scope._status;
  }

  /** @internal */
  _startEnded(isDaemon: boolean): void {
    this.#open--;
    if (!isDaemon) this.#line?.ended();
    this.#endWait();
  }

  /** @internal A child is done. */
  _wake(source: Future<unknown>): void {
    this._childEnded(source as Task<unknown>);
  }

  /** @internal */
  _childEnded(child: Task<unknown>): void {
    this.#members.delete(child);
    // Before the next one begins, because those that wait in the line of a group that failed must not.
    if ((child._state & State.outcome) === State.failed) this.#noteFailure(child);
    if (this.#daemonStatus?.members?.delete(child) === true) this.#daemons--;
    else {
      this.#open--;
      this.#line?.ended();
    }
    this.#endWait();
  }

  #noteFailure(child: Task<unknown>): void {
    if (!this._looks) return;
    child._look();
    this.#errors.push(child._value as Error);
    this.scope._cancelFor({ reason: child._value, origin: { task: child.name, source: 'group' } });
  }

  #endWait(): void {
    if (this.#wait === null || this.#open > 0) return;
    // Daemons that have not been asked yet are asked by the block, which is woken for that.
    const isForBlock = this.#daemons === 0 || this.#daemonStatus?.cause === null;
    if (isForBlock && !this.#wait.done()) this.#wait._finish(undefined);
  }

  /** @internal Ends the group whose body ended with `error`, or with NOTHING. */
  *_end(error: unknown): Coroutine<void> {
    let rest = error;
    try {
      rest = yield* this.#join(error);
    } finally {
      if (this.#phase !== Phase.ended) this._forsake('the coroutine of its task group was closed');
      rest = this.scope._leave(rest);
    }
    if (rest !== NOTHING) throw rest;
  }

  // Waits for the children, also for those that are started meanwhile.
  *#join(error: unknown): Coroutine<unknown> {
    this.#phase = Phase.ending;
    let outcome = error;
    if (outcome === NOTHING && this.#host._hasPendingCancel()) outcome = this.#host._takePendingCancel();
    this.#cancelFor(outcome);
    const wasCancelled = this.#host._status.effective !== null;
    while (this.#isOccupied()) {
      this.#wait = new JointWait(this.#host._loop, this);
      yield* this.#wait;
    }
    if (wasCancelled) this.#wasInterrupted = false;
    this.#phase = Phase.ended;
    return this.#collect(outcome);
  }

  // What the body ended with is the cause that its children are told.
  #cancelFor(outcome: unknown): void {
    if (outcome instanceof CancelledError) this.scope._cancelFor({ reason: outcome.reason, origin: outcome.origin });
    else if (outcome !== NOTHING) this.scope._cancelFor(this.#ownCause(outcome));
    else if (this.#hostEnd !== null && this.#wasAsked()) this.scope._cancelFor(this.#ownCause('its task was cancelled'));
  }

  #ownCause(reason: unknown): CancelCause {
    return { reason, origin: { task: this.parentTask.name, source: 'group' } };
  }

  #isOccupied(): boolean {
    if (this.#open === 0 && this.#daemons > 0) {
      this.#daemonStatus?.cancel(this.#ownCause('all other tasks of the group have ended'));
    }
    return this.#open + this.#daemons > 0;
  }

  #wasAsked(): boolean {
    return this.#host._timesAsked > this.#askedBefore;
  }

  /** @internal The group is left without waiting, because its task has ended or its coroutine is closed by force. */
  _forsake(reason: string): void {
    this.#phase = Phase.forsaken;
    this.scope.cancel(reason);
  }

  /** @internal The waiting task is asked: the children are cancelled, and the request goes on when they have ended. */
  _askedBy(request: CancelRequest): void {
    if (this.#host._status.isCancelledBy(request.scope)) {
      this.#wasInterrupted = true;
      return;
    }
    this.#request ??= request;
    this.scope._cancelFor(request);
  }

  #collect(outcome: unknown): unknown {
    const errors = [...this.#errors];
    const isFailure = outcome !== NOTHING && !(outcome instanceof CancelledError);
    // A body that let the failure of a child through has nothing to add.
    if (isFailure && !errors.includes(outcome as Error)) errors.push(asError(outcome));
    if (errors.length > 0) {
      const request = this.#request ?? this.#requestIn(outcome);
      // A request to the task itself must not be hidden behind the errors: the task sees it at its next wait.
      if (request !== null) this.#host._remember({ reason: request.reason, origin: request.origin });
      const what = this.name === null ? 'a task group' : `the task group ${this.name}`;
      return new ExceptionGroup(errors, `unhandled errors in ${what}`);
    }
    if (this.#request !== null) return cancelledError(this.#request.reason, this.#request.origin);
    const isCancelled = this.#wasInterrupted && this.#host._status.effective !== null;
    return outcome === NOTHING && isCancelled ? this.#host._status.error() : outcome;
  }

  // The CancelledError of a child that the body awaited is none; that of the own scope may hide one.
  #requestIn(outcome: unknown): CancelRequest | null {
    if (!(outcome instanceof CancelledError) || !this.#wasAsked()) return null;
    if (outcome.scope === this.scope) return this.#host._takeRequestWithin(this.scope._status);
    return outcome.scope === null ? outcome : null;
  }
}
