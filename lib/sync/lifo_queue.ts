// A queue that gives the newest item first.

import { Queue, type QueueOptions, type Store } from './queue.js';

class LifoStore<T> implements Store<T> {
  readonly #items: T[] = [];

  get size(): number {
    return this.#items.length;
  }
  push(item: T): void {
    this.#items.push(item);
  }
  take(): T | undefined {
    return this.#items.pop();
  }
  peek(): T | undefined {
    return this.#items.at(-1);
  }
  clear(): void {
    this.#items.length = 0;
  }
}

/**
 * A queue that gives the newest item first. Those who wait are served in the order of arrival all the same.
 *
 * Source: asyncio.LifoQueue.
 */
export class LifoQueue<T> extends Queue<T> {
  /** Units, Throws: as `Queue`. */
  constructor(maxSize?: number, options?: QueueOptions<T>) {
    super(maxSize, options, new LifoStore<T>());
  }
}
