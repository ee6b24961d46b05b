// What a simulated world will do by itself, and when: packets that arrive, partitions that begin and end. What is due at
// the same instant happens in the order in which it was entered.

import { StableHeap } from '../../base/stable_heap.js';

export class Agenda {
  readonly #heap = new StableHeap();
  readonly #actions = new Map<number, () => void>();
  #next = 0;

  get size(): number {
    return this.#heap.size;
  }

  /** When the next one is due; Infinity if none is. */
  get nextMs(): number {
    return this.#heap.peek()?.deadline ?? Infinity;
  }

  /** Enters something. Returns: what `cancel` wants. */
  at(whenMs: number, action: () => void): number {
    const id = this.#next++;
    this.#actions.set(id, action);
    this.#heap.set(id, 0, whenMs);
    return id;
  }

  cancel(id: number): void {
    if (this.#actions.delete(id)) this.#heap.delete(id);
  }

  /** Takes the next one out. Call it only while there is one. */
  take(): () => void {
    const { slot } = this.#heap.pop() as { readonly slot: number };
    const action = this.#actions.get(slot) as () => void;
    this.#actions.delete(slot);
    return action;
  }

  clear(): void {
    this.#heap.clear();
    this.#actions.clear();
  }
}
