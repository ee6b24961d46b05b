// Awaiting whatever can be awaited from the coroutine of a task, without a task of its own where that is possible.

import { claim, type Coroutine, isCoroutine, isOperation } from '../kernel/coroutine.js';
import { callBody, type ScopeBody } from '../kernel/scoped.js';
import type { Task } from '../kernel/task.js';
import { toFuture, type Waitable } from './ensure_future.js';

/** @internal Runs coroutines and `function*`s as a part of `task`, which is the one that steps; waits for the rest. */
export function* inPlace(waitable: Waitable, task: Task<unknown>, call: string): Coroutine<unknown> {
  if (typeof waitable === 'function') return yield* callBody(waitable as ScopeBody<unknown, unknown>, undefined, task);
  if (isCoroutine(waitable)) return yield* claim(waitable, call);
  if (isOperation(waitable)) return yield* waitable;
  return yield* toFuture(waitable, call);
}
