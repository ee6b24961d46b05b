// An engine without a kernel below it: a virtual clock that jumps to the next deadline when nothing is ready, and
// descriptors that exist only here. Deterministic: the same calls give the same records in the same order.
// It never sleeps. Hosted, it takes one `setImmediate` a turn, so that Node's own callbacks and promises get their say.

import type { AsyncResource } from 'node:async_hooks';
import { constants } from 'node:os';
import { ArgumentRangeError, UnsupportedError } from '../../base/errors.js';
import { StableHeap } from '../../base/stable_heap.js';
import { Drained, ReadyBits } from '../abi.js';
import { Direction, type Drain, type Engine } from '../engine.js';
import { ReadyRing } from '../ready_ring.js';

interface Watch {
  readonly slot: number;
  readonly word: number;
  readonly repeat: boolean;
}

const FIRST_DESCRIPTOR = 1_000_000;
const FAILURE_BITS = ReadyBits.hangup | ReadyBits.error;
// Longer than any test, and the longest delay that Node's timers take.
const LONGEST_NODE_DELAY = 2 ** 31 - 1;

/** Options of a simulated engine. */
export interface SimulatedEngineOptions {
  /** Where the clock begins, in ms. */
  readonly startMs?: number;
  /** Records the ring holds before it spills; a power of two. */
  readonly ringCapacity?: number;
}

/**
 * A world in memory for tests: time jumps to the next deadline as soon as nothing is ready.
 *
 * Units: milliseconds.
 * Source: trio's MockClock with an autojump threshold of zero.
 */
export class SimulatedEngine implements Engine {
  readonly name = 'simulated';
  readonly isVirtual = true;
  readonly ring: ReadyRing;

  #now: number;
  readonly #timers = new StableHeap();
  readonly #watches = new Map<number, [Watch | null, Watch | null]>();
  readonly #descriptors = new Map<number, number>();
  #nextDescriptor = FIRST_DESCRIPTOR;
  #lastDeadline = 0;
  #turns = 0;

  #drain: Drain | null = null;
  #isReferenced = false;
  #isScheduled = false;
  #keepAlive: NodeJS.Timeout | null = null;

  constructor({ startMs = 0, ringCapacity }: SimulatedEngineOptions = {}) {
    if (!Number.isFinite(startMs)) throw new ArgumentRangeError(`the clock must begin at a finite time, not ${startMs}`);
    this.#now = startMs;
    this.ring = new ReadyRing(ringCapacity);
  }

  now(): number {
    return this.#now;
  }

  /** Moves the clock by hand. Throws: RangeError if `ms` is negative or not a number. */
  advance(ms: number): void {
    if (!(ms >= 0)) throw new ArgumentRangeError(`the clock only goes forward, not by ${ms}`);
    this.#now += ms;
  }

  arm(slot: number, word: number, delayMs: number): void {
    this.armAt(slot, word, this.#now + delayMs);
  }
  armAt(slot: number, word: number, whenMs: number): void {
    this.#lastDeadline = whenMs;
    this.#timers.set(slot, word, whenMs);
    this.#noticed();
  }
  lastDeadline(): number {
    return this.#lastDeadline;
  }
  disarm(slot: number): void {
    this.#timers.delete(slot);
  }

  /** Makes a descriptor that exists only in this engine. */
  openDescriptor(): number {
    this.#descriptors.set(this.#nextDescriptor, 0);
    return this.#nextDescriptor++;
  }
  /** Says what a descriptor is ready for; it stays so until it is said otherwise. */
  setReady(fd: number, bits: number): void {
    this.#descriptors.set(fd, bits);
    this.#noticed();
  }
  closeDescriptor(fd: number): void {
    this.#descriptors.delete(fd);
    this.#noticed();
  }

  watch(fd: number, direction: Direction, slot: number, word: number, repeat: boolean): number {
    if (!this.#descriptors.has(fd)) return -constants.errno.EBADF;
    const sides = this.#watches.get(fd) ?? [null, null];
    sides[direction] = { slot, word, repeat };
    this.#watches.set(fd, sides);
    return 0;
  }
  unwatch(fd: number, direction: Direction): boolean {
    const sides = this.#watches.get(fd);
    if (sides === undefined || sides[direction] === null) return false;
    sides[direction] = null;
    if (sides[Direction.read] === null && sides[Direction.write] === null) this.#watches.delete(fd);
    return true;
  }
  forget(fd: number): void {
    this.#watches.delete(fd);
  }

  openTransports(): never {
    throw new UnsupportedError('the simulated engine has no sockets; run what needs them on the native one');
  }
  flush(): void {
    // There is no outbox.
  }
  wake(): void {
    this.#schedule();
  }
  adoptOverflow(): void {
    // This engine appends through the ring's own overflow, so there is never anything to move.
  }
  canWake(): boolean {
    return this.#timers.size > 0 || this.#watches.size > 0;
  }
  timers(): number {
    return this.#timers.size;
  }
  watches(): number {
    let count = 0;
    for (const sides of this.#watches.values()) count += sides.filter((side) => side !== null).length;
    return count;
  }
  turns(): number {
    return this.#turns;
  }

  runOnce(maxWaitMs: number): void {
    this.#turns++;
    this.#appendReady();
    const next = this.#timers.peek();
    if (this.ring.size === 0 && next !== null && next.deadline > this.#now) {
      this.#now = Math.min(next.deadline, this.#now + maxWaitMs);
    }
    this.#appendDue();
  }

  endOwned(): void {
    // Nothing is held between two turns.
  }

  startHosted(drain: Drain, resource: AsyncResource): void {
    this.#drain = () => resource.runInAsyncScope(drain);
  }
  ref(): void {
    this.#isReferenced = true;
    this.#schedule();
  }
  unref(): void {
    this.#isReferenced = false;
    this.#stopKeepingAlive();
  }
  close(): void {
    this.#drain = null;
    this.#timers.clear();
    this.#watches.clear();
    this.unref();
  }

  #appendReady(): void {
    for (const [fd, sides] of [...this.#watches]) {
      // A closed descriptor ends its waits, as poll(2) does with POLLNVAL.
      const bits = this.#descriptors.get(fd) ?? FAILURE_BITS;
      this.#appendSide(fd, sides, Direction.read, bits & (ReadyBits.readable | FAILURE_BITS));
      this.#appendSide(fd, sides, Direction.write, bits & (ReadyBits.writable | FAILURE_BITS));
    }
  }

  #appendSide(fd: number, sides: [Watch | null, Watch | null], direction: Direction, bits: number): void {
    const watch = sides[direction];
    if (watch === null || bits === 0) return;
    if (!watch.repeat) this.unwatch(fd, direction);
    this.ring.appendWith(watch.slot, watch.word, bits, fd);
  }

  #appendDue(): void {
    for (;;) {
      const next = this.#timers.peek();
      if (next === null || next.deadline > this.#now) return;
      this.#timers.pop();
      this.ring.append(next.slot, next.word);
    }
  }

  // Something was armed or became ready, perhaps by plain code while this engine was resting.
  #noticed(): void {
    if (this.#isReferenced) this.#schedule();
  }

  #schedule(): void {
    if (this.#isScheduled || this.#drain === null) return;
    this.#isScheduled = true;
    this.#stopKeepingAlive();
    setImmediate(() => {
      this.#isScheduled = false;
      if (this.#drain === null) return;
      this.runOnce(Infinity);
      this.#drainOn();
    });
  }

  #drainOn(): void {
    if (this.#drain === null) return;
    if (this.#drain() === Drained.reenter) {
      // A tick that is queued from a microtask runs after every microtask that is queued by then or by those.
      queueMicrotask(() => process.nextTick(() => this.#drainOn()));
      return;
    }
    // Microtasks of this turn may still append; only after them is it known whether there is anything to do.
    queueMicrotask(() => process.nextTick(() => this.#rest()));
  }

  #rest(): void {
    if (this.ring.size > 0 || this.#timers.size > 0 || this.#hasReadyWatch()) {
      if (this.#isReferenced) this.#schedule();
      return;
    }
    this.ring.notifyAppend(() => this.#schedule());
    if (this.#isReferenced) this.#keepAlive ??= setInterval(() => undefined, LONGEST_NODE_DELAY);
  }

  #hasReadyWatch(): boolean {
    return [...this.#watches.keys()].some((fd) => this.#descriptors.get(fd) !== 0);
  }

  #stopKeepingAlive(): void {
    if (this.#keepAlive !== null) clearInterval(this.#keepAlive);
    this.#keepAlive = null;
  }
}
