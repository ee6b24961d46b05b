// Connecting: numeric hosts, UNIX paths, and names by Node's resolver. A wait for a connection is a future that owns its
// descriptor until the stream takes it over, so cancelling it closes the descriptor.

import { lookup, type LookupAddress } from 'node:dns';
import { isIP } from 'node:net';
import {
  ArgumentRangeError,
  ArgumentTypeError,
  socketError,
  type SystemError,
  UnsupportedError,
} from '../base/errors.js';
import { TransportEvent } from '../engine/abi.js';
import { assertOptions } from '../kernel/arguments.js';
import { describe, type Coroutine } from '../kernel/coroutine.js';
import { Future } from '../kernel/future.js';
import type { EventLoop } from '../kernel/event_loop.js';
import { getRunningLoop } from '../kernel/running.js';
import { sleep } from '../tasks/sleep.js';
import type { SocketAddress } from './addresses.js';
import { ByteStream } from './byte_stream.js';
import { type Sockets, socketsOf } from './sockets.js';

/** Where to connect to: a host and a port, or the path of a UNIX socket. */
export interface ConnectOptions {
  /** A name or a numeric address; `localhost` by default. */
  readonly host?: string;
  readonly port?: number;
  /** A UNIX socket; a name that begins with a zero byte is an abstract one. */
  readonly path?: string;
  /** A numeric address to connect from, and its port. */
  readonly localAddress?: string;
  readonly localPort?: number;
}

// A full backlog of a UNIX socket refuses instead of letting wait; so does this much of patience.
const FIRST_RETRY_MS = 1;
const LONGEST_RETRY_MS = 50;

/**
 * Opens a connection.
 *
 * Throws: a system error with `address` and `port` (`ECONNREFUSED`, `ENOENT`, `ENOTFOUND`…), the first one if there were
 *   several addresses; ArgumentTypeError and ArgumentRangeError at the call.
 * Checkpoint: yes. Cancel: the descriptor is closed.
 * Source: asyncio.open_connection.
 */
export function openConnection(options: ConnectOptions): Future<ByteStream> {
  assertPlace(options, 'openConnection');
  const loop = getRunningLoop();
  const sockets = socketsOf(loop);
  const { localAddress = '', localPort = 0 } = options;
  assertPort(localPort, 'openConnection: localPort');
  if (localAddress !== '' && isIP(localAddress) === 0) {
    throw new ArgumentRangeError(`openConnection: localAddress ${localAddress} is no numeric address`);
  }
  const connecting = connect(sockets, options, localAddress, localPort);
  return loop._makeTask<ByteStream>(connecting, { name: 'openConnection', eager: true });
}

function* connect(
  sockets: Sockets, { host = 'localhost', port = -1, path }: ConnectOptions, localHost: string, localPort: number,
): Coroutine<ByteStream> {
  if (path !== undefined) return yield* connectToPath(sockets, path);
  const hosts = yield* resolveHost(sockets.loop, host);
  const errors: unknown[] = [];
  for (const address of hosts) {
    try {
      return yield* new Connecting(sockets, address, port, localHost, localPort);
    } catch (error) {
      if (!isSystemError(error)) throw error;
      errors.push(error);
    }
  }
  throw errors[0];
}

function* connectToPath(sockets: Sockets, path: string): Coroutine<ByteStream> {
  for (let wait = FIRST_RETRY_MS; ; wait = Math.min(2 * wait, LONGEST_RETRY_MS)) {
    try {
      return yield* new Connecting(sockets, path, -1, '', 0);
    } catch (error) {
      if (!isSystemError(error) || error.code !== 'EAGAIN') throw error;
    }
    yield* sleep(wait);
  }
}

function isSystemError(error: unknown): error is SystemError {
  return typeof (error as Partial<SystemError>).errno === 'number';
}

/** @internal Waits for one address. */
export class Connecting extends Future<ByteStream> {
  readonly #sockets: Sockets;
  readonly #slot: number;
  readonly #word: number;
  readonly #remote: SocketAddress;

  constructor(sockets: Sockets, host: string, port: number, localHost: string, localPort: number) {
    super(sockets.loop);
    this.#sockets = sockets;
    this.#slot = sockets.enter(this);
    this.#word = sockets.word(this.#slot);
    const family = port < 0 ? 'unix' : isIP(host) === 6 ? 'IPv6' : 'IPv4';
    this.#remote = { family, address: host, port: Math.max(0, port) };
    const begun = sockets.transports.connect(this.#slot, this.#word, host, port, localHost, localPort);
    if (begun < 0) this.#end(begun);
    else if (begun === 1) this.#connected();
  }

  _deliver(a: number, b: number): void {
    if (a === TransportEvent.connected) this.#connected();
    else if (a === TransportEvent.failed) this.#end(-b);
  }

  override _undo(): void {
    this.#sockets.transports.close(this.#slot, this.#word, false);
    this.#sockets.loop._release(this.#slot);
  }

  // The stream takes the slot over, and with it the transport.
  #connected(): void {
    const { loop } = this.#sockets;
    const stream = new ByteStream(this.#sockets, this.#slot);
    loop._sinks[this.#slot] = stream;
    stream._ownRare().remote = this.#remote;
    this._finish(stream);
  }

  #end(errno: number): void {
    this._undo();
    const { family, address, port } = this.#remote;
    this._fail(socketError(errno, 'connect', { address, port: family === 'unix' ? undefined : port }));
  }
}

/** @internal Throws unless it is either a port (with or without a host) or a path. */
export function assertPlace(options: unknown, call: string): void {
  assertOptions(options, call);
  const { host, port, path } = options as { host?: unknown; port?: unknown; path?: unknown };
  if ((port === undefined) === (path === undefined)) {
    throw new ArgumentTypeError(`${call}: give either a port (with or without a host) or a path`);
  }
  if (path !== undefined) {
    assertText(path, `${call}: path`);
    if (host !== undefined) throw new ArgumentTypeError(`${call}: a path has no host`);
    return;
  }
  assertPort(port, `${call}: port`);
  if (host !== undefined) assertText(host, `${call}: host`);
}

function assertText(text: unknown, what: string): void {
  if (typeof text !== 'string') throw new ArgumentTypeError(`${what} is a string, not ${describe(text)}`);
  if (text === '') throw new ArgumentRangeError(`${what} is empty`);
}

/** @internal */
export function assertPort(port: unknown, what: string): void {
  if (typeof port !== 'number') throw new ArgumentTypeError(`${what} is a number, not ${describe(port)}`);
  if (Number.isInteger(port) && port >= 0 && port <= 65535) return;
  throw new ArgumentRangeError(`${what}: ${port} is not from 0 to 65535`);
}

const LOOPBACK = ['127.0.0.1', '::1'];

/** @internal Returns: the numeric addresses of a host, in the order in which they are to be tried. */
export function* resolveHost(loop: EventLoop, host: string): Coroutine<readonly string[]> {
  if (isIP(host.split('%', 1)[0] as string) !== 0) return [host];
  if (host === 'localhost') return LOOPBACK;
  if (loop._liveRuns === 0) {
    throw new UnsupportedError(
      `${host} is a name, and Node's resolver stands still while this loop owns the thread; use run(…) or a numeric host`,
    );
  }
  const found = yield* lookUp(loop, host);
  return found.map(({ address }) => address);
}

// The lookup itself cannot be stopped; a wait that is cancelled does not hear of its answer.
function lookUp(loop: EventLoop, host: string): Future<LookupAddress[]> {
  const future = loop.createFuture<LookupAddress[]>();
  lookup(host, { all: true, verbatim: true }, (error, addresses) => {
    if (future.done()) return;
    if (error === null) future.setResult(addresses);
    else future.setException(error);
  });
  return future;
}
