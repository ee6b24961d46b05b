// How a datagram travels: through the network, where it may be lost, overtaken or doubled; or to another UNIX socket.
// The answers are those of sendto(2): 0 or a negative errno.

import { constants } from 'node:os';
import { type Endpoint, isAnyHost, isLoopback, isMulticast, parseHost } from './addresses.js';
import type { DatagramModel } from './datagram_model.js';
import type { DatagramClaim, SimulatedHost } from './host.js';
import type { SimulatedNetwork } from './network.js';

const {
  EACCES, EADDRINUSE, EADDRNOTAVAIL, EAGAIN, ECONNREFUSED, EDESTADDRREQ, EINVAL, EMSGSIZE, ENETUNREACH, ENOENT, ENOTCONN,
  EPERM, EPROTOTYPE,
} = constants.errno;

const MOST_BYTES_IPV4 = 65_507;
const MOST_BYTES_IPV6 = 65_527;
const MOST_BYTES_UNIX = 212_960;
const EVERYBODY = '255.255.255.255';

/** One socket and the machine that it is on. */
export class DatagramOffice {
  readonly model: DatagramModel;
  readonly #network: SimulatedNetwork;
  readonly #here: SimulatedHost;
  #claim: DatagramClaim | null = null;

  constructor(network: SimulatedNetwork, here: SimulatedHost, model: DatagramModel) {
    this.#network = network;
    this.#here = here;
    this.model = model;
  }

  /** Binds to an address and a port, 0 for a free one. */
  bindInet(hostText: string, wanted: number, shares: boolean): number {
    const parsed = parseHost(hostText);
    if (parsed === null) return -EINVAL;
    const { family, host } = parsed;
    if (!this.#here._has(host) && !isMulticast(host) && host !== EVERYBODY) return -EADDRNOTAVAIL;
    const port = wanted === 0 ? this.#here._datagrams.ephemeral() : wanted;
    const claim = { port, host, family, ipv6Only: this.model.ipv6Only, shares, socket: this.model };
    if (port === 0 || !this.#here._datagrams.claim(claim)) return -EADDRINUSE;
    this.#claim = claim;
    this.model.local = { family, host, port };
    return 0;
  }

  bindPath(path: string): number {
    if (this.#here._paths.has(path)) return -EADDRINUSE;
    this.#here._paths.set(path, this.model);
    this.model.local = { family: 'unix', host: path, port: 0 };
    return 0;
  }

  release(): void {
    const { local } = this.model;
    this.model.close();
    if (this.#claim !== null) this.#here._datagrams.release(this.#claim);
    if (this.model.isUnix && local !== null) this.#here._paths.delete(local.host);
  }

  connect(to: Endpoint | null): number {
    const { model } = this;
    if (to === null) {
      model.remote = model.remoteModel = null;
      return 0;
    }
    if (model.isUnix) {
      const found = this.#atPath(to.host);
      if (typeof found === 'number') return found;
      model.remoteModel = found;
    } else {
      const source = this.#sourceFor(to);
      if (typeof source === 'number') return source;
      model.local = source;
    }
    model.remote = to;
    model.takeError();
    return 0;
  }

  send(bytes: Uint8Array, to: Endpoint | null): number {
    const { model } = this;
    const destination = to ?? model.remote;
    if (destination === null) return model.isUnix ? -ENOTCONN : -EDESTADDRREQ;
    if (model.isUnix) return this.#sendToPath(bytes, destination);
    const error = model.takeError();
    if (error !== 0) return -error;
    if (bytes.length > (destination.family === 'IPv6' ? MOST_BYTES_IPV6 : MOST_BYTES_IPV4)) return -EMSGSIZE;
    if (destination.host === EVERYBODY && !model.allowsBroadcast) return -EACCES;
    const source = this.#sourceFor(destination);
    if (typeof source === 'number') return source;
    this.#post(Buffer.from(bytes), source, destination);
    return 0;
  }

  #atPath(path: string): DatagramModel | number {
    const owner = this.#here._paths.get(path);
    if (owner === undefined) return path.startsWith('\0') ? -ECONNREFUSED : -ENOENT;
    return 'offer' in owner && 'isUnix' in owner ? owner : -EPROTOTYPE;
  }

  #sendToPath(bytes: Uint8Array, destination: Endpoint): number {
    const { model } = this;
    if (bytes.length > MOST_BYTES_UNIX) return -EMSGSIZE;
    const found = model.remoteModel ?? this.#atPath(destination.host);
    if (typeof found === 'number') return found;
    if (found.isClosed) return -ECONNREFUSED;
    // Whoever is connected hears its peer alone.
    if (found.remoteModel !== null && found.remoteModel !== model) return -EPERM;
    if (found.isFull) {
      if (found === model.remoteModel) found.tellOfRoom(model);
      return -EAGAIN;
    }
    found.offer({ bytes: Buffer.from(bytes), from: model.local });
    return 0;
  }

  // Where something to that place is sent from. A socket without a port gets one.
  #sourceFor(to: Endpoint): Endpoint | number {
    const { model } = this;
    const isUnreachable = model.isIpv6 ? model.ipv6Only && to.family === 'IPv4' : to.family === 'IPv6';
    if (isUnreachable) return -ENETUNREACH;
    if (model.local === null) {
      const bound = this.bindInet(model.isIpv6 ? '::' : '0.0.0.0', 0, false);
      if (bound !== 0) return bound;
    }
    const local = model.local as unknown as Endpoint;
    if (!isAnyHost(local.host) && local.family === to.family) return local;
    const isForMany = to.host === EVERYBODY || isMulticast(to.host);
    const host = isForMany
      ? (this.#here.addresses.find((address) => address.includes(':') === (to.family === 'IPv6')) ?? '')
      : this.#here._sourceFor({ family: to.family as 'IPv4' | 'IPv6', host: ownHost(to.host), isWrittenAs6: false });
    if (host === '' || (!isForMany && this.#network._hostAt(ownHost(to.host), this.#here) === null)) return -ENETUNREACH;
    return { family: to.family, host, port: local.port };
  }

  #post(bytes: Uint8Array, source: Endpoint, to: Endpoint): void {
    const network = this.#network;
    if (to.host === EVERYBODY || isMulticast(to.host)) {
      for (const there of network.hosts) this.#postTo(there, bytes, source, to);
      return;
    }
    this.#postTo(network._hostAt(ownHost(to.host), this.#here), bytes, source, to);
  }

  #postTo(there: SimulatedHost, bytes: Uint8Array, source: Endpoint, to: Endpoint): void {
    const network = this.#network;
    const world = network._world;
    const faults = network._plan.nextDatagram();
    const copies = [...network._linkFrom(this.#here, there).datagramMs(world.nowMs, bytes.length)];
    for (let i = 1; i < faults.copies && copies.length > 0; i++) copies.push(copies[0]!);
    const way = { from: this.#here.name, to: there.name };
    if (faults.isDropped || copies.length === 0 || network.isCut(way)) {
      this.#note('lose', bytes, there, to);
      return;
    }
    for (const copy of copies) {
      const delay = copy + faults.extraMs;
      const arrive = (): void => {
        if (network.isCut(way)) this.#note('lose', bytes, there, to);
        else this.#arrive(there, bytes, source, to);
      };
      if (delay === 0) arrive();
      else world.after(delay, arrive);
    }
  }

  #note(what: string, bytes: Uint8Array, there: SimulatedHost, to: Endpoint): void {
    const world = this.#network._world;
    if (world.trace === null) return;
    const port = this.model.local?.port ?? 0;
    world.note(`${what} ${this.#here.name}:${port} ~> ${there.name}:${to.port} ${bytes.length} bytes`);
  }

  #arrive(there: SimulatedHost, bytes: Uint8Array, source: Endpoint, to: Endpoint): void {
    const receivers = this.#receiversAt(there, source, to);
    let isTaken = false;
    for (const receiver of receivers) isTaken = receiver.offer({ bytes, from: source }) || isTaken;
    this.#note(isTaken ? 'deliver' : 'lose', bytes, there, to);
    if (receivers.length > 0 || this.model.remote === null || isMulticast(to.host)) return;
    // The other machine says that nobody is there, and only a connected socket hears of it.
    const network = this.#network;
    if (network.isCut({ from: there.name, to: this.#here.name })) return;
    const back = network._linkFrom(there, this.#here).streamMs(network._world.nowMs, 0);
    if (back === 0) this.model.fail(ECONNREFUSED);
    else network._world.after(back, () => this.model.fail(ECONNREFUSED));
  }

  #receiversAt(there: SimulatedHost, source: Endpoint, to: Endpoint): readonly DatagramModel[] {
    if (to.host === EVERYBODY || isMulticast(to.host)) {
      const models = there._datagrams.at(to.port).map(({ socket }) => socket);
      return models.filter((model) => (to.host === EVERYBODY || model.groups.has(to.host)) &&
        (model !== this.model || this.model.hearsItself));
    }
    const claims = there._datagrams.find(to.family as 'IPv4' | 'IPv6', ownHost(to.host), to.port);
    const connected = claims.filter(({ socket }) => isSame(socket.remote, source));
    const open = connected.length > 0 ? connected : claims.filter(({ socket }) => socket.remote === null);
    if (open.length === 0) return [];
    return [open[this.#network._world.choices.pick(open.length, 'who of several receives')]!.socket];
  }
}

function ownHost(host: string): string {
  if (!isAnyHost(host)) return host;
  return host === '::' ? '::1' : '127.0.0.1';
}

function isSame(a: Endpoint | null, b: Endpoint): boolean {
  return a !== null && a.port === b.port && (a.host === b.host || (isLoopback(a.host) && a.host === b.host));
}
