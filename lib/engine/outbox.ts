// TypeScript's side of the outbox: small writes wait here, in memory that C++ reads, for the end of the turn. A write
// costs a copy and no call, and everything that a stream has written in a turn is sent at once.
// Invariant: after a flush it is empty, and `flushes` has another value.

import { OutboxLayout } from './abi.js';

const OUTBOX_BYTES = 256 * 1024;
const BYTES_AT = (OutboxLayout.headerWords + OutboxLayout.capacity * OutboxLayout.recordWords) * 4;

/** Small writes on their way to the kernel. */
export class Outbox {
  readonly buffer = new ArrayBuffer(BYTES_AT + OUTBOX_BYTES);
  readonly #words = new Int32Array(this.buffer, 0, BYTES_AT / 4);
  readonly #bytes = new Uint8Array(this.buffer, BYTES_AT, OUTBOX_BYTES);

  get isEmpty(): boolean {
    return this.#words[OutboxLayout.records] === 0;
  }

  /** How often it was flushed; wraps. */
  get flushes(): number {
    return this.#words[OutboxLayout.flushes]!;
  }

  /** Copies what a transport is to send. Returns: false, having done nothing, if there is no room before a flush. */
  append(slot: number, word: number, bytes: Uint8Array): boolean {
    const words = this.#words;
    const length = bytes.length;
    const used = words[OutboxLayout.bytes]!;
    const count = words[OutboxLayout.records]!;
    if (used + length > OUTBOX_BYTES) return false;
    const last = OutboxLayout.headerWords + (count - 1) * OutboxLayout.recordWords;
    if (count > 0 && words[last] === slot && words[last + 1] === word) {
      // The bytes of the last record end where the free ones begin.
      words[last + 3] = words[last + 3]! + length;
    } else {
      if (count === OutboxLayout.capacity) return false;
      const at = last + OutboxLayout.recordWords;
      words[at] = slot;
      words[at + 1] = word;
      words[at + 2] = used;
      words[at + 3] = length;
      words[OutboxLayout.records] = count + 1;
    }
    this.#bytes.set(bytes, used);
    words[OutboxLayout.bytes] = used + length;
    return true;
  }
}
