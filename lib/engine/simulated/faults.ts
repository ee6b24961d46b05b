// Faults as plain data, so that a failing list can be printed, stored as JSON and made smaller: each names what it
// happens to by a number or a time of its own, so leaving one out changes nothing about the others.

/** Refuses the nth connection attempt of the world, from 1 on: it fails with ECONNREFUSED. */
export interface RefuseFault {
  readonly kind: 'refuse';
  readonly connect: number;
}

/** Resets the nth connection once so many bytes have been sent on it, both directions together. */
export interface ResetFault {
  readonly kind: 'reset';
  readonly connect: number;
  readonly afterBytes: number;
}

/** Nothing moves on the nth connection any more once so many bytes have been sent on it: for so long, or for ever. */
export interface StallFault {
  readonly kind: 'stall';
  readonly connect: number;
  readonly afterBytes: number;
  readonly forMs?: number;
}

/** Everything on the nth connection travels longer. */
export interface DelayConnectionFault {
  readonly kind: 'delay';
  readonly connect: number;
  readonly ms: number;
}

/** The nth datagram of the world, from 1 on, travels longer. */
export interface DelayDatagramFault {
  readonly kind: 'delay';
  readonly datagram: number;
  readonly ms: number;
}

/** The nth datagram is lost. */
export interface DropFault {
  readonly kind: 'drop';
  readonly datagram: number;
}

/** The nth datagram arrives twice. */
export interface DuplicateFault {
  readonly kind: 'duplicate';
  readonly datagram: number;
}

/** Two groups of hosts cannot reach each other between two instants. */
export interface PartitionFault {
  readonly kind: 'partition';
  readonly groups: readonly [readonly string[], readonly string[]];
  readonly fromMs: number;
  readonly untilMs: number;
}

/** From an instant on, nothing leaves or reaches a host any more, and nobody is told. */
export interface VanishFault {
  readonly kind: 'vanish';
  readonly host: string;
  readonly atMs: number;
}

/** A host's listeners take no connection between two instants: who connects waits, as before a full backlog. */
export interface FullFault {
  readonly kind: 'full';
  readonly host: string;
  readonly fromMs: number;
  readonly untilMs: number;
}

/** Something that goes wrong in a simulated network. Plain JSON. */
export type Fault =
  | RefuseFault
  | ResetFault
  | StallFault
  | DelayConnectionFault
  | DelayDatagramFault
  | DropFault
  | DuplicateFault
  | PartitionFault
  | VanishFault
  | FullFault;
