// The bare checkpoint: lets everybody else who is ready run once, and looks for a cancellation. And its two halves.

import { Kind } from '../engine/abi.js';
import { cancelCheck } from '../kernel/cancel_check.js';
import type { Operation, Step, Suspension } from '../kernel/coroutine.js';
import { BUDGET, CHECKPOINT, current } from '../kernel/current.js';
import { everDebugged } from '../kernel/debug_warning.js';
import { Future, notInTask, SUSPENDED } from '../kernel/future.js';
import type { EventLoop } from '../kernel/event_loop.js';
import type { Sink } from '../kernel/loop_core.js';
import { getRunningLoop } from '../kernel/running.js';
import { noteCheckpoint } from '../kernel/swallowed.js';
import { expectAwaitOf } from '../kernel/unawaited.js';

const PASSED: Step = { done: true, value: undefined };

// One object serves every task: whether a task has been here before is what the task itself is suspended at.
class Checkpoint implements Operation<void>, PromiseLike<void> {
  /** @internal */
  get _isOperation(): boolean {
    return true;
  }

  [Symbol.iterator](): Iterator<Suspension, void, unknown> {
    return this as unknown as Iterator<Suspension, void, unknown>;
  }

  next(): Step {
    const task = current.task;
    if (task === null) throw notInTask('checkpoint()');
    if (task._waiting === CHECKPOINT) {
      task._waiting = null;
      if (task._hasPendingCancel()) throw task._takePendingCancel();
      return PASSED;
    }
    if (task._waiting !== null) throw notInTask('checkpoint()');
    if (task._hasPendingCancel()) throw task._takePendingCancel();
    if (everDebugged.yes) noteCheckpoint(task);
    task._waiting = CHECKPOINT;
    return SUSPENDED;
  }

  throw(error: unknown): never {
    throw error;
  }

  then<R = void, E = never>(
    onFulfilled?: ((value: void) => R | PromiseLike<R>) | null,
    onRejected?: ((reason: unknown) => E | PromiseLike<E>) | null,
  ): Promise<R | E> {
    return new NextTick(getRunningLoop()).then(onFulfilled, onRejected);
  }
}

const CHECKPOINT_OPERATION = new Checkpoint();

/** @internal A future that is done in the next tick. */
export class NextTick extends Future<void> implements Sink {
  readonly #slot: number;

  constructor(loop: EventLoop) {
    super(loop);
    this.#slot = loop._allocate(this);
    loop._append(this.#slot, Kind.timer);
  }
  _deliver(): void {
    this._loop._release(this.#slot);
    this._finish(undefined);
  }
  override _undo(): void {
    this._loop._release(this.#slot);
  }
}

/**
 * Yields one tick: everything that is ready now runs before the caller goes on.
 *
 * Throws: CancelledError if the task was cancelled; NotInTaskError if it is driven by anything but a task.
 * Checkpoint: yes. Cancel: nothing to undo.
 * Source: trio.lowlevel.checkpoint, asyncio.sleep(0).
 */
export function checkpoint(): Operation<void> & PromiseLike<void> {
  return everDebugged.yes ? expectAwaitOf(new Checkpoint(), 'checkpoint()') : CHECKPOINT_OPERATION;
}

// Does nothing but look, so one object serves everybody.
class Check implements Operation<void>, PromiseLike<void> {
  /** @internal */
  get _isOperation(): boolean {
    return true;
  }

  [Symbol.iterator](): Iterator<Suspension, void, unknown> {
    return this as unknown as Iterator<Suspension, void, unknown>;
  }

  next(): Step {
    cancelCheck();
    return PASSED;
  }

  then<R = void, E = never>(
    onFulfilled?: ((value: void) => R | PromiseLike<R>) | null,
    onRejected?: ((reason: unknown) => E | PromiseLike<E>) | null,
  ): Promise<R | E> {
    const looked = new Promise<void>((resolve) => {
      cancelCheck();
      resolve();
    });
    return looked.then(onFulfilled, onRejected);
  }
}

const CHECK = new Check();

/**
 * Throws the cancellation that waits for the task, if there is one; else it does nothing and takes no tick.
 *
 * Throws: CancelledError. Checkpoint: it only looks. Cancel: nothing to undo.
 * Source: trio.lowlevel.checkpoint_if_cancelled.
 */
export function checkpointIfCancelled(): Operation<void> & PromiseLike<void> {
  return CHECK;
}

// Unlike at a checkpoint, a task that is cancelled meanwhile is resumed as if nothing had happened, so that each await
// keeps by itself whether it has given way.
class GivingWay implements Iterator<Suspension, void, unknown> {
  #hasAsked = false;

  next(): IteratorResult<Suspension, void> {
    if (this.#hasAsked) return PASSED as IteratorResult<Suspension, void>;
    const task = current.task;
    if (task === null || task._waiting !== null) throw notInTask('cancelShieldedCheckpoint()');
    this.#hasAsked = true;
    task._waiting = BUDGET;
    return SUSPENDED as IteratorResult<Suspension, void>;
  }
}

// The same for an async function: a record of its own, which no cancellation knows of.
class Way implements Sink {
  readonly #loop: EventLoop;
  readonly #slot: number;
  readonly #resolve: () => void;

  constructor(loop: EventLoop, resolve: () => void) {
    this.#loop = loop;
    this.#resolve = resolve;
    this.#slot = loop._allocate(this);
  }

  begin(): void {
    this.#loop._append(this.#slot, Kind.reaction);
  }

  _deliver(): void {
    this.#loop._release(this.#slot);
    this.#resolve();
  }
}

class ShieldedCheckpoint implements Operation<void>, PromiseLike<void> {
  /** @internal */
  get _isOperation(): boolean {
    return true;
  }

  [Symbol.iterator](): Iterator<Suspension, void, unknown> {
    return new GivingWay();
  }

  then<R = void, E = never>(
    onFulfilled?: ((value: void) => R | PromiseLike<R>) | null,
    onRejected?: ((reason: unknown) => E | PromiseLike<E>) | null,
  ): Promise<R | E> {
    const loop = getRunningLoop();
    return new Promise<void>((resolve) => new Way(loop, resolve).begin()).then(onFulfilled, onRejected);
  }
}

const SHIELDED_CHECKPOINT = new ShieldedCheckpoint();

/**
 * Yields one tick without looking for a cancellation: one that is pending stays for the next checkpoint.
 *
 * Throws: NotInTaskError if it is driven by anything but a task. Checkpoint: only a tick. Cancel: not seen here.
 * Source: trio.lowlevel.cancel_shielded_checkpoint.
 */
export function cancelShieldedCheckpoint(): Operation<void> & PromiseLike<void> {
  return SHIELDED_CHECKPOINT;
}
