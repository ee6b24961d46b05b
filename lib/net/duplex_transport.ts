// A Duplex of Node as the transport of a stream of ours: what `fromDuplex` and TLS stand on. It speaks the Transports
// contract for one stream. Bytes come as chunks and go through `write`; what is written in a turn leaves together, corked.
// Invariant: what is given to `write` is a copy, so the writer's memory is free at once, as it is with the outbox.

import { Socket } from 'node:net';
import { constants } from 'node:os';
import type { Duplex } from 'node:stream';
import { ArgumentTypeError, BrokenResourceError, ClosedResourceError, UnsupportedError } from '../base/errors.js';
import { TransportEvent } from '../engine/abi.js';
import type { Datagrams } from '../engine/datagrams.js';
import { Control, StreamOption, type Transports } from '../engine/transports.js';
import { describe } from '../kernel/coroutine.js';
import type { EventLoop } from '../kernel/event_loop.js';
import type { ScheduledCall } from '../kernel/loop_core.js';
import { SocketDuplex } from './socket_duplex.js';
import { Sockets } from './sockets.js';
import type { StreamCore } from './stream_core.js';

/** What sockets have and other Duplexes may have. */
interface SocketLike {
  readonly localAddress?: string;
  readonly localPort?: number;
  readonly localFamily?: string;
  readonly remoteAddress?: string;
  readonly remotePort?: number;
  readonly remoteFamily?: string;
  setNoDelay?(noDelay: boolean): void;
  setKeepAlive?(enable: boolean, initialDelay: number): void;
}

/** What the Duplex below is special in. */
export interface DuplexTraits {
  /** Says why an end is no orderly one; null if it is. */
  readonly endError?: () => Error | null;
  /** What its errors are for readers and writers. */
  readonly errorFor?: (error: Error) => Error;
  /** Milliseconds after which a closing that makes no end is cut short. */
  readonly closeTimeoutMs?: number;
}

/** Throws: ArgumentTypeError for what is no Duplex of bytes; ClosedResourceError for one that is destroyed. */
export function assertDuplex(duplex: unknown): asserts duplex is Duplex {
  const { pipe, write, destroy, readableObjectMode, writableObjectMode, destroyed } = (duplex ?? {}) as Partial<Duplex>;
  if (typeof pipe !== 'function' || typeof write !== 'function' || typeof destroy !== 'function') {
    throw new ArgumentTypeError(`fromDuplex: a Duplex of Node's is needed, not ${describe(duplex)}`);
  }
  if (readableObjectMode === true || writableObjectMode === true) {
    throw new ArgumentTypeError('fromDuplex: a Duplex of bytes is needed, and this one is of objects');
  }
  if (destroyed === true) throw new ClosedResourceError('fromDuplex: the Duplex is destroyed');
}

const SOCKETS_ONLY = -constants.errno.EOPNOTSUPP;
const EAGAIN = -constants.errno.EAGAIN;

export class DuplexTransport implements Transports {
  readonly slab = Buffer.alloc(0);
  readonly outbox = this;
  readonly #duplex: Duplex;
  readonly #traits: DuplexTraits;
  readonly #loop: EventLoop;
  flushes = 0;
  #stream: StreamCore | null = null;
  #staged: Uint8Array[] = [];
  #stagedBytes = 0;
  #low = -1;
  #closeTimer: ScheduledCall | null = null;
  #isClosing = false;
  #isGone = false;

  constructor(loop: EventLoop, duplex: Duplex, traits: DuplexTraits = {}) {
    this.#loop = loop;
    this.#duplex = duplex;
    this.#traits = traits;
  }

  /** What a stream on this transport is made of. */
  get sockets(): Sockets {
    return new Sockets(this.#loop, this);
  }

  /** From here on the stream is told. */
  attach(stream: StreamCore): void {
    this.#stream = stream;
    const duplex = this.#duplex;
    // The stream ends it from now on. Otherwise it would end its sending side with the peer's, and what is written then
    // would have nowhere to go. (from_duplex.test: "what is written behind the peer's end…")
    duplex.allowHalfOpen = true;
    duplex.on('data', (chunk: Buffer | string) => this.#received(chunk));
    duplex.on('end', () => stream._end(this.#traits.endError?.() ?? null));
    duplex.on('error', (error: Error) => this.#failed(error));
    duplex.on('close', () => this.#gone());
    this.#watchSilentEnd();
    duplex.on('drain', () => this.#tellRoom());
    duplex.resume();
    // Nobody says it again.
    if (duplex.readableEnded) stream._end(this.#traits.endError?.() ?? null);
  }

  #received(chunk: Buffer | string): void {
    if (!this.#isClosing) this.#stream?._receivedChunk(typeof chunk === 'string' ? Buffer.from(chunk) : chunk);
  }

  #failed(error: Error): void {
    const known = this.#traits.errorFor?.(error) ?? error;
    this.#stream?._end(known);
    this.#stream?._failSendingAs(known);
  }

  // Quirk: a Duplex that was made with `emitClose: false` says nothing when it is destroyed; sockets of Node's and ours
  // are made so too, and emit their own. (from_duplex.test: "a Duplex that emits no close…")
  #watchSilentEnd(): void {
    const duplex = this.#duplex as Duplex & { readonly _writableState?: { readonly emitClose?: boolean } };
    if (duplex._writableState?.emitClose !== false) return;
    if (duplex instanceof Socket || duplex instanceof SocketDuplex) return;
    const destroy = duplex._destroy.bind(duplex);
    duplex._destroy = (error, callback) => {
      destroy(error, (failure) => {
        callback(failure);
        // Behind its `error`, which comes in a tick.
        setImmediate(() => this.#gone());
      });
    };
  }

  #gone(): void {
    if (this.#isGone) return;
    const stream = this.#stream as StreamCore;
    this.#isGone = true;
    this.#closeTimer?.cancel();
    const early = new BrokenResourceError('the Duplex was destroyed before its end');
    if (!stream._hasEnded) stream._end(early);
    stream._failSendingAs(early);
    if (this.#isClosing) stream._deliver(TransportEvent.closed, 0);
  }

  get isEmpty(): boolean {
    return this.#staged.length === 0;
  }

  append(_slot: number, _word: number, bytes: Uint8Array): boolean {
    this.#stage(Buffer.from(bytes));
    return true;
  }

  send(_slot: number, _word: number, bytes: Uint8Array, start: number, end: number): number {
    this.#stage(Buffer.from(bytes.subarray(start, end)));
    return end - start;
  }

  #stage(copy: Buffer): void {
    if (this.#staged.push(copy) === 1) process.nextTick(() => this.flush());
    this.#stagedBytes += copy.length;
    // The stream asks how much waits before it lets anybody write on.
    this.#stream?._deliver(TransportEvent.backlog, this.#stagedBytes);
  }

  flush(): void {
    const staged = this.#staged;
    if (staged.length === 0) return;
    this.#staged = [];
    this.#stagedBytes = 0;
    this.flushes++;
    const duplex = this.#duplex;
    if (!duplex.writable) {
      // Where it is destroyed, its `close` says what is to be said.
      const ended = new BrokenResourceError('somebody else has ended the Duplex, so what was written is lost');
      if (!duplex.destroyed) this.#stream?._failSendingAs(ended);
      return;
    }
    if (staged.length === 1) {
      duplex.write(staged[0], this.#wrote);
      return;
    }
    duplex.cork();
    for (const bytes of staged) duplex.write(bytes, this.#wrote);
    duplex.uncork();
  }

  readonly #wrote = (error?: Error | null): void => {
    if (error === undefined || error === null) this.#tellRoom();
  };

  #tellRoom(): void {
    const waiting = this.#waiting;
    if (waiting > 0 && waiting > this.#low) return;
    this.#low = -1;
    if (!this.#isClosing) this.#stream?._deliver(TransportEvent.drained, waiting);
  }

  get #waiting(): number {
    return this.#stagedBytes + (this.#duplex.destroyed ? 0 : this.#duplex.writableLength);
  }

  queued(_slot: number, _word: number, low: number): number {
    if (low >= 0) this.#low = Math.max(this.#low, low);
    return this.#waiting;
  }

  control(_slot: number, _word: number, what: Control): number {
    if (what === Control.pause) this.#duplex.pause();
    else if (what === Control.resume) this.#duplex.resume();
    else if (what === Control.endSending) {
      this.flush();
      this.#duplex.end();
    }
    return 0;
  }

  setOption(_slot: number, _word: number, option: StreamOption, value: number): number {
    const duplex: Duplex & SocketLike = this.#duplex;
    if (option === StreamOption.noDelay) duplex.setNoDelay?.(value !== 0);
    else duplex.setKeepAlive?.(value >= 0, Math.max(0, value) * 1000);
    return 0;
  }

  close(_slot: number, _word: number, aborts: boolean): boolean {
    const duplex = this.#duplex;
    this.#isClosing = true;
    // One that has failed finishes nothing, and need not have destroyed itself.
    if (aborts || this.#isGone || duplex.destroyed || (duplex.errored ?? null) !== null) {
      duplex.destroy();
      return this.#isGone || aborts;
    }
    this.flush();
    duplex.pause();
    const { closeTimeoutMs } = this.#traits;
    if (closeTimeoutMs !== undefined) this.#closeTimer ??= this.#loop.callLater(closeTimeoutMs, () => duplex.destroy());
    const destroy = (): unknown => duplex.destroy();
    if (duplex.writableFinished) destroy();
    else if (duplex.writable) duplex.end(destroy);
    else duplex.once('finish', destroy);
    return false;
  }

  address(_slot: number, _word: number, ofPeer: boolean): string {
    const at: SocketLike = this.#duplex as Duplex & SocketLike;
    const host = ofPeer ? at.remoteAddress : at.localAddress;
    const port = ofPeer ? at.remotePort : at.localPort;
    if (host === undefined || port === undefined) return '';
    return `${host.includes(':') ? 'IPv6' : 'IPv4'} ${port} ${host}`;
  }

  get datagrams(): Datagrams {
    throw new UnsupportedError('a Duplex carries no datagrams');
  }

  appendFrame(): boolean {
    return false;
  }

  // What a stream never asks of a transport that is connected, or what only a descriptor can do.
  receive(): number {
    return EAGAIN;
  }
  resolve(): null {
    return null;
  }
  descriptor(): number {
    return -1;
  }
  connect(): number {
    return SOCKETS_ONLY;
  }
  listen(): number {
    return SOCKETS_ONLY;
  }
  accept(): number {
    return SOCKETS_ONLY;
  }
  adopt(): number {
    return SOCKETS_ONLY;
  }
  openPipe(): number {
    return SOCKETS_ONLY;
  }
}
