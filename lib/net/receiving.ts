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
import type { Opened } from '../kernel/root.js';
import { parseAddress, type SocketAddress } from './addresses.js';
import { ChunkReader, IntoReader, type ReadWait } from './readers.js';
import type { SharedWait } from './sending.js';
import { assertOurs, LEAST_LARGE_BYTES, type Sockets } from './sockets.js';
import { StreamBuffer } from './stream_buffer.js';

/** Bytes that a stream keeps unread before it pauses, and down to which they must fall before it goes on. */
const READ_HIGH_BYTES = 128 * 1024;
const READ_LOW_BYTES = 64 * 1024;

/**
 * Behind a row of chunks of this size the next ones are received straight into memory of the reader's own, which saves
 * copying them out of the slab, until a small one comes. The kernel is offered room for about as much as came last. A row,
 * because many small messages at once look like a large chunk now and then, and are better off in the slab.
 */
const LEAST_BULK_BYTES = 16 * 1024;
const LARGE_IN_A_ROW = 4;
const LARGEST_BULK_BYTES = 128 * 1024;

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
  /** One end of a pipe; the other direction has failed or ended from the beginning. */
  readsOnly = 128,
  writesOnly = 256,
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
  /** How much to receive at once where the stream announces; 0 before it is known. */
  bulkBytes: number;
  largeInARow: number;
  /** What else its run has open. */
  siblings: Set<Opened> | null;
}

export abstract class Receiving {
  /** @internal */ declare readonly _sockets: Sockets;
  /** @internal */ declare readonly _slot: number;
  /** @internal */ declare readonly _word: number;
  /** @internal */ declare _flags: number;
  /** @internal */ declare _unread: StreamBuffer | null;
  /** @internal */ declare _reader: ReadWait | null;
  /** @internal */ declare _rare: RareState | null;

  /** @internal */
  constructor(sockets: Sockets, slot: number) {
    assertOurs(sockets, new.target, 'openConnection, startServer and their relatives do');
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
    if (reader instanceof ChunkReader && length <= reader._max) {
      const chunk = this._sockets.takeFromSlab(offset, length);
      this._reader = null;
      this._noteSize(length);
      finishNow(reader, chunk);
      return;
    }
    if ((this._flags & StreamFlag.closed) !== 0) return;
    this._keep(this._sockets.slab, offset, offset + length);
  }

  /** @internal What came by another way than the slab; the memory is the stream's from here on. */
  _receivedChunk(chunk: Buffer): void {
    const reader = this._reader;
    if (reader instanceof ChunkReader && chunk.length <= reader._max) {
      this._reader = null;
      reader._finish(chunk);
    } else if ((this._flags & StreamFlag.closed) === 0) {
      this._keep(chunk, 0, chunk.length);
    }
  }

  private _noteSize(length: number): void {
    if (length >= LEAST_BULK_BYTES) {
      if (++this._ownRare().largeInARow >= LARGE_IN_A_ROW) this._announceFor(length);
    } else if (this._rare !== null) {
      this._rare.largeInARow = 0;
    }
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
    if (reader instanceof ChunkReader) {
      this._receiveChunk(reader);
    } else if (reader instanceof IntoReader) {
      this._receiveInto(reader);
    } else {
      this._stopAnnouncing();
    }
  }

  private _receiveChunk(reader: ChunkReader): void {
    const rare = this._ownRare();
    const { largeChunks: chunks } = this._sockets;
    const wanted = Math.min(reader._max, Math.max(rare.bulkBytes, LEAST_BULK_BYTES));
    const count = this._receiveNow(chunks.room(wanted), chunks.used, wanted);
    if (count < 0) return;
    this._reader = null;
    if (count < LEAST_LARGE_BYTES) this._stopAnnouncing();
    else if (count * 2 < rare.bulkBytes || count === rare.bulkBytes) this._announceFor(count + 1);
    finishNow(reader, count < LEAST_LARGE_BYTES ? chunks.copy(count) : chunks.take(count));
  }

  private _receiveInto(reader: IntoReader): void {
    if (!reader._hasRoom()) {
      this._reader = null;
      return;
    }
    const count = this._receiveNow(reader.into, 0, reader.into.length);
    if (count < 0) return;
    this._reader = null;
    finishNow(reader, count);
  }

  // Only when the transport has said so: bytes of an earlier record must not be overtaken.
  // Returns: how many bytes; -1 if the reader goes on waiting, or was told of a failure.
  private _receiveNow(into: Uint8Array, from: number, size: number): number {
    const count = this._sockets.transports.receive(this._slot, this._word, into, from, from + size);
    if (count > 0 || count === EAGAIN) return Math.max(count, -1);
    this._end(count === 0 ? null : this._errorFor(-count, 'read'));
    return -1;
  }

  // Makes the next reads receive into memory for about so much.
  private _announceFor(length: number): void {
    let bytes = LEAST_BULK_BYTES;
    while (bytes < length && bytes < LARGEST_BULK_BYTES) bytes *= 2;
    this._ownRare().bulkBytes = Math.min(bytes, LARGEST_BULK_BYTES);
    if ((this._flags & StreamFlag.announcing) !== 0) return;
    this._flags |= StreamFlag.announcing;
    this._sockets.transports.control(this._slot, this._word, Control.announce);
  }

  private _stopAnnouncing(): void {
    if (this._rare !== null) this._rare.largeInARow = 0;
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

  /** @internal Nothing more will come. */
  _end(error: Error | null): void {
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
  _leave(reader: ReadWait): void {
    if (this._reader === reader) this._reader = null;
    if ((this._unread?.length ?? 0) > READ_HIGH_BYTES) this._pause();
  }

  /** @internal Lets a reader look at once, and wait if it has to. */
  _park<R extends ReadWait>(reader: R): R {
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
      if ((this._flags & StreamFlag.paused) !== 0) this._resume();
    }
    return reader;
  }

  /** @internal Bytes in the caller's memory, received into it directly if none are there yet. */
  _readInto(into: Uint8Array): Future<number> {
    const { transports, loop } = this._sockets;
    if (this._unread === null && !this._hasEnded && (this._flags & StreamFlag.announcing) === 0) {
      this._flags |= StreamFlag.announcing;
      transports.control(this._slot, this._word, Control.announce);
    }
    return this._park(new IntoReader(loop, this, into));
  }

  /** @internal */
  _ownRare(): RareState {
    return (this._rare ??= {
      readError: null, sendError: null, local: null, remote: null, closing: null, limits: null,
      bulkBytes: 0, largeInARow: 0, siblings: null,
    });
  }

  /** @internal */
  _setRemote(remote: SocketAddress): void {
    this._ownRare().remote = remote;
  }

  /** @internal The system error of this stream for a positive errno. */
  _errorFor(errno: number, syscall: string): Error {
    const remote = this._address('remote');
    // The client of a UNIX server has no name.
    if (remote === null || remote.address === '') return socketError(-errno, syscall, {});
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
