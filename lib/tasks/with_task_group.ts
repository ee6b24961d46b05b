// withTaskGroup: a group around a body.

import type { Coroutine } from '../kernel/coroutine.js';
import { NOTHING } from '../kernel/scope_operation.js';
import { assertBody, callBody, type ScopeBody, ScopedOperation, steppingTask } from '../kernel/scoped.js';
import { checkGroupOptions, type TaskGroupOptions } from './group_options.js';
import { Form, TaskGroup } from './task_group.js';

/**
 * Runs `body` with a group of tasks, and ends when the body and all children have ended.
 *
 * With a `limit`, at most so many children run at once; the others wait for their turn in order of creation. Daemons do
 * not count. When all else has ended, daemons are cancelled and awaited.
 * Returns: the body's value; undefined if `group.cancel()` ended it.
 * Throws: ExceptionGroup with the children's failures in the order in which they happened, the body's last; CancelledError
 *   if the task was cancelled from outside; ArgumentTypeError, ArgumentRangeError for the arguments.
 * Checkpoint: it waits for children; without any it only looks for a cancellation. Cancel: the children are cancelled
 *   and awaited.
 * Source: trio.open_nursery, asyncio.TaskGroup.
 */
export function withTaskGroup<T>(body: ScopeBody<TaskGroup, T>, options: TaskGroupOptions = {}): ScopedOperation<T> {
  assertBody(body, 'withTaskGroup');
  checkGroupOptions(options, 'withTaskGroup');
  return new ScopedOperation(() => performGroup(body, options));
}

function* performGroup<T>(body: ScopeBody<TaskGroup, T>, options: TaskGroupOptions): Coroutine<T> {
  const host = steppingTask('a task group');
  const group = new TaskGroup(options, Form.block);
  let hasEnded = false;
  let value: T | undefined;
  let error: unknown = NOTHING;
  try {
    value = yield* callBody(body, group, host);
    hasEnded = true;
  } catch (thrown) {
    error = thrown;
    hasEnded = true;
  } finally {
    if (!hasEnded) {
      group._forsake('the coroutine of its task group was closed');
      group.scope._leave(NOTHING);
    }
  }
  yield* group._end(error);
  return value as T;
}
