// TypeScript's side of the outbox: small writes wait here, in memory that C++ reads, for the end of the turn. A write
// costs a copy and no call, and everything that a stream has written in a turn is sent at once.
// Invariant: after a flush it is empty, and `flushes` has another value.

import { FrameLayout, OutboxLayout } from './abi.js';

const OUTBOX_BYTES = 256 * 1024;
const BYTES_AT = (OutboxLayout.headerWords + OutboxLayout.capacity * OutboxLayout.recordWords) * 4;

/** Where streams put small writes until the end of the turn. */
export interface SmallWrites {
  /** How often it was flushed; wraps. */
  readonly flushes: number;
  readonly isEmpty: boolean;
  /** Copies what a transport is to send. Returns: false, having done nothing, if there is no room before a flush. */
  append(slot: number, word: number, bytes: Uint8Array): boolean;
  /** Copies a datagram that a transport is to send, to a packed address. Returns: as `append`. */
  appendFrame(slot: number, word: number, address: Int32Array, payload: Uint8Array): boolean;
}

/** Somebody who sends what waits: the bytes are a view, valid during the call. */
export type OutboxSender = (slot: number, word: number, bytes: Uint8Array) => void;

/** Small writes on their way to the kernel. */
export class Outbox implements SmallWrites {
  readonly buffer = new ArrayBuffer(BYTES_AT + OUTBOX_BYTES);
  readonly #words = new Int32Array(this.buffer, 0, BYTES_AT / 4);
  readonly #bytes = new Uint8Array(this.buffer, BYTES_AT, OUTBOX_BYTES);

  readonly #frames = new Int32Array(this.buffer, BYTES_AT, OUTBOX_BYTES / 4);

  // Bytes it accepts before it looks again: none while somebody waits for a write.
  #limit = OUTBOX_BYTES;
  #onAppend: (() => void) | null = null;

  get isEmpty(): boolean {
    return this.#words[OutboxLayout.records] === 0;
  }

  /** How often it was flushed; wraps. */
  get flushes(): number {
    return this.#words[OutboxLayout.flushes]!;
  }

  /** Calls `onAppend` once, before the next write; costs a write nothing when it is not in use. */
  notifyAppend(onAppend: () => void): void {
    this.#onAppend = onAppend;
    this.#limit = 0;
  }

  /** Takes `notifyAppend` back, if nothing was written since. */
  ignoreAppends(): void {
    this.#onAppend = null;
    this.#limit = OUTBOX_BYTES;
  }

  // Returns: whether there is room for so many bytes, which the limit denies.
  #hasRoom(end: number): boolean {
    const onAppend = this.#onAppend;
    if (onAppend === null) return false;
    this.ignoreAppends();
    onAppend();
    return end <= OUTBOX_BYTES;
  }

  /** Copies what a transport is to send. Returns: false, having done nothing, if there is no room before a flush. */
  append(slot: number, word: number, bytes: Uint8Array): boolean {
    const words = this.#words;
    const length = bytes.length;
    const used = words[OutboxLayout.bytes]!;
    const count = words[OutboxLayout.records]!;
    if (used + length > this.#limit && !this.#hasRoom(used + length)) return false;
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

  /**
   * Copies a datagram that a transport is to send, to a packed address. Returns: as `append`.
   *
   * Frames begin at whole words: those of one record lie behind each other, and its first one is put there.
   */
  appendFrame(slot: number, word: number, address: Int32Array, payload: Uint8Array): boolean {
    const words = this.#words;
    const used = words[OutboxLayout.bytes]!;
    const count = words[OutboxLayout.records]!;
    const last = OutboxLayout.headerWords + (count - 1) * OutboxLayout.recordWords;
    const joins = count > 0 && words[last] === slot && words[last + 1] === word;
    const start = joins ? used : (used + 3) & ~3;
    const { length } = payload;
    const payloadAt = start + (FrameLayout.words + address.length) * 4;
    const end = (payloadAt + length + 3) & ~3;
    if (end > this.#limit && !this.#hasRoom(end)) return false;
    if (!joins && count === OutboxLayout.capacity) return false;
    const frame = start >> 2;
    this.#frames[frame] = length;
    this.#frames[frame + 1] = 0;
    for (let i = 0; i < address.length; i++) this.#frames[frame + FrameLayout.words + i] = address[i]!;
    this.#bytes.set(payload, payloadAt);
    if (joins) {
      words[last + 3] = end - words[last + 2]!;
    } else {
      const at = last + OutboxLayout.recordWords;
      words[at] = slot;
      words[at + 1] = word;
      words[at + 2] = start;
      words[at + 3] = end - start;
      words[OutboxLayout.records] = count + 1;
    }
    words[OutboxLayout.bytes] = end;
    return true;
  }

  /** For an engine without a native half: hands over everything that waits, in order, and is empty afterwards. */
  hand(send: OutboxSender): void {
    const words = this.#words;
    const count = words[OutboxLayout.records]!;
    if (count === 0) return;
    words[OutboxLayout.records] = 0;
    words[OutboxLayout.bytes] = 0;
    words[OutboxLayout.flushes] = words[OutboxLayout.flushes]! + 1;
    for (let i = 0; i < count; i++) {
      const at = OutboxLayout.headerWords + i * OutboxLayout.recordWords;
      const start = words[at + 2]!;
      send(words[at]!, words[at + 1]!, this.#bytes.subarray(start, start + words[at + 3]!));
    }
  }

  /** Forgets what waits, as if it had been sent. */
  clear(): void {
    const words = this.#words;
    words[OutboxLayout.records] = words[OutboxLayout.bytes] = 0;
    words[OutboxLayout.flushes]!++;
  }
}
