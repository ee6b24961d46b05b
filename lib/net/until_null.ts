// What `for await` iterates over where `null` is the end. A promise for each item, and one for its result.

import { asError } from '../base/errors.js';
import type { Future } from '../kernel/future.js';

class UntilNull<T> implements AsyncIterator<T, void, unknown> {
  readonly #take: () => Future<T | null>;

  constructor(take: () => Future<T | null>) {
    this.#take = take;
  }

  next(): Promise<IteratorResult<T, void>> {
    try {
      return this.#take().then(resultOf);
    } catch (error) {
      return Promise.reject(asError(error));
    }
  }

  return(): Promise<IteratorResult<T, void>> {
    return Promise.resolve({ done: true, value: undefined });
  }
}

function resultOf<T>(value: T | null): IteratorResult<T, void> {
  return value === null ? { done: true, value: undefined } : { done: false, value };
}

/** Returns: what `take` gives until that is null; each is asked for when its turn comes, and none ahead of it. */
export function untilNull<T>(take: () => Future<T | null>): AsyncIterator<T, void, unknown> {
  return new UntilNull(take);
}
