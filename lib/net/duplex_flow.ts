// What reads a stream for a Duplex of Node: the stream's only reader from then on. While the Duplex wants bytes they are
// taken from the stream as they come, and pushed in a tick of Node's; while it does not, they stay, and the stream pauses
// above its mark.
// Invariant: the stream's `_reader` is this flow until the end, so that no task reads in between.

import type { Context } from '../kernel/context.js';
import type { NodeSide, NodeTicks } from './node_ticks.js';
import type { ReadWait } from './readers.js';
import type { StreamCore } from './stream_core.js';

/** The Duplex, as its flow sees it. */
export interface FlowTarget {
  readonly destroyed: boolean;
  push(chunk: Buffer | null): boolean;
  read(size: number): unknown;
  /** The stream has failed; what came before has been pushed. */
  _failed(error: Error): void;
  /** The stream was closed by its owner. */
  _closedByOwner(): void;
}

export class DuplexFlow implements ReadWait, NodeSide {
  readonly #stream: StreamCore;
  readonly #target: FlowTarget;
  readonly #ticks: NodeTicks;
  readonly #context: Context | null;
  readonly #arrived: Buffer[] = [];
  #isWanted = false;
  #isQueued = false;
  #isHandingOver = false;
  #hasEnded = false;
  /** Bytes pushed. */
  bytes = 0;

  constructor(stream: StreamCore, target: FlowTarget, ticks: NodeTicks, context: Context | null) {
    this.#stream = stream;
    this.#target = target;
    this.#ticks = ticks;
    this.#context = context;
    stream._reader = this;
  }

  done(): boolean {
    return false;
  }

  _fail(): void {
    this.#target._closedByOwner();
  }

  /** The Duplex has room. */
  want(): void {
    if (this.#isWanted || this.#hasEnded || this.#stream._isClosed) return;
    this.#isWanted = true;
    this.#stream._park(this);
  }

  /** Something has come; or the Duplex wants what is there. */
  _attempt(): void {
    const stream = this.#stream;
    if (!this.#isWanted) {
      // Pauses, if it is much.
      stream._leave(this);
      stream._reader = this;
      return;
    }
    const unread = stream._unread;
    if (unread !== null) this.#arrived.push(stream._take(unread.length));
    if (this.#arrived.length > 0 || stream._hasEnded) this.#queue();
  }

  #queue(): void {
    if (this.#isQueued || this.#isHandingOver) return;
    this.#isQueued = true;
    this.#ticks.add(this);
  }

  _handOver(): void {
    this.#isQueued = false;
    const resource = this.#context?._resource ?? null;
    if (resource === null) this.#pushAll();
    else resource.runInAsyncScope(this.#pushAll, this);
  }

  #pushAll(): void {
    if (this.#target.destroyed || this.#isHandingOver) return;
    this.#isHandingOver = true;
    try {
      for (let chunk = this.#arrived.shift(); chunk !== undefined; chunk = this.#arrived.shift()) this.#push(chunk);
      if (this.#stream._hasEnded && this.#stream._unread === null) this.#end();
    } finally {
      this.#isHandingOver = false;
      // A listener threw: the rest goes the same way.
      if (this.#arrived.length > 0) this.#queue();
    }
  }

  #push(chunk: Buffer): void {
    this.bytes += chunk.length;
    // Before the push, which may ask for more.
    this.#isWanted = false;
    let wantsMore = true;
    try {
      wantsMore = this.#target.push(chunk);
    } finally {
      // A listener that threw has had its chunk; nobody else would ask for the next one.
      if (wantsMore) this.want();
    }
  }

  #end(): void {
    if (this.#hasEnded || this.#target.destroyed) return;
    this.#hasEnded = true;
    const error = this.#stream._readError;
    if (error !== null) {
      this.#target._failed(error);
      return;
    }
    this.#target.push(null);
    // Where nothing is unread nobody has to read to get to the end.
    this.#target.read(0);
  }
}
