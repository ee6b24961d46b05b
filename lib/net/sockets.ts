// What the streams, servers and connectors of one loop share: the engine's transports, and a future that is done.

import { Kind } from '../engine/abi.js';
import type { SmallWrites } from '../engine/outbox.js';
import type { Transports } from '../engine/transports.js';
import type { EventLoop } from '../kernel/event_loop.js';
import { Future, State } from '../kernel/future.js';
import type { Sink } from '../kernel/loop_core.js';
import { ChunkMemory } from './chunk_memory.js';

export class Sockets {
  readonly loop: EventLoop;
  readonly transports: Transports;
  readonly outbox: SmallWrites;
  readonly slab: Buffer;
  readonly chunks = new ChunkMemory();
  /** For operations that are over at once: nobody can change it, so one is enough. */
  readonly done: Future<void>;

  constructor(loop: EventLoop, transports: Transports = loop._engine.openTransports()) {
    this.loop = loop;
    this.transports = transports;
    this.outbox = this.transports.outbox;
    this.slab = this.transports.slab;
    this.done = new Future<void>(loop, State.finished);
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
