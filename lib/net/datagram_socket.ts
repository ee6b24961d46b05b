// DatagramSocket: whole datagrams, over UDP or between UNIX sockets. What each operation checks is here; how datagrams
// move is below, in datagram_receiving.ts and datagram_sending.ts.

import { constants } from 'node:os';
import { ArgumentRangeError, ArgumentTypeError, socketError } from '../base/errors.js';
import { DatagramOption } from '../engine/datagrams.js';
import { cancelCheck } from '../kernel/cancel_check.js';
import { type Coroutine, describe } from '../kernel/coroutine.js';
import type { Future } from '../kernel/future.js';
import { parseAddress, type SocketAddress } from './addresses.js';
import { toWritten, type Writable } from './bytes.js';
import { closedError, Datagram, failedAtOnce } from './datagram_receiving.js';
import { DatagramSending } from './datagram_sending.js';
import { credentialsOf, descriptorsToSend, type PeerCredentials, type SendOptions } from './passing.js';
import { type Destination, type Peer, type Target, toTarget } from './peers.js';
import { resolveTarget } from './resolve_target.js';
import { partsOfDatagrams, showAs } from './showing.js';
import { assertOurs, type Sockets } from './sockets.js';
import { untilNull } from './until_null.js';

/** @internal */
export interface DatagramSetting {
  readonly isUnix: boolean;
  readonly isIpv6: boolean;
  readonly onError: ((error: Error) => void) | null;
}

const EAFNOSUPPORT = -constants.errno.EAFNOSUPPORT;

/**
 * A socket for datagrams: UDP, or between UNIX sockets. `openDatagram` makes one.
 *
 * Several tasks may receive from one socket: each datagram goes to one of them, in the order in which they began to wait.
 * Up to 256 KiB are kept for tasks that come late; beyond that the kernel keeps what its buffer holds, and UDP drops the
 * rest. In coroutines: `while ((datagram = yield* socket.next()) !== null) …`, in async functions:
 * `for await (const datagram of socket)`; both end at `close()`.
 * Source: asyncio's datagram endpoints, trio.socket, curio.
 */
export class DatagramSocket extends DatagramSending {
  private declare readonly _isIpv6: boolean;
  private declare _local: SocketAddress | null;

  /** @internal */
  constructor(sockets: Sockets, setting: DatagramSetting) {
    assertOurs(sockets, new.target, 'openDatagram does');
    super(sockets, setting.isUnix, setting.isIpv6, setting.onError);
    this._isIpv6 = setting.isIpv6;
    this._local = null;
  }

  /**
   * Receives one datagram. An empty one is a datagram too.
   *
   * Throws: ClosedResourceError; on a connected socket, once, the system error that the network reports for a datagram
   *   sent earlier (`ECONNREFUSED`), unless the socket was opened with `onError`.
   * Checkpoint: only if none is there. Cancel: nothing is taken; a datagram that has come stays for the next one.
   */
  receive(): Future<Datagram> {
    return this._receive(false) as Future<Datagram>;
  }

  /** As `receive`, and null once the socket is closed. */
  next(): Future<Datagram | null> {
    return this._receive(true);
  }

  /**
   * Sends one datagram, now; it waits only if there is no room: in the socket's buffer, or in the queue of a UNIX receiver.
   * Leave its memory as it is until then. A received datagram as the destination stands for its sender. On a connected
   * socket the destination can be left out. Hosts that are names are resolved each time, by Node's resolver.
   *
   * Throws: a system error with `address` and `port`: `EMSGSIZE`, `ENOBUFS`, `ENETUNREACH`, `ECONNREFUSED`, `ENOENT`…, of
   *   which on a connected socket one may belong to an earlier datagram: this one was not sent then. ClosedResourceError;
   *   ArgumentTypeError and ArgumentRangeError, also for another destination than the one connected to.
   * Checkpoint: only if there is no room, or a name to resolve. Cancel: it is not sent.
   */
  send(data: Writable, to?: Destination, options?: SendOptions): Future<void> {
    const bytes = toWritten(data, 'send');
    const descriptors = descriptorsToSend(options, 'send');
    if (descriptors !== null && !this._isUnix) {
      throw new ArgumentTypeError('send: descriptors travel over UNIX sockets only');
    }
    if (this._closing) throw closedError();
    const target = to === undefined ? null : this._find(to, 'send');
    if (target !== null && 'host' in target) return this._sendToName(bytes, target, descriptors);
    const peer = this._route(target, 'send');
    cancelCheck();
    return this._send(bytes, peer, descriptors);
  }

  /**
   * Writes one datagram without waiting: all that are written in a turn leave together at its end, in one system call where
   * there is one for many. The bytes are copied. Follow it with `drain` now and then, or a busy writer fills the memory.
   * What the kernel refuses goes to `onError`, or else the first refusal to the next `drain`.
   *
   * Throws: ClosedResourceError; a system error (`EMSGSIZE`); as `send`, and ArgumentRangeError for a host that is a name.
   * Checkpoint: no.
   */
  write(data: Writable, to?: Destination): void {
    const bytes = toWritten(data, 'write');
    if (this._closing) throw closedError();
    const target = to === undefined ? null : this._find(to, 'write');
    if (target !== null && 'host' in target) {
      throw new ArgumentRangeError(`write: ${target.host} is no numeric address; use send, which can wait for a resolver`);
    }
    this._write(bytes, this._route(target, 'write'));
  }

  /**
   * Waits until no more than 16 KiB of what was written wait, if it is more than 64 KiB now.
   *
   * Throws: the system error of the first written datagram that was refused since the last call; ClosedResourceError.
   * Checkpoint: only above the high mark. Cancel: only the wait ends.
   */
  drain(): Future<void> {
    return this._drain();
  }

  /**
   * Connects to a peer, or to another one: only it is heard, `send` needs no destination, and the network's reports of
   * what could not be delivered come back.
   *
   * Throws: a system error with `address` and `port`; ClosedResourceError; ArgumentTypeError, ArgumentRangeError.
   * Checkpoint: only if a name has to be resolved. Cancel: nothing has changed.
   */
  connect(to: Destination): Future<void> {
    if (this._closing) throw closedError();
    cancelCheck();
    const target = this._find(to, 'connect');
    if (!('host' in target)) return this._connect(target);
    return this._withName(target, 'connect', (peer) => this._connect(peer));
  }

  /** @internal Somebody else has connected it. */
  _adoptRemote({ address, port, family }: SocketAddress): void {
    const isNamed = address !== '';
    if (family === 'unix') this._remote = isNamed ? this._peers.path(address) : this._peers.nobody();
    else this._remote = this._peers.host(address, port);
  }

  private _connect(peer: Peer): Future<void> {
    if (this._closing) throw closedError();
    const result = this._datagrams.connectDatagrams(this._slot, this._word, peer.packed);
    if (result < 0) return failedAtOnce(this._sockets, this._errorFor(result, 'connect', peer));
    this._remote = peer;
    this._local = null;
    return this._sockets.done;
  }

  private _sendToName(bytes: Uint8Array, target: Target, descriptors: Int32Array | null): Future<void> {
    return this._withName(target, 'send', (peer) => {
      if (this._closing) throw closedError();
      return this._send(bytes, this._route(peer, 'send'), descriptors);
    });
  }

  private _withName(target: Target, call: string, then: (peer: Peer) => Future<void>): Future<void> {
    const { loop } = this._sockets;
    const { _isIpv6: isIpv6, _peers: peers } = this;
    const steps = function* (): Coroutine<void> {
      const host = yield* resolveTarget(loop, target, isIpv6, call);
      yield* then(peers.host(host, target.port));
    };
    return loop._makeTask<void>(steps(), { name: `datagram ${call}`, eager: true });
  }

  // A peer, or a name that is to be resolved.
  private _find(to: Destination, call: string): Peer | Target {
    const sender = typeof to === 'object' && (to as unknown) !== null ? Datagram._peerOf(to) : null;
    if (sender !== null && sender.book === this._peers && sender.address !== '') return sender;
    const target = toTarget(to, call);
    const isPath = target.port < 0;
    if (isPath !== this._isUnix) {
      const taken = this._isUnix ? 'UNIX socket, which takes a path' : 'UDP socket, which takes a host and a port';
      throw new ArgumentTypeError(`${call}: this is a ${taken}`);
    }
    if (isPath) return this._peers.path(target.host);
    if (!isNumeric(target.host)) return target;
    if (!this._isIpv6 && target.host.includes(':')) {
      throw socketError(EAFNOSUPPORT, call, { address: target.host, port: target.port }, 'the socket is bound to IPv4');
    }
    return this._peers.host(target.host, target.port);
  }

  /**
   * Joins a multicast group, on one network interface (its name; or, for IPv4, its address) or the system's choice.
   *
   * Throws: a system error (`ENODEV`, `EADDRINUSE`, `EINVAL`); ClosedResourceError. Checkpoint: no.
   */
  joinGroup(group: string, networkInterface = ''): void {
    this._setOption(DatagramOption.joinGroup, 0, group, networkInterface);
  }

  /** Leaves a group. Throws: a system error (`EADDRNOTAVAIL` if it was not joined); ClosedResourceError. Checkpoint: no. */
  leaveGroup(group: string, networkInterface = ''): void {
    this._setOption(DatagramOption.leaveGroup, 0, group, networkInterface);
  }

  /** Allows sending to broadcast addresses, or no more. Throws: ClosedResourceError. Checkpoint: no. */
  setBroadcast(allowed: boolean): void {
    this._setOption(DatagramOption.broadcast, toBit(allowed, 'setBroadcast'));
  }

  /** Hops that datagrams may make, 1 to 255. Throws: ArgumentRangeError; ClosedResourceError. Checkpoint: no. */
  setTtl(hops: number): void {
    this._setOption(DatagramOption.ttl, hopCount(hops, 1, 'setTtl'));
  }

  /** Hops for multicast, 0 (this machine) to 255. Throws: ArgumentRangeError; ClosedResourceError. Checkpoint: no. */
  setMulticastTtl(hops: number): void {
    this._setOption(DatagramOption.multicastTtl, hopCount(hops, 0, 'setMulticastTtl'));
  }

  /** Whether this machine hears its own multicast. Throws: ClosedResourceError. Checkpoint: no. */
  setMulticastLoopback(heard: boolean): void {
    this._setOption(DatagramOption.multicastLoopback, toBit(heard, 'setMulticastLoopback'));
  }

  /** The interface for outgoing multicast: name, or IPv4 address. Throws: a system error (`ENODEV`). Checkpoint: no. */
  setMulticastInterface(networkInterface: string): void {
    this._setOption(DatagramOption.multicastInterface, 0, '', networkInterface);
  }

  private _setOption(option: DatagramOption, value: number, group = '', networkInterface = ''): void {
    for (const text of [group, networkInterface]) {
      if (typeof text !== 'string') throw new ArgumentTypeError(`a string is needed, not ${describe(text)}`);
    }
    if (this._closing) throw closedError();
    const { _slot: slot, _word: word } = this;
    const result = this._datagrams.setDatagramOption(slot, word, option, value, group, networkInterface);
    if (result < 0) throw socketError(result, 'setsockopt', group === '' ? {} : { address: group });
  }

  /** The kernel's buffers, in bytes, as it counts them (Linux: twice what was asked for). Throws: ClosedResourceError. */
  get bufferBytes(): { readonly receive: number; readonly send: number } {
    if (this._closing) throw closedError();
    const { _slot: slot, _word: word } = this;
    return {
      receive: this._datagrams.datagramOption(slot, word, DatagramOption.receiveBuffer),
      send: this._datagrams.datagramOption(slot, word, DatagramOption.sendBuffer),
    };
  }

  /**
   * Who is at the other end of a connected UNIX socket, as the kernel says.
   *
   * Throws: a system error (`ENOTCONN`) for others; ClosedResourceError. Checkpoint: no.
   */
  peerCredentials(): PeerCredentials {
    if (this._closing) throw closedError();
    return credentialsOf(this._datagrams, this._slot, this._word);
  }

  /**
   * Closes the socket: what was received and not taken is dropped, and so are sends that wait for room, which fail; what
   * was written is sent first. It need not be awaited.
   *
   * Checkpoint: only if something written waits. Cancel: the closing goes on.
   */
  close(): Future<void> {
    this._shut(false);
    return this._whenClosed();
  }

  /** Closes at once, and drops what waits. Checkpoint: no. */
  abort(): void {
    this._shut(true);
  }

  /** Whether `close` or `abort` was called. */
  get closed(): boolean {
    return this._closing;
  }

  /** Bytes written that the kernel has not taken yet. */
  get pendingBytes(): number {
    return this._pendingBytes;
  }

  /** Where this socket is; null if it was not asked while it was open. */
  get localAddress(): SocketAddress | null {
    if (this._local !== null || this._released) return this._local;
    this._local = parseAddress(this._sockets.transports.address(this._slot, this._word, false));
    return this._local;
  }

  /** The peer that it is connected to, or null. */
  get remoteAddress(): SocketAddress | null {
    const remote = this._remote;
    return remote === null ? null : { family: remote.family, address: remote.address, port: remote.port };
  }

  /** The datagrams up to `close`, for `for await`; in coroutines see `next`. */
  [Symbol.asyncIterator](): AsyncIterator<Datagram, void, unknown> {
    return untilNull(() => this.next());
  }

  /** Closes, for `await using`. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}

showAs(DatagramSocket, 'DatagramSocket', partsOfDatagrams);

// What could be a number: digits and dots, or colons. Whether it is one the engine knows.
function isNumeric(host: string): boolean {
  return host.includes(':') || /^[\d.]+$/.test(host);
}

function toBit(isOn: unknown, call: string): number {
  if (typeof isOn === 'boolean') return Number(isOn);
  throw new ArgumentTypeError(`${call}: true or false is needed, not ${describe(isOn)}`);
}

function hopCount(hops: unknown, least: number, call: string): number {
  if (typeof hops !== 'number') throw new ArgumentTypeError(`${call}: hops are a number, not ${describe(hops)}`);
  if (Number.isInteger(hops) && hops >= least && hops <= 255) return hops;
  throw new ArgumentRangeError(`${call}: ${hops} is not from ${least} to 255`);
}
