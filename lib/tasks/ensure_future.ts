// What combinators accept, and how it becomes a future.

import { ArgumentTypeError, WrongLoopError } from '../base/errors.js';
import {
  type Awaitable,
  awaited,
  type Coroutine,
  type CoroutineFunction,
  describe,
  isCoroutine,
  isOperation,
  isThenable,
  type Operation,
} from '../kernel/coroutine.js';
import { Future } from '../kernel/future.js';
import { getRunningLoop } from '../kernel/running.js';
import { createTask } from './create_task.js';
import { until } from './until.js';

/** Anything that can be waited for: futures, tasks, coroutines, operations, promises, and functions that return them. */
export type Waitable = Awaitable<unknown> | CoroutineFunction<unknown>;

/** What waiting for a `Waitable` gives. */
export type WaitableValue<A> = A extends (...args: never[]) => infer R
  ? WaitableValue<R>
  : A extends Operation<infer T>
    ? T
    : Awaited<A>;

/**
 * Returns: the future itself, or one for a coroutine (a new task), a promise, an operation, or a function of either
 * colour (a new task).
 *
 * Throws: ArgumentTypeError for anything else; WrongLoopError for a future of another loop.
 * Source: asyncio.ensure_future.
 */
export function ensureFuture<A extends Waitable>(waitable: A): Future<WaitableValue<A>> {
  return toFuture(waitable, 'ensureFuture') as Future<WaitableValue<A>>;
}

type TaskMaker = (coroutine: Coroutine<unknown> | CoroutineFunction<unknown>) => Future<unknown>;

/** @internal True if `toFuture` would make a task for it. */
export function needsTask(waitable: unknown): boolean {
  return !(waitable instanceof Future);
}

/** @internal `make` makes the task where one is needed. */
export function toFuture(waitable: unknown, call: string, make: TaskMaker = createTask): Future<unknown> {
  if (waitable instanceof Future) {
    if (waitable._loop !== getRunningLoop()) throw new WrongLoopError(`${call}: a future of another loop was given`);
    return waitable as Future<unknown>;
  }
  if (isCoroutine(waitable) || typeof waitable === 'function') {
    return make(waitable as CoroutineFunction<unknown>);
  }
  if (isOperation(waitable)) return make(awaited(waitable));
  if (isThenable(waitable)) return until(waitable);
  throw new ArgumentTypeError(`${call}: ${describe(waitable)} cannot be awaited`);
}

