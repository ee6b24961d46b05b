// The sending half of a stream, and its end. A small write is copied into the loop's outbox and leaves with whatever else
// the stream writes in the turn; a large one is given to the kernel at once. What the kernel does not take waits, in
// order, and `drain` waits with it.
// Invariant: no bytes are in the outbox that were written behind bytes which are held here.

import { ClosedResourceError } from '../base/errors.js';
import { TransportEvent } from '../engine/abi.js';
import { Control } from '../engine/transports.js';
import { cancelCheck } from '../kernel/cancel_check.js';
import { Future, State } from '../kernel/future.js';
import { belongToRun, closeLeftOpen } from './belonging.js';
import { Receiving, StreamFlag } from './receiving.js';
import { DEFAULT_LIMITS, Sending, SharedWait, transferredError, wakeAll, type WriteLimits } from './sending.js';
import { showEnds } from './showing.js';
import type { Sockets } from './sockets.js';

/** Writes above this are not copied into the outbox: a system call of their own costs less than the copy. */
const LARGE_WRITE_BYTES = 8 * 1024;

/** Nobody tells when a kernel without memory for what is sent has some again, so it is asked. */
const STARVED_RETRY_MS = 10;

const NOT_SENDABLE = StreamFlag.closed | StreamFlag.sendEnded | StreamFlag.sendFailed;

export abstract class StreamCore extends Receiving {
  /** @internal */ declare _sending: Sending | null;
  // What was written since the outbox was flushed last, to tell a writer in a hurry before the kernel does.
  private declare _written: number;
  private declare _flushesSeen: number;

  /** @internal */
  constructor(sockets: Sockets, slot: number) {
    super(sockets, slot);
    this._sending = null;
    this._written = 0;
    this._flushesSeen = 0;
  }

  /** @internal */
  _write(bytes: Uint8Array): void {
    if ((this._flags & NOT_SENDABLE) !== 0) throw this._refusal();
    const { outbox, transports } = this._sockets;
    const { length } = bytes;
    if (length === 0) return;
    if (this._sending !== null && this._sending.heldBytes > 0) {
      this._sending.hold(length > LARGE_WRITE_BYTES ? this._lasting(bytes) : Buffer.from(bytes));
      return;
    }
    if (length > LARGE_WRITE_BYTES) {
      this._sendLarge(bytes);
      return;
    }
    if (!outbox.append(this._slot, this._word, bytes)) {
      transports.flush();
      outbox.append(this._slot, this._word, bytes);
    }
    if (outbox.flushes === this._flushesSeen) {
      this._written += length;
    } else {
      this._flushesSeen = outbox.flushes;
      this._written = length;
    }
  }

  private _sendLarge(bytes: Uint8Array): void {
    const sent = this._sendNow(bytes);
    if (sent >= 0 && sent < bytes.length) this._ownSending().hold(this._lasting(bytes.subarray(sent)));
  }

  // A protocol may write what it was just told, and the slab is somebody else's in the next turn.
  private _lasting(bytes: Uint8Array): Uint8Array {
    return bytes.buffer === this._sockets.slab.buffer ? Buffer.from(bytes) : bytes;
  }

  // Returns: how many bytes were taken; -1, the failure noted, if nothing can be sent any more.
  private _sendNow(bytes: Uint8Array): number {
    const sent = this._sockets.transports.send(this._slot, this._word, bytes, 0, bytes.length);
    if (sent >= 0) return sent;
    this._failSending(-sent);
    return -1;
  }

  /** @internal */
  override _sendingHappened(event: TransportEvent, value: number): void {
    if (event === TransportEvent.backlog) this._ownSending().hasBacklog = true;
    else if (event === TransportEvent.drained) this._sendOn(value);
    else if (event === TransportEvent.sendFailed) this._failSending(value);
    else if (event === TransportEvent.starved) this._retryLater();
  }

  private _retryLater(): void {
    const { loop, transports } = this._sockets;
    loop.callLater(STARVED_RETRY_MS, () => transports.control(this._slot, this._word, Control.retrySending));
  }

  // No more than `queued` bytes wait in the engine.
  private _sendOn(queued: number): void {
    const sending = this._sending;
    if (sending === null) return;
    if (queued === 0) {
      sending.hasBacklog = false;
      if (!sending.release((bytes) => this._sendNow(bytes))) this._failByTransfer();
      if (this._sending !== sending) return;
    }
    if (sending.heldBytes > 0) return;
    wakeAll(sending.waits);
    if (sending.isOver) this._sending = null;
    if (!sending.hasBacklog) this._afterSending();
  }

  // Memory that waited was given away, and with it bytes that the peer has yet to get: no end may look complete to it.
  private _failByTransfer(): void {
    const error = transferredError();
    this._failSendingAs(error);
    this._breakBy(error);
  }

  /** @internal Ends the connection because of an error of the caller's. */
  _breakBy(_error: Error): void {
    this._shut(true);
  }

  // What was asked for while bytes were held.
  private _afterSending(): void {
    const { transports } = this._sockets;
    if ((this._flags & StreamFlag.closed) !== 0) this._closeTransport();
    else if ((this._flags & StreamFlag.sendEnded) !== 0) transports.control(this._slot, this._word, Control.endSending);
  }

  /** @internal */
  _failSending(errno: number): void {
    if ((this._flags & StreamFlag.sendFailed) === 0) this._failSendingAs(this._errorFor(errno, 'write'));
  }

  /** @internal Nothing can be sent any more. */
  _failSendingAs(error: Error): void {
    if ((this._flags & StreamFlag.sendFailed) !== 0) return;
    this._flags |= StreamFlag.sendFailed;
    this._ownRare().sendError = error;
    this._sending?.drop(error);
    this._sending = null;
    if ((this._flags & StreamFlag.closed) !== 0) this._closeTransport();
  }

  private _ownSending(): Sending {
    return (this._sending ??= new Sending());
  }

  /** @internal The checks before a write that is awaited: a refusal comes first, then a cancellation. */
  _beforeSending(): void {
    if ((this._flags & NOT_SENDABLE) !== 0) throw this._refusal();
    cancelCheck();
  }

  /** @internal The descriptor is closed. */
  get _isReleased(): boolean {
    return (this._flags & StreamFlag.released) !== 0;
  }

  /** @internal */
  get _isClosed(): boolean {
    return (this._flags & StreamFlag.closed) !== 0;
  }

  /** @internal */
  _drain(): Future<void> {
    cancelCheck();
    const ends = StreamFlag.sendFailed | StreamFlag.closed | StreamFlag.ended;
    return (this._flags & ends) === 0 ? this._room() : this._lateDrain();
  }

  /** @internal Done while no more than the high mark waits; otherwise, once no more than the low mark does. */
  _room(): Future<void> {
    const limits = this._limits;
    return this._isSendingFreely(limits.high) ? this._sockets.done : this._drainSlowly(limits);
  }

  /** @internal Waits until no more than `bytes` wait, and none that the caller owns; others may wake it too early. */
  _whenSent(bytes: number): Future<void> {
    if ((this._flags & (StreamFlag.sendFailed | StreamFlag.closed)) !== 0) return this._failedDrain();
    return this._drainSlowly({ high: bytes, low: bytes });
  }

  /** @internal Whether nothing waits but what was written in this turn, and that is copied and no more than `high`. */
  _isSendingFreely(high: number): boolean {
    return this._sending === null && (this._written <= high || this._flushesSeen !== this._sockets.outbox.flushes);
  }

  private _drainSlowly({ high, low }: WriteLimits): Future<void> {
    const { loop, transports, done } = this._sockets;
    transports.flush();
    const held = this._sending?.heldBytes ?? 0;
    if (held === 0 && transports.queued(this._slot, this._word, -1) <= high) return done;
    const wait = new SharedWait(loop, this._ownSending().waits);
    // With bytes held here, the engine tells by itself when it has room for them.
    if (held === 0) transports.queued(this._slot, this._word, low);
    return wait;
  }

  // The peer has ended, or something has failed: a connection that broke while reading takes no bytes either.
  private _lateDrain(): Future<void> {
    if ((this._flags & (StreamFlag.sendFailed | StreamFlag.closed)) !== 0) return this._failedDrain();
    const error = this._readError;
    return error === null || (this._flags & StreamFlag.writesOnly) !== 0 ? this._room() : this._failedBy(error);
  }

  private _failedDrain(): Future<void> {
    if ((this._flags & StreamFlag.closed) !== 0) throw this._refusal();
    return this._failedBy(this._rare?.sendError);
  }

  private _failedBy(error: unknown): Future<void> {
    const failed = new Future<void>(this._sockets.loop, State.failed);
    failed._value = error;
    return failed;
  }

  /** @internal */
  get _limits(): WriteLimits {
    return this._rare?.limits ?? DEFAULT_LIMITS;
  }

  /** @internal Bytes written that the kernel has not taken. */
  get _pendingBytes(): number {
    const { transports } = this._sockets;
    transports.flush();
    const queued = transports.queued(this._slot, this._word, -1);
    // Its record may still be on its way.
    if (queued > 0) this._ownSending().hasBacklog = true;
    return (this._sending?.heldBytes ?? 0) + queued;
  }

  /** @internal */
  _endSending(): void {
    if ((this._flags & StreamFlag.closed) !== 0) throw this._refusal();
    if ((this._flags & (StreamFlag.sendEnded | StreamFlag.sendFailed)) !== 0) return;
    this._flags |= StreamFlag.sendEnded;
    const held = this._sending?.heldBytes ?? 0;
    if (held === 0) this._sockets.transports.control(this._slot, this._word, Control.endSending);
  }

  private _refusal(): Error {
    if ((this._flags & StreamFlag.closed) !== 0) {
      return new ClosedResourceError('the stream was closed, so nothing can be written');
    }
    if ((this._flags & StreamFlag.sendEnded) !== 0) {
      return new ClosedResourceError('sendEof() has ended the sending side, so nothing can be written');
    }
    return this._rare?.sendError as Error;
  }

  /** @internal Closes once what was written is sent; aborting, at once. */
  _shut(aborts: boolean): void {
    const wasClosed = (this._flags & StreamFlag.closed) !== 0;
    this._flags |= StreamFlag.closed;
    // The writing end of a pipe has gone with its sendEof.
    if ((this._flags & StreamFlag.released) !== 0) return;
    this._unread = null;
    const reader = this._reader;
    this._reader = null;
    reader?._fail(new ClosedResourceError('the stream was closed while it was read'));
    if (aborts) this._abortTransport();
    else if (!wasClosed) this._closeGracefully();
  }

  private _closeGracefully(): void {
    const { transports } = this._sockets;
    if ((this._sending?.heldBytes ?? 0) === 0) this._closeTransport();
    else transports.control(this._slot, this._word, Control.pause);
  }

  private _closeTransport(): void {
    if (this._sockets.transports.close(this._slot, this._word, false)) this._released();
  }

  private _abortTransport(): void {
    this._sending?.drop(new ClosedResourceError('the stream was aborted while something waited to be sent'));
    this._sending = null;
    this._sockets.transports.close(this._slot, this._word, true);
    this._released();
  }

  /** Closes behind what was written. */
  abstract close(): unknown;
  /** Closes at once. */
  abstract abort(): void;

  /** @internal It closes with the run of the task that opens it. */
  _belong(): this {
    this._ownRare().siblings = belongToRun(this._sockets.loop, this);
    return this;
  }

  /** @internal */
  _closeWithRun(): void {
    closeLeftOpen(this._sockets.loop, this, 'stream');
  }

  /** @internal */
  override _released(): void {
    if ((this._flags & StreamFlag.released) !== 0) return;
    this._flags |= StreamFlag.released;
    this._sockets.loop._release(this._slot);
    this._rare?.siblings?.delete(this);
    this._sending?.drop(new ClosedResourceError('the stream was closed'));
    this._sending = null;
    const closing = this._rare?.closing ?? null;
    if (closing !== null) wakeAll(closing);
  }

  /** @internal Done once the descriptor is closed. */
  _whenClosed(): Future<void> {
    if ((this._flags & StreamFlag.released) !== 0) return this._sockets.done;
    return new SharedWait(this._sockets.loop, (this._ownRare().closing ??= new Set()));
  }
}

/** @internal For `showAs`. Who reads and what waits to be sent is what one looks for in a connection that hangs. */
export function partsOfStream(stream: StreamCore): string[] {
  const state = stream._isReleased ? 'closed' : stream._isClosed ? 'closing' : 'open';
  const parts = [...showEnds(stream._address('local'), stream._address('remote')), state];
  if (stream._reader !== null) parts.push('a task reads');
  if (!stream._isReleased && stream._pendingBytes > 0) parts.push(`${stream._pendingBytes} bytes to send`);
  return parts;
}
