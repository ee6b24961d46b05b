// An engine without a kernel below it: a virtual clock that jumps to the next deadline when nothing is ready, a network in
// memory, and descriptors that exist only here. Deterministic: the same calls, and the same choices, give the same records
// in the same order. It never sleeps. Hosted, it takes one `setImmediate` a turn, so that Node's own callbacks and promises
// get their say, and while a request of Node's or a job of its threads is under way the clock does not jump. What else it
// is to wait for has to `hold` it.

import type { AsyncResource } from 'node:async_hooks';
import { constants } from 'node:os';
import { ArgumentRangeError, ArgumentTypeError } from '../../base/errors.js';
import { StableHeap } from '../../base/stable_heap.js';
import { Drained, ReadyBits } from '../abi.js';
import { Direction, type Drain, type Engine } from '../engine.js';
import { ReadyRing } from '../ready_ring.js';
import { RealRequests } from '../real_requests.js';
import { Choices } from './choices.js';
import { SimulatedNetwork } from './network.js';
import { shuffle } from './readiness.js';
import { SimulatedTransports } from './simulated_transports.js';
import type { Trace } from './trace.js';
import { World } from './world.js';

interface Watch {
  readonly slot: number;
  readonly word: number;
  readonly repeat: boolean;
}

const FIRST_DESCRIPTOR = 1_000_000;
const FAILURE_BITS = ReadyBits.hangup | ReadyBits.error;
const TURNS_BEFORE_A_JUMP = 3;
// Between two looks at what is under way.
const POLL_MS = 1;
// Longer than any test, and the longest delay that Node's timers take.
const LONGEST_NODE_DELAY = 2 ** 31 - 1;

/** Options of a simulated engine. */
export interface SimulatedEngineOptions {
  /** Where the clock begins, in ms. */
  readonly startMs?: number;
  /** Records the ring holds before it spills; a power of two. */
  readonly ringCapacity?: number;
  /** Who decides where the real world may choose; without, everything has one fixed order. */
  readonly choices?: Choices;
  /** The network; by default one host, without faults. A network belongs to one engine. */
  readonly network?: SimulatedNetwork;
  /** Where to write what happens. */
  readonly trace?: Trace;
  /** The clock may jump so much too far, by choice, as a select may oversleep; 0 by default. Timers are never early. */
  readonly timerJitterMs?: number;
  /** False: the clock moves by `advance` alone. */
  readonly autoJump?: boolean;
}

/**
 * A world in memory for tests: time jumps to the next deadline as soon as nothing is ready.
 *
 * Units: milliseconds.
 * Source: trio's MockClock with an autojump threshold of zero.
 */
export class SimulatedEngine implements Engine {
  readonly name = 'simulated';
  readonly driver = 'simulated';
  readonly isVirtual = true;
  readonly ring: ReadyRing;
  /** Who decides where the real world may choose. */
  readonly choices: Choices;
  /** The network that sockets of this engine are on. */
  readonly network: SimulatedNetwork;
  /** What happened, if somebody wants to know. */
  readonly trace: Trace | null;
  /** @internal Called, hosted, when nothing is ready and nothing can become so by itself. */
  _onQuiet: (() => void) | null = null;

  readonly #world: World;
  readonly #jitterMicroseconds: number;
  readonly #jumps: boolean;
  #transports: SimulatedTransports | null = null;
  #holds = 0;
  #turnsGiven = 0;
  readonly #timers = new StableHeap();
  readonly #watches = new Map<number, [Watch | null, Watch | null]>();
  readonly #descriptors = new Map<number, number>();
  #nextDescriptor = FIRST_DESCRIPTOR;
  #lastDeadline = 0;
  #turns = 0;

  #drain: Drain | null = null;
  #isReferenced = false;
  #isScheduled = false;
  #requests: RealRequests | null = null;
  #keepAlive: NodeJS.Timeout | null = null;

  /** Throws: ArgumentRangeError, ArgumentTypeError; InvalidStateError for a network that belongs to another engine. */
  constructor(options: SimulatedEngineOptions = {}) {
    const { startMs = 0, timerJitterMs = 0, autoJump = true, ringCapacity, trace = null } = options;
    const { choices = new Choices(), network = new SimulatedNetwork() } = options;
    if (!Number.isFinite(startMs)) throw new ArgumentRangeError(`the clock must begin at a finite time, not ${startMs}`);
    if (!(timerJitterMs >= 0 && timerJitterMs < Infinity)) {
      throw new ArgumentRangeError(`the clock can be late by some milliseconds, not by ${timerJitterMs}`);
    }
    if (!(choices instanceof Choices)) throw new ArgumentTypeError('choices are a Choices, such as new Choices(seed)');
    this.ring = new ReadyRing(ringCapacity);
    this.choices = choices;
    this.network = network;
    this.trace = trace;
    this.#jitterMicroseconds = Math.round(timerJitterMs * 1000);
    this.#jumps = autoJump;
    this.#world = new World(startMs, choices, trace, () => this.#noticed());
    network._attach(this.#world);
  }

  now(): number {
    return this.#world.nowMs;
  }

  /** Moves the clock by hand. Throws: RangeError if `ms` is negative or not a number. */
  advance(ms: number): void {
    if (!(ms >= 0)) throw new ArgumentRangeError(`the clock only goes forward, not by ${ms}`);
    this.#world.advanceTo(this.#world.nowMs + ms);
    this.#noticed();
  }

  /**
   * Keeps the clock from jumping until as many calls of `release`: something of the real world is under way, which a
   * virtual clock knows nothing of. Only where Node's own loop runs: while this thread is owned, nothing real can happen.
   */
  hold(): void {
    this.#holds++;
  }
  /** @internal Whether something real is under way, hosted, that the clock must not overtake. */
  protected get _isHeld(): boolean {
    return this.#drain !== null && (this.#holds > 0 || this.#requests?.areUnderWay === true);
  }
  /** Takes one `hold` back. */
  release(): void {
    if (this.#holds > 0 && --this.#holds === 0) this.#noticed();
  }

  /** @internal */
  outside<A>(begin: (answer: (value: A) => void) => void, onAnswer: (value: A) => void): void {
    this.hold();
    begin((value) => {
      this.release();
      onAnswer(value);
    });
  }

  arm(slot: number, word: number, delayMs: number): void {
    this.armAt(slot, word, this.#world.nowMs + delayMs);
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

  /** @internal */
  openTransports(): SimulatedTransports {
    this.#transports ??= new SimulatedTransports(this.#world, this.ring, this.network, () => this.#nextDescriptor++);
    return this.#transports;
  }
  flush(): void {
    this.#transports?.flush();
  }
  wake(): void {
    this.#schedule();
  }
  adoptOverflow(): void {
    // This engine appends through the ring's own overflow, so there is never anything to move.
  }
  canWake(): boolean {
    const { agenda, readiness } = this.#world;
    return this.#timers.size > 0 || this.#watches.size > 0 || agenda.size > 0 || readiness.hasReady;
  }
  /** When something happens by itself next, in ms of the clock: a timer or a packet; Infinity for never. */
  get nextMs(): number {
    return Math.min(this.#timers.peek()?.deadline ?? Infinity, this.#world.agenda.nextMs);
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
    const world = this.#world;
    this.#turns++;
    world.advanceTo(world.nowMs);
    this.#select();
    if (this.ring.size === 0 && this.#mayJump) this.#jump(world.nowMs + maxWaitMs);
    this.#appendDue();
  }

  get #mayJump(): boolean {
    return this.#jumps && (this.#holds === 0 || this.#drain === null);
  }

  #select(): void {
    this.#appendReady();
    this.#world.readiness.run(() => this.ring.size === 0);
  }

  // To the next thing that happens, and on while nobody is ready; not beyond the limit, nor where nothing is to come.
  #jump(limitMs: number): void {
    const world = this.#world;
    while (this.ring.size === 0) {
      const timerMs = this.#timers.peek()?.deadline ?? Infinity;
      const nextMs = Math.min(timerMs, world.agenda.nextMs);
      if (nextMs === Infinity || (nextMs === timerMs && timerMs <= world.nowMs)) return;
      const late = nextMs === timerMs ? this.choices.between(0, this.#jitterMicroseconds, 'a late clock') / 1000 : 0;
      world.advanceTo(Math.min(nextMs + late, limitMs));
      this.#select();
      if (nextMs === timerMs || nextMs > limitMs) return;
    }
  }

  endOwned(): void {
    // Nothing is held between two turns.
  }

  startHosted(drain: Drain, resource: AsyncResource): void {
    this.#drain = () => resource.runInAsyncScope(drain);
    this.#requests = new RealRequests();
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
    this.#world.agenda.clear();
    this.#world.readiness.clear();
    this.unref();
  }

  #appendReady(): void {
    if (this.#watches.size === 0) return;
    const watched = [...this.#watches];
    if (this.choices.isSeeded) shuffle(watched, this.choices, 'order of ready descriptors');
    for (const [fd, sides] of watched) {
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
    let count = 0;
    for (;;) {
      const next = this.#timers.peek();
      if (next === null || next.deadline > this.#world.nowMs) break;
      this.#timers.pop();
      this.ring.append(next.slot, next.word);
      count++;
    }
    if (count > 0) this.#world.note(count === 1 ? 'a timer is due' : `${count} timers are due`);
  }

  // Something was armed or became ready, perhaps by plain code while this engine was resting.
  #noticed(): void {
    if (this.#isReferenced) this.#schedule();
  }

  #schedule(delayMs = 0): void {
    if (this.#isScheduled || this.#drain === null) return;
    this.#isScheduled = true;
    this.#stopKeepingAlive();
    const turn = (): void => {
      this.#isScheduled = false;
      if (this.#drain === null) return;
      // Node's callbacks may have written since the last turn; what waits to be sent is no reason to let time pass.
      this.flush();
      if (this.#gives()) return;
      this.runOnce(Infinity);
      this.#drainOn();
    };
    if (delayMs === 0) setImmediate(turn);
    else setTimeout(turn, delayMs);
  }

  // Where only a jump is left to do, Node gets some turns first: TLS and other streams of Node need more than one; and as
  // many as it takes while something real is under way.
  #gives(): boolean {
    if (this.ring.size > 0 || this.#world.readiness.hasReady || this.#hasReadyWatch()) return false;
    if (this.#turnsGiven < TURNS_BEFORE_A_JUMP) {
      this.#turnsGiven++;
      this.#schedule();
      return true;
    }
    if (this.#jumps && this.nextMs < Infinity && this.#requests?.areUnderWay === true) {
      this.#schedule(POLL_MS);
      return true;
    }
    this.#turnsGiven = 0;
    return false;
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
    this.flush();
    const { agenda, readiness } = this.#world;
    const isWaiting = this.#timers.size > 0 || agenda.size > 0;
    if (this.ring.size > 0 || (isWaiting && this.#mayJump) || this.#hasReadyWatch() || readiness.hasReady) {
      if (this.#isReferenced) this.#schedule();
      return;
    }
    this.ring.notifyAppend(() => this.#schedule());
    if (!this.#isReferenced) return;
    this.#keepAlive ??= setInterval(() => undefined, LONGEST_NODE_DELAY);
    if (!isWaiting && this.#holds === 0) this._onQuiet?.();
  }

  #hasReadyWatch(): boolean {
    return [...this.#watches.keys()].some((fd) => this.#descriptors.get(fd) !== 0);
  }

  #stopKeepingAlive(): void {
    if (this.#keepAlive !== null) clearInterval(this.#keepAlive);
    this.#keepAlive = null;
  }
}
