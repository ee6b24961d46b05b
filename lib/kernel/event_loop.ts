// EventLoop: what users schedule on, and the only file of the kernel that knows everyone in it.
// A loop is driven in one of two ways: hosted (Node's own loop blocks and calls the drain, runs keep the process alive)
// or owned (`runForever`, `runUntilComplete`, `runOnce` block this thread in the engine's select).

import { LoopClosedError, LoopRunningError, LoopStoppedError, WrongLoopError } from '../base/errors.js';
import { Kind } from '../engine/abi.js';
import { Direction } from '../engine/engine.js';
import { NativeEngine } from '../engine/native_engine.js';
import { assertTaskOptions, captureContext, type Context, withoutStores } from './context.js';
import { captureTaskContext, creatingTask } from './creating_task.js';
import { claim, type Coroutine, type CoroutineFunction, isCoroutine } from './coroutine.js';
import type { CancelStatus } from './cancel_status.js';
import { current } from './current.js';
import { everDebugged } from './debug_warning.js';
import { Drain } from './drain.js';
import { Future } from './future.js';
import { assertCallable, assertInstant, assertOptions, refuseCoroutineFunction } from './arguments.js';
import { type Callback, Handle, TimerHandle } from './handle.js';
import { type ExceptionContext, LoopCore } from './loop_core.js';
import { checkedDebug, type EventLoopOptions, type LoopMetrics } from './loop_options.js';
import { OwnedDriver } from './owned_driver.js';
import { type ExceptionHandler, report } from './report.js';
import { Root } from './root.js';
import { SlowWatch } from './slow_watch.js';
import { Task, type TaskSource } from './task.js';
import type { FailureOwner } from './unhandled.js';
import { assertDescriptor, WatchTable } from './watch_table.js';

/** Options of `createTask`. */
export interface TaskOptions {
  /** For people and reports; `Task-N` by default. */
  readonly name?: string;
  /** Take the first step before `createTask` returns. */
  readonly eager?: boolean;
  /** Share this context instead of starting with a copy of the current one. */
  readonly context?: Context;
}

/** Makes tasks in place of the loop; it is given what `createTask` was given, checked. */
export type TaskFactory = (
  loop: EventLoop,
  coroutine: Coroutine<unknown> | CoroutineFunction<unknown>,
  options: TaskOptions,
) => Task<unknown>;

/**
 * An event loop.
 *
 * `new EventLoop()` makes an owned one. Inside `run(…)`, `getRunningLoop()` gives the thread's hosted one.
 * Units: milliseconds of a monotonic clock.
 * Source: asyncio's event loop.
 */
export class EventLoop extends LoopCore {
  /** Callbacks and steps that take longer are reported in debug mode; in ms. */
  slowCallbackMs = 100;
  /** @internal The root of tasks that no run owns. */
  readonly _orphans: Root;
  /** @internal */ readonly _drain: Drain;
  /** @internal */ readonly _watches: WatchTable;
  readonly #owned: OwnedDriver;
  #taskFactory: TaskFactory | null = null;
  #exceptionHandler: ExceptionHandler | null = null;
  #isClosed = false;
  #isHosted = false;
  #liveRuns = 0;

  constructor(options: EventLoopOptions = {}) {
    const debug = checkedDebug(options); // Before there is an engine, which would stay open.
    super(options.engine ?? new NativeEngine());
    this._drain = new Drain(this);
    this.#owned = new OwnedDriver(this, this._drain);
    this._orphans = new Root(this);
    this._watches = new WatchTable(this);
    this.debug = debug;
  }

  /** Creation sites on futures, and reports of slow callbacks. */
  get debug(): boolean {
    return this._debug;
  }
  set debug(debug: boolean) {
    this._debug = debug;
    everDebugged.yes ||= debug;
    this._drain.slowWatch = debug ? new SlowWatch(this) : null;
  }

  get closed(): boolean {
    return this.#isClosed;
  }

  /** True while something drives the loop. */
  get running(): boolean {
    return this.#owned.isRunning || this.#liveRuns > 0;
  }

  /** Returns: the loop's clock, in ms, read afresh. */
  time(): number {
    return this._engine.now();
  }

  /** Runs `fn(...args)` in the next tick, in order. Throws: TypeError if `fn` is no function; LoopClosedError. */
  override callSoon<A extends unknown[]>(fn: (...args: A) => unknown, ...args: A): Handle {
    this._assertOpen();
    assertCallable(fn, 'callSoon');
    if (this._debug) refuseCoroutineFunction(fn);
    return this._callSoonIn(captureContext(), fn as Callback, args);
  }

  /** @internal */
  override _callSoonIn(context: Context | null, fn: Callback, args: unknown[]): Handle {
    const handle = this._noted(new Handle(this, fn, args, context));
    this._append(handle._slot, Kind.handle);
    return handle;
  }

  /**
   * Like `callSoon`, and it also wakes a blocked select. From this loop's own thread only: functions cannot cross
   * threads in JavaScript.
   */
  callSoonThreadsafe<A extends unknown[]>(fn: (...args: A) => unknown, ...args: A): Handle {
    const handle = this.callSoon(fn, ...args);
    this._engine.wake();
    return handle;
  }

  /**
   * Runs `fn(...args)` once, `ms` from now; a negative delay is due at once, Infinity never.
   *
   * Throws: TypeError for null, undefined or no function; RangeError for NaN; LoopClosedError.
   */
  callLater<A extends unknown[]>(ms: number, fn: (...args: A) => unknown, ...args: A): TimerHandle {
    assertInstant(ms, 'callLater');
    const handle = this.#makeTimer(fn as Callback, args);
    if (ms === Infinity) {
      handle._when = Infinity;
      return handle;
    }
    this._engine.arm(handle._slot, this._word(handle._slot, Kind.timer), ms);
    handle._when = this._engine.lastDeadline();
    return handle;
  }

  /** Runs `fn(...args)` once, at an instant of `time()`. Throws: as `callLater`. */
  callAt<A extends unknown[]>(when: number, fn: (...args: A) => unknown, ...args: A): TimerHandle {
    assertInstant(when, 'callAt');
    const handle = this.#makeTimer(fn as Callback, args);
    handle._when = when;
    if (when !== Infinity) this._engine.armAt(handle._slot, this._word(handle._slot, Kind.timer), when);
    return handle;
  }

  #makeTimer(fn: Callback, args: unknown[]): TimerHandle {
    this._assertOpen();
    assertCallable(fn, 'a timer');
    if (this._debug) refuseCoroutineFunction(fn);
    return this._noted(new TimerHandle(this, fn, args, captureContext()));
  }

  /** Makes a pending future that belongs to this loop. */
  createFuture<T>(): Future<T> {
    return new Future<T>(this);
  }

  /**
   * Schedules a coroutine as a task; its first step is in the next tick, or now with `{eager: true}`.
   *
   * Throws: ArgumentTypeError if it is no coroutine; CoroutineReusedError; LoopClosedError (the coroutine is closed).
   */
  createTask<T>(coroutine: Coroutine<T> | CoroutineFunction<T>, options: TaskOptions = {}): Task<T> {
    if (this.#isClosed && isCoroutine(coroutine)) coroutine.return(undefined as T);
    this._assertOpen();
    assertTaskOptions(options);
    if (this.#taskFactory !== null) return this.#taskFactory(this, coroutine, options) as Task<T>;
    return this._makeTask(coroutine, options);
  }

  /** @internal `createTask` past the factory. */
  _makeTask<T>(source: unknown, options: TaskOptions, status: CancelStatus | null = null): Task<T> {
    const task = this._newTask<T>(source, options, status);
    this._begin(task, options.eager === true);
    return task;
  }

  /** @internal A task that stands still until `_begin`. `call` is named where the source is no coroutine. */
  _newTask<T>(
    source: unknown, options: TaskOptions, status: CancelStatus | null, call = 'createTask', parent = creatingTask(),
  ): Task<T> {
    const owned = typeof source === 'function' ? source : claim(source, call);
    const owner = status ?? (parent !== null && parent._loop === this ? parent._root : this._orphans)._base;
    const context = options.context ?? captureTaskContext(owner.root as Root);
    return new Task<T>(this, owned as TaskSource, owner, parent, context, options.name ?? null);
  }

  /** @internal The first step: in the next tick, or now. */
  _begin(task: Task<unknown>, eager: boolean): void {
    if (eager && this.running) this._stepNow(task);
    else task._wake();
  }

  // Eager start: one step inside whatever runs now, which finds everything as it was.
  private _stepNow(task: Task<unknown>): void {
    const { loop, task: outer, awaits, context } = current;
    current.loop = this;
    try {
      task._deliver(0, 0);
    } finally {
      current.loop = loop;
      current.task = outer;
      current.awaits = awaits;
      current.context = context;
    }
  }

  /** Lets `factory` make all tasks; null for the loop's own way. */
  setTaskFactory(factory: TaskFactory | null): void {
    if (factory !== null) assertCallable(factory, 'setTaskFactory');
    this.#taskFactory = factory;
  }

  /**
   * Calls `fn(...args)` each turn in which `fd` can be read; replaces an earlier reader.
   *
   * Throws: EPERM for regular files, EBADF for closed descriptors; BusyResourceError if a task waits to read it.
   */
  addReader<A extends unknown[]>(fd: number, fn: (...args: A) => unknown, ...args: A): void {
    this._watches.add(this.#checkedWatch(fd, fn), Direction.read, fn as Callback, args, captureContext());
  }
  /** Returns: whether there was a reader. */
  removeReader(fd: number): boolean {
    return this._watches.remove(fd, Direction.read);
  }
  /** Like `addReader`, for writing. */
  addWriter<A extends unknown[]>(fd: number, fn: (...args: A) => unknown, ...args: A): void {
    this._watches.add(this.#checkedWatch(fd, fn), Direction.write, fn as Callback, args, captureContext());
  }
  /** Returns: whether there was a writer. */
  removeWriter(fd: number): boolean {
    return this._watches.remove(fd, Direction.write);
  }

  #checkedWatch(fd: number, fn: unknown): number {
    this._assertOpen();
    assertDescriptor(fd, 'a reader or writer');
    assertCallable(fn, 'a reader or writer');
    return fd;
  }

  /** Receives failures without a caller; null for the default one, which prints them. Throws: TypeError. */
  setExceptionHandler(handler: ExceptionHandler | null): void {
    if (handler !== null) assertCallable(handler, 'setExceptionHandler');
    this.#exceptionHandler = handler;
  }
  getExceptionHandler(): ExceptionHandler | null {
    return this.#exceptionHandler;
  }
  override callExceptionHandler(context: ExceptionContext): void {
    // A handler is nobody's step, also where a task called for it; it sees that task's variables.
    const { task, context: outer } = current;
    if (task !== null) current.context = task._context;
    current.task = null;
    try {
      report(this.#exceptionHandler, { ...context, loop: this });
    } finally {
      current.task = task;
      current.context = outer;
    }
  }

  metrics(): LoopMetrics {
    const { name: engine, driver } = this._engine;
    const { ticks, records } = this._drain;
    return {
      engine, driver, ticks, records,
      turns: this._engine.turns(),
      ready: this._ring.size,
      timers: this._engine.timers(),
      watches: this._engine.watches(),
      tasks: this._tasks().length,
    };
  }

  /** @internal All unfinished tasks, in creation order. */
  _tasks(): Task<unknown>[] {
    const tasks = this._sinks.filter((sink): sink is Task<unknown> => sink instanceof Task);
    return tasks.sort((a, b) => a._id - b._id);
  }
  /** @internal */
  _tasksOf(root: Root): Task<unknown>[] {
    return this._tasks().filter((task) => task._root === root);
  }

  /** Runs until `stop()`. Throws: LoopRunningError; DeadlockError if nothing can ever happen any more. */
  runForever(): void {
    this._ownUntil(() => false);
  }

  /**
   * Runs until `awaitable` is done. Returns: its result. Throws: its failure; LoopStoppedError if `stop()` came first
   * (the future stays pending and can be run again); DeadlockError.
   */
  runUntilComplete<T>(awaitable: Future<T> | Coroutine<T> | CoroutineFunction<T>): T {
    this.#assertDrivable(awaitable);
    if (awaitable instanceof Future && awaitable._loop !== this) throw new WrongLoopError('the future is of another loop');
    const future = awaitable instanceof Future ? awaitable : this.createTask(awaitable);
    this._ownUntil(() => future.done());
    if (!future.done()) throw new LoopStoppedError('the loop was stopped before the future was done; run it again');
    return future.result();
  }

  /** @internal Runs until `isOver()`, which is asked between turns. */
  _ownUntil(isOver: () => boolean): void {
    this.#assertIdle();
    this.#owned.runUntil(isOver);
  }

  /** One turn: select for at most `timeout` ms (0 by default), then run what is ready. Throws: LoopRunningError. */
  runOnce(options: { readonly timeout?: number } = {}): void {
    assertOptions(options, 'runOnce');
    const { timeout = 0 } = options;
    assertInstant(timeout, 'runOnce');
    this.#assertIdle();
    this.#owned.runOnce(Math.max(0, timeout));
  }

  /** Lets the tick end, then `runForever` return; before it: one turn, unblocked. Throws: LoopRunningError, hosted. */
  stop(): void {
    if (this.#isHosted) throw new LoopRunningError("Node's own loop drives this one; cancel its runs instead");
    this._drain.stopRequested = true;
  }

  /**
   * Frees everything without running it; pending tasks are closed and reported, unseen failures are reported.
   *
   * Throws: LoopRunningError.
   */
  close(): void {
    if (this.#isClosed) return;
    if (this.running || current.loop === this) throw new LoopRunningError('a running loop cannot be closed; stop it first');
    for (const task of this._tasks()) task._abandon();
    this._orphans._settle();
    this.#isClosed = true;
    this._ring.clear();
    this._engine.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }
  /** @internal */
  override _assertOpen(): void {
    if (this.#isClosed) throw new LoopClosedError('the loop is closed; make a new one');
  }
  /** @internal */
  override _isAttended(): boolean {
    return this.running;
  }
  /** @internal */
  override _failureOwner(): FailureOwner | null {
    return (current.task as Task<unknown> | null)?._root ?? this._orphans;
  }
  /** @internal Hosted: one more run needs this loop driven. */
  _attend(): void {
    if (!this.#isHosted) {
      withoutStores(() => this._engine.startHosted(() => this._drain.run(), this._turnResource.holder));
      this._turnResource.forgetStores();
      this.#isHosted = true;
    }
    if (this.#liveRuns++ === 0) this._engine.ref();
  }
  /** @internal Hosted: a run is over; the last one lets the process end. */
  _unattend(): void {
    if (--this.#liveRuns === 0) this._engine.unref();
  }
  /** @internal */
  get _liveRuns(): number {
    return this.#liveRuns;
  }

  // Throws before anything was scheduled; a coroutine that is refused is closed.
  #assertDrivable(main?: unknown): void {
    try {
      this.#assertIdle();
    } catch (error) {
      if (isCoroutine(main)) main.return(undefined);
      throw error;
    }
  }

  #assertIdle(): void {
    this._assertOpen();
    if (this.#isHosted) throw new LoopRunningError("Node's own loop drives this one; use run(…), or new EventLoop()");
    this.#owned.assertIdle();
  }

  /** @internal Whether async functions can make progress on this loop. */
  override get _hasMicrotasks(): boolean {
    return this.#owned.hasMicrotasks;
  }
}
