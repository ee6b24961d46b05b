// TypeScript's side of the ready ring: the loop's only queue, in memory that C++ writes too.
// Invariant: the total order is ring, then TypeScript's overflow, then C++'s overflow. While this overflow holds
// anything, every append goes behind it; C++'s is moved behind it at the start of a drain.
// Both sides run on one thread and never at the same time, so no word needs to be atomic.

import { ArgumentRangeError } from '../base/errors.js';
import { Header, KIND_BITS, RECORD_WORDS } from './abi.js';

/** Records the ring holds before it spills. */
export const RING_CAPACITY = 4096;

/** The queue of what is ready to run, in memory shared with C++. */
export class ReadyRing {
  readonly buffer: ArrayBuffer;
  readonly words: Int32Array;
  readonly floats: Float64Array;
  readonly capacity: number;
  readonly mask: number;

  // Records the ring accepts before the slow path is taken: the capacity; 0 while the overflow holds anything, because
  // then every append goes behind it, and while somebody waits for an append.
  #limit: number;
  #onAppend: (() => void) | null = null;

  // The overflow FIFO, in chunks as large as the ring: nothing is copied while it grows, and drained ones can be freed.
  readonly #chunks: Int32Array[] = [];
  // Words in use of the last chunk.
  #lastChunkWords = 0;

  constructor(capacity = RING_CAPACITY) {
    if (!(capacity >= 1) || !Number.isInteger(capacity) || (capacity & (capacity - 1)) !== 0) {
      throw new ArgumentRangeError(`the ring's capacity must be a power of two, not ${capacity}`);
    }
    this.buffer = new ArrayBuffer((Header.words + capacity * RECORD_WORDS) * Int32Array.BYTES_PER_ELEMENT);
    this.words = new Int32Array(this.buffer);
    this.floats = new Float64Array(this.buffer, 0, Header.words / 2);
    this.capacity = this.#limit = capacity;
    this.mask = capacity - 1;
    this.words[Header.capacity] = capacity;
  }

  /** Records waiting, wherever they stand; C++'s overflow is not counted until it has been moved. */
  get size(): number {
    const words = this.words;
    return ((words[Header.tail]! - words[Header.head]!) | 0) + words[Header.jsOverflow]!;
  }

  /** Appends a record that needs no payload: `word` is the sink's generation and the kind. */
  append(slot: number, word: number): void {
    const words = this.words;
    const tail = words[Header.tail]!;
    if (((tail - words[Header.head]!) | 0) >= this.#limit) {
      this.#spill(slot, word, 0, 0);
      return;
    }
    const at = Header.words + ((tail & this.mask) << 2);
    words[at] = slot;
    words[at + 1] = word;
    words[Header.tail] = tail + 1;
  }

  /** Appends a record with its payload. */
  appendWith(slot: number, word: number, a: number, b: number): void {
    const words = this.words;
    const tail = words[Header.tail]!;
    if (((tail - words[Header.head]!) | 0) >= this.#limit) {
      this.#spill(slot, word, a, b);
      return;
    }
    const at = Header.words + ((tail & this.mask) << 2);
    words[at] = slot;
    words[at + 1] = word;
    words[at + 2] = a;
    words[at + 3] = b;
    words[Header.tail] = tail + 1;
  }

  /** Takes the next record off the ring. Returns: the offset of its first word, valid until the next append; -1 if none. */
  take(): number {
    const words = this.words;
    const head = words[Header.head]!;
    if (head === words[Header.tail]) {
      if (words[Header.jsOverflow] === 0) return -1;
      this.#refill();
      return this.take();
    }
    words[Header.head] = head + 1;
    return Header.words + ((head & this.mask) << 2);
  }

  /** Moves records that C++ kept for itself behind everything that waits here. */
  adopt(records: Int32Array): void {
    for (let at = 0; at < records.length; at += RECORD_WORDS) {
      this.appendWith(records[at]!, records[at + 1]!, records[at + 2]!, records[at + 3]!);
    }
  }

  /** Calls `onAppend` once, before the next append; costs an append nothing when it is not in use. */
  notifyAppend(onAppend: () => void): void {
    this.#onAppend = onAppend;
    this.#limit = 0;
  }

  /** Takes `notifyAppend` back, if nothing was appended since. */
  ignoreAppends(): void {
    if (this.#onAppend === null) return;
    this.#onAppend = null;
    this.#limit = this.words[Header.jsOverflow] === 0 ? this.capacity : 0;
  }

  /** Forgets every waiting record. */
  clear(): void {
    this.words[Header.head] = this.words[Header.tail]!;
    this.#chunks.length = 0;
    this.#endOverflow();
  }

  #spill(slot: number, word: number, a: number, b: number): void {
    const onAppend = this.#onAppend;
    if (onAppend !== null) {
      this.ignoreAppends();
      onAppend();
      this.appendWith(slot, word, a, b);
      return;
    }
    let chunk = this.#chunks.at(-1);
    if (chunk === undefined || this.#lastChunkWords === chunk.length) {
      chunk = new Int32Array(this.capacity * RECORD_WORDS);
      this.#chunks.push(chunk);
      this.#lastChunkWords = 0;
    }
    const at = this.#lastChunkWords;
    chunk[at] = slot;
    chunk[at + 1] = word;
    chunk[at + 2] = a;
    chunk[at + 3] = b;
    this.#lastChunkWords = at + RECORD_WORDS;
    this.words[Header.jsOverflow]!++;
    this.#limit = 0;
  }

  // Called with an empty ring and a chunk waiting, which fits as a whole.
  #refill(): void {
    const words = this.words;
    const chunk = this.#chunks.shift() as Int32Array;
    const size = this.#chunks.length === 0 ? this.#lastChunkWords : chunk.length;
    const tail = words[Header.tail]!;
    const start = (tail & this.mask) << 2;
    // One run up to the end of the ring's memory and one from its beginning.
    const first = Math.min(size, this.capacity * RECORD_WORDS - start);
    words.set(chunk.subarray(0, first), Header.words + start);
    words.set(chunk.subarray(first, size), Header.words);
    const count = size / RECORD_WORDS;
    words[Header.tail] = tail + count;
    words[Header.jsOverflow] = words[Header.jsOverflow]! - count;
    if (this.#chunks.length === 0) this.#endOverflow();
  }

  #endOverflow(): void {
    this.words[Header.jsOverflow] = 0;
    this.#lastChunkWords = 0;
    if (this.#onAppend === null) this.#limit = this.capacity;
  }
}

/** The second word of a record. */
export function recordWord(generation: number, kind: number): number {
  return (generation << KIND_BITS) | kind;
}
