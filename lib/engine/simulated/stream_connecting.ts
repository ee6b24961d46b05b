// How a connection comes to be: over the network in its own time, between UNIX sockets at once.

import { constants } from 'node:os';
import { type Endpoint, isAnyHost, type NumericHost, parseHost, pathFailure } from './addresses.js';
import { Choices } from './choices.js';
import type { ConnectionFaults } from './fault_plan.js';
import type { SimulatedHost } from './host.js';
import { Link } from './link.js';
import { ListenerModel } from './listener_model.js';
import type { SimulatedNetwork } from './network.js';
import { ConnectionModel, StreamModel } from './stream_model.js';
import { Wire } from './wire.js';

const {
  EADDRINUSE, EADDRNOTAVAIL, EAGAIN, ECONNREFUSED, EINVAL, ENETUNREACH, ENOENT, EPROTOTYPE, ETIMEDOUT,
} = constants.errno;

/** How long a connection that found no room waits before it asks again; longer each time. */
const FIRST_RETRY_MS = 1000;

/** Begins to connect. Returns: the near end, which says when it stands or has failed; or a negative errno. */
export function connectInet(
  network: SimulatedNetwork, hostText: string, port: number, localHost: string, localPort: number,
): StreamModel | number {
  const target = parseHost(hostText);
  if (target === null) return -EINVAL;
  const here = network._here;
  const far: Endpoint = { family: target.family, host: isAnyHost(target.host) ? ownHost(target) : target.host, port };
  const there = network._hostAt(far.host, here);
  const near = bindNear(here, { ...target, host: far.host }, localHost, localPort);
  if (typeof near === 'number') return near;
  if (near.host === '') return -ENETUNREACH;
  return new Attempt(network, here, there, near, far, target.isWrittenAs6 && target.family === 'IPv4').begin();
}

// Linux takes the address of everybody for its own.
function ownHost({ family }: NumericHost): string {
  return family === 'IPv4' ? '127.0.0.1' : '::1';
}

function bindNear(here: SimulatedHost, far: NumericHost, localHost: string, localPort: number): Endpoint | number {
  let host = here._sourceFor(far);
  if (localHost !== '') {
    const local = parseHost(localHost);
    if (local === null || local.family !== far.family) return -EINVAL;
    if (!here._has(local.host)) return -EADDRNOTAVAIL;
    if (!isAnyHost(local.host)) ({ host } = local);
  }
  const isTaken = localPort !== 0 && (here._connectedPorts.has(localPort) || here._listeners.at(localPort).length > 0);
  if (isTaken) return -EADDRINUSE;
  const port = localPort === 0 ? here._portForConnection() : localPort;
  return port === 0 ? -EADDRNOTAVAIL : { family: far.family, host, port };
}

// A connection over the network, from the first packet to the last of the handshake.
class Attempt {
  readonly #network: SimulatedNetwork;
  readonly #here: SimulatedHost;
  readonly #there: SimulatedHost;
  readonly #connection: ConnectionModel;
  readonly #socket: StreamModel;
  readonly #back: Wire;
  #retryMs = FIRST_RETRY_MS;
  #timer = -1;

  constructor(
    network: SimulatedNetwork, here: SimulatedHost, there: SimulatedHost, near: Endpoint, far: Endpoint,
    isWrittenAs6: boolean,
  ) {
    this.#network = network;
    this.#here = here;
    this.#there = there;
    this.#connection = new ConnectionModel(network._plan.nextConnection());
    const place = { hostName: here.name, local: near, remote: far, isWrittenAs6 };
    const wire = network._wireFrom(here, there);
    this.#socket = new StreamModel(network._world, wire, place, this.#connection);
    this.#back = network._wireFrom(there, here);
    wire.extraMs = this.#back.extraMs = this.#connection.faults.extraMs;
  }

  begin(): StreamModel {
    const socket = this.#socket;
    const { port } = socket.place.local;
    const { agenda } = this.#network._world;
    this.#here._connectedPorts.add(port);
    this.#network._streams.add(socket);
    socket.onGone = () => {
      agenda.cancel(this.#timer);
      this.#here._connectedPorts.delete(port);
      this.#network._streams.delete(socket);
    };
    this.#note('connect');
    const patience = this.#network._connectTimeoutMs;
    if (patience !== Infinity) this.#timer = this.#network._world.after(patience, () => this.#fail(ETIMEDOUT));
    this.#ask();
    return socket;
  }

  #note(what: string): void {
    const { trace } = this.#network._world;
    if (trace === null) return;
    const { place: { remote }, label } = this.#socket;
    this.#network._world.note(`${what} ${label} -> ${this.#there.name}:${remote.port}`);
  }

  #ask(): void {
    this.#socket.wire.carry(0, () => this.#asked(), false);
  }

  #asked(): void {
    if (this.#socket.isClosed || this.#socket.connectError !== 0) return;
    const { family, host, port } = this.#socket.place.remote;
    const claims = this.#there._listeners.find(family as 'IPv4' | 'IPv6', host, port);
    if (claims.length === 0 || this.#connection.faults.isRefused) {
      this.#back.carry(0, () => this.#fail(ECONNREFUSED), false);
      return;
    }
    const world = this.#network._world;
    const claim = claims[world.choices.pick(claims.length, 'who of several accepts')]!;
    if (claim.listener.isFull || this.#network._plan.isFull(this.#there.name, world.nowMs)) {
      this.#note('no room for');
      world.after(this.#retryMs, () => this.#ask());
      this.#retryMs *= 2;
      return;
    }
    this.#accept(claim.listener, claim.family === 'IPv6');
  }

  #accept(listener: ListenerModel, isWrittenAs6: boolean): void {
    const socket = this.#socket;
    const { local, remote } = socket.place;
    const place = { hostName: this.#there.name, local: remote, remote: local, isWrittenAs6 };
    const accepted = new StreamModel(this.#network._world, this.#back, place, this.#connection);
    socket.join(accepted, this.#network._retransmitTimeoutMs);
    accepted.isConnected = true;
    this.#network._streams.add(accepted);
    accepted.onGone = () => this.#network._streams.delete(accepted);
    listener.offer(accepted);
    this.#back.carry(0, () => this.#accepted(accepted), false);
  }

  #accepted(accepted: StreamModel): void {
    if (this.#socket.isClosed || this.#socket.connectError !== 0) {
      accepted.breakWith(constants.errno.ECONNRESET);
      return;
    }
    this.#network._world.agenda.cancel(this.#timer);
    this.#note('connected');
    this.#socket.connected();
  }

  #fail(errno: number): void {
    if (this.#socket.isClosed || this.#socket.isConnected || this.#socket.connectError !== 0) return;
    this.#note(errno === ECONNREFUSED ? 'refused' : 'nobody answers');
    this.#socket.connectFailed(errno);
  }
}

// Nothing lies between two sockets of one machine, or the ends of a pipe.
const BETWEEN_UNIX = new Link(new Choices(), {});
const IN_A_PIPE = new Link(new Choices(), { bufferBytes: 64 * 1024 });
const NEVER_CUT = { isCut: () => false, holds: () => undefined };
const SOUND: ConnectionFaults = { isRefused: false, extraMs: 0, breaks: [] };

/** Returns: the reading end and the writing end of a pipe. */
export function joinPipe(network: SimulatedNetwork): readonly [StreamModel, StreamModel] {
  return joinLocally(network, IN_A_PIPE, new ConnectionModel(SOUND), '');
}

// Two ends on one machine, the second one with a name.
function joinLocally(
  { _world: world, _here: here }: SimulatedNetwork, link: Link, connection: ConnectionModel, name: string,
): readonly [StreamModel, StreamModel] {
  const end = (localName: string, remoteName: string): StreamModel => {
    const [local, remote] = [localName, remoteName].map((host): Endpoint => ({ family: 'unix', host, port: 0 }));
    const place = { hostName: here.name, local: local as Endpoint, remote: remote as Endpoint, isWrittenAs6: false };
    return new StreamModel(world, new Wire(world, NEVER_CUT, link, here.name, here.name), place, connection);
  };
  const [near, far] = [end('', name), end(name, '')];
  near.join(far, Infinity);
  near.isConnected = far.isConnected = true;
  return [near, far];
}

/** Connects to a path of the machine. Returns: the near end, connected; or a negative errno. */
export function connectUnix(network: SimulatedNetwork, path: string): StreamModel | number {
  const failure = pathFailure(path);
  if (failure !== 0) return failure;
  const here = network._here;
  const connection = new ConnectionModel(network._plan.nextConnection());
  const owner = here._paths.get(path);
  if (owner === undefined) return path.startsWith('\0') ? -ECONNREFUSED : -ENOENT;
  if (!(owner instanceof ListenerModel)) return -EPROTOTYPE;
  const world = network._world;
  if (connection.faults.isRefused) return -ECONNREFUSED;
  if (owner.isFull || network._plan.isFull(here.name, world.nowMs)) return -EAGAIN;
  const [near, far] = joinLocally(network, BETWEEN_UNIX, connection, path);
  world.note(`connect ${near.label} -> ${far.label}`);
  owner.offer(far);
  near.connected();
  return near;
}
