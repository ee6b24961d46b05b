// Bytes that wait in order, in pieces.

import { Deque } from '../../base/deque.js';

export class ByteQueue {
  readonly #pieces = new Deque<Uint8Array>();
  #offset = 0;
  #size = 0;

  get size(): number {
    return this.#size;
  }

  append(bytes: Uint8Array): void {
    this.#pieces.push(bytes);
    this.#size += bytes.length;
  }

  /** The bytes at the front that lie together. */
  get front(): Uint8Array {
    return (this.#pieces.first() as Uint8Array).subarray(this.#offset);
  }

  consume(count: number): void {
    this.#size -= count;
    for (let left = count + this.#offset; ;) {
      const first = this.#pieces.first();
      if (first === undefined || left < first.length) {
        this.#offset = left;
        return;
      }
      this.#pieces.shift();
      left -= first.length;
    }
  }
}
