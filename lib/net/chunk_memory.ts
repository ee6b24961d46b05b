// Where the chunks come from that readers are given: pieces of larger blocks, one behind the other. A block is one
// allocation, one object for the collector and one call of the C library, for many chunks; and a chunk takes of it just
// what it has, however much room the kernel was offered.
// Invariant: no byte of a block is given out twice, so a chunk is its reader's for ever.
// Cost: a chunk that is kept keeps what is given out of its block, as with the pool of `Buffer`.

import { getHeapStatistics } from 'node:v8';
import { markAsUntransferable } from 'node:worker_threads';

const LARGE_GIVEN_BYTES = 256 * 1024;
const SMALL_GIVEN_BYTES = 16 * 1024;

/**
 * A large block is so many times longer than what is given out of it. V8 looks for dead blocks when young ones have 32 MiB
 * together, whatever was touched of them: so it looks after 8 MiB of chunks, which go round in memory that the processor's
 * caches hold. What is never touched costs addresses only.
 */
const BLOCK_LENGTHS = 4;

/** Memory outside of V8's heap above which chunks are taken to be kept, and looking for dead ones often is in vain. */
const KEPT_BYTES = 128 * 1024 * 1024;

export class ChunkMemory {
  private declare readonly _givenBytes: number;
  private declare readonly _lengths: number;
  private declare _block: Buffer;
  private declare _memory: ArrayBuffer;
  private declare _used: number;
  /** Where the part of the block that is given out ends. */
  private declare _end: number;

  private constructor(givenBytes: number, lengths: number) {
    this._givenBytes = givenBytes;
    this._lengths = lengths;
    this._memory = new ArrayBuffer(0);
    this._block = Buffer.from(this._memory);
    this._used = this._end = 0;
  }

  static forLarge(): ChunkMemory {
    return new ChunkMemory(LARGE_GIVEN_BYTES, BLOCK_LENGTHS);
  }

  /** In which few bytes keep few; `Buffer` would make a pool of its own for each eight chunks of 1 KiB. */
  static forSmall(): ChunkMemory {
    return new ChunkMemory(SMALL_GIVEN_BYTES, 1);
  }

  /** The block that has room for `wanted` bytes from `used` on. */
  room(wanted: number): Buffer {
    if (!this._has(wanted)) this._renew(wanted);
    return this._block;
  }

  get used(): number {
    return this._used;
  }

  /** The next `count` bytes of the room: the caller's from now on. */
  take(count: number): Buffer {
    const from = this._used;
    this._used = from + count;
    return Buffer.from(this._memory, from, count);
  }

  /** A copy of `length` bytes of `source`: the caller's from now on. */
  copyOf(source: ArrayBuffer, from: number, length: number): Buffer {
    if (!this._has(length)) this._renew(length);
    const chunk = this.take(length);
    chunk.set(new Uint8Array(source, from, length));
    return chunk;
  }

  /** A copy of the next `count` bytes, which stay room. */
  copy(count: number): Buffer {
    return Buffer.from(this._block.subarray(this._used, this._used + count));
  }

  // On Node before 24 a block can be taken away in spite of the mark, and has no length then.
  private _has(wanted: number): boolean {
    return this._end - this._used >= wanted && this._block.length > 0;
  }

  // Whoever transferred one chunk's memory to another thread would take all its neighbours along.
  private _renew(wanted: number): void {
    const areKept = this._lengths > 1 && getHeapStatistics().external_memory > KEPT_BYTES;
    this._used = 0;
    this._end = Math.max(this._givenBytes, wanted);
    this._block = Buffer.allocUnsafeSlow(areKept ? this._end : Math.max(this._givenBytes * this._lengths, wanted));
    this._memory = this._block.buffer as ArrayBuffer;
    markAsUntransferable(this._memory);
  }
}
