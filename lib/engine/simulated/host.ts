// A machine of the simulated network: its name, its addresses, and who listens there.

import { isAnyHost, isLoopback, type NumericHost } from './addresses.js';
import type { DatagramModel } from './datagram_model.js';
import type { ListenerModel } from './listener_model.js';
import { type PortClaim, PortTable } from './port_table.js';

/** Somebody's claim to a port for streams. */
export interface ListenClaim extends PortClaim {
  readonly listener: ListenerModel;
}

/** Somebody's claim to a port for datagrams. */
export interface DatagramClaim extends PortClaim {
  readonly socket: DatagramModel;
}

/** What stands at a path: a socket, or what a socket has left behind. */
export type PathOwner = ListenerModel | DatagramModel;

/** A machine of a `SimulatedNetwork`; `network.host(name)` makes one. Tasks run on it with `onHost`. */
export class SimulatedHost {
  /** What the others call it. */
  readonly name: string;
  /** Where it can be reached, beside its own loopback addresses. */
  readonly addresses: readonly string[];
  /** @internal */ readonly _listeners = new PortTable<ListenClaim>();
  /** @internal */ readonly _datagrams = new PortTable<DatagramClaim>();
  /** @internal */ readonly _paths = new Map<string, PathOwner>();
  /** @internal Ports at which connections begin. */
  readonly _connectedPorts = new Set<number>();

  /** @internal */
  constructor(name: string, addresses: readonly string[]) {
    this.name = name;
    this.addresses = addresses;
  }

  /** @internal Whether a socket of this machine can be bound there. */
  _has(host: string): boolean {
    return isAnyHost(host) || isLoopback(host) || this.addresses.includes(host);
  }

  /** @internal Returns: where something to `destination` is sent from; an empty text if it has no address of the family. */
  _sourceFor({ family, host }: NumericHost): string {
    if (host === '::1') return host;
    if (isLoopback(host)) return '127.0.0.1';
    if (this.addresses.includes(host)) return host;
    return this.addresses.find((address) => address.includes(':') === (family === 'IPv6')) ?? '';
  }

  /** @internal Returns: a free port for the near end of a connection; 0 if there is none. */
  _portForConnection(): number {
    return this._listeners.ephemeral((port) => !this._connectedPorts.has(port));
  }
}
