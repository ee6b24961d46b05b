// How a group ends: the wait for its children, and the operation that closes a group without a body.

import type { Coroutine } from '../kernel/coroutine.js';
import { type CancelRequest, Future } from '../kernel/future.js';
import { runningTask } from '../kernel/running.js';
import { performFor, ScopedOperation, steppingTask } from '../kernel/scoped.js';
import type { Task } from '../kernel/task.js';

interface AskedGroup {
  /** The task that waits is asked to end. */
  _askedBy(request: CancelRequest): void;
}

// The wait for the children. Cancellation does not end it: it reaches the children instead, and their end ends it.
/** @internal */
export class ChildrenDone extends Future<void> {
  readonly #group: AskedGroup;

  constructor(group: AskedGroup, host: Task<unknown>) {
    super(host._loop);
    this.#group = group;
  }

  override _cancelBy(request: CancelRequest): boolean {
    if (this.done()) return false;
    this.#group._askedBy(request);
    return true;
  }
}

// In an async function the steps run in a task of their own. They must run whatever is pending for the function, because a
// group that is not closed would leave its children behind.
/** @internal */
export class Closing extends ScopedOperation<void> {
  readonly #host: Task<unknown>;
  readonly #steps: (task: Task<unknown> | null) => Coroutine<void>;

  constructor(host: Task<unknown>, steps: (task: Task<unknown> | null) => Coroutine<void>) {
    super(() => steps(steppingTask('group.close()')));
    this.#host = host;
    this.#steps = steps;
  }

  override then<R = void, E = never>(
    onFulfilled?: ((value: void) => R | PromiseLike<R>) | null,
    onRejected?: ((reason: unknown) => E | PromiseLike<E>) | null,
  ): Promise<R | E> {
    return performFor<void>(this.#host, this.#steps(runningTask()), true).then(onFulfilled, onRejected);
  }
}
