// Closing things: what has to be waited for whatever happens meanwhile.

import { type Coroutine, isCoroutine, isThenable } from '../kernel/coroutine.js';
import { hasNoResult, Siblings } from './siblings.js';

/**
 * @internal Calls `close` in a task of its own, which no cancellation reaches, and waits for it and for what it returns. A
 * request to the caller's task is kept for its next wait. Returns: the failure, or null.
 */
export function* closeShielded(call: string, close: () => unknown): Coroutine<Error | null> {
  const siblings = new Siblings({ call, decides: hasNoResult }, { shield: true });
  // A plain function, so that what an async one of the user awaits is known to belong to that task.
  void siblings.start(() => {
    const result = close();
    return isCoroutine(result) || isThenable(result) ? result : nothing();
  });
  yield* siblings.join();
  return siblings.failure;
}

function* nothing(): Coroutine<void> {}
