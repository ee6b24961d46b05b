// The callbacks' way to a connection: bytes go to a protocol as they come, without a task or a copy. For servers that
// count nanoseconds, and for parsers that are state machines anyway; `ByteStream` is easier to write for.
// Invariant: the protocol hears of the connection once, of bytes and the end after that and in order, and of the loss last.

import { asError } from '../base/errors.js';
import { TransportEvent } from '../engine/abi.js';
import { Control } from '../engine/transports.js';
import type { Context } from '../kernel/context.js';
import { current } from '../kernel/current.js';
import type { SocketAddress } from './addresses.js';
import { toWriteLimits, toWritten, type Writable, type WriteLimitOptions } from './bytes.js';
import { StreamFlag } from './receiving.js';
import { showAs } from './showing.js';
import type { Sockets } from './sockets.js';
import { StreamBuffer } from './stream_buffer.js';
import { partsOfStream, StreamCore } from './stream_core.js';

/**
 * What happens to one connection. Every method may be left out but `dataReceived`. None of them is a coroutine: one that
 * throws is reported to the loop's exception handler, and its connection is closed.
 *
 * Source: asyncio.Protocol.
 */
export interface Protocol {
  /** The connection stands. Called once, before anything else. */
  connectionMade?(transport: Transport): void;
  /** Bytes have come. They are the loop's own memory: copy what is wanted after the call. */
  dataReceived(data: Buffer): void;
  /** The peer sends no more. Return true to go on sending; otherwise the transport closes. */
  eofReceived?(): boolean | void;
  /** The connection is over, with the error that ended it. Called once, after everything else. */
  connectionLost?(error: Error | null): void;
  /** More than the high mark waits to be sent: stop writing for now. */
  pauseWriting?(): void;
  /** No more than the low mark waits any more. */
  resumeWriting?(): void;
}

// What has come after the kept bytes: nothing yet, the end, or the error.
type Ending = Error | 'end' | null;

const NOT_WRITABLE = StreamFlag.closed | StreamFlag.sendFailed;

/**
 * One connection of a protocol; `createConnection` and `createServer` make them.
 *
 * Source: asyncio.Transport.
 */
export class Transport extends StreamCore {
  private declare _ownProtocol: Protocol | null;
  private declare readonly _context: Context | null;
  private declare _lostBy: Error | null;
  // Ended by the world, so that nobody need know it before it writes.
  private declare _isOver: boolean;
  private declare _ending: Ending;
  private declare _isReadingPaused: boolean;
  // Bytes are kept instead of told: while reading is paused, and before the protocol knows of the connection.
  private declare _isHolding: boolean;
  private declare _isWritingPaused: boolean;

  /** @internal */
  constructor(sockets: Sockets, slot: number, context: Context | null) {
    super(sockets, slot);
    this._ownProtocol = null;
    this._context = context;
    this._lostBy = null;
    this._isOver = false;
    this._ending = null;
    this._isReadingPaused = false;
    this._isHolding = true;
    this._isWritingPaused = false;
  }

  /** @internal Gives the connection to its protocol. */
  _begin(protocol: Protocol): void {
    this._ownProtocol = protocol;
    this._tell('connectionMade', this);
    if (!this._isReadingPaused) this._tellKept();
  }

  /** Who is told. Another one may take over in the middle of a connection; it is not told of the connection again. */
  get protocol(): Protocol {
    return this._ownProtocol as Protocol;
  }
  set protocol(protocol: Protocol) {
    this._ownProtocol = protocol;
  }

  /** @internal */
  override _deliver(a: number, b: number): void {
    if (a >= 0) this._arrived(a, b);
    else if (a === TransportEvent.end) this._arrivedEnd('end');
    else if (a === TransportEvent.failed) this._arrivedEnd(this._errorFor(b, 'read'));
    else if (a === TransportEvent.closed) this._released();
    else this._sendingHappened(a, b);
  }

  private _arrived(offset: number, length: number): void {
    if ((this._flags & StreamFlag.closed) !== 0) return;
    const { slab } = this._sockets;
    if (this._isHolding) (this._unread ??= new StreamBuffer()).append(slab, offset, offset + length);
    else this._tellData(slab.subarray(offset, offset + length));
  }

  private _arrivedEnd(ending: Error | 'end'): void {
    if ((this._flags & (StreamFlag.closed | StreamFlag.ended)) !== 0) return;
    this._flags |= StreamFlag.ended;
    // A failure is told at once where nothing that came before it waits to be told.
    const waits = ending === 'end' || this._unread !== null || this._ownProtocol === null;
    if (this._isHolding && waits) this._ending = ending;
    else this._endReached(ending);
  }

  private _endReached(ending: Error | 'end'): void {
    if (ending !== 'end') this._lose(ending);
    else if ((this._flags & StreamFlag.sendFailed) !== 0) this._lose(this._sendError);
    else if (this._tell('eofReceived', undefined) !== true) this._endByPeer();
  }

  private _endByPeer(): void {
    if ((this._flags & StreamFlag.closed) !== 0) return;
    this._isOver = true;
    this._shut(false);
  }

  private _tellKept(): void {
    if (this._isReadingPaused || (this._flags & StreamFlag.closed) !== 0) return;
    this._isHolding = false;
    const unread = this._unread;
    this._unread = null;
    if (unread !== null) this._tellData(unread.take(unread.length));
    const ending = this._ending;
    if (ending === null || this._isHolding || (this._flags & StreamFlag.closed) !== 0) return;
    this._ending = null;
    this._endReached(ending);
  }

  // As `_tell`, for the hot path: a call of its own keeps the protocol's method known to the compiler.
  private _tellData(data: Buffer): void {
    const protocol = this._ownProtocol as Protocol;
    const { task, context: outer } = current;
    const context = this._context;
    current.task = null;
    current.context = context;
    try {
      if (context === null || context._resource === null) protocol.dataReceived(data);
      else context._resource.runInAsyncScope(() => protocol.dataReceived(data));
    } catch (exception) {
      this._failBy(exception, 'dataReceived');
    } finally {
      current.task = task;
      current.context = outer;
    }
  }

  private _tell(method: keyof Protocol, argument: unknown): unknown {
    const protocol = this._ownProtocol as unknown as Record<string, ((argument: unknown) => unknown) | undefined>;
    if (protocol[method] === undefined) return undefined;
    const { task, context: outer } = current;
    const context = this._context;
    current.task = null;
    current.context = context;
    try {
      if (context === null || context._resource === null) return protocol[method](argument);
      return context._resource.runInAsyncScope(protocol[method], protocol, argument);
    } catch (exception) {
      this._failBy(exception, method);
      return undefined;
    } finally {
      current.task = task;
      current.context = outer;
    }
  }

  private _failBy(exception: unknown, method: string): void {
    this._sockets.loop.callExceptionHandler({
      message: `${method} of a protocol threw, so its connection is closed`,
      exception,
      transport: this,
      protocol: this._ownProtocol,
    });
    if (method !== 'connectionLost') this._lose(asError(exception));
  }

  private _lose(error: Error | null): void {
    if ((this._flags & StreamFlag.released) !== 0) return;
    this._lostBy ??= error;
    this._isOver = true;
    this._shut(true);
  }

  private get _sendError(): Error | null {
    return this._rare?.sendError ?? null;
  }

  // What the peer sent before it went is still told; but nobody would tell the end to one that does not read.
  /** @internal */
  override _failSending(errno: number): void {
    super._failSending(errno);
    const isClosing = (this._flags & StreamFlag.closed) !== 0;
    if (isClosing) this._lostBy ??= this._sendError;
    else if (this._isReadingPaused || (this._flags & StreamFlag.ended) !== 0) this._lose(this._sendError);
  }

  /** @internal */
  override _breakBy(error: Error): void {
    this._lose(error);
  }

  /** @internal */
  override _released(): void {
    if (this._isReleased) return;
    super._released();
    if (this._ownProtocol?.connectionLost === undefined) return;
    const { loop } = this._sockets;
    loop._callSoonIn(null, () => this._tell('connectionLost', this._lostBy), []);
  }

  /**
   * Writes without waiting: everything that is written in a turn leaves together at its end. Up to 8 KiB are copied, and so
   * is what `dataReceived` was given; leave other memory as it is until `resumeWriting`, or until `pendingBytes` is 0.
   * After the connection was lost it does nothing.
   *
   * Throws: ClosedResourceError after `close`, `abort` or `sendEof`; ArgumentTypeError; InvalidStateError for memory that
   *   was transferred away. Checkpoint: no.
   */
  write(data: Writable): void {
    const bytes = toWritten(data, 'write');
    if (this._isOver || (this._flags & StreamFlag.sendFailed) !== 0) return;
    this._write(bytes);
    if (!this._isWritingPaused && (this._flags & StreamFlag.sendFailed) === 0) this._lookAtMarks();
  }

  private _lookAtMarks(): void {
    const room = this._room();
    if (room.done()) return;
    this._isWritingPaused = true;
    room._addWaiter({ _wake: () => this._roomCame(), _looks: true });
    this._tell('pauseWriting', undefined);
  }

  private _roomCame(): void {
    const { loop } = this._sockets;
    loop._callSoonIn(null, () => this._resumeWriting(), []);
  }

  private _resumeWriting(): void {
    if ((this._flags & NOT_WRITABLE) !== 0) return;
    this._isWritingPaused = false;
    this._tell('resumeWriting', undefined);
  }

  /** Ends the sending side behind everything that was written. Throws: ClosedResourceError after `close`. */
  sendEof(): void {
    if (!this._isOver) this._endSending();
  }

  /** Stops reading at once, sends what was written, and closes. The protocol is told when that has happened. */
  close(): void {
    this._shut(false);
  }

  /** Closes at once: what waits to be sent is dropped, and the peer sees a reset. */
  abort(): void {
    this._shut(true);
  }

  /** Whether it was closed, by whomever. */
  get closed(): boolean {
    return this._isClosed;
  }

  /** Whether the protocol is told of bytes: not paused, and the peer has not ended. */
  get reading(): boolean {
    return !this._isReadingPaused && (this._flags & (StreamFlag.closed | StreamFlag.ended)) === 0;
  }

  /** No `dataReceived` until `resumeReading`: the peer slows down once the kernel's memory is full. */
  pauseReading(): void {
    if (this._isReadingPaused || (this._flags & StreamFlag.closed) !== 0) return;
    this._isReadingPaused = this._isHolding = true;
    if ((this._flags & StreamFlag.ended) === 0) this._control(Control.pause);
    if ((this._flags & StreamFlag.sendFailed) !== 0) this._lose(this._sendError);
  }

  /** Goes on. What came before the pause is told in the next tick. */
  resumeReading(): void {
    if (!this._isReadingPaused || (this._flags & StreamFlag.closed) !== 0) return;
    this._isReadingPaused = false;
    if ((this._flags & StreamFlag.ended) === 0) this._control(Control.resume);
    this._sockets.loop._callSoonIn(null, () => this._tellKept(), []);
  }

  private _control(what: Control): void {
    this._sockets.transports.control(this._slot, this._word, what);
  }

  /** Bytes written that the kernel has not taken yet. */
  get pendingBytes(): number {
    return this._pendingBytes;
  }

  /**
   * Sets the marks of `pauseWriting` and `resumeWriting`; 64 KiB and 16 KiB at first. One alone puts the other at a
   * quarter, or at four times. If more waits than the new high mark, writing pauses now.
   *
   * Throws: ArgumentRangeError if `low` is above `high`.
   */
  setWriteLimits(options: WriteLimitOptions): void {
    this._ownRare().limits = toWriteLimits(options);
    if (!this._isWritingPaused && (this._flags & NOT_WRITABLE) === 0) this._lookAtMarks();
  }

  /** Where this end is; null if it was not asked while the connection was there. */
  get localAddress(): SocketAddress | null {
    return this._address('local');
  }
  /** Where the peer is; null if that was not known while the connection was there. */
  get remoteAddress(): SocketAddress | null {
    return this._address('remote');
  }
}

showAs(Transport, 'Transport', partsOfStream);
