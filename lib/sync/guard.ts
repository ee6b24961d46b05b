// What one holds after an acquire, and how the primitives find out who asks.

import { NotInTaskError } from '../base/errors.js';
import type { Task } from '../kernel/task.js';
import { currentTask } from '../tasks/create_task.js';

/**
 * A hold on a lock, a permit, or a token: `using guard = yield* lock.acquire()` releases it at the end of the block.
 *
 * A guard releases once, and only the hold that it stands for: a second `release` does nothing. It needs no task to be
 * running, so that a coroutine that is closed by force lets go of what it holds too.
 */
export interface Guard {
  release(): void;
  [Symbol.dispose](): void;
}

/** @internal Throws: NotInTaskError where no task is running that could own something. */
export function askingTask(call: string): Task<unknown> {
  const task = currentTask();
  if (task === null) {
    throw new NotInTaskError(`${call} was called outside a task, and only a task can own this; call it in a coroutine`);
  }
  return task;
}
