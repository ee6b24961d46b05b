// Two ends of a connection in memory, on any engine: what one end sends is in the other one's buffer in the next tick.
// It speaks the Transports contract for one stream, as a Duplex below a stream does.
// Invariant: bytes are in `#outgoing` of the sender until the receiver's buffer has room for them, then in `#incoming`
// of the receiver until its stream takes them; so a reader that is slow is felt by the writer.

import { constants } from 'node:os';
import { ArgumentRangeError, UnsupportedError } from '../base/errors.js';
import { TransportEvent } from '../engine/abi.js';
import type { Datagrams } from '../engine/datagrams.js';
import { Control, type Transports } from '../engine/transports.js';
import { assertOptions } from '../kernel/arguments.js';
import type { EventLoop } from '../kernel/event_loop.js';
import { getRunningLoop } from '../kernel/running.js';
import { ByteStream } from '../net/byte_stream.js';
import { Sockets } from '../net/sockets.js';

const { ECONNRESET, EPIPE, EAGAIN, ENOTSUP } = constants.errno;
const DEFAULT_BUFFER_BYTES = 64 * 1024;

/** Options of `memoryStreamPair`. */
export interface MemoryStreamOptions {
  /** Bytes that an end holds for its reader, in each direction, before the writer has to wait; 64 KiB by default. */
  readonly bufferBytes?: number;
  /** The most bytes that arrive at once, for readers that must not count on whole messages; no limit by default. */
  readonly chunkBytes?: number;
}

interface Limits {
  readonly bufferBytes: number;
  readonly chunkBytes: number;
}

class MemoryTransport implements Transports {
  readonly slab = Buffer.alloc(0);
  readonly outbox = this;
  readonly stream: ByteStream;
  flushes = 0;
  readonly #loop: EventLoop;
  readonly #limits: Limits;
  #peer: MemoryTransport | null = null;
  readonly #outgoing: Buffer[] = [];
  #outgoingBytes = 0;
  #incoming: Buffer[] = [];
  #incomingBytes = 0;
  #low = -1;
  #isPaused = false;
  #isClosing = false;
  #isClosed = false;
  #isSendingEnded = false;
  #hasPeerEnded = false;
  #isScheduled = false;

  constructor(loop: EventLoop, limits: Limits) {
    this.#loop = loop;
    this.#limits = limits;
    this.stream = new ByteStream(new Sockets(loop, this), -1);
  }

  static connect(a: MemoryTransport, b: MemoryTransport): void {
    a.#peer = b;
    b.#peer = a;
  }

  get isEmpty(): boolean {
    return true;
  }

  append(_slot: number, _word: number, bytes: Uint8Array): boolean {
    this.#stage(Buffer.from(bytes));
    return true;
  }

  send(_slot: number, _word: number, bytes: Uint8Array, start: number, end: number): number {
    if (this.#isPeerGone) return -EPIPE;
    this.#stage(Buffer.from(bytes.subarray(start, end)));
    return end - start;
  }

  get #isPeerGone(): boolean {
    return this.#peer === null || this.#peer.#isClosed;
  }

  #stage(copy: Buffer): void {
    this.#outgoing.push(copy);
    this.#outgoingBytes += copy.length;
    this.#schedule();
    // The stream asks how much waits before it lets anybody write on.
    this.stream._deliver(TransportEvent.backlog, this.#outgoingBytes);
  }

  // What was written in a tick leaves at its end, and what has come is told then.
  #schedule(): void {
    if (this.#isScheduled || this.#isClosed) return;
    this.#isScheduled = true;
    this.#loop._callSoonIn(null, () => {
      this.#isScheduled = false;
      this.#work();
    }, []);
  }

  #work(): void {
    if (this.#isClosed) return;
    this.flush();
    this.#receive();
  }

  flush(): void {
    this.flushes++;
    const peer = this.#peer;
    if (this.#isPeerGone || peer === null) {
      this.#failSending();
      return;
    }
    while (this.#outgoing.length > 0 && peer.#incomingBytes < this.#limits.bufferBytes) {
      this.#giveChunk(peer, this.#limits.bufferBytes - peer.#incomingBytes);
    }
    if (this.#outgoingBytes === 0) this.#afterSending(peer);
    this.#tellRoom();
  }

  #giveChunk(peer: MemoryTransport, room: number): void {
    const chunk = this.#outgoing.shift() as Buffer;
    const given = chunk.subarray(0, room);
    if (given.length < chunk.length) this.#outgoing.unshift(chunk.subarray(room));
    this.#outgoingBytes -= given.length;
    peer.#incoming.push(given);
    peer.#incomingBytes += given.length;
    peer.#schedule();
  }

  #afterSending(peer: MemoryTransport): void {
    if ((this.#isSendingEnded || this.#isClosing) && !peer.#hasPeerEnded) {
      peer.#hasPeerEnded = true;
      peer.#schedule();
    }
    if (this.#isClosing) this.#closeNow();
  }

  #failSending(): void {
    if (this.#outgoingBytes === 0 && !this.#isClosing) return;
    this.#outgoing.length = this.#outgoingBytes = 0;
    this.stream._deliver(TransportEvent.sendFailed, EPIPE);
    if (this.#isClosing) this.#closeNow();
  }

  #tellRoom(): void {
    if (this.#outgoingBytes > 0 && this.#outgoingBytes > this.#low) return;
    this.#low = -1;
    if (!this.#isClosing) this.stream._deliver(TransportEvent.drained, this.#outgoingBytes);
  }

  #receive(): void {
    while (this.#incoming.length > 0 && !this.#isPaused && !this.#isClosing) {
      const chunk = this.#incoming.shift() as Buffer;
      const given = chunk.subarray(0, this.#limits.chunkBytes);
      if (given.length < chunk.length) this.#incoming.unshift(chunk.subarray(given.length));
      this.#incomingBytes -= given.length;
      this.stream._receivedChunk(Buffer.from(given));
      if (given.length < chunk.length) {
        this.#schedule();
        break;
      }
    }
    const peer = this.#peer;
    if (peer !== null && peer.#outgoingBytes > 0 && this.#incomingBytes < this.#limits.bufferBytes) peer.#schedule();
    if (this.#incoming.length > 0 || !this.#hasPeerEnded || this.#isClosing) return;
    if (!this.stream._hasEnded) this.stream._deliver(TransportEvent.end, 0);
  }

  queued(_slot: number, _word: number, low: number): number {
    if (low >= 0) this.#low = Math.max(this.#low, low);
    return this.#outgoingBytes;
  }

  control(_slot: number, _word: number, what: Control): number {
    if (what === Control.pause) this.#isPaused = true;
    else if (what === Control.resume) this.#isPaused = false;
    else if (what === Control.endSending) this.#isSendingEnded = true;
    this.#schedule();
    return 0;
  }

  close(_slot: number, _word: number, aborts: boolean): boolean {
    const peer = this.#peer;
    if (aborts) {
      this.#closeNow();
      if (peer !== null) peer.#reset();
      return true;
    }
    this.#isClosing = true;
    if (this.#outgoingBytes === 0 || this.#isPeerGone) {
      if (!this.#isPeerGone && peer !== null) this.#afterSending(peer);
      this.#isClosed = true;
      return true;
    }
    this.#schedule();
    return false;
  }

  #closeNow(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#incoming = [];
    this.#incomingBytes = 0;
    // Room for what the peer still has to send will never come; it is told so when it works next.
    const peer = this.#peer;
    if (peer !== null) peer.#schedule();
    if (this.#isClosing) this.stream._deliver(TransportEvent.closed, 0);
  }

  // The other end was aborted: what has not been read is lost, as it is where a reset arrives.
  #reset(): void {
    if (this.#isClosed) return;
    this.#incoming = [];
    this.#incomingBytes = 0;
    this.#outgoing.length = this.#outgoingBytes = 0;
    this.#loop._callSoonIn(null, () => {
      if (this.#isClosed) return;
      if (!this.#isClosing && !this.stream._hasEnded) this.stream._deliver(TransportEvent.failed, ECONNRESET);
      this.stream._deliver(TransportEvent.sendFailed, ECONNRESET);
      if (this.#isClosing) this.#closeNow();
    }, []);
  }

  setOption(): number {
    return 0;
  }
  address(): string {
    return '';
  }
  get datagrams(): Datagrams {
    throw new UnsupportedError('a stream in memory carries no datagrams');
  }
  appendFrame(): boolean {
    return false;
  }
  // What a stream never asks of a transport that is connected, or what only a descriptor can do.
  receive(): number {
    return -EAGAIN;
  }
  descriptor(): number {
    return -1;
  }
  connect(): number {
    return -ENOTSUP;
  }
  listen(): number {
    return -ENOTSUP;
  }
  accept(): number {
    return -ENOTSUP;
  }
  adopt(): number {
    return -ENOTSUP;
  }
  openPipe(): number {
    return -ENOTSUP;
  }
  resolve(): null {
    return null;
  }
}

/**
 * Makes two streams that are connected to each other in memory, on any engine. They behave as the two ends of a local
 * connection do: backpressure, half-close, the end behind the bytes, a reset for the peer of an abort.
 *
 * Returns: both ends. Throws: NoRunningLoopError; ArgumentRangeError for sizes below one. Checkpoint: no.
 * Source: trio.testing.memory_stream_pair.
 */
export function memoryStreamPair(options: MemoryStreamOptions = {}): [ByteStream, ByteStream] {
  assertOptions(options, 'memoryStreamPair', ['bufferBytes', 'chunkBytes']);
  const { bufferBytes = DEFAULT_BUFFER_BYTES, chunkBytes = Infinity } = options;
  for (const [name, size] of Object.entries({ bufferBytes, chunkBytes })) {
    if (size >= 1 && (Number.isInteger(size) || size === Infinity)) continue;
    throw new ArgumentRangeError(`memoryStreamPair: ${name} is a whole number from 1 on, not ${size}`);
  }
  const loop = getRunningLoop();
  const limits = { bufferBytes, chunkBytes };
  const [a, b] = [new MemoryTransport(loop, limits), new MemoryTransport(loop, limits)];
  MemoryTransport.connect(a, b);
  return [a.stream, b.stream];
}
