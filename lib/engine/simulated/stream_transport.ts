// A connected stream, or one that is being connected, towards its sink: the twin of native/transport/stream_transport.cc,
// step for step, over the simulated socket instead of a descriptor.

import { constants } from 'node:os';
import { TransportEvent } from '../abi.js';
import { StreamKind } from '../transports.js';
import { describeEndpoint } from './addresses.js';
import { ByteQueue } from './byte_queue.js';
import { LEAST_ROOM } from './read_slab.js';
import type { StreamModel } from './stream_model.js';
import { type Ledger, SimulatedTransport } from './transport.js';

/** Bytes that one stream may receive, or send from its queue, in one turn. */
const READ_BUDGET = 256 * 1024;
const SEND_BUDGET = 1024 * 1024;

const { EAGAIN, EPIPE } = constants.errno;

export class StreamTransport extends SimulatedTransport {
  readonly #socket: StreamModel;
  readonly #kind: StreamKind;
  #queue: ByteQueue | null = null;
  #isConnecting: boolean;
  #reads = true;
  #announces = false;
  // The end or a failure was said: nothing will be received.
  #endSeen: boolean;
  #sendError = 0;
  #lowMark = 0;
  #hasSendingFailed: boolean;
  #endsSending = false;
  #wantsDrained = false;
  #wantsRoom = false;
  #isClosing = false;

  constructor(
    ledger: Ledger, slot: number, word: number, socket: StreamModel, isConnecting: boolean, kind = StreamKind.socket,
  ) {
    super(ledger, slot, word);
    this.#socket = socket;
    this.#kind = kind;
    this.#isConnecting = isConnecting;
    this.#endSeen = kind === StreamKind.writer;
    this.#hasSendingFailed = kind === StreamKind.reader;
    socket.onChange = () => this._touch();
    this._touch();
  }

  get #hasQueue(): boolean {
    return this.#queue !== null && this.#queue.size > 0;
  }

  get queued(): number {
    return this.#queue?.size ?? 0;
  }

  get #isReadReady(): boolean {
    return this.#reads && !this.#endSeen && this.#socket.isReadable;
  }

  get #isWriteReady(): boolean {
    return (this.#hasQueue || this.#wantsRoom) && this.#socket.isWritable;
  }

  // The writer of a pipe reads nothing, and hears in this way that its reader has gone.
  get #hasLostReader(): boolean {
    return this.#kind === StreamKind.writer && !this.#hasSendingFailed && this.#socket.isReadable;
  }

  override isReady(): boolean {
    if (this._isRetired) return false;
    if (this.#isConnecting) return this.#socket.isConnected || this.#socket.connectError !== 0;
    return this.#isReadReady || this.#isWriteReady || this.#hasLostReader;
  }

  override onReady(): void {
    if (this.#isConnecting) {
      this.#finishConnecting();
      return;
    }
    if (this.#hasLostReader) {
      this.#failSending(EPIPE);
      return;
    }
    // What the peer sent comes before the news that nothing can be sent to it.
    if (this.#isReadReady) {
      if (this.#announces) this._append(TransportEvent.readable, 0);
      else this.#receiveIntoSlab();
    }
    if (this.#isWriteReady) this.#sendQueue();
  }

  #finishConnecting(): void {
    this.#isConnecting = false;
    const { connectError } = this.#socket;
    if (connectError !== 0) {
      this.#stopReading(TransportEvent.failed, connectError);
      return;
    }
    if (this.#endsSending && !this.#hasQueue) this.#socket.endSending();
    this._append(TransportEvent.connected, 0);
  }

  #receiveIntoSlab(): void {
    const { slab } = this._ledger;
    for (let budget = READ_BUDGET; budget >= LEAST_ROOM;) {
      const room = slab.room(budget);
      if (room === 0) return;
      const count = this.#socket.receive(slab.bytes, slab.start, slab.start + room);
      if (count === -EAGAIN) return;
      if (count < 0) {
        this.#stopReading(TransportEvent.failed, -count);
        return;
      }
      if (count === 0) {
        const wasReset = this.#sendError !== 0 && this.#sendError !== EPIPE;
        this.#stopReading(wasReset ? TransportEvent.failed : TransportEvent.end, wasReset ? this.#sendError : 0);
        return;
      }
      slab.append(this.slot, this.word, count);
      if (count < room) return;
      budget -= count;
    }
  }

  #stopReading(event: TransportEvent, errno: number): void {
    this.#endSeen = true;
    this._append(event, errno);
  }

  receive(into: Uint8Array, start: number, end: number): number {
    if (this.#endSeen || this.#isConnecting) return -EAGAIN;
    const count = this.#socket.receive(into, start, end);
    if (count > 0 || count === -EAGAIN) return count;
    this.#endSeen = true;
    if (count < 0) return count;
    return this.#sendError === EPIPE ? 0 : -this.#sendError;
  }

  pauseReading(): void {
    this.#reads = false;
  }

  resumeReading(): void {
    this.#reads = true;
    this._touch();
  }

  announce(announces: boolean): void {
    this.#announces = announces;
  }

  /** Sends these bytes behind what waits; what the socket does not take is queued. They are copied. */
  send(bytes: Uint8Array): void {
    if (this.#hasSendingFailed || this.#isClosing) return;
    let sent = 0;
    if (!this.#hasQueue && !this.#isConnecting) {
      sent = this.#socket.send(bytes, 0, bytes.length);
      if (sent < 0 && sent !== -EAGAIN) {
        this.#failSending(-sent);
        return;
      }
      sent = Math.max(sent, 0);
    }
    if (sent === bytes.length) return;
    const hadQueue = this.#hasQueue;
    this.#queue ??= new ByteQueue();
    this.#queue.append(Buffer.from(bytes.subarray(sent)));
    if (hadQueue) return;
    this._touch();
    this._append(TransportEvent.backlog, this.queued);
  }

  /** Sends what the socket takes now and queues nothing. */
  sendSome(bytes: Uint8Array, start: number, end: number): number {
    if (this.#hasSendingFailed || this.#isClosing) return -EPIPE;
    let total = 0;
    if (!this.#hasQueue && !this.#isConnecting) {
      const sent = this.#socket.send(bytes, start, end);
      if (sent < 0 && sent !== -EAGAIN) {
        this.#hasSendingFailed = true;
        this.#sendError = -sent;
        return sent;
      }
      total = Math.max(sent, 0);
    }
    this.#wantsRoom = total < end - start;
    if (this.#wantsRoom) this._touch();
    return total;
  }

  #sendQueue(): void {
    const queue = this.#queue;
    for (let budget = SEND_BUDGET; queue !== null && queue.size > 0 && budget > 0;) {
      const { front } = queue;
      const sent = this.#socket.send(front, 0, front.length);
      if (sent === -EAGAIN) break;
      if (sent < 0) {
        this.#failSending(-sent);
        return;
      }
      queue.consume(sent);
      budget -= sent;
    }
    this.#afterSending();
  }

  #afterSending(): void {
    if (!this.#hasQueue) {
      const tells = this.#queue !== null || this.#wantsRoom || this.#wantsDrained;
      this.#queue = null;
      this.#wantsRoom = this.#wantsDrained = false;
      if (this.#endsSending) this.#socket.endSending();
      if (tells && !this.#isClosing) this._append(TransportEvent.drained, 0);
    } else if (this.#wantsDrained && this.queued <= this.#lowMark) {
      this.#wantsDrained = false;
      this._append(TransportEvent.drained, this.queued);
    }
    if (this.#isClosing && !this.#hasQueue) this.#closed();
  }

  #failSending(errno: number): void {
    this.#hasSendingFailed = true;
    this.#sendError = errno;
    this.#queue = null;
    this.#wantsRoom = this.#wantsDrained = false;
    this._append(TransportEvent.sendFailed, errno);
    if (this.#isClosing) this.#closed();
  }

  #closed(): void {
    this._append(TransportEvent.closed, 0);
    this.retire(false);
  }

  notifyDrained(low: number): void {
    this.#lowMark = low;
    if (this.queued > low) this.#wantsDrained = true;
    else this._append(TransportEvent.drained, this.queued);
  }

  endSending(): void {
    this.#endsSending = true;
    if (this.#kind === StreamKind.writer) {
      if (this.beginClosing()) this.#closed();
      return;
    }
    if (!this.#hasQueue && !this.#isConnecting && !this.#hasSendingFailed) this.#socket.endSending();
  }

  override beginClosing(): boolean {
    if (!this.#hasQueue || this.#isConnecting) return true;
    this.#isClosing = true;
    this.#reads = false;
    return false;
  }

  override address(ofPeer: boolean): string {
    const { local, remote, isWrittenAs6 } = this.#socket.place;
    if (this.#kind !== StreamKind.socket) return '';
    if (ofPeer && !this.#socket.isConnected) return '';
    return describeEndpoint(ofPeer ? remote : local, isWrittenAs6);
  }

  get isUnix(): boolean {
    return this.#socket.isUnix && this.#kind === StreamKind.socket;
  }

  setKeepAlive(seconds: number): void {
    this.#socket.keepAlive(seconds);
  }

  protected override _closeSocket(aborts: boolean): void {
    this.#socket.close(aborts);
  }
}
