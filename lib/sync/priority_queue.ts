// A queue that gives the least item first, by the user's comparator; equal ones in the order in which they were put.
// The comparator may throw: it is asked before anything is moved, so the store is then as it was.

import { ArgumentTypeError } from '../base/errors.js';
import { describe } from '../kernel/coroutine.js';
import { Queue, type QueueOptions, type Store } from './queue.js';

/** Orders two items as `Array.sort` wants it: negative if `a` comes before `b`. */
export type Comparator<T> = (a: T, b: T) => number;

interface Entry<T> {
  readonly item: T;
  readonly sequence: number;
}

// A binary heap. Invariant: no entry comes before its parent.
class PriorityStore<T> implements Store<T> {
  readonly #compare: Comparator<T>;
  readonly #heap: Entry<T>[] = [];
  #lastSequence = 0;

  constructor(compare: Comparator<T>) {
    this.#compare = compare;
  }

  get size(): number {
    return this.#heap.length;
  }

  push(item: T): void {
    const heap = this.#heap;
    const entry = { item, sequence: ++this.#lastSequence };
    let at = heap.length;
    while (at > 0 && this.#isBefore(entry, this.#at((at - 1) >> 1))) at = (at - 1) >> 1;
    // The comparator agreed to all of it. Now those on the way move down.
    for (let below = heap.length; below > at; below = (below - 1) >> 1) heap[below] = this.#at((below - 1) >> 1);
    heap[at] = entry;
  }

  take(): T | undefined {
    const heap = this.#heap;
    if (heap.length === 0) return undefined;
    const taken = this.#at(0);
    let at = this.#placeOfLast();
    let moved = heap.pop() as Entry<T>;
    if (heap.length === 0) return taken.item;
    // From the last one's place up to the top, each takes the place of its parent.
    for (;;) {
      const replaced = this.#at(at);
      heap[at] = moved;
      if (at === 0) return taken.item;
      moved = replaced;
      at = (at - 1) >> 1;
    }
  }

  peek(): T | undefined {
    return this.#heap[0]?.item;
  }

  clear(): void {
    this.#heap.length = 0;
  }

  // Where the last entry goes when the first is taken.
  #placeOfLast(): number {
    const size = this.#heap.length - 1;
    if (size <= 0) return 0;
    const last = this.#at(size);
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= size) return at;
      if (child + 1 < size && this.#isBefore(this.#at(child + 1), this.#at(child))) child++;
      if (this.#isBefore(last, this.#at(child))) return at;
      at = child;
    }
  }

  #isBefore(a: Entry<T>, b: Entry<T>): boolean {
    const order = this.#compare(a.item, b.item);
    return order < 0 || (!(order > 0) && a.sequence < b.sequence);
  }

  #at(index: number): Entry<T> {
    return this.#heap[index] as Entry<T>;
  }
}

/**
 * A queue that gives the least item first, and equal ones in the order in which they were put:
 * `new PriorityQueue<Job>((a, b) => a.priority - b.priority)`.
 *
 * Source: asyncio.PriorityQueue, made stable.
 */
export class PriorityQueue<T> extends Queue<T> {
  /** Units, Throws: as `Queue`; ArgumentTypeError without a comparator. What the comparator throws goes to the caller. */
  constructor(compare: Comparator<T>, maxSize?: number, options?: QueueOptions<T>) {
    if (typeof compare !== 'function') {
      throw new ArgumentTypeError(`a PriorityQueue needs a comparator of two items, not ${describe(compare)}`);
    }
    super(maxSize, options, new PriorityStore<T>(compare));
  }
}
