// expectNoTasks: nothing is left of what a test has started.

import { AssertionError } from 'node:assert';
import { assertOptions } from '../kernel/arguments.js';
import { currentLoop } from '../kernel/running.js';
import type { Task } from '../kernel/task.js';
import { currentTask } from '../tasks/create_task.js';

/**
 * Fails if a task of the running loop is unfinished, besides the one that asks, the tasks that wait for it, and those
 * listed in `except`.
 *
 * Throws: AssertionError, which names the tasks and what each waits for. Checkpoint: no.
 */
export function expectNoTasks(options: { readonly except?: Iterable<Task<unknown>> } = {}): void {
  assertOptions(options, 'expectNoTasks', ['except']);
  const asking = currentTask();
  const except = new Set<Task<unknown>>(options.except ?? []);
  // Those above the asking task wait for it and can only end after it.
  for (let task = asking; task !== null; task = task.parent) except.add(task);
  const left = (currentLoop()?._tasks() ?? []).filter((task) => !except.has(task._nominal));
  if (left.length === 0) return;
  const names = left.map((task) => `  ${task.name}`).join('\n');
  throw new AssertionError({
    message: `${left.length} task(s) are left:\n${names}\nend them, await them, or start them in a group`,
  });
}
