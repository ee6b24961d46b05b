// The bare checkpoint: lets everybody else who is ready run once, and looks for a cancellation.

import { Kind } from '../engine/abi.js';
import type { Operation, Step, Suspension } from '../kernel/coroutine.js';
import { CHECKPOINT, current } from '../kernel/current.js';
import { Future, notInTask, SUSPENDED } from '../kernel/future.js';
import type { EventLoop } from '../kernel/event_loop.js';
import type { Sink } from '../kernel/loop_core.js';
import { getRunningLoop } from '../kernel/running.js';

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
  return CHECKPOINT_OPERATION;
}
