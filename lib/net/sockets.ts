// What the streams, servers and connectors of one loop share: the engine's transports, and a future that is done.

import { ArgumentTypeError } from '../base/errors.js';
import { Kind } from '../engine/abi.js';
import type { SmallWrites } from '../engine/outbox.js';
import type { Transports } from '../engine/transports.js';
import type { EventLoop } from '../kernel/event_loop.js';
import { Future, State } from '../kernel/future.js';
import type { Sink } from '../kernel/loop_core.js';
import { ChunkMemory } from './chunk_memory.js';

/** Chunks of so many bytes are pieces of large blocks; where few bytes are kept, few shall be kept for them. */
export const LEAST_LARGE_BYTES = 8 * 1024;

const NO_CHUNKS = ChunkMemory.forSmall();

/** @internal Throws for what a user constructs: the types hide the parameters, but not that there is a constructor. */
export function assertOurs(sockets: unknown, kind: { readonly name: string }, makers: string): void {
  if (sockets instanceof Sockets) return;
  throw new ArgumentTypeError(`new ${kind.name}(…) makes none that works; ${makers}`);
}

export class Sockets {
  readonly loop: EventLoop;
  readonly transports: Transports;
  readonly outbox: SmallWrites;
  readonly slab: Buffer;
  // The same memory, of which it is the whole.
  readonly #slabMemory: ArrayBuffer;
  readonly largeChunks: ChunkMemory;
  readonly #smallChunks: ChunkMemory;
  /** For operations that are over at once: nobody can change it, so one is enough. */
  readonly done: Future<void>;

  constructor(loop: EventLoop, transports: Transports = loop._engine.openTransports()) {
    this.loop = loop;
    this.transports = transports;
    this.outbox = this.transports.outbox;
    this.slab = this.transports.slab;
    this.#slabMemory = this.slab.buffer as ArrayBuffer;
    // Transports without a slab give chunks of their own, and there are many of them.
    const hasSlab = this.slab.length > 0;
    this.largeChunks = hasSlab ? ChunkMemory.forLarge() : NO_CHUNKS;
    this.#smallChunks = hasSlab ? ChunkMemory.forSmall() : NO_CHUNKS;
    this.done = new Future<void>(loop, State.finished);
  }

  /** A copy of a part of the slab: the caller's from now on. */
  takeFromSlab(offset: number, length: number): Buffer {
    const chunks = length < LEAST_LARGE_BYTES ? this.#smallChunks : this.largeChunks;
    return chunks.copyOf(this.#slabMemory, offset, length);
  }

  /** Gives a sink its slot. */
  enter(sink: Sink): number {
    return this.loop._allocate(sink);
  }

  /** The second half of a sink's name, by which its transport is known as well. */
  word(slot: number): number {
    return this.loop._word(slot, Kind.transport);
  }
}

const socketsOfLoops = new WeakMap<EventLoop, Sockets>();

/** Returns: the loop's, made at the first call. Throws: UnsupportedError if its engine has no sockets. */
export function socketsOf(loop: EventLoop): Sockets {
  let sockets = socketsOfLoops.get(loop);
  if (sockets === undefined) {
    sockets = new Sockets(loop);
    socketsOfLoops.set(loop, sockets);
  }
  return sockets;
}
