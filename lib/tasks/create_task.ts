// Making tasks and finding them.

import type { Coroutine, CoroutineFunction } from '../kernel/coroutine.js';
import type { EventLoop, TaskOptions } from '../kernel/event_loop.js';
import { currentLoop, getRunningLoop, runningTask } from '../kernel/running.js';
import { type Task } from '../kernel/task.js';

/**
 * Runs a coroutine concurrently with its creator.
 *
 * It belongs to the run of the creating task; when that run's main ends, what is left of it is cancelled and awaited.
 * Throws: ArgumentTypeError if it is no coroutine; CoroutineReusedError for one that was driven already;
 *   NoRunningLoopError outside a run.
 * Checkpoint: no.
 * Source: asyncio.create_task.
 */
export function createTask<T>(coroutine: Coroutine<T> | CoroutineFunction<T>, options?: TaskOptions): Task<T> {
  return getRunningLoop().createTask(coroutine, options);
}

/**
 * A task factory that takes each task's first step at once: `loop.setTaskFactory(eagerTaskFactory)`.
 *
 * Source: asyncio.eager_task_factory.
 */
export function eagerTaskFactory(
  loop: EventLoop,
  coroutine: Coroutine<unknown> | CoroutineFunction<unknown>,
  options: TaskOptions,
): Task<unknown> {
  return loop._makeTask(coroutine, { ...options, eager: true });
}

/** Returns: the task whose step or async function is running, or null in callbacks and plain code. */
export function currentTask(): Task<unknown> | null {
  return runningTask()?._nominal ?? null;
}

/** Returns: the unfinished tasks of the running loop, in creation order; empty if none runs. */
export function allTasks(): ReadonlySet<Task<unknown>> {
  return new Set(currentLoop()?._tasks() ?? []);
}
