// Who has which port of a host. One table for streams' listeners, one for sockets of datagrams.
// Invariant: no two that claim the same port overlap, unless both share it.

import { isAnyHost } from './addresses.js';

/** What somebody has of a port: an address, or all of one family or both. */
export interface PortClaim {
  readonly port: number;
  /** The canonical address; `0.0.0.0` and `::` are all of them. */
  readonly host: string;
  readonly family: 'IPv4' | 'IPv6';
  /** At `::`, leave IPv4 alone. */
  readonly ipv6Only: boolean;
  readonly shares: boolean;
}

const FIRST_EPHEMERAL = 49152;
const LAST_PORT = 65535;

export class PortTable<T extends PortClaim> {
  readonly #claims = new Map<number, T[]>();
  #nextEphemeral = FIRST_EPHEMERAL;

  /** Returns: false, having done nothing, if somebody else has it. */
  claim(claim: T): boolean {
    const others = this.#claims.get(claim.port) ?? [];
    if (others.some((other) => overlap(other, claim) && !(other.shares && claim.shares))) return false;
    others.push(claim);
    this.#claims.set(claim.port, others);
    return true;
  }

  release(claim: T): void {
    const others = (this.#claims.get(claim.port) ?? []).filter((other) => other !== claim);
    if (others.length === 0) this.#claims.delete(claim.port);
    else this.#claims.set(claim.port, others);
  }

  /** Returns: those who have a destination; all of them share it. An address of one's own goes before all addresses. */
  find(family: 'IPv4' | 'IPv6', host: string, port: number): readonly T[] {
    const claims = this.#claims.get(port);
    if (claims === undefined) return NOBODY;
    const exact = claims.filter((claim) => claim.host === host);
    return exact.length > 0 ? exact : claims.filter((claim) => isAnyHost(claim.host) && covers(claim, family));
  }

  /** Everybody who has the port at any address. */
  at(port: number): readonly T[] {
    return this.#claims.get(port) ?? NOBODY;
  }

  /** Returns: a port that nobody has, and for which `isFree` holds; 0 if there is none. */
  ephemeral(isFree: (port: number) => boolean = () => true): number {
    for (let tries = 0; tries <= LAST_PORT - FIRST_EPHEMERAL; tries++) {
      const port = this.#nextEphemeral;
      this.#nextEphemeral = port === LAST_PORT ? FIRST_EPHEMERAL : port + 1;
      if (!this.#claims.has(port) && isFree(port)) return port;
    }
    return 0;
  }
}

const NOBODY: readonly never[] = [];

function covers(claim: PortClaim, family: 'IPv4' | 'IPv6'): boolean {
  return claim.family === family || (claim.host === '::' && !claim.ipv6Only);
}

function overlap(a: PortClaim, b: PortClaim): boolean {
  if (a.host === b.host) return true;
  return (isAnyHost(a.host) && covers(a, b.family)) || (isAnyHost(b.host) && covers(b, a.family));
}
