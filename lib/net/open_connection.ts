// Connecting: numeric hosts, names, UNIX paths.

import { ArgumentRangeError, ArgumentTypeError } from '../base/errors.js';
import { assertInstant, assertOptions } from '../kernel/arguments.js';
import { type Coroutine, describe } from '../kernel/coroutine.js';
import type { Future } from '../kernel/future.js';
import { getRunningLoop } from '../kernel/running.js';
import { ByteStream } from './byte_stream.js';
import { connectTo, type ConnectTarget } from './connecting.js';
import { ATTEMPT_DELAY_MS, familyOf } from './happy_eyeballs.js';
import { assertPlace, assertPort } from './places.js';
import { assertResolver, type Resolver } from './resolver.js';
import { assertNodeRuns } from './run_guard.js';
import { type Sockets, socketsOf } from './sockets.js';
import type { StreamCore } from './stream_core.js';
import { startTls, type TlsStream } from './tls.js';
import { assertTlsOptions, type TlsClientOptions } from './tls_options.js';
import { checkedTuning, tune, type TuningOptions } from './tuning.js';

/** Where to connect to: a host and a port, or the path of a UNIX socket. */
export interface ConnectOptions extends TuningOptions {
  /** A name or a numeric address; `localhost` by default. */
  readonly host?: string | undefined;
  readonly port?: number | undefined;
  /** A UNIX socket; a name that begins with a zero byte is an abstract one. */
  readonly path?: string | undefined;
  /** A numeric address to connect from, and its port. */
  readonly localAddress?: string | undefined;
  readonly localPort?: number | undefined;
  /** Finds the addresses of a name, instead of the resolver of the thread; see `setResolver`. */
  readonly resolver?: Resolver | undefined;
  /** Milliseconds after which the next address is tried too; 250 at first, Infinity: one by one, 0 or less: all at once. */
  readonly happyEyeballsDelay?: number | undefined;
  /** Gives the attempt up: the wait is cancelled, with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
  /** Makes the connection secure, and gives a TlsStream; the certificate must be for the host, or for its `servername`. */
  readonly tls?: true | TlsClientOptions | undefined;
}

/** @internal What every kind of connection can be told. */
export const CONNECT_OPTIONS: readonly string[] = [
  'host', 'port', 'path', 'localAddress', 'localPort', 'resolver', 'happyEyeballsDelay', 'signal', 'noDelay', 'keepAlive',
] satisfies (keyof ConnectOptions)[];

/**
 * Opens a connection. A name with several addresses is tried at the first, and at each next one as soon as those before
 * it have failed or were slow, families in turn; the first that answers is taken, and the others are closed.
 *
 * Units: milliseconds.
 * Throws: a system error with `address` and `port` (`ECONNREFUSED`, `ENOENT`, `ENOTFOUND`…); ConnectionFailedError, which
 *   has the errors of all, if there were several addresses; ArgumentTypeError and ArgumentRangeError at the call; with
 *   `tls` as `startTls`, what `toDuplex` throws at the call.
 * Checkpoint: yes. Cancel: all descriptors are closed, and a resolver of yours is cancelled.
 * Source: asyncio.open_connection, RFC 8305.
 */
export function openConnection(options: ConnectOptions & { readonly tls: true | TlsClientOptions }): Future<TlsStream>;
export function openConnection(options: ConnectOptions): Future<ByteStream>;
export function openConnection(options: ConnectOptions): Future<ByteStream> {
  assertOptions(options, 'openConnection', [...CONNECT_OPTIONS, 'tls']);
  const target = checkedTarget(options, 'openConnection');
  const { tls } = options;
  const secured = tls === undefined ? null : clientOptions(tls, target);
  const tuning = checkedTuning(options, 'openConnection');
  const loop = getRunningLoop();
  if (secured !== null) assertNodeRuns(loop, 'openConnection: tls');
  const sockets = socketsOf(loop);
  const connect = () => opened(connectTo(sockets, target, makeStream), tuning);
  return startConnecting(
    sockets, options, secured === null ? connect : () => connectSecurely(connect, secured), 'openConnection',
  );
}

// The certificate must be for the host that was asked for, unless somebody says otherwise.
function clientOptions(tls: true | TlsClientOptions, { host, path }: ConnectTarget): TlsClientOptions {
  if (tls !== true) assertOptions(tls, 'openConnection: tls');
  const given = tls === true ? {} : tls;
  const takesHost = given.servername === undefined && path === undefined;
  const options = takesHost ? { ...given, servername: host } : given;
  assertTlsOptions(options, 'openConnection: tls', false);
  return options;
}

function* connectSecurely(connect: () => Coroutine<ByteStream>, options: TlsClientOptions): Coroutine<TlsStream> {
  return yield* startTls(yield* connect(), options);
}

/** @internal A connection of the running task's run, set up. */
export function* opened<T extends StreamCore>(connecting: Coroutine<T>, tuning: TuningOptions | null): Coroutine<T> {
  const stream = (yield* connecting)._belong();
  if (tuning !== null) tune(stream._sockets.transports, stream._slot, stream._word, tuning);
  return stream;
}

const makeStream = (sockets: Sockets, slot: number): ByteStream => new ByteStream(sockets, slot);

/** @internal Throws: ArgumentTypeError, ArgumentRangeError. */
export function checkedTarget(options: ConnectOptions, call: string): ConnectTarget {
  assertPlace(options, call);
  const { host = 'localhost', port = -1, path, localAddress = '', localPort = 0, resolver, signal } = options;
  const { happyEyeballsDelay: delayMs = ATTEMPT_DELAY_MS } = options;
  assertPort(localPort, `${call}: localPort`);
  if (typeof (localAddress as unknown) !== 'string') {
    throw new ArgumentTypeError(`${call}: localAddress is a string, not ${describe(localAddress)}`);
  }
  if (localAddress !== '' && familyOf(localAddress) === 0) {
    throw new ArgumentRangeError(`${call}: localAddress ${localAddress} is no numeric address`);
  }
  if (path !== undefined && (localAddress !== '' || localPort !== 0)) {
    throw new ArgumentTypeError(`${call}: a path is not connected to from a localAddress or localPort`);
  }
  assertResolver(resolver, call);
  assertInstant(delayMs, `${call}: happyEyeballsDelay`);
  if (signal !== undefined && typeof (signal as Partial<AbortSignal> | null)?.addEventListener !== 'function') {
    throw new ArgumentTypeError(`${call}: signal must be an AbortSignal`);
  }
  return { host, port, path, localAddress, localPort, resolver, delayMs };
}

/** @internal A task that connects, and that the signal of the options cancels. */
export function startConnecting<T>(
  { loop }: Sockets, { signal }: ConnectOptions, connect: () => unknown, name: string,
): Future<T> {
  const cancelBySignal = (future: Future<T>) => {
    future._cancelBy({ reason: signal?.reason, origin: { task: null, source: 'signal' } });
    return future;
  };
  if (signal?.aborted === true) return cancelBySignal(loop.createFuture<T>());
  const task = loop._makeTask<T>(connect(), { name, eager: true });
  if (signal === undefined || task.done()) return task;
  // Nothing is returned: Node awaits what a listener gives it.
  const onAbort = () => void cancelBySignal(task);
  signal.addEventListener('abort', onAbort);
  task._addWaiter({ _wake: () => signal.removeEventListener('abort', onAbort) });
  return task;
}
