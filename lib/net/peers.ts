// Peers of datagrams: who sent one, who is sent one. The kernel's form of an address is kept packed beside what people
// read, and both are found again by what is at hand: the packed words of a datagram, or a host and a port.
// Invariant: a book holds at most MOST peers, however many senders there are; a peer that was given out stays whole.

import { constants } from 'node:os';
import { isIP, isIPv4 } from 'node:net';
import { ArgumentRangeError, ArgumentTypeError, socketError } from '../base/errors.js';
import { PACKED_ADDRESS_WORDS, type Datagrams } from '../engine/datagrams.js';
import { describe } from '../kernel/coroutine.js';
import { parseAddress, type SocketAddress } from './addresses.js';
import { assertHost, assertPort, assertText } from './places.js';

/** Where a datagram goes: a host and a port, a UNIX path, or an address as received datagrams and sockets have it. */
export type Destination = { readonly host: string; readonly port: number } | { readonly path: string } | SocketAddress;

/** What people read of an address, and the kernel's form of it. */
export class Peer implements SocketAddress {
  readonly family: SocketAddress['family'];
  readonly address: string;
  readonly port: number;
  readonly packed: Uint8Array;
  readonly words: Int32Array;
  /** Whose it is: another socket may have to write the same address in another way. */
  readonly book: PeerBook;

  constructor(book: PeerBook, address: SocketAddress, packed: Uint8Array) {
    this.book = book;
    this.family = address.family;
    this.address = address.address;
    this.port = address.port;
    this.packed = packed;
    this.words = new Int32Array(packed.buffer, packed.byteOffset, packed.length / 4);
  }
}

const MOST = 1024;
const NOBODY: SocketAddress = { family: 'unix', address: '', port: 0 };
const EINVAL = -constants.errno.EINVAL;

export class PeerBook {
  readonly #datagrams: Datagrams;
  readonly #maps: boolean;
  // By a mix of the packed words: one place each, and the latest one has it.
  readonly #senders: (Peer | undefined)[] = [];
  readonly #named = new Map<string, Peer>();
  readonly #scratch = new Uint8Array(PACKED_ADDRESS_WORDS * 4);

  /** `mapsIpv4`: the socket is of IPv6, so IPv4 addresses are written as IPv6 ones in the packed form. */
  constructor(datagrams: Datagrams, mapsIpv4: boolean) {
    this.#datagrams = datagrams;
    this.#maps = mapsIpv4;
  }

  /** The sender whose packed address stands at `at`. */
  sender(words: Int32Array, at: number, count: number): Peer {
    let mix = count;
    for (let i = 0; i < count; i++) mix = Math.imul(mix ^ words[at + i]!, 0x9e3779b1);
    const place = (mix ^ (mix >>> 15)) & (MOST - 1);
    const known = this.#senders[place];
    if (known !== undefined && isSame(known.words, words, at, count)) return known;
    const packed = new Uint8Array(words.slice(at, at + count).buffer);
    const peer = new Peer(this, unmapped(parseAddress(this.#datagrams.describeAddress(packed)) ?? NOBODY), packed);
    this.#senders[place] = peer;
    return peer;
  }

  /** Packs a numeric host and a port. Throws: ArgumentRangeError if it is no address. */
  host(host: string, port: number): Peer {
    return this.#find(`${port} ${host}`, () => {
      const written = this.#maps && isIPv4(host) ? `::ffff:${host}` : host;
      return this.#pack({ family: isIP(host) === 6 ? 'IPv6' : 'IPv4', address: host, port }, written, port);
    });
  }

  path(path: string): Peer {
    return this.#find(path, () => this.#pack({ family: 'unix', address: path, port: 0 }, path, -1));
  }

  /** A peer without a name. */
  nobody(): Peer {
    return this.sender(new Int32Array(1), 0, 1);
  }

  #find(key: string, make: () => Peer): Peer {
    let peer = this.#named.get(key);
    if (peer === undefined) {
      peer = make();
      if (this.#named.size >= MOST) this.#named.clear();
      this.#named.set(key, peer);
    }
    return peer;
  }

  #pack(address: SocketAddress, host: string, port: number): Peer {
    const size = this.#datagrams.packAddress(host, port, this.#scratch);
    if (size === EINVAL) throw new ArgumentRangeError(`${JSON.stringify(address.address)} is no address`);
    if (size < 0) throw socketError(size, 'send', { address: address.address });
    return new Peer(this, address, this.#scratch.slice(0, size));
  }
}

function isSame(known: Int32Array, words: Int32Array, at: number, count: number): boolean {
  if (known.length !== count) return false;
  for (let i = 0; i < count; i++) if (known[i] !== words[at + i]) return false;
  return true;
}

// A socket for both families sees IPv4 peers under IPv6 addresses; people do not.
function unmapped(address: SocketAddress): SocketAddress {
  const plain = address.family === 'IPv6' && address.address.startsWith('::ffff:') ? address.address.slice(7) : '';
  return isIPv4(plain) ? { family: 'IPv4', address: plain, port: address.port } : address;
}

/** A destination after its checks: a host with its port, or a path with the port -1. */
export interface Target {
  readonly host: string;
  readonly port: number;
}

/** Throws: ArgumentTypeError, ArgumentRangeError, for what is no destination. */
export function toTarget(to: unknown, call: string): Target {
  if (typeof to !== 'object' || to === null) {
    throw new ArgumentTypeError(`${call}: a destination is {host, port} or {path}, not ${describe(to)}`);
  }
  const { host, port, path, address, family } = to as Record<string, unknown>;
  if (path !== undefined && (host !== undefined || port !== undefined)) {
    throw new ArgumentTypeError(`${call}: give either a host and a port, or a path`);
  }
  const isPath = family === 'unix' || path !== undefined;
  const name = (isPath ? path : host) ?? address;
  if (isPath) {
    assertText(name, `${call}: path`);
    return { host: name, port: -1 };
  }
  assertPort(port, `${call}: port`);
  if (port === 0) throw new ArgumentRangeError(`${call}: nothing can be sent to port 0`);
  assertHost(name, `${call}: host`);
  return { host: name, port: port as number };
}
