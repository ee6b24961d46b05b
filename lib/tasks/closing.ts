// Closing things: what has to be waited for whatever happens meanwhile.

import type { Coroutine } from '../kernel/coroutine.js';
import { isCoroutine, isThenable } from '../kernel/coroutine.js';
import { Future } from '../kernel/future.js';
import { isOperation } from './ensure_future.js';
import { hasNoResult, Siblings } from './siblings.js';

/**
 * @internal Calls `close` in a task of its own, which no cancellation reaches, and waits for it and for what it returns. A
 * request to the caller's task is kept for its next wait. Returns: the failure, or null.
 */
export function* closeShielded(call: string, close: () => unknown): Coroutine<Error | null> {
  const siblings = new Siblings({ call, decides: hasNoResult }, { shield: true });
  // A plain function, so that what an async one of the user awaits is known to belong to that task.
  void siblings.start(() => asRunnable(close()));
  yield* siblings.join();
  return siblings.failure;
}

// Futures and operations are awaited without promises, which a loop that owns its thread may not be able to settle.
function asRunnable(result: unknown): Coroutine<unknown> | PromiseLike<unknown> {
  if (isCoroutine(result)) return result;
  const isOurs = result instanceof Future || isOperation(result);
  return !isOurs && isThenable(result) ? result : awaitOurs(isOurs ? (result as Future<unknown>) : null);
}

function* awaitOurs(operation: Future<unknown> | null): Coroutine<unknown> {
  return operation === null ? undefined : yield* operation;
}
