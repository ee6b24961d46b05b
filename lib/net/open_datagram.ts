// Opening sockets of datagrams: where, with what options, and connected to whom.

import { constants } from 'node:os';
import { isIP } from 'node:net';
import { ArgumentRangeError, ArgumentTypeError, socketError } from '../base/errors.js';
import { DatagramFlag } from '../engine/datagrams.js';
import { assertCallable, assertOptions, refuseCoroutineFunction } from '../kernel/arguments.js';
import { type Coroutine, describe } from '../kernel/coroutine.js';
import type { EventLoop } from '../kernel/event_loop.js';
import type { Future } from '../kernel/future.js';
import { getRunningLoop } from '../kernel/running.js';
import { assertDescriptor } from '../kernel/watch_table.js';
import type { SocketAddress } from './addresses.js';
import { adoptDatagrams } from './adopting_datagrams.js';
import { DatagramSocket } from './datagram_socket.js';
import { type Destination, toTarget } from './peers.js';
import { assertMode, assertPlace, assertSwitches, refuseOptions } from './places.js';
import { resolveHost } from './resolver.js';
import { socketsOf } from './sockets.js';

/** Where a socket of datagrams is, and how it is set up. */
export interface DatagramOptions {
  /** A name or a numeric address; all addresses of the machine, of both families, by default. */
  readonly host?: string | undefined;
  /** 0 for one that is free. */
  readonly port?: number | undefined;
  /** A UNIX socket; a name that begins with a zero byte is an abstract one. A file nobody receives behind is replaced. */
  readonly path?: string | undefined;
  /** A socket of datagrams that somebody else opened, instead of a place: a duplicate of it is used. */
  readonly fd?: number | undefined;
  /** The permissions of the UNIX socket's file. */
  readonly mode?: number | undefined;
  /** Connect to this peer. It can stand alone: the socket then gets a free port, or no name among UNIX sockets. */
  readonly remote?: Destination | undefined;
  /** Share the port with other processes or threads that ask for the same; the kernel distributes the datagrams. */
  readonly reusePort?: boolean | undefined;
  /** Share the address with others, as receivers of one multicast group do. */
  readonly reuseAddress?: boolean | undefined;
  /** At `::`, receive from IPv6 alone. */
  readonly ipv6Only?: boolean | undefined;
  /** Allow sending to broadcast addresses. */
  readonly broadcast?: boolean | undefined;
  /** Longer datagrams are cut, and say so; 65,536 by default, which is more than UDP can carry. */
  readonly maxDatagramBytes?: number | undefined;
  /** What the kernel may keep, as it counts; its own default otherwise, and it has limits. */
  readonly receiveBufferBytes?: number | undefined;
  readonly sendBufferBytes?: number | undefined;
  /** Receive descriptors over a UNIX socket; otherwise the kernel drops them. Whoever receives them must close them. */
  readonly receiveDescriptors?: boolean | undefined;
  /** Called with what the network reports later of datagrams that were sent, and of written ones that were refused. */
  readonly onError?: ((error: Error) => void) | undefined;
}

const KNOWN: readonly string[] = [
  'host', 'port', 'path', 'fd', 'mode', 'remote', 'reusePort', 'reuseAddress', 'ipv6Only', 'broadcast', 'maxDatagramBytes',
  'receiveBufferBytes', 'sendBufferBytes', 'receiveDescriptors', 'onError',
];
const DEFAULT_BYTES = 65536;
const MOST_BYTES = 512 * 1024;
const MOST_BUFFER_BYTES = 2 ** 30;
const NO_IPV6 = new Set([-constants.errno.EAFNOSUPPORT, -constants.errno.EADDRNOTAVAIL]);

/**
 * Opens a socket for datagrams: UDP at a port, or a UNIX socket at a path.
 *
 * Throws: a system error with `address` and `port` (`EADDRINUSE`, `EACCES`, `EADDRNOTAVAIL`…); ArgumentTypeError and
 *   ArgumentRangeError at the call.
 * Checkpoint: only if a name has to be resolved. Cancel: nothing is open.
 * Source: asyncio's create_datagram_endpoint.
 */
export function openDatagram(options: DatagramOptions): Future<DatagramSocket> {
  const call = 'openDatagram';
  assertOptions(options, call, KNOWN);
  const { port, path, remote, onError, fd } = options;
  if (fd !== undefined) assertAdopted(options, call);
  if (remote !== undefined) toTarget(remote, `${call}: remote`);
  if (fd === undefined && (remote === undefined || port !== undefined || path !== undefined)) assertPlace(options, call);
  assertBytes(options.maxDatagramBytes, `${call}: maxDatagramBytes`, MOST_BYTES);
  assertBytes(options.receiveBufferBytes, `${call}: receiveBufferBytes`, MOST_BUFFER_BYTES);
  assertBytes(options.sendBufferBytes, `${call}: sendBufferBytes`, MOST_BUFFER_BYTES);
  assertMode(options.mode, `${call}: mode`);
  assertSwitches(options, ['reusePort', 'reuseAddress', 'ipv6Only', 'broadcast', 'receiveDescriptors'], call);
  if (onError !== undefined) {
    assertCallable(onError, `${call}: onError`);
    refuseCoroutineFunction(onError);
  }
  if (fd === undefined) refuseUseless(options, call);
  const loop = getRunningLoop();
  return loop._makeTask<DatagramSocket>(open(loop, options), { name: call, eager: true });
}

// What is decided when a socket is made cannot be asked of one that is there.
const NOT_OF_ADOPTED = [
  'host', 'port', 'path', 'mode', 'reusePort', 'reuseAddress', 'ipv6Only', 'broadcast', 'receiveBufferBytes',
  'sendBufferBytes',
] as const;

function assertAdopted(options: DatagramOptions, call: string): void {
  assertDescriptor(options.fd, `${call}: fd`);
  const also = NOT_OF_ADOPTED.find((name) => options[name] !== undefined);
  if (also !== undefined) throw new ArgumentTypeError(`${call}: ${also} is settled already for a socket that is open, fd`);
}

// What is said of sockets of the other kind would change nothing.
function refuseUseless(options: DatagramOptions, call: string): void {
  if (isOfUnix(options)) {
    refuseOptions(options, ['reusePort', 'reuseAddress', 'ipv6Only', 'broadcast'], call, 'for UDP, not for a UNIX socket');
  } else {
    refuseOptions(options, ['mode', 'receiveDescriptors'], call, 'for UNIX sockets, not for UDP');
  }
}

function isOfUnix({ path, port, remote }: DatagramOptions): boolean {
  return path !== undefined || (port === undefined && remote !== undefined && toTarget(remote, 'remote').port < 0);
}

function assertBytes(bytes: unknown, what: string, most: number): void {
  if (bytes === undefined) return;
  if (typeof bytes !== 'number') throw new ArgumentTypeError(`${what} is a number, not ${describe(bytes)}`);
  if (Number.isInteger(bytes) && bytes >= 1 && bytes <= most) return;
  throw new ArgumentRangeError(`${what}: ${bytes} is not from 1 to ${most}`);
}

function* open(loop: EventLoop, options: DatagramOptions): Coroutine<DatagramSocket> {
  const { remote } = options;
  const { fd } = options;
  const socket = (fd === undefined ? yield* openLocal(loop, options) : adopt(loop, fd, options))._belong();
  if (remote === undefined) return socket;
  try {
    yield* socket.connect(remote);
  } catch (error) {
    socket.abort();
    throw error;
  }
  return socket;
}

function* openLocal(loop: EventLoop, options: DatagramOptions): Coroutine<DatagramSocket> {
  const { host, port = 0, path } = options;
  if (path !== undefined) return openAt(loop, path, -1, options);
  if (host !== undefined) return openAtFirst(loop, yield* resolveHost(loop, host), port, options);
  if (isOfUnix(options)) {
    return openAt(loop, '', -1, options);
  }
  const everywhere = options.ipv6Only === true ? ['::'] : ['::', '0.0.0.0'];
  return openAtFirst(loop, everywhere, port, options);
}

// A machine may be without one of the families.
function openAtFirst(
  loop: EventLoop, hosts: readonly string[], port: number, options: DatagramOptions,
): DatagramSocket {
  for (const host of hosts.slice(0, -1)) {
    try {
      return openAt(loop, host, port, options);
    } catch (error) {
      if (!NO_IPV6.has((error as { errno?: number }).errno ?? 0)) throw error;
    }
  }
  return openAt(loop, hosts[hosts.length - 1] as string, port, options);
}

// What the socket is of shows once it is adopted; then a first one that was made for something else gives way.
function adopt(loop: EventLoop, fd: number, options: DatagramOptions): DatagramSocket {
  const { onError = null, maxDatagramBytes = DEFAULT_BYTES } = options;
  const sockets = socketsOf(loop);
  let family: SocketAddress['family'] = 'IPv4';
  for (;;) {
    const socket = new DatagramSocket(sockets, { isUnix: family === 'unix', isIpv6: family === 'IPv6', onError });
    const { local, remote } = adoptDatagrams(socket, fd, flagsOf(options), maxDatagramBytes, false);
    if (local === null || local.family === family) {
      if (remote !== null) socket._adoptRemote(remote);
      return socket;
    }
    socket.abort();
    family = local.family;
  }
}

function openAt(loop: EventLoop, host: string, port: number, options: DatagramOptions): DatagramSocket {
  const { onError = null, mode = -1, maxDatagramBytes = DEFAULT_BYTES } = options;
  const isIpv6 = isIP(host.split('%', 1)[0] as string) === 6;
  const socket = new DatagramSocket(socketsOf(loop), { isUnix: port < 0, isIpv6, onError });
  const { _slot: slot, _word: word, _datagrams: datagrams } = socket;
  const { receiveBufferBytes = 0, sendBufferBytes = 0 } = options;
  const opened = datagrams.openDatagrams(
    slot, word, host, port, flagsOf(options), mode, receiveBufferBytes, sendBufferBytes, maxDatagramBytes,
  );
  if (typeof opened === 'number') return socket;
  socket._release();
  const [errno, syscall] = opened.split(' ') as [string, string];
  throw socketError(Number(errno), syscall, { address: host, port: port < 0 ? undefined : port });
}

function flagsOf(options: DatagramOptions): number {
  return (options.reusePort === true ? DatagramFlag.reusePort : 0) |
    (options.ipv6Only === true ? DatagramFlag.ipv6Only : 0) |
    (options.reuseAddress === true ? DatagramFlag.reuseAddress : 0) |
    (options.broadcast === true ? DatagramFlag.broadcast : 0) |
    (options.receiveDescriptors === true ? DatagramFlag.takeDescriptors : 0);
}
