// Which faults concern which connection or datagram. Both are counted for the whole world, from 1 on.

import type {
  DelayConnectionFault, DelayDatagramFault, Fault, FullFault, PartitionFault, ResetFault, StallFault, VanishFault,
} from './faults.js';

/** What goes wrong with one connection. */
export interface ConnectionFaults {
  readonly isRefused: boolean;
  readonly extraMs: number;
  /** By the bytes after which they happen. */
  readonly breaks: readonly (ResetFault | StallFault)[];
}

/** What goes wrong with one datagram. */
export interface DatagramFaults {
  readonly isDropped: boolean;
  readonly copies: number;
  readonly extraMs: number;
}

const SOUND_CONNECTION: ConnectionFaults = { isRefused: false, extraMs: 0, breaks: [] };
const SOUND_DATAGRAM: DatagramFaults = { isDropped: false, copies: 1, extraMs: 0 };

export class FaultPlan {
  /** Those that begin by themselves. */
  readonly timed: readonly (PartitionFault | VanishFault)[];
  readonly #faults: readonly Fault[];
  readonly #full: readonly FullFault[];
  #connections = 0;
  #datagrams = 0;

  constructor(faults: readonly Fault[]) {
    this.#faults = faults;
    this.timed = faults.filter((fault) => fault.kind === 'partition' || fault.kind === 'vanish');
    this.#full = faults.filter((fault) => fault.kind === 'full');
  }

  /** The faults of a connection attempt that begins now. */
  nextConnection(): ConnectionFaults {
    const number = ++this.#connections;
    const own = this.#faults.filter((fault) => 'connect' in fault && fault.connect === number);
    if (own.length === 0) return SOUND_CONNECTION;
    const delays = own.filter((fault): fault is DelayConnectionFault => fault.kind === 'delay');
    const breaks = own.filter((fault) => fault.kind === 'reset' || fault.kind === 'stall');
    return {
      isRefused: own.some(({ kind }) => kind === 'refuse'),
      extraMs: delays.reduce((sum, { ms }) => sum + ms, 0),
      breaks: breaks.sort((a, b) => a.afterBytes - b.afterBytes),
    };
  }

  /** The faults of a datagram that is sent now. */
  nextDatagram(): DatagramFaults {
    const number = ++this.#datagrams;
    const own = this.#faults.filter((fault) => 'datagram' in fault && fault.datagram === number);
    if (own.length === 0) return SOUND_DATAGRAM;
    const delays = own.filter((fault): fault is DelayDatagramFault => fault.kind === 'delay');
    return {
      isDropped: own.some(({ kind }) => kind === 'drop'),
      copies: 1 + own.filter(({ kind }) => kind === 'duplicate').length,
      extraMs: delays.reduce((sum, { ms }) => sum + ms, 0),
    };
  }

  /** Whether a host's listeners take nobody at that time. */
  isFull(host: string, nowMs: number): boolean {
    return this.#full.some((fault) => fault.host === host && fault.fromMs <= nowMs && nowMs < fault.untilMs);
  }
}
