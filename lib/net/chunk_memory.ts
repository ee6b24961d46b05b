// Where the chunks come from that readers are given: pieces of larger blocks, one behind the other. A block is one
// allocation, one object for the collector and one call of the C library, for many chunks; and a chunk takes of it just
// what it has, however much room the kernel was offered.
// Invariant: no byte of a block is given out twice, so a chunk is its reader's for ever.
// Cost: a chunk that is kept keeps its block, as with the pool of `Buffer`; small chunks therefore do not come from here.

import { markAsUntransferable } from 'node:worker_threads';

const BLOCK_BYTES = 256 * 1024;

export class ChunkMemory {
  private declare _block: Buffer;
  private declare _used: number;

  constructor() {
    this._block = Buffer.alloc(0);
    this._used = 0;
  }

  /** The block that has room for `wanted` bytes from `used` on. */
  room(wanted: number): Buffer {
    if (this._block.length - this._used < wanted) this._renew(wanted);
    return this._block;
  }

  get used(): number {
    return this._used;
  }

  /** The next `count` bytes of the room: the caller's from now on. */
  take(count: number): Buffer {
    const from = this._used;
    this._used = from + count;
    return this._block.subarray(from, from + count);
  }

  /** A copy of a part of `source`: the caller's from now on. */
  copyOf(source: Buffer, from: number, end: number): Buffer {
    const length = end - from;
    source.copy(this.room(length), this._used, from, end);
    return this.take(length);
  }

  /** A copy of the next `count` bytes, which stay room. */
  copy(count: number): Buffer {
    return Buffer.from(this._block.subarray(this._used, this._used + count));
  }

  // Whoever transferred one chunk's memory to another thread would take all its neighbours along.
  private _renew(wanted: number): void {
    this._block = Buffer.allocUnsafeSlow(Math.max(BLOCK_BYTES, wanted));
    markAsUntransferable(this._block.buffer);
    this._used = 0;
  }
}
