// A stream of ours as a Duplex of Node, with the members of `net.Socket` that libraries ask for. It moves bytes and says
// what happened; how the socket works is below, in the stream.
// Invariant: a write's callback is called when its memory is the caller's again: at once if it was copied.

import { Duplex } from 'node:stream';
import { BusyResourceError, ClosedResourceError } from '../base/errors.js';
import { StreamOption } from '../engine/transports.js';
import { captureContext, type Context } from '../kernel/context.js';
import type { EventLoop } from '../kernel/event_loop.js';
import type { Future } from '../kernel/future.js';
import type { SocketAddress } from './addresses.js';
import { DuplexFlow } from './duplex_flow.js';
import { IdleTimer } from './idle_timer.js';
import { nodeTicksOf } from './node_ticks.js';
import { guardOfRun, type RunGuard } from './run_guard.js';
import { StreamFlag } from './receiving.js';
import { DEFAULT_LIMITS } from './sending.js';
import type { StreamCore } from './stream_core.js';

/** Options of `toDuplex`. */
export interface ToDuplexOptions {
  /** Keep the sending side open when the peer has ended; false by default, as for Node's sockets. */
  readonly allowHalfOpen?: boolean | undefined;
  /** Bytes that the Duplex keeps unread, and unsent, before it asks to wait; Node's own default. */
  readonly highWaterMark?: number | undefined;
}

/** What `address()` gives. */
export interface DuplexAddress {
  readonly address?: string;
  readonly family?: string;
  readonly port?: number;
}

type Written = (error?: Error | null) => void;

/**
 * A Duplex of Node over a ByteStream, which `stream.toDuplex()` makes; with the members of `net.Socket`, so that libraries
 * that expect one work on it.
 *
 * Source: node:net's Socket.
 */
export class SocketDuplex extends Duplex {
  readonly #stream: StreamCore;
  readonly #flow: DuplexFlow;
  readonly #guard: RunGuard;
  readonly #context: Context | null;
  readonly #idle: IdleTimer;
  #failure: Error | null = null;
  #written = 0;

  /** False: it is connected from the beginning. */
  readonly connecting = false;
  readonly pending = false;
  /** False, also where the stream below is encrypted: then it was encrypted by somebody else. */
  readonly encrypted = false;
  /** Node's sockets have a native handle here, which nothing documented needs. */
  readonly _handle = null;

  /** @internal Users call `stream.toDuplex()`. */
  constructor(stream: StreamCore, options: ToDuplexOptions) {
    const { allowHalfOpen = false, highWaterMark } = options;
    const guard = guardOfRun(stream._sockets.loop, 'toDuplex');
    if (stream._isClosed) throw new ClosedResourceError('the stream was closed, so it has no Duplex');
    if (stream._reader !== null) throw new BusyResourceError('a task is reading this stream, or it has a Duplex already');
    // `close` is emitted here, because it says whether there was an error.
    // An end of a pipe has one direction.
    const directions = {
      readable: (stream._flags & StreamFlag.writesOnly) === 0, writable: (stream._flags & StreamFlag.readsOnly) === 0,
    };
    super({ allowHalfOpen, emitClose: false, ...directions, ...(highWaterMark === undefined ? {} : { highWaterMark }) });
    this.#stream = stream;
    this.#guard = guard;
    this.#context = captureContext();
    this.#idle = new IdleTimer(this, () => stream._pendingBytes);
    this.#flow = new DuplexFlow(stream, this, nodeTicksOf(this.#loop), this.#context);
    guard.add(this);
    // As Node's sockets do: what the peer sends, and that it has ended or reset, shows before anybody reads.
    if (directions.readable) this.read(0);
  }

  get #loop(): EventLoop {
    return this.#stream._sockets.loop;
  }

  // Calls `fn` in a tick of Node's, once a future is done; its failure is looked at.
  #when(future: Future<void>, fn: (error: Error | null) => void): void {
    const resource = this.#context?._resource ?? null;
    const call = (): void => fn(future.cancelled() ? null : future.exception());
    const handOver = { _handOver: () => (resource === null ? call() : resource.runInAsyncScope(call)) };
    const add = (): void => nodeTicksOf(this.#loop).add(handOver);
    if (future.done()) add();
    else future._addWaiter({ _wake: add, _looks: true });
  }

  /** @internal */
  override _read(): void {
    this.#flow.want();
  }

  /** Takes bytes that are there, as for every Readable. */
  override read(size?: number): unknown {
    const chunk: unknown = super.read(size);
    if (this.#failure !== null && this.readableLength === 0) this.#destroyLater();
    return chunk;
  }

  override push(chunk: Buffer | null): boolean {
    this.#idle.touch();
    return super.push(chunk);
  }

  /** @internal */
  _failed(error: Error): void {
    this.#failure = error;
    if (this.readableLength === 0) this.#destroyLater();
  }

  // What came before the failure has been read.
  #destroyLater(): void {
    const error = this.#failure as Error;
    this.#failure = null;
    process.nextTick(() => this.destroy(error));
  }

  /** @internal */
  _closedByOwner(): void {
    this.destroy();
  }

  /** @internal */
  _runEnded(error: Error): void {
    // An error that nobody listens for would end the process.
    this.destroy(this.listenerCount('error') > 0 ? error : undefined);
  }

  /** @internal */
  override _write(chunk: Buffer, _encoding: BufferEncoding, callback: Written): void {
    this.#send([chunk], chunk.length, callback);
  }

  /** @internal What was corked leaves at once. */
  override _writev(chunks: { readonly chunk: unknown }[], callback: Written): void {
    const parts = chunks.map(({ chunk }) => chunk as Buffer);
    let length = 0;
    for (const part of parts) length += part.length;
    this.#send(parts, length, callback);
  }

  #send(parts: readonly Buffer[], length: number, callback: Written): void {
    const stream = this.#stream;
    this.#idle.touch();
    try {
      for (const part of parts) stream._write(part);
    } catch (error) {
      callback(error as Error);
      return;
    }
    // The kernel refused a large part at once; what is small says so later.
    if ((stream._flags & StreamFlag.sendFailed) !== 0) callback(stream._rare?.sendError);
    else if (stream._isSendingFreely(DEFAULT_LIMITS.high)) this.#sent(length, callback, null);
    else this.#whenSent(DEFAULT_LIMITS.low, (error) => this.#sent(length, callback, error));
  }

  #sent(length: number, callback: Written, error: Error | null): void {
    if (error === null) this.#written += length;
    this.#idle.touch();
    callback(error);
  }

  // Others who wait may be woken with this one, too early for it.
  #whenSent(bytes: number, callback: (error: Error | null) => void): void {
    const stream = this.#stream;
    if (stream._isClosed) {
      callback(null);
      return;
    }
    this.#when(stream._whenSent(bytes), (error) => {
      if (error !== null || stream._isClosed || stream._pendingBytes <= bytes) callback(error);
      else this.#whenSent(bytes, callback);
    });
  }

  /** @internal */
  override _final(callback: Written): void {
    const stream = this.#stream;
    if (!stream._isClosed) stream._endSending();
    this.#whenSent(0, callback);
  }

  /** @internal After an `end()` what was written is still sent; otherwise what the kernel has not taken is dropped. */
  override _destroy(error: Error | null, callback: Written): void {
    const stream = this.#stream;
    this.#idle.stop();
    this.#guard.delete(this);
    const drops = !this.writableFinished && !stream._isReleased && stream._pendingBytes > 0;
    stream._shut(drops);
    this.#when(stream._whenClosed(), () => process.nextTick(() => this.emit('close', error !== null)));
    callback(error);
  }

  /** Bytes received and handed over. */
  get bytesRead(): number {
    return this.#flow.bytes;
  }

  /** Bytes written, also those that are still on their way. */
  get bytesWritten(): number {
    return this.#written + this.writableLength;
  }

  get localAddress(): string | undefined {
    return hostOf(this.#stream._address('local'));
  }
  get localPort(): number | undefined {
    return portOf(this.#stream._address('local'));
  }
  get localFamily(): string | undefined {
    return familyOf(this.#stream._address('local'));
  }
  get remoteAddress(): string | undefined {
    return hostOf(this.#stream._address('remote'));
  }
  get remotePort(): number | undefined {
    return portOf(this.#stream._address('remote'));
  }
  get remoteFamily(): string | undefined {
    return familyOf(this.#stream._address('remote'));
  }

  /** Returns: where this end is; an empty object for a UNIX socket, as Node's. */
  address(): DuplexAddress {
    const local = this.#stream._address('local');
    if (local === null || local.family === 'unix') return {};
    return { address: local.address, family: local.family, port: local.port };
  }

  get readyState(): 'open' | 'readOnly' | 'writeOnly' | 'closed' {
    if (this.readable) return this.writable ? 'open' : 'readOnly';
    return this.writable ? 'writeOnly' : 'closed';
  }

  /** Milliseconds of `setTimeout`; undefined if there are none. */
  get timeout(): number | undefined {
    return this.#idle.ms;
  }

  /**
   * Emits `timeout` when nothing was received or sent for `ms`; 0 ends that. It does not close anything.
   *
   * Units: milliseconds.
   */
  setTimeout(ms: number, callback?: () => void): this {
    this.#idle.set(ms);
    if (callback !== undefined) {
      if (ms === 0) this.removeListener('timeout', callback);
      else this.once('timeout', callback);
    }
    return this;
  }

  /** Whether small segments leave at once, as they do from the beginning. */
  setNoDelay(noDelay = true): this {
    return this.#setOption(StreamOption.noDelay, noDelay ? 1 : 0);
  }

  /**
   * Whether a peer that says nothing is probed, after `initialDelay`.
   *
   * Units: milliseconds, rounded down to seconds; 0 leaves what the system has.
   */
  setKeepAlive(enable = false, initialDelay = 0): this {
    return this.#setOption(StreamOption.keepAlive, enable ? Math.max(0, Math.floor(initialDelay / 1000)) : -1);
  }

  #setOption(option: StreamOption, value: number): this {
    const { _sockets: sockets, _slot: slot, _word: word } = this.#stream;
    if (!this.#stream._isReleased) sockets.transports.setOption(slot, word, option, value);
    return this;
  }

  /** Does nothing: what keeps the process alive is the run. */
  ref(): this {
    return this;
  }
  /** Does nothing, as `ref`. */
  unref(): this {
    return this;
  }

  /** For code that wants to connect what it was given: emits `connect` and `ready` in the next tick. */
  connect(...args: readonly unknown[]): this {
    const callback = args.at(-1);
    if (typeof callback === 'function') this.once('connect', callback as () => void);
    process.nextTick(() => {
      if (this.destroyed) return;
      this.emit('connect');
      this.emit('ready');
    });
    return this;
  }

  /** Ends the writing, and destroys once what was written is sent. */
  destroySoon(): void {
    if (this.writable) this.end();
    if (this.writableFinished) this.destroy();
    else this.once('finish', () => this.destroy());
  }

  /** Destroys, and the peer sees a reset. */
  resetAndDestroy(): this {
    if (!this.#stream._isReleased && (this.#stream._flags & StreamFlag.closed) === 0) this.#stream._shut(true);
    return this.destroy();
  }
}

const hostOf = (at: SocketAddress | null): string | undefined =>
  at === null || at.family === 'unix' ? undefined : at.address;
const portOf = (at: SocketAddress | null): number | undefined =>
  at === null || at.family === 'unix' ? undefined : at.port;
const familyOf = (at: SocketAddress | null): string | undefined =>
  at === null || at.family === 'unix' ? undefined : at.family;
