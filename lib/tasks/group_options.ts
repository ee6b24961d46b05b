// What task groups are told: options of a group and of its children, and their checks.

import { ArgumentRangeError, ArgumentTypeError } from '../base/errors.js';
import { assertOptions } from '../kernel/arguments.js';
import { assertTaskOptions } from '../kernel/context.js';
import { describe } from '../kernel/coroutine.js';
import type { TaskOptions } from '../kernel/event_loop.js';

/** Options of `withTaskGroup` and `new TaskGroup`. */
export interface TaskGroupOptions {
  /** How many children run at once, daemons not counted; the others wait in order of creation. No limit by default. */
  readonly limit?: number;
  /** For people and errors. */
  readonly name?: string;
}

/** Options of `group.createTask` and `group.start`. */
export interface ChildOptions extends TaskOptions {
  /** Cancel this child when the body and all children that are no daemons have ended. */
  readonly daemon?: boolean;
}

/** @internal */
export function checkGroupOptions(options: TaskGroupOptions, call: string): void {
  assertOptions(options, call, ['limit', 'name']);
  const { limit, name } = options as { limit?: unknown; name?: unknown };
  if (name !== undefined && typeof name !== 'string') {
    throw new ArgumentTypeError(`${call}: name is a string, not ${describe(name)}`);
  }
  if (limit === undefined || limit === Infinity) return;
  if (typeof limit !== 'number') throw new ArgumentTypeError(`${call}: limit is a number, not ${describe(limit)}`);
  if (Number.isInteger(limit) && limit >= 1) return;
  throw new ArgumentRangeError(`${call}: limit is a whole number of at least 1, not ${limit}; leave it out for none`);
}

/** @internal */
export function checkChildOptions(options: ChildOptions): void {
  assertTaskOptions(options);
  const { daemon } = options as { daemon?: unknown };
  if (daemon === undefined || typeof daemon === 'boolean') return;
  throw new ArgumentTypeError(`createTask: daemon is true or false, not ${describe(daemon)}`);
}
