// The sending half of a socket of datagrams or packets, and its end. `send` asks the kernel at once and so can say what
// became of its datagram; `write` leaves it in the loop's outbox, from where all that were written in a turn go together.
// What finds no room waits in order: a sent one here, as the caller's own memory; a written one in the engine.

import { constants } from 'node:os';
import { ArgumentRangeError, ArgumentTypeError } from '../base/errors.js';
import { TransportEvent } from '../engine/abi.js';
import { cancelCheck } from '../kernel/cancel_check.js';
import { Future } from '../kernel/future.js';
import type { TimerHandle } from '../kernel/handle.js';
import { closedError, DatagramReceiving, failedAtOnce } from './datagram_receiving.js';
import type { Peer } from './peers.js';
import { SharedWait, transferredError, wakeAll } from './sending.js';
import type { Sockets } from './sockets.js';

const EAGAIN = -constants.errno.EAGAIN;
const EMSGSIZE = -constants.errno.EMSGSIZE;

/** Bytes written and not taken by the kernel above which `drain` waits, and down to which it does. */
const HIGH_BYTES = 64 * 1024;
const LOW_BYTES = 16 * 1024;

/** No UDP datagram is longer, whatever the family. */
const UDP_BYTES = 65527;

// Nobody tells when a UNIX receiver has room again, so it is asked; less and less often.
const FIRST_RETRY_MS = 1;
const LONGEST_RETRY_MS = 50;

/** A datagram that waits for room. */
class PendingSend extends Future<void> {
  declare readonly _socket: DatagramSending;
  declare readonly _bytes: Uint8Array;
  // It is its writer's memory, who may transfer it meanwhile.
  declare readonly _length: number;
  // Nobody waits for it, and closing does not take it back.
  declare _isWritten: boolean;
  declare readonly _peer: Peer | null;
  declare readonly _descriptors: Int32Array | null;

  constructor(
    socket: DatagramSending, bytes: Uint8Array, peer: Peer | null, descriptors: Int32Array | null, isWritten: boolean,
  ) {
    super(socket._sockets.loop);
    this._socket = socket;
    this._bytes = bytes;
    this._length = bytes.length;
    this._isWritten = isWritten;
    this._peer = peer;
    this._descriptors = descriptors;
  }

  override _undo(): void {
    this._socket._pending.delete(this);
  }
}

export abstract class DatagramSending extends DatagramReceiving {
  /** @internal */ declare readonly _pending: Set<PendingSend>;
  /** @internal */ declare readonly _isUnix: boolean;
  private declare readonly _onError: ((error: Error) => void) | null;
  private declare readonly _drains: Set<SharedWait>;
  private declare readonly _closings: Set<SharedWait>;
  private declare _hasBacklog: boolean;
  private declare _written: number;
  private declare _flushesSeen: number;
  private declare _writeError: Error | null;
  private declare _retryMs: number;
  private declare _retry: TimerHandle | null;

  /** @internal */
  constructor(sockets: Sockets, isUnix: boolean, mapsIpv4: boolean, onError: ((error: Error) => void) | null) {
    super(sockets, mapsIpv4);
    this._pending = new Set();
    this._isUnix = isUnix;
    this._onError = onError;
    this._drains = new Set();
    this._closings = new Set();
    this._hasBacklog = false;
    this._written = this._flushesSeen = 0;
    this._writeError = null;
    this._retryMs = FIRST_RETRY_MS;
    this._retry = null;
  }

  /** @internal Where to: null for the peer that the socket is connected to. Throws: ArgumentRangeError for another. */
  _route(peer: Peer | null, call: string): Peer | null {
    const remote = this._remote;
    if (remote === null) {
      if (peer !== null) return peer;
      throw new ArgumentTypeError(`${call}: the socket is not connected, so say where to: {host, port} or {path}`);
    }
    if (peer === null || peer === remote) return null;
    if (peer.words.length === remote.words.length && peer.words.every((word, i) => word === remote.words[i])) return null;
    throw new ArgumentRangeError(
      `${call}: the socket is connected to ${remote.address}:${remote.port}, so it cannot send to ` +
        `${peer.address}:${peer.port}; use another socket`,
    );
  }

  /** @internal After the checks. */
  _send(bytes: Uint8Array, peer: Peer | null, descriptors: Int32Array | null): Future<void> {
    if (this._pending.size > 0 && this._waitsBehind(peer)) return this._park(bytes, peer, descriptors);
    const result = this._datagrams.sendDatagram(this._slot, this._word, bytes, peer?.packed ?? null, descriptors);
    if (result === 0) return this._sockets.done;
    if (result === EAGAIN) return this._park(bytes, peer, descriptors);
    return failedAtOnce(this._sockets, this._errorFor(result, 'send', peer ?? this._remote));
  }

  // A UNIX receiver that is full keeps only those waiting who send to it.
  private _waitsBehind(peer: Peer | null): boolean {
    if (!this._isUnix || peer === null) return true;
    for (const pending of this._pending) if (pending._peer?.address === peer.address) return true;
    return false;
  }

  private _park(
    bytes: Uint8Array, peer: Peer | null, descriptors: Int32Array | null, isWritten = false,
  ): PendingSend {
    const pending = new PendingSend(this, bytes, peer, descriptors, isWritten);
    this._pending.add(pending);
    if (this._isUnix && peer !== null) this._retryLater();
    return pending;
  }

  private _retryLater(): void {
    this._retry ??= this._sockets.loop.callLater(this._retryMs, () => {
      this._retry = null;
      this._retryMs = Math.min(2 * this._retryMs, LONGEST_RETRY_MS);
      this._sendPending();
    });
  }

  private _sendPending(): void {
    this._sendWaiting();
    if (this._closing) {
      if (this._pending.size === 0) this._closeTransport(false);
      return;
    }
    if (this._isUnix && this._drains.size > 0 && this._pendingBytes <= LOW_BYTES) wakeAll(this._drains);
  }

  private _sendWaiting(): void {
    const full = new Set<string>();
    for (const pending of [...this._pending]) {
      // What became of an earlier one may have cancelled it.
      if (pending.done()) continue;
      const { _peer: peer, _bytes: bytes, _descriptors: descriptors } = pending;
      if (bytes.length !== pending._length) {
        this._pending.delete(pending);
        pending._fail(transferredError());
        continue;
      }
      if (full.has(peer?.address ?? '')) continue;
      const result = this._datagrams.sendDatagram(this._slot, this._word, bytes, peer?.packed ?? null, descriptors);
      if (result === EAGAIN) {
        if (!this._isUnix || peer === null) return;
        full.add(peer.address);
        continue;
      }
      this._retryMs = FIRST_RETRY_MS;
      this._pending.delete(pending);
      if (result === 0) pending._finish(undefined);
      else pending._fail(this._errorFor(result, 'send', peer ?? this._remote));
    }
    if (full.size > 0) this._retryLater();
  }

  /** @internal After the checks. Throws: a system error for a datagram that is too long. */
  _write(bytes: Uint8Array, peer: Peer | null): void {
    if (this._isUnix) {
      this._writeToUnix(bytes, peer);
      return;
    }
    if (bytes.length > UDP_BYTES) throw this._errorFor(EMSGSIZE, 'send', peer ?? this._remote);
    const { outbox, transports } = this._sockets;
    const address = peer?.words ?? NOBODY;
    if (!outbox.appendFrame(this._slot, this._word, address, bytes)) {
      transports.flush();
      outbox.appendFrame(this._slot, this._word, address, bytes);
    }
    if (outbox.flushes === this._flushesSeen) {
      this._written += bytes.length;
    } else {
      this._flushesSeen = outbox.flushes;
      this._written = bytes.length;
    }
  }

  // There is no gain in gathering them, and whether the receiver takes one is known at once.
  private _writeToUnix(bytes: Uint8Array, peer: Peer | null): void {
    const sent = this._send(bytes, peer, null);
    if (sent instanceof PendingSend) {
      this._pending.delete(sent);
      const copy = this._park(Buffer.from(bytes), peer, null, true);
      copy.addDoneCallback(() => {
        const error = copy.cancelled() ? null : copy.exception();
        if (error !== null) this._failWrite(error);
      });
    } else if (sent !== this._sockets.done) {
      this._failWrite(sent._value as Error);
    }
  }

  /** @internal */
  override _writeFailed(errno: number, peer: Peer | null): void {
    this._failWrite(this._errorFor(errno, 'send', peer));
  }

  private _failWrite(error: Error): void {
    if (!this._tell(error)) this._writeError ??= error;
  }

  /** @internal */
  override _tell(error: Error): boolean {
    if (this._onError === null) return false;
    this._sockets.loop.callSoon(this._onError, error);
    return true;
  }

  /** @internal */
  override _sendingHappened(event: TransportEvent, value: number): void {
    if (event === TransportEvent.backlog) {
      this._hasBacklog = true;
    } else if (event === TransportEvent.drained) {
      if (value === 0) {
        this._hasBacklog = false;
        this._sendPending();
      }
      if (value <= LOW_BYTES && !this._isUnix) wakeAll(this._drains);
    } else if (event === TransportEvent.sendFailed) {
      this._sendingBroke(this._errorFor(-value, 'send', this._remote));
    }
  }

  // The transport tells nobody of room any more, and what waited in it is lost. What goes to other UNIX receivers is tried
  // again by the clock.
  private _sendingBroke(error: Error): void {
    if (this._hasBacklog) this._failWrite(error);
    this._hasBacklog = false;
    for (const pending of [...this._pending]) {
      if (pending.done() || (this._isUnix && pending._peer !== null)) continue;
      this._pending.delete(pending);
      pending._fail(error);
    }
    if (this._pendingBytes <= LOW_BYTES) wakeAll(this._drains);
    if (this._closing && this._pending.size === 0) this._closeTransport(false);
  }

  /** @internal */
  _drain(): Future<void> {
    cancelCheck();
    const { outbox, transports, done, loop } = this._sockets;
    if (this._closing) throw closedError();
    if (this._isUnix) return this._drainToUnix();
    // What was written in this turn has no errors yet, and shall have them before the wait is over.
    if (this._written > HIGH_BYTES && outbox.flushes === this._flushesSeen) transports.flush();
    const error = this._writeError;
    if (error !== null) {
      this._writeError = null;
      return failedAtOnce(this._sockets, error);
    }
    const isFull = this._hasBacklog || (this._written > HIGH_BYTES && outbox.flushes !== this._flushesSeen);
    if (!isFull || this._datagrams.queuedDatagrams(this._slot, this._word, -1) <= HIGH_BYTES) return done;
    const wait = new SharedWait(loop, this._drains);
    this._datagrams.queuedDatagrams(this._slot, this._word, LOW_BYTES);
    return wait;
  }

  private _drainToUnix(): Future<void> {
    const error = this._writeError;
    if (error !== null) {
      this._writeError = null;
      return failedAtOnce(this._sockets, error);
    }
    if (this._pendingBytes <= HIGH_BYTES) return this._sockets.done;
    return new SharedWait(this._sockets.loop, this._drains);
  }

  /** @internal What waits in the engine, and here for a UNIX receiver. */
  get _pendingBytes(): number {
    let bytes = this._datagrams.queuedDatagrams(this._slot, this._word, -1);
    for (const pending of this._pending) bytes += pending._bytes.length;
    return bytes;
  }

  /** @internal Written datagrams are sent first, unless it aborts. */
  _shut(aborts: boolean): void {
    if (this._released || (this._closing && !aborts)) return;
    this._closing = true;
    this._stopReceiving();
    for (const pending of [...this._pending]) {
      if (pending.done() || (pending._isWritten && !aborts)) continue;
      this._pending.delete(pending);
      pending._fail(closedError());
    }
    wakeAll(this._drains);
    if (this._pending.size === 0) this._closeTransport(aborts);
    // What comes has nobody to go to.
    else this._datagrams.readDatagrams(this._slot, this._word, false);
  }

  private _closeTransport(aborts: boolean): void {
    this._retry?.cancel();
    if (this._sockets.transports.close(this._slot, this._word, aborts)) this._release();
  }

  /** @internal */
  override _release(): void {
    super._release();
    wakeAll(this._closings);
  }

  /** @internal Done once the descriptor is closed. */
  _whenClosed(): Future<void> {
    return this._released ? this._sockets.done : new SharedWait(this._sockets.loop, this._closings);
  }
}

const NOBODY = new Int32Array(1);
