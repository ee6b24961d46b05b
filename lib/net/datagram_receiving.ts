// The receiving half of a socket of datagrams or packets, and the sink of its transport's records. What comes is kept in
// order until somebody takes it; above the high mark reading pauses, and what the kernel has no room for then it drops, as
// UDP may.
// Invariant: somebody waits only while nothing is kept, so those who wait are served in order and nobody overtakes.

import { closeSync } from 'node:fs';
import { Deque } from '../base/deque.js';
import { ClosedResourceError, InvalidStateError, socketError } from '../base/errors.js';
import { FrameLayout, TransportEvent } from '../engine/abi.js';
import type { Datagrams } from '../engine/datagrams.js';
import { cancelCheck } from '../kernel/cancel_check.js';
import { finishNow } from '../kernel/finish_now.js';
import { Future, State } from '../kernel/future.js';
import type { Opened } from '../kernel/root.js';
import type { SocketAddress } from './addresses.js';
import { belongToRun, closeLeftOpen } from './belonging.js';
import { type Peer, PeerBook } from './peers.js';
import { atOnce } from './receiving.js';
import type { Sockets } from './sockets.js';

/** Bytes that are kept untaken before reading pauses, and down to which they must fall. Each datagram counts as more. */
const HIGH_BYTES = 256 * 1024;
const LOW_BYTES = 128 * 1024;
const OVERHEAD_BYTES = 128;

const NO_DESCRIPTORS: readonly number[] = Object.freeze([]);

/** A datagram that was received. As a destination it stands for its sender. */
export class Datagram implements SocketAddress {
  /** Its bytes; nobody writes to this memory again. It may be a piece of what came in the same turn. */
  readonly data: Buffer;
  readonly family: SocketAddress['family'];
  /** The numeric host or the path of the sender; empty for a UNIX socket without a name. */
  readonly address: string;
  readonly port: number;
  /** It was longer than `maxDatagramBytes`, and the rest is lost. */
  readonly truncated: boolean;
  /** Descriptors that came with it, to be closed by you. */
  readonly descriptors: readonly number[];
  /** Descriptors came with it that could not be received, or were not asked for; none is open. */
  readonly descriptorsLost: boolean;
  readonly #peer: Peer;
  readonly #size: number;

  /** @internal */
  constructor(data: Buffer, peer: Peer, flags: number, descriptors: readonly number[]) {
    this.data = data;
    this.family = peer.family;
    this.address = peer.address;
    this.port = peer.port;
    this.truncated = (flags & FrameLayout.truncated) !== 0;
    this.descriptors = descriptors;
    this.descriptorsLost = (flags & FrameLayout.descriptorsLost) !== 0;
    this.#peer = peer;
    this.#size = data.length;
  }

  /** @internal How many bytes came, whatever has become of the memory. */
  static _sizeOf(datagram: Datagram): number {
    return datagram.#size;
  }

  /** @internal The sender as the socket knows it; null if `to` is no datagram. */
  static _peerOf(to: object): Peer | null {
    return #peer in to ? to.#peer : null;
  }
}

/** One wait for a datagram. With `endsInNull` the end is its value, else a failure. */
class Receiver extends Future<Datagram | null> {
  declare readonly _socket: DatagramReceiving;
  declare readonly _endsInNull: boolean;

  constructor(socket: DatagramReceiving, endsInNull: boolean) {
    super(socket._sockets.loop);
    this._socket = socket;
    this._endsInNull = endsInNull;
  }

  override _undo(): void {
    this._socket._receivers.delete(this);
  }
}

export abstract class DatagramReceiving {
  /** @internal */ declare readonly _sockets: Sockets;
  /** @internal */ declare readonly _datagrams: Datagrams;
  /** @internal */ declare readonly _slot: number;
  /** @internal */ declare readonly _word: number;
  /** @internal */ declare readonly _peers: PeerBook;
  /** @internal */ declare readonly _receivers: Set<Receiver>;
  /** @internal `close` was called. */
  declare _closing: boolean;
  /** @internal The transport is gone, and the slot with it. */
  declare _released: boolean;
  // What else its run has open.
  private declare _siblings: Set<Opened> | null;
  /** @internal The peer that it is connected to. */
  declare _remote: Peer | null;
  private declare readonly _kept: Deque<Datagram>;
  private declare readonly _slabWords: Int32Array;
  private declare _keptBytes: number;
  private declare _paused: boolean;
  private declare _ended: boolean;
  // Why nothing more will come; or, once, what the kernel said of an earlier datagram.
  private declare _readError: Error | null;
  private declare _notice: Error | null;

  /** @internal */
  constructor(sockets: Sockets, mapsIpv4: boolean) {
    const { slab } = sockets;
    this._sockets = sockets;
    this._datagrams = sockets.transports.datagrams;
    this._slot = sockets.enter(this);
    this._word = sockets.word(this._slot);
    this._peers = new PeerBook(this._datagrams, mapsIpv4);
    this._receivers = new Set();
    this._closing = this._released = this._paused = this._ended = false;
    this._remote = null;
    this._siblings = null;
    this._kept = new Deque();
    this._slabWords = new Int32Array(slab.buffer, slab.byteOffset, slab.length >> 2);
    this._keptBytes = 0;
    this._readError = this._notice = null;
  }

  /** @internal A record of the transport. */
  _deliver(a: number, b: number): void {
    if (a >= 0) this._received(a, b);
    else if (a === TransportEvent.datagramError) this._noticed(-b);
    else if (a === TransportEvent.failed) this._end(this._errorFor(-b, 'receive', this._remote));
    else if (a === TransportEvent.end) this._end(null);
    else if (a === TransportEvent.closed) this._release();
    else this._sendingHappened(a, b);
  }

  /** @internal What concerns the sending half. */
  abstract _sendingHappened(event: TransportEvent, value: number): void;
  /** @internal A written datagram was refused by the kernel; the peer is null if it is not known. */
  abstract _writeFailed(errno: number, peer: Peer | null): void;
  /** @internal Whether somebody else than a receiver takes what the kernel says of earlier datagrams. */
  abstract _tell(error: Error): boolean;

  private _received(from: number, length: number): void {
    if (this._closing) return;
    const words = this._slabWords;
    // One copy for all of them, of which each has a piece.
    const copy = this._sockets.takeFromSlab(from, length);
    const memory = copy.buffer as ArrayBuffer;
    const shift = copy.byteOffset - from;
    const end = from + length;
    for (let at = from; at < end;) {
      const word = at >> 2;
      const size = words[word]!;
      const flags = words[word + 1]!;
      const addressWord = word + FrameLayout.words;
      const addressWords = 1 + ((((words[addressWord]! >>> 8) & 255) + 3) >> 2);
      const peer = this._remote ?? this._peers.sender(words, addressWord, addressWords);
      const payload = at + (FrameLayout.words + addressWords) * 4;
      at = payload + ((size + 3) & ~3);
      if ((flags & FrameLayout.failed) !== 0) {
        this._writeFailed(-(flags >>> 8), this._remote ?? peer);
        continue;
      }
      const data = Buffer.from(memory, shift + payload, size);
      this._kept.push(new Datagram(data, peer, flags, this._descriptors(flags >>> 8)));
      this._keptBytes += size + OVERHEAD_BYTES;
    }
    this._handOut();
  }

  private _descriptors(count: number): readonly number[] {
    if (count === 0) return NO_DESCRIPTORS;
    const into = new Int32Array(count);
    return Array.from(into.subarray(0, this._datagrams.takeDescriptors(this._slot, this._word, into)));
  }

  // One who is served alone takes the record's turn, which comes last; among several that would be overtaking.
  private _handOut(): void {
    if (this._receivers.size === 1 && this._kept.size > 0) {
      const [only] = this._receivers as unknown as [Receiver];
      this._receivers.delete(only);
      const datagram = this._take();
      this._pauseAboveMark();
      finishNow(only, datagram);
      return;
    }
    for (const receiver of this._receivers) {
      if (this._kept.size === 0) break;
      this._receivers.delete(receiver);
      receiver._finish(this._take());
    }
    this._pauseAboveMark();
  }

  private _pauseAboveMark(): void {
    if (this._paused || this._keptBytes <= HIGH_BYTES) return;
    this._paused = true;
    this._datagrams.readDatagrams(this._slot, this._word, false);
  }

  private _take(): Datagram {
    const datagram = this._kept.shift() as Datagram;
    this._keptBytes -= Datagram._sizeOf(datagram) + OVERHEAD_BYTES;
    if (this._paused && this._keptBytes <= LOW_BYTES) {
      this._paused = false;
      this._datagrams.readDatagrams(this._slot, this._word, true);
    }
    return datagram;
  }

  // Of a datagram that was sent earlier, and cannot be told which.
  private _noticed(errno: number): void {
    const error = this._errorFor(errno, 'send', this._remote);
    if (this._remote === null) {
      this._writeFailed(errno, null);
      return;
    }
    if (this._tell(error)) return;
    const [receiver] = this._receivers;
    if (receiver === undefined) {
      this._notice ??= error;
      return;
    }
    this._receivers.delete(receiver);
    receiver._fail(error);
  }

  private _end(error: Error | null): void {
    if (this._ended) return;
    this._ended = true;
    this._readError = error;
    this._dismiss();
  }

  // Nothing more will come to those who wait.
  private _dismiss(): void {
    for (const receiver of [...this._receivers]) {
      if (receiver.done()) continue;
      this._receivers.delete(receiver);
      if (receiver._endsInNull && this._readError === null) receiver._finish(null);
      else receiver._fail(this._readError ?? closedError());
    }
  }

  /** @internal */
  _receive(endsInNull: boolean): Future<Datagram | null> {
    cancelCheck();
    if (this._kept.size > 0) return atOnce<Datagram | null>(this._sockets, whole(this._take()));
    if (this._closing || this._ended || this._notice !== null) return this._afterLast(endsInNull);
    const receiver = new Receiver(this, endsInNull);
    this._receivers.add(receiver);
    return receiver;
  }

  private _afterLast(endsInNull: boolean): Future<Datagram | null> {
    const error = this._notice ?? this._readError;
    this._notice = null;
    if (error !== null) return failedAtOnce(this._sockets, error);
    if (endsInNull) return atOnce<Datagram | null>(this._sockets, null);
    throw closedError();
  }

  /** @internal What was received and nobody took goes, and those who wait are told. */
  _stopReceiving(): void {
    for (let datagram = this._kept.shift(); datagram !== undefined; datagram = this._kept.shift()) {
      for (const descriptor of datagram.descriptors) closeSync(descriptor);
    }
    this._keptBytes = 0;
    this._notice = null;
    this._dismiss();
  }

  /** Closes behind what was written. */
  abstract close(): unknown;
  /** Closes at once. */
  abstract abort(): void;

  /** @internal It closes with the run of the task that opens it. */
  _belong(): this {
    this._siblings = belongToRun(this._sockets.loop, this);
    return this;
  }

  /** @internal */
  _closeWithRun(): void {
    closeLeftOpen(this._sockets.loop, this, 'socket');
  }

  /** @internal The descriptor is closed. */
  _release(): void {
    if (this._released) return;
    this._released = true;
    this._siblings?.delete(this);
    this._sockets.loop._release(this._slot);
  }

  /** @internal */
  _errorFor(errno: number, syscall: string, peer: SocketAddress | null): Error {
    if (peer === null) return socketError(errno, syscall, {});
    const port = peer.family === 'unix' ? undefined : peer.port;
    return socketError(errno, syscall, { address: peer.address, port });
  }
}

// On Node before 24 who gives the memory of one datagram away gives that of its neighbours away.
function whole(datagram: Datagram): Datagram {
  if (datagram.data.length === Datagram._sizeOf(datagram)) return datagram;
  throw new InvalidStateError('receive: this datagram was given away with the memory of another one; give copies away');
}

/** @internal */
export function closedError(): ClosedResourceError {
  return new ClosedResourceError('the socket was closed');
}

/** @internal An operation that had failed before it began; unlike other failures it is not reported if nobody looks. */
export function failedAtOnce<T>(sockets: Sockets, error: Error): Future<T> {
  const future = new Future<T>(sockets.loop, State.failed);
  future._value = error;
  return future;
}
