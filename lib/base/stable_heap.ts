// A binary heap of deadlines with FIFO ties, keyed by slot, so that an entry can be moved or removed in O(log n).
// It is the simulated engine's twin of the native timer heap. Invariant: positions.get(slot) is the index of that
// slot's entry, and no slot stands in the heap twice.

export interface HeapEntry {
  readonly slot: number;
  readonly word: number;
  readonly deadline: number;
  readonly sequence: number;
}

export class StableHeap {
  readonly #entries: HeapEntry[] = [];
  readonly #positions = new Map<number, number>();
  #nextSequence = 0;

  get size(): number {
    return this.#entries.length;
  }

  peek(): HeapEntry | null {
    return this.#entries[0] ?? null;
  }

  /** Adds an entry for `slot`, or moves the one that is there behind its new equals. */
  set(slot: number, word: number, deadline: number): void {
    this.delete(slot);
    this.#entries.push({ slot, word, deadline, sequence: this.#nextSequence++ });
    this.#positions.set(slot, this.#entries.length - 1);
    this.#siftUp(this.#entries.length - 1);
  }

  delete(slot: number): boolean {
    const index = this.#positions.get(slot);
    if (index === undefined) return false;
    this.#removeAt(index);
    return true;
  }

  pop(): HeapEntry | null {
    const first = this.peek();
    if (first !== null) this.#removeAt(0);
    return first;
  }

  clear(): void {
    this.#entries.length = 0;
    this.#positions.clear();
  }

  #removeAt(index: number): void {
    const removed = this.#at(index);
    const last = this.#entries.pop() as HeapEntry;
    this.#positions.delete(removed.slot);
    if (last === removed) return;
    this.#place(last, index);
    this.#siftUp(index);
    this.#siftDown(this.#positions.get(last.slot) as number);
  }

  #siftUp(index: number): void {
    const entry = this.#at(index);
    while (index > 0) {
      const parent = (index - 1) >> 1;
      if (!isBefore(entry, this.#at(parent))) break;
      this.#place(this.#at(parent), index);
      index = parent;
    }
    this.#place(entry, index);
  }

  #siftDown(index: number): void {
    const entry = this.#at(index);
    for (;;) {
      let child = 2 * index + 1;
      if (child >= this.#entries.length) break;
      const right = child + 1;
      if (right < this.#entries.length && isBefore(this.#at(right), this.#at(child))) child = right;
      if (!isBefore(this.#at(child), entry)) break;
      this.#place(this.#at(child), index);
      index = child;
    }
    this.#place(entry, index);
  }

  #at(index: number): HeapEntry {
    return this.#entries[index] as HeapEntry;
  }

  #place(entry: HeapEntry, index: number): void {
    this.#entries[index] = entry;
    this.#positions.set(entry.slot, index);
  }
}

function isBefore(a: HeapEntry, b: HeapEntry): boolean {
  return a.deadline !== b.deadline ? a.deadline < b.deadline : a.sequence < b.sequence;
}
