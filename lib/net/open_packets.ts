// Connecting sockets of packets, or taking over one that is connected.

import { constants } from 'node:os';
import { ArgumentRangeError, ArgumentTypeError, socketError } from '../base/errors.js';
import { DatagramFlag } from '../engine/datagrams.js';
import { assertOptions } from '../kernel/arguments.js';
import { type Coroutine, describe } from '../kernel/coroutine.js';
import type { Future } from '../kernel/future.js';
import { getRunningLoop } from '../kernel/running.js';
import { assertDescriptor } from '../kernel/watch_table.js';
import { sleep } from '../tasks/sleep.js';
import { adoptDatagrams } from './adopting_datagrams.js';
import { PacketSocket } from './packet_socket.js';
import { assertSwitches, assertText } from './places.js';
import type { PacketSetting } from './server.js';
import { type Sockets, socketsOf } from './sockets.js';

/** What packets may be, on either side. */
export interface PacketLimits {
  /** Longer packets are cut, and say so; 65,536 by default. */
  readonly maxPacketBytes?: number;
  /** Receive descriptors; otherwise the kernel drops them. Whoever receives them must close them. */
  readonly receiveDescriptors?: boolean;
}

/** Where to connect to, or what to take over. */
export interface PacketOptions extends PacketLimits {
  /** The path that a server of packets listens at; a name that begins with a zero byte is an abstract one. */
  readonly path?: string | undefined;
  /** A connected socket of packets instead: a duplicate of it is used. */
  readonly fd?: number | undefined;
}

const EAGAIN = -constants.errno.EAGAIN;
const DEFAULT_BYTES = 65536;
const MOST_BYTES = 512 * 1024;

// A full backlog refuses instead of letting wait; so does this much of patience.
const FIRST_RETRY_MS = 1;
const LONGEST_RETRY_MS = 50;

/**
 * Connects a socket of packets (SOCK_SEQPACKET) to a UNIX path.
 *
 * Throws: a system error with `address` (`ENOENT`, `ECONNREFUSED`; `EPROTOTYPE` where something else listens, and for an
 *   `fd` of another kind); ArgumentTypeError and ArgumentRangeError at the call.
 * Checkpoint: only if the server's backlog is full. Cancel: nothing is open.
 * Source: unix(7).
 */
export function openPackets(options: PacketOptions): Future<PacketSocket> {
  const call = 'openPackets';
  assertOptions(options, call, ['path', 'fd', 'maxPacketBytes', 'receiveDescriptors']);
  const { path, fd } = options;
  if ((path === undefined) === (fd === undefined)) throw new ArgumentTypeError(`${call}: give either a path or an fd`);
  if (path !== undefined) assertText(path, `${call}: path`);
  else assertDescriptor(fd, `${call}: fd`);
  const setting = packetSetting(options, call);
  const loop = getRunningLoop();
  const sockets = socketsOf(loop);
  const steps = path === undefined ? adopt(sockets, fd as number, setting) : connect(sockets, path, setting);
  return loop._makeTask<PacketSocket>(steps, { name: call, eager: true });
}

/** @internal Throws: ArgumentTypeError, ArgumentRangeError. */
export function packetSetting(options: PacketLimits, call: string): PacketSetting {
  const { maxPacketBytes: maxBytes = DEFAULT_BYTES, receiveDescriptors } = options;
  assertSwitches(options, ['receiveDescriptors'], call);
  if (typeof maxBytes !== 'number') {
    throw new ArgumentTypeError(`${call}: maxPacketBytes is a number, not ${describe(maxBytes)}`);
  }
  if (!(Number.isInteger(maxBytes) && maxBytes >= 1 && maxBytes <= MOST_BYTES)) {
    throw new ArgumentRangeError(`${call}: maxPacketBytes: ${maxBytes} is not from 1 to ${MOST_BYTES}`);
  }
  return { flags: receiveDescriptors === true ? DatagramFlag.takeDescriptors : 0, maxBytes };
}

function* connect(sockets: Sockets, path: string, { flags, maxBytes }: PacketSetting): Coroutine<PacketSocket> {
  for (let wait = FIRST_RETRY_MS; ; wait = Math.min(2 * wait, LONGEST_RETRY_MS)) {
    const socket = new PacketSocket(sockets);
    const result = socket._datagrams.connectPackets(socket._slot, socket._word, path, flags, maxBytes);
    if (result === 0) return socket._belong();
    socket._release();
    if (result !== EAGAIN) throw socketError(result, 'connect', { address: path });
    yield* sleep(wait);
  }
}

 
function* adopt(sockets: Sockets, fd: number, { flags, maxBytes }: PacketSetting): Coroutine<PacketSocket> {
  const socket = new PacketSocket(sockets);
  adoptDatagrams(socket, fd, flags, maxBytes, true);
  return socket._belong();
}
