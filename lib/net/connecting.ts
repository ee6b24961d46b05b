// A connection that is being made. The wait is a future that owns its descriptor until a stream takes it over, so
// cancelling it closes the descriptor.

import { constants } from 'node:os';
import { ConnectionFailedError } from '../base/connection_failed.js';
import { socketError, type SystemError } from '../base/errors.js';
import { TransportEvent } from '../engine/abi.js';
import { captureContext } from '../kernel/context.js';
import type { Coroutine } from '../kernel/coroutine.js';
import { Future } from '../kernel/future.js';
import type { Sink } from '../kernel/loop_core.js';
import { sleep } from '../tasks/sleep.js';
import type { SocketAddress } from './addresses.js';
import { AttemptRace, familyOf, interleaveFamilies } from './happy_eyeballs.js';
import { type Resolver, resolveHost } from './resolver.js';
import type { Sockets } from './sockets.js';

/** @internal What a connection becomes: it takes the slot over, and with it the transport. */
export interface Connected extends Sink {
  _setRemote(remote: SocketAddress): void;
  abort(): void;
}

/** @internal Makes it. */
export type MakeConnected<T extends Connected> = (sockets: Sockets, slot: number) => T;

/** @internal What to connect to, checked. */
export interface ConnectTarget {
  readonly host: string;
  readonly port: number;
  readonly path: string | undefined;
  readonly localAddress: string;
  readonly localPort: number;
  readonly resolver: Resolver | undefined;
  readonly delayMs: number;
}

// A full backlog of a UNIX socket refuses instead of letting wait; so does this much of patience.
const FIRST_RETRY_MS = 1;
const LONGEST_RETRY_MS = 50;

/** @internal Connects to the path, or to the first address of the host that answers. */
export function* connectTo<T extends Connected>(
  sockets: Sockets, target: ConnectTarget, make: MakeConnected<T>,
): Coroutine<T> {
  const { host, port, path, localAddress, localPort } = target;
  if (path !== undefined) return yield* connectToPath(sockets, path, make);
  const hosts = yield* addressesFor(sockets, target);
  const context = captureContext();
  const begin = (address: string) => new Connecting(sockets, address, port, localAddress, localPort, make);
  // A later attempt begins when an earlier one ends or is slow, and still belongs to whoever has asked for the connection.
  const attempt = (address: string) => (context === null ? begin(address) : context.run(begin, address));
  if (hosts.length === 1) return yield* attempt(hosts[0] as string);
  return yield* new AttemptRace(sockets.loop, {
    targets: interleaveFamilies(hosts),
    attempt,
    delayMs: target.delayMs,
    discard: (late) => late.abort(),
    failure: (errors) => new ConnectionFailedError(errors as SystemError[], host, port),
  });
}

// Those that can be reached from the local address, if one was asked for.
function* addressesFor(sockets: Sockets, target: ConnectTarget): Coroutine<readonly string[]> {
  const { host, port, localAddress, resolver } = target;
  const hosts = yield* resolveHost(sockets.loop, host, resolver);
  const family = familyOf(localAddress);
  if (family === 0) return hosts;
  const usable = hosts.filter((address) => familyOf(address) === family);
  if (usable.length > 0) return usable;
  const hint = `it has no address of the family of localAddress ${localAddress}`;
  throw socketError(-constants.errno.EADDRNOTAVAIL, 'connect', { address: host, port }, hint);
}

function* connectToPath<T extends Connected>(sockets: Sockets, path: string, make: MakeConnected<T>): Coroutine<T> {
  for (let wait = FIRST_RETRY_MS; ; wait = Math.min(2 * wait, LONGEST_RETRY_MS)) {
    try {
      return yield* new Connecting(sockets, path, -1, '', 0, make);
    } catch (error) {
      if ((error as Partial<SystemError>).code !== 'EAGAIN') throw error;
    }
    yield* sleep(wait);
  }
}

/** @internal Waits for one address. */
export class Connecting<T extends Connected> extends Future<T> {
  readonly #sockets: Sockets;
  readonly #slot: number;
  readonly #word: number;
  readonly #remote: SocketAddress;
  readonly #make: MakeConnected<T>;

  constructor(
    sockets: Sockets, host: string, port: number, localHost: string, localPort: number, make: MakeConnected<T>,
  ) {
    super(sockets.loop);
    this.#sockets = sockets;
    this.#make = make;
    this.#slot = sockets.enter(this);
    this.#word = sockets.word(this.#slot);
    const family = port < 0 ? 'unix' : familyOf(host) === 6 ? 'IPv6' : 'IPv4';
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

  #connected(): void {
    const connected = this.#make(this.#sockets, this.#slot);
    this.#sockets.loop._sinks[this.#slot] = connected;
    connected._setRemote(this.#remote);
    this._finish(connected);
  }

  #end(errno: number): void {
    this._undo();
    const { family, address, port } = this.#remote;
    this._fail(socketError(errno, 'connect', { address, port: family === 'unix' ? undefined : port }));
  }
}
