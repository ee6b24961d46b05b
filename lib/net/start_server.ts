// Starting a server: what may be asked for, and at which addresses to listen.

import { constants } from 'node:os';
import { ArgumentRangeError, ArgumentTypeError, socketError } from '../base/errors.js';
import { ListenFlag } from '../engine/transports.js';
import { assertCallable, assertOptions } from '../kernel/arguments.js';
import { captureContext } from '../kernel/context.js';
import { describe, type Coroutine } from '../kernel/coroutine.js';
import type { Future } from '../kernel/future.js';
import { getRunningLoop } from '../kernel/running.js';
import { assertDescriptor } from '../kernel/watch_table.js';
import { acceptSecured, acceptStream } from './accepted_stream.js';
import { refusedDescriptor } from './adopting.js';
import { assertMode, assertPlace, assertSwitches, refuseOptions } from './places.js';
import { secureHandler } from './secure_handler.js';
import { assertResolver, type Resolver, resolveHost } from './resolver.js';
import { type ConnectionHandler, Server, type ServerSetting } from './server.js';
import { type Sockets, socketsOf } from './sockets.js';
import type { TlsStream } from './tls.js';
import type { TlsServerOptions } from './tls_options.js';
import { checkedTuning, type TuningOptions } from './tuning.js';

/** Where and how to listen: at a port, on one host or all, or at the path of a UNIX socket. */
export interface ServerOptions extends TuningOptions {
  /** A name or a numeric address; all addresses of the machine by default. */
  readonly host?: string | undefined;
  /** 0 for one that is free. */
  readonly port?: number | undefined;
  /** A UNIX socket; a name that begins with a zero byte is an abstract one. A file nobody listens behind is replaced. */
  readonly path?: string | undefined;
  /** A socket that listens already, instead of a place: a duplicate of it is used. See `listenFds`. */
  readonly fd?: number | undefined;
  /** The permissions of the UNIX socket's file. */
  readonly mode?: number | undefined;
  /** Connections that the kernel keeps waiting; 511 by default. */
  readonly backlog?: number | undefined;
  /** Share the port with other processes or threads that ask for the same; the kernel distributes the connections. */
  readonly reusePort?: boolean | undefined;
  /** Listen at `::` for IPv6 alone. */
  readonly ipv6Only?: boolean | undefined;
  /** Connections served at once; others wait. */
  readonly maxConnections?: number | undefined;
  /** Finds the addresses of a name, instead of the resolver of the thread; see `setResolver`. */
  readonly resolver?: Resolver | undefined;
  /** Makes each connection secure before its handler sees it; the handler is given a TlsStream. */
  readonly tls?: TlsServerOptions | undefined;
}

/** @internal What every kind of server can be told. */
export const SERVER_OPTIONS: readonly string[] = [
  'host', 'port', 'path', 'fd', 'mode', 'backlog', 'reusePort', 'ipv6Only', 'maxConnections', 'resolver', 'noDelay',
  'keepAlive',
] satisfies (keyof ServerOptions)[];

const DEFAULT_BACKLOG = 511;
const NO_IPV6 = new Set([-constants.errno.EAFNOSUPPORT, -constants.errno.EADDRNOTAVAIL]);

/**
 * Starts a server: `handler` runs in a task of its own for each connection, which is closed when it ends. A handler that
 * fails is reported to the loop's exception handler and closes its connection; the server goes on.
 *
 * Throws: a system error with `address` and `port` (`EADDRINUSE`, `EACCES`…); ArgumentTypeError, ArgumentRangeError; with
 *   `tls` as `toDuplex`.
 * Checkpoint: only if a name has to be resolved. Cancel: nothing listens.
 * Source: asyncio.start_server.
 */
export function startServer(
  handler: (stream: TlsStream) => Coroutine<void> | PromiseLike<void>,
  options: ServerOptions & { readonly tls: TlsServerOptions },
): Future<Server>;
export function startServer(handler: ConnectionHandler, options: ServerOptions): Future<Server>;
export function startServer(
  given: (stream: never) => Coroutine<void> | PromiseLike<void>,
  options: ServerOptions,
): Future<Server> {
  assertCallable(given, 'startServer');
  assertOptions(options, 'startServer', [...SERVER_OPTIONS, 'tls']);
  const { tls } = options;
  const handler = tls === undefined ? (given as ConnectionHandler) : secureHandler(given, tls);
  const makeConnection = tls === undefined ? acceptStream : acceptSecured;
  return serve({ handler, makeConnection, context: captureContext(), packets: null }, options, 'startServer');
}

/** @internal What a server is to do with connections, as far as the options do not say it. */
export type Serving = Omit<ServerSetting, 'maxConnections' | 'tuning'>;

/** @internal Starts a server of either kind. */
export function serve(serving: Serving, options: ServerOptions, call: string): Future<Server> {
  if (options.fd === undefined) assertPlace(options, call);
  else assertAdopted(options, call);
  assertSwitches(options, ['reusePort', 'ipv6Only'], call);
  const limits = checkedLimits(options, call);
  refuseUseless(options, call);
  const tuning = checkedTuning(options, call);
  assertResolver(options.resolver, call);
  const loop = getRunningLoop();
  const sockets = socketsOf(loop);
  const server = new Server(sockets, { ...serving, maxConnections: limits.maxConnections, tuning });
  return loop._makeTask<Server>(start(sockets, server, options), { name: call, eager: true });
}

/** What a server of any kind may be limited to. */
export interface LimitsOfServer {
  readonly maxConnections?: number | undefined;
  readonly backlog?: number | undefined;
  readonly mode?: number | undefined;
}

/** @internal Throws: ArgumentTypeError, ArgumentRangeError. */
export function checkedLimits(
  options: LimitsOfServer, call: string,
): { readonly maxConnections: number; readonly backlog: number; readonly mode: number } {
  const { maxConnections = Infinity, backlog = DEFAULT_BACKLOG, mode = -1 } = options;
  assertPositive(maxConnections, `${call}: maxConnections`, Infinity);
  assertPositive(backlog, `${call}: backlog`, 2 ** 31 - 1);
  assertMode(options.mode, `${call}: mode`);
  return { maxConnections, backlog, mode };
}

function assertPositive(value: unknown, what: string, most: number): void {
  if (typeof value !== 'number') throw new ArgumentTypeError(`${what} is a number, not ${describe(value)}`);
  if ((Number.isInteger(value) || value === Infinity) && value >= 1 && value <= most) return;
  throw new ArgumentRangeError(`${what} ${value} is not a whole number from 1 on`);
}

// What says how to listen at a port is nothing for a path, and the other way round.
function refuseUseless(options: ServerOptions, call: string): void {
  if (options.fd !== undefined) {
    const why = 'settled already for a socket that listens, fd';
    refuseOptions(options, ['mode', 'backlog', 'reusePort', 'ipv6Only'], call, why);
  } else if (options.path !== undefined) {
    refuseOptions(options, ['reusePort', 'ipv6Only'], call, 'for ports, not for a path');
  } else {
    refuseOptions(options, ['mode'], call, 'for the file of a path, not for a port');
  }
}

function assertAdopted({ fd, host, port, path }: ServerOptions, call: string): void {
  assertDescriptor(fd, `${call}: fd`);
  if (host === undefined && port === undefined && path === undefined) return;
  throw new ArgumentTypeError(`${call}: a socket that listens already, fd, has its host, port or path`);
}

function* start(sockets: Sockets, server: Server, options: ServerOptions): Coroutine<Server> {
  const { host, port = -1, path, fd } = options;
  if (fd !== undefined) adoptListener(server, fd);
  else if (path !== undefined) listenAt(server, path, -1, options);
  else if (host === undefined) listenEverywhere(server, port, options);
  else listenAtAll(server, yield* resolveHost(sockets.loop, host, options.resolver), port, options);
  server._guard();
  return server;
}

function adoptListener(server: Server, fd: number): void {
  const result = server._adopt(fd);
  if (result === 0) return;
  void server.close();
  throw refusedDescriptor(result, fd);
}

// One socket for both families where there is IPv6.
function listenEverywhere(server: Server, port: number, options: ServerOptions): void {
  const result = listen(server, '::', port, options);
  if (result === 0) return;
  if (!NO_IPV6.has(result) || options.ipv6Only === true) throw refusal(server, result, '::', port);
  listenAt(server, '0.0.0.0', port, options);
}

// The sockets of all addresses, or none; but a name may have an address of a family that this machine is without.
function listenAtAll(server: Server, hosts: readonly string[], port: number, options: ServerOptions): void {
  for (const [index, host] of hosts.entries()) {
    const result = listen(server, host, port, options);
    const isOptional = NO_IPV6.has(result) && (server.addresses.length > 0 || index < hosts.length - 1);
    if (result < 0 && !isOptional) throw refusal(server, result, host, port);
  }
}

function listenAt(server: Server, host: string, port: number, options: ServerOptions): void {
  const result = listen(server, host, port, options);
  if (result < 0) throw refusal(server, result, host, port);
}

function listen(server: Server, host: string, port: number, options: ServerOptions): number {
  const { backlog = DEFAULT_BACKLOG, reusePort = false, ipv6Only = false, mode = -1 } = options;
  const flags = (reusePort ? ListenFlag.reusePort : 0) | (ipv6Only ? ListenFlag.ipv6Only : 0);
  return server._listen(host, port, backlog, flags, mode);
}

function refusal(server: Server, errno: number, host: string, port: number): Error {
  void server.close();
  return socketError(errno, 'listen', { address: host, port: port < 0 ? undefined : port });
}
