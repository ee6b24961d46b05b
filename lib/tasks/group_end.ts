// The operation that closes a group without a body.

import type { Coroutine } from '../kernel/coroutine.js';
import { runningTask } from '../kernel/running.js';
import { performFor, ScopedOperation, steppingTask } from '../kernel/scoped.js';
import type { Task } from '../kernel/task.js';

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
