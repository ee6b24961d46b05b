// The receiving half of a stream, and what both halves share: the sink of its transport's records.
// Invariant: `_unread` is null rather than empty. While a reader waits it gets what comes at once; otherwise bytes are
// kept, and above the high mark reading pauses, so that the peer slows down.

import { constants } from 'node:os';
import { BusyResourceError, ClosedResourceError, socketError } from '../base/errors.js';
import { TransportEvent } from '../engine/abi.js';
import { Control } from '../engine/transports.js';
import { cancelCheck } from '../kernel/cancel_check.js';
import { finishNow } from '../kernel/finish_now.js';
import { Future, State } from '../kernel/future.js';
import { parseAddress, type SocketAddress } from './addresses.js';
import { ChunkReader, IntoReader, type Reader } from './readers.js';
import type { SharedWait } from './sending.js';
import type { Sockets } from './sockets.js';
import { StreamBuffer } from './stream_buffer.js';

/** Bytes that a stream keeps unread before it pauses, and down to which they must fall before it goes on. */
const READ_HIGH_BYTES = 128 * 1024;
const READ_LOW_BYTES = 64 * 1024;

export const enum StreamFlag {
  /** `close` or `abort` was called. */
  closed = 1,
  /** The transport is gone, and the slot with it. */
  released = 2,
  /** The peer has ended, or nothing more can be received. */
  ended = 4,
  paused = 8,
  /** The transport announces, and the stream receives by itself. */
  announcing = 16,
  /** `sendEof` was called. */
  sendEnded = 32,
  sendFailed = 64,
}

/** What few streams ever need. */
export interface RareState {
  readError: Error | null;
  sendError: Error | null;
  local: SocketAddress | null;
  remote: SocketAddress | null;
  /** Those who wait until it is closed. */
  closing: Set<SharedWait> | null;
  limits: { readonly high: number; readonly low: number } | null;
}

export abstract class Receiving {
  /** @internal */ declare readonly _sockets: Sockets;
  /** @internal */ declare readonly _slot: number;
  /** @internal */ declare readonly _word: number;
  /** @internal */ declare _flags: number;
  /** @internal */ declare _unread: StreamBuffer | null;
  /** @internal */ declare _reader: Reader<unknown> | null;
  /** @internal */ declare _rare: RareState | null;

  /** @internal */
  constructor(sockets: Sockets, slot: number) {
    this._sockets = sockets;
    this._slot = slot < 0 ? sockets.enter(this) : slot;
    this._word = sockets.word(this._slot);
    this._flags = 0;
    this._unread = null;
    this._reader = null;
    this._rare = null;
  }

  /** @internal A record of the transport. */
  _deliver(a: number, b: number): void {
    if (a >= 0) this._received(a, b);
    else if (a === TransportEvent.end) this._end(null);
    else if (a === TransportEvent.failed) this._end(this._errorFor(b, 'read'));
    else if (a === TransportEvent.readable) this._receiveAnnounced();
    else if (a === TransportEvent.closed) this._released();
    else this._sendingHappened(a, b);
  }

  /** @internal What concerns the sending half. */
  abstract _sendingHappened(event: TransportEvent, value: number): void;
  /** @internal The descriptor is closed. */
  abstract _released(): void;

  private _received(offset: number, length: number): void {
    const reader = this._reader;
    const { slab } = this._sockets;
    if (reader instanceof ChunkReader && length <= reader._max) {
      const chunk = Buffer.allocUnsafe(length);
      slab.copy(chunk, 0, offset, offset + length);
      this._reader = null;
      finishNow(reader, chunk);
      return;
    }
    if ((this._flags & StreamFlag.closed) !== 0) return;
    this._keep(slab, offset, offset + length);
  }

  private _keep(source: Uint8Array, from: number, end: number): void {
    this._unread ??= new StreamBuffer();
    this._unread.append(source, from, end);
    this._offer();
    if (this._reader === null && (this._unread?.length ?? 0) > READ_HIGH_BYTES) this._pause();
  }

  // Only while somebody waits does the stream announce: it is asked each turn until it has received.
  private _receiveAnnounced(): void {
    const reader = this._reader;
    if (reader instanceof IntoReader) reader._attempt();
    else this._stopAnnouncing();
    if (reader !== null && reader.done()) this._reader = null;
  }

  private _stopAnnouncing(): void {
    this._flags &= ~StreamFlag.announcing;
    this._sockets.transports.control(this._slot, this._word, Control.deliver);
  }

  /** @internal Something has come: the reader looks whether it is enough. */
  _offer(): void {
    const reader = this._reader;
    if (reader === null) return;
    reader._attempt();
    if (reader.done()) this._reader = null;
  }

  private _end(error: Error | null): void {
    if ((this._flags & StreamFlag.ended) !== 0) return;
    this._flags |= StreamFlag.ended;
    if (error !== null) this._ownRare().readError = error;
    this._offer();
  }

  private _pause(): void {
    if ((this._flags & (StreamFlag.paused | StreamFlag.ended)) !== 0) return;
    this._flags |= StreamFlag.paused;
    this._sockets.transports.control(this._slot, this._word, Control.pause);
  }

  private _resume(): void {
    if ((this._flags & (StreamFlag.paused | StreamFlag.closed)) !== StreamFlag.paused) return;
    this._flags &= ~StreamFlag.paused;
    this._sockets.transports.control(this._slot, this._word, Control.resume);
  }

  /** @internal */
  get _hasEnded(): boolean {
    return (this._flags & StreamFlag.ended) !== 0;
  }
  /** @internal */
  get _readError(): Error | null {
    return this._rare?.readError ?? null;
  }

  /** @internal Takes bytes that are there. */
  _take(count: number): Buffer {
    const unread = this._unread;
    if (unread === null) return Buffer.alloc(0);
    const taken = unread.take(count);
    if (unread.length === 0) this._unread = null;
    if (unread.length <= READ_LOW_BYTES) this._resume();
    return taken;
  }

  /** @internal A cancelled reader goes, and everything stays. */
  _leave(reader: Reader<unknown>): void {
    if (this._reader === reader) this._reader = null;
    if ((this._unread?.length ?? 0) > READ_HIGH_BYTES) this._pause();
  }

  /** @internal Lets a reader look at once, and wait if it has to. */
  _park<T>(reader: Reader<T>): Reader<T> {
    reader._attempt();
    if (reader.done()) return reader;
    this._reader = reader;
    // Whoever waits needs more than there is, whatever the marks say.
    this._resume();
    return reader;
  }

  /** @internal The checks before every read. */
  _beforeReading(): void {
    cancelCheck();
    if (this._reader !== null) throw new BusyResourceError('another task is reading this stream; let one task own it');
    if ((this._flags & StreamFlag.closed) === 0) return;
    throw new ClosedResourceError('the stream was closed, so nothing can be read');
  }

  /** @internal Some bytes, at most `max`. */
  _readSome(max: number): Future<Buffer | null> {
    if (this._unread !== null) return atOnce(this._sockets, this._take(max));
    const reader = new ChunkReader(this._sockets.loop, this, max);
    if ((this._flags & StreamFlag.ended) !== 0) {
      reader._attempt();
    } else {
      this._reader = reader;
      if ((this._flags & (StreamFlag.paused | StreamFlag.announcing)) !== 0) this._deliverAgain();
    }
    return reader;
  }

  private _deliverAgain(): void {
    if ((this._flags & StreamFlag.announcing) !== 0) this._stopAnnouncing();
    this._resume();
  }

  /** @internal Bytes in the caller's memory, received into it without a copy if none are there yet. */
  _readInto(into: Uint8Array): Future<number> {
    const { transports, loop } = this._sockets;
    if (this._unread === null && !this._hasEnded && (this._flags & StreamFlag.announcing) === 0) {
      this._flags |= StreamFlag.announcing;
      transports.control(this._slot, this._word, Control.announce);
    }
    return this._park(new IntoReader(loop, this, into, (reader) => this._receiveInto(reader)));
  }

  private _receiveInto(reader: IntoReader): void {
    const { transports } = this._sockets;
    const { into } = reader;
    const count = transports.receive(this._slot, this._word, into, 0, Math.min(into.length, 2 ** 31 - 1));
    if (count > 0) reader._finish(count);
    else if (count === 0) this._endWhile(reader, null);
    else if (count !== EAGAIN) this._endWhile(reader, this._errorFor(-count, 'read'));
  }

  private _endWhile(reader: IntoReader, error: Error | null): void {
    this._flags |= StreamFlag.ended;
    if (error === null) {
      reader._finish(0);
      return;
    }
    this._ownRare().readError = error;
    reader._fail(error);
  }

  /** @internal */
  _ownRare(): RareState {
    return (this._rare ??= { readError: null, sendError: null, local: null, remote: null, closing: null, limits: null });
  }

  /** @internal The system error of this stream for a positive errno. */
  _errorFor(errno: number, syscall: string): Error {
    const remote = this._rare?.remote ?? null;
    if (remote === null) return socketError(-errno, syscall, {});
    const { family, address, port } = remote;
    return socketError(-errno, syscall, { address, port: family === 'unix' ? undefined : port });
  }

  /** @internal Asked while the transport is there; remembered for later. */
  _address(which: 'local' | 'remote'): SocketAddress | null {
    const known = this._rare?.[which] ?? null;
    if (known !== null || (this._flags & StreamFlag.released) !== 0) return known;
    const { transports } = this._sockets;
    const address = parseAddress(transports.address(this._slot, this._word, which === 'remote'));
    if (address !== null) this._ownRare()[which] = address;
    return address;
  }
}

const EAGAIN = -constants.errno.EAGAIN;

/** A wait that was over before it began. */
export function atOnce<T>(sockets: Sockets, value: T): Future<T> {
  const future = new Future<T>(sockets.loop, State.finished);
  future._value = value;
  return future;
}
