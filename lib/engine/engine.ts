// The Engine contract: everything the kernel may ask of the world below it. The native engine is one implementation,
// the simulated engine another; the kernel and all above it know only this page.
//
// Threads: an engine belongs to the thread that made it; only `wake` may be called from elsewhere.
// Order: records of one select stand in the ring as the selector gave them, then the due timers by deadline, ties by
// arming order. A timer's record is never appended while `now()` is before its deadline.

import type { AsyncResource } from 'node:async_hooks';
import type { ReadyRing } from './ready_ring.js';
import type { Transports } from './transports.js';

/** Which side of a descriptor is watched. */
export const enum Direction {
  read = 0,
  write = 1,
}

/** Runs records; see `Drained` for what it returns. */
export type Drain = () => number;

/** The world below a loop; give one to `run({ engine })`. */
export interface Engine {
  /** For people: `native:epoll`, `simulated`. */
  readonly name: string;
  /** Who makes hosted turns, for people: `uv` or `poller`, or the engine itself. */
  readonly driver: string;
  /** True if time passes only when nothing is ready; the turn's time budget does not apply then. */
  readonly isVirtual: boolean;
  readonly ring: ReadyRing;

  /** Milliseconds of a monotonic clock, fractional, read afresh at each call. */
  now(): number;

  /** Arms the one timer of `slot`, `delayMs` from now; arming again moves it. */
  arm(slot: number, word: number, delayMs: number): void;
  /** Arms the one timer of `slot` at an instant of `now()`'s clock. */
  armAt(slot: number, word: number, whenMs: number): void;
  /** The deadline of the timer that was armed last, in ms. */
  lastDeadline(): number;
  disarm(slot: number): void;

  /** Appends a `ready` record when the descriptor is ready, once or each turn. Returns: 0 or a negative errno. */
  watch(fd: number, direction: Direction, slot: number, word: number, repeat: boolean): number;
  unwatch(fd: number, direction: Direction): boolean;
  /** Drops every watch of a descriptor that its owner is about to close. */
  forget(fd: number): void;

  /** @internal The sockets of this engine, made at the first call. Throws: UnsupportedError if it has none. */
  openTransports(): Transports;
  /** Sends what waits in the outbox. A driver of ours calls it after each drain; hosted, the engine does so itself. */
  flush(): void;

  /** Ends a blocking select, from any thread. */
  wake(): void;
  /** Moves the records that did not fit into the ring behind those that did. */
  adoptOverflow(): void;
  /** False if no timer, descriptor or transport could ever append a record. */
  canWake(): boolean;
  timers(): number;
  watches(): number;
  turns(): number;

  /** Hosted driver: calls `drain` once per turn, in `resource`, from Node's own loop, which does the blocking. */
  startHosted(drain: Drain, resource: AsyncResource): void;
  /** Hosted driver: keep the process alive, or let it end. */
  ref(): void;
  unref(): void;
  /** Owned driver: one select of at most `maxWaitMs` (Infinity: until something happens), without draining. */
  runOnce(maxWaitMs: number): void;
  /** Owned driver: the calls of `runOnce` are over for now; what a blocking wait needed can be let go. */
  endOwned(): void;

  /**
   * @internal Begins something of the real world whose answer comes later, such as a question to the system's resolver.
   * The clock is held until then. `begin` calls what it is given once, with plain data; `onAnswer` is called with that.
   */
  outside<A>(begin: (answer: (value: A) => void) => void, onAnswer: (value: A) => void): void;

  /** Frees descriptors and memory; later calls do nothing. */
  close(): void;
}
