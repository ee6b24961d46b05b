// ByteStream: a connected stream of bytes, as tasks use it. What each operation checks is here; how bytes move is below,
// in stream_core.ts and receiving.ts.

import { Duplex } from 'node:stream';
import type { ReadableStream, WritableStream } from 'node:stream/web';
import { ArgumentRangeError, BusyResourceError, ClosedResourceError } from '../base/errors.js';
import { assertOptions } from '../kernel/arguments.js';
import type { Future } from '../kernel/future.js';
import { getRunningLoop } from '../kernel/running.js';
import { assertDescriptor } from '../kernel/watch_table.js';
import type { SocketAddress } from './addresses.js';
import { adoptStream } from './adopting.js';
import {
  ANY_NUMBER, assertByteCount, toBytes, toWriteLimits, toWritten, type Writable, type WriteLimitOptions,
} from './bytes.js';
import { assertDuplex, DuplexTransport } from './duplex_transport.js';
import { credentialsOf, type PeerCredentials } from './passing.js';
import { AllReader, ExactReader, LineReader, UntilReader } from './readers.js';
import { atOnce } from './receiving.js';
import { assertNodeRuns } from './run_guard.js';
import { SocketDuplex, type ToDuplexOptions } from './socket_duplex.js';
import { showAs } from './showing.js';
import { socketsOf } from './sockets.js';
import { partsOfStream, StreamCore } from './stream_core.js';
import { untilNull } from './until_null.js';
import { toWebStreams, type WebStreams } from './web_streams.js';

/** One separator, or several of which the one that ends first counts. */
export type Separator = string | Uint8Array | readonly (string | Uint8Array)[];

/** How far to look for a separator. */
export interface LimitOptions {
  /** Bytes before the separator; 65,536 by default. */
  readonly limit?: number | undefined;
}

const DEFAULT_LIMIT = 64 * 1024;
const NOTHING = Buffer.alloc(0);

/**
 * A connected stream of bytes, in both directions.
 *
 * `openConnection` makes one, and `startServer` gives one to its handler. One task reads at a time; writing needs no turns.
 * A failure of the connection is a system error (`ECONNRESET`…), and comes after the bytes that came before it.
 * Source: asyncio.StreamReader and StreamWriter, trio.SocketStream.
 */
export class ByteStream extends StreamCore {
  /**
   * Makes a stream of what somebody else opened: a connected socket, an end of a pipe or named pipe, a terminal. It works
   * on a duplicate: the descriptor stays yours to close, and is non-blocking from now on.
   *
   * An end of a pipe has one direction. The other one fails with UnsupportedError; `sendEof` closes a writing end, because
   * a pipe has no other end of its sending side; and writing where nobody reads any more fails with `EPIPE`.
   *
   * Throws: a system error (`EBADF`; `EPROTOTYPE` for other sockets, `EPERM` for files); ArgumentTypeError,
   *   ArgumentRangeError. Checkpoint: no.
   * Source: asyncio's open_connection(sock=…), connect_read_pipe and connect_write_pipe.
   */
  static fromFd(fd: number): ByteStream {
    assertDescriptor(fd, 'fromFd');
    const sockets = socketsOf(getRunningLoop());
    return adoptStream(sockets, new ByteStream(sockets, -1), fd)._belong();
  }

  /**
   * Reads what is there, at most `max` bytes, and waits only if nothing is.
   *
   * Returns: at least one byte; null at the end; an empty buffer for a `max` of 0.
   * Throws: BusyResourceError if another task reads; ClosedResourceError; a system error.
   * Checkpoint: only if nothing is there. Cancel: nothing is taken.
   */
  read(max?: number): Future<Buffer | null> {
    if (max !== undefined) assertByteCount(max, 'read');
    this._beforeReading();
    return max === 0 ? atOnce(this._sockets, NOTHING) : this._readSome(max ?? ANY_NUMBER);
  }

  /**
   * Reads exactly `count` bytes.
   *
   * Throws: IncompleteReadError with what there was, at the end; as `read`.
   * Checkpoint: only if too few are there. Cancel: nothing is taken, also half-way.
   */
  readExactly(count: number): Future<Buffer> {
    assertByteCount(count, 'readExactly');
    this._beforeReading();
    return this._park(new ExactReader(this._sockets.loop, this, count));
  }

  /**
   * Reads up to a separator.
   *
   * Returns: the bytes with the separator.
   * Throws: LimitExceededError if it is not within the limit, and nothing is taken; IncompleteReadError; as `read`.
   * Checkpoint: only if it is not there yet. Cancel: nothing is taken.
   */
  readUntil(separator: Separator, options?: LimitOptions): Future<Buffer> {
    const separators = toSeparators(separator);
    const limit = toLimit(options, 'readUntil');
    this._beforeReading();
    return this._park(new UntilReader(this._sockets.loop, this, separators, limit));
  }

  /**
   * Reads a line.
   *
   * Returns: the line without its end (`\n` or `\r\n`); at the end of the stream what is left, then null.
   * Throws: LimitExceededError, and nothing is taken; as `read`.
   * Checkpoint: only if it is not there yet. Cancel: nothing is taken.
   */
  readLine(options?: LimitOptions): Future<Buffer | null> {
    const limit = toLimit(options, 'readLine');
    this._beforeReading();
    return this._park(new LineReader(this._sockets.loop, this, limit));
  }

  /**
   * Reads into memory of your own; the kernel writes into it directly when nothing has come yet.
   *
   * Returns: how many bytes; 0 at the end, or if there is no room.
   * Throws: as `read`; InvalidStateError for memory that was transferred away, before the call or during the wait.
   * Checkpoint: only if nothing is there. Cancel: nothing is taken.
   */
  readInto(into: ArrayBufferView): Future<number> {
    const view = toBytes(into, 'readInto');
    this._beforeReading();
    return view.length === 0 ? atOnce(this._sockets, 0) : this._readInto(view);
  }

  /**
   * Reads everything up to the end, however much it is.
   *
   * Throws: as `read`. Checkpoint: only before the end has come. Cancel: nothing is taken.
   */
  readAll(): Future<Buffer> {
    this._beforeReading();
    return this._park(new AllReader(this._sockets.loop, this));
  }

  /**
   * Writes without waiting: everything that is written in a turn leaves together at its end. Follow it with `drain`, or use
   * `send`, or a slow peer fills the memory. Up to 8 KiB are copied; leave larger memory as it is until `drain` or `send`
   * is over.
   *
   * Throws: ClosedResourceError after `close` or `sendEof`; the system error with which sending has failed;
   *   InvalidStateError for memory that was transferred away.
   * Checkpoint: no.
   */
  write(data: Writable): void {
    this._write(toWritten(data, 'write'));
  }

  /**
   * Waits until no more than the low mark waits to be sent, if it is more than the high mark now.
   *
   * Throws: ClosedResourceError; the system error with which sending, or reading, has failed.
   * Checkpoint: only above the high mark. Cancel: only the wait ends; everything that was written stays on its way.
   */
  drain(): Future<void> {
    return this._drain();
  }

  /**
   * Writes and drains.
   *
   * Throws, Checkpoint: as `write` and `drain`. Cancel: all of `data` stays on its way; only the wait ends. A task that is
   * cancelled already sends nothing.
   */
  send(data: Writable): Future<void> {
    const bytes = toWritten(data, 'send');
    this._beforeSending();
    this._write(bytes);
    return this._drain();
  }

  /**
   * Ends the sending side behind everything that was written; reading goes on. It need not be awaited.
   *
   * Throws: ClosedResourceError after `close`. Checkpoint: no.
   */
  sendEof(): Future<void> {
    this._endSending();
    return this._sockets.done;
  }

  /**
   * Closes the stream: reading stops at once, and what was written is sent first. It need not be awaited.
   *
   * Checkpoint: only if something waits to be sent. Cancel: the closing goes on.
   */
  close(): Future<void> {
    this._shut(false);
    return this._whenClosed();
  }

  /** Closes at once: what waits to be sent is dropped, and the peer sees a reset. Checkpoint: no. */
  abort(): void {
    this._shut(true);
  }

  /**
   * Waits until the stream is closed, by whomever.
   *
   * Throws: nothing. Checkpoint: only if it is open. Cancel: only the wait ends.
   */
  waitClosed(): Future<void> {
    return this._whenClosed();
  }

  /** Whether `close` or `abort` was called. */
  get closed(): boolean {
    return this._isClosed;
  }

  /** Bytes written that the kernel has not taken yet. */
  get pendingBytes(): number {
    return this._pendingBytes;
  }

  /**
   * Sets the marks of `drain`; 64 KiB and 16 KiB at first. One alone puts the other at a quarter, or at four times.
   *
   * Throws: ArgumentRangeError if `low` is above `high`.
   */
  setWriteLimits(options: WriteLimitOptions): void {
    this._ownRare().limits = toWriteLimits(options);
  }

  /** Where this end is; null if it was not asked while the stream was open. */
  get localAddress(): SocketAddress | null {
    return this._address('local');
  }
  /** Where the peer is; null if that was not known while the stream was open. */
  get remoteAddress(): SocketAddress | null {
    return this._address('remote');
  }

  /**
   * Who is at the other end of a UNIX socket, as the kernel noted it when it connected.
   *
   * Throws: a system error for other streams (`ENOTCONN`, `ENOTSOCK`…); ClosedResourceError. Checkpoint: no.
   */
  peerCredentials(): PeerCredentials {
    if (this._isReleased) throw new ClosedResourceError('the stream was closed, so its peer is not known any more');
    return credentialsOf(this._sockets.transports.datagrams, this._slot, this._word);
  }

  /**
   * Gives this stream to Node's code: as a Duplex with the members of a socket, for `node:http`, `node:tls`, and libraries
   * that take a socket. From here on the Duplex reads it; whoever destroys the Duplex closes the stream, and the other
   * way round. When the run that it was called in ends, the Duplex is destroyed.
   *
   * Throws: BusyResourceError if a task reads; ClosedResourceError; NoRunningLoopError outside a run; UnsupportedError
   *   where the loop owns the thread, since Node's streams stand still there.
   */
  toDuplex(options: ToDuplexOptions = {}): SocketDuplex {
    assertOptions(options, 'toDuplex', ['allowHalfOpen', 'highWaterMark']);
    return new SocketDuplex(this, options);
  }

  /**
   * Gives this stream to code for the web, as `toDuplex` does to Node's. The readable side ends when the peer ends, and the
   * stream is closed when both sides are over.
   *
   * Throws: as `toDuplex`.
   */
  toWeb(): WebStreams {
    if (this._isClosed) throw new ClosedResourceError('the stream was closed, so it has no streams of the web');
    if (this._reader !== null) throw new BusyResourceError('a task is reading this stream, or it was given away already');
    return toWebStreams(this);
  }

  /**
   * Makes a stream of any Duplex of Node's (a TLS socket, a channel of an SSH library), which from here on is the stream's
   * own. Writes are copied, whatever their size; addresses are the Duplex's, if it has some.
   *
   * Throws: ArgumentTypeError for what is no Duplex of bytes; ClosedResourceError for one that is destroyed; otherwise as
   *   `toDuplex`.
   */
  static fromDuplex(duplex: Duplex): ByteStream {
    const loop = getRunningLoop();
    assertNodeRuns(loop, 'fromDuplex');
    assertDuplex(duplex);
    const transport = new DuplexTransport(loop, duplex);
    const stream = new ByteStream(transport.sockets, -1);
    transport.attach(stream);
    return stream;
  }

  /** Makes a stream of a pair of streams of the web, as `fromDuplex` does. */
  static fromWeb(pair: { readonly readable: ReadableStream; readonly writable: WritableStream }): ByteStream {
    assertOptions(pair, 'fromWeb', ['readable', 'writable']);
    return ByteStream.fromDuplex(Duplex.fromWeb(pair));
  }

  /** The chunks up to the end, for `for await`; in coroutines: `while ((chunk = yield* stream.read()) !== null)`. */
  [Symbol.asyncIterator](): AsyncIterator<Buffer, void, unknown> {
    return untilNull(() => this.read());
  }

  /** Closes, for `await using`. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}

showAs(ByteStream, 'ByteStream', partsOfStream);

function toLimit(options: LimitOptions | undefined, call: string): number {
  if (options === undefined) return DEFAULT_LIMIT;
  assertOptions(options, call, ['limit']);
  const { limit = DEFAULT_LIMIT } = options;
  assertByteCount(limit, `${call}: limit`);
  return limit;
}

function toSeparators(separator: Separator): Buffer[] {
  const list = Array.isArray(separator) ? (separator as (string | Uint8Array)[]) : [separator as string | Uint8Array];
  if (list.length === 0) throw new ArgumentRangeError('readUntil: there is no separator in the list');
  return list.map((item) => {
    const bytes = Buffer.from(toWritten(item, 'readUntil'));
    if (bytes.length === 0) throw new ArgumentRangeError('readUntil: a separator is empty');
    return bytes;
  });
}
