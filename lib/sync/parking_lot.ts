// ParkingLot: the fair wait queue that every primitive of this folder stands on. Who parks is woken in the order of
// arrival, and what wakes it is a hand-over: its wait is over from then on, whatever comes before it runs.
// A wait is a future and its own link in a doubly linked list, so that leaving from the middle costs no search and
// no memory stays behind. The lot decides who is next; what is handed over is the primitive's business.
// Invariant: a parked future is pending and in exactly one lot; it leaves the lot before it is completed. All futures
// of a lot are of one loop; if that was closed, nobody can come back for them, and they count for nothing.

import { ArgumentRangeError, ArgumentTypeError, WrongLoopError } from '../base/errors.js';
import { describe } from '../kernel/coroutine.js';
import { Future, State } from '../kernel/future.js';
import type { LoopCore } from '../kernel/loop_core.js';
import { getRunningLoop } from '../kernel/running.js';
import { showStatistics } from './inspection.js';

/** What `ParkingLot.statistics()` gives. */
export interface ParkingLotStatistics {
  readonly tasksWaiting: number;
}

/** @internal One wait in a lot. Cancelling it takes it out at once. Subclasses add what they wait for. */
export class Parked<T> extends Future<T> {
  /** The lot it stands in; null before and after. */
  declare _lot: ParkingLot | null;
  declare _before: Parked<unknown> | null;
  declare _after: Parked<unknown> | null;

  constructor(loop: LoopCore) {
    super(loop);
    this._lot = null;
    this._before = null;
    this._after = null;
  }

  override _undo(): void {
    this._lot?._remove(this);
  }

  override _waitsFor(): ReturnType<Future<T>['_waitsFor']> {
    return { what: this._lot?._label ?? 'a future', by: [] };
  }
}

/**
 * @internal A wait that was over before it began: it holds its result, and awaiting it takes no tick.
 *
 * Callers have asked `cancelCheck()` before the effect that the result stands for.
 */
export function atOnce<T>(loop: LoopCore, value: T): Future<T> {
  const future = new Future<T>(loop, State.finished);
  future._value = value;
  return future;
}

/**
 * A fair queue of waiting tasks, to build primitives on.
 *
 * It is bound to a loop while somebody waits in it, and needs none before.
 * Source: trio.lowlevel.ParkingLot.
 */
export class ParkingLot {
  #first: Parked<unknown> | null = null;
  #last: Parked<unknown> | null = null;
  #size = 0;
  /** @internal What who stands here waits for. */
  readonly _label: string;

  constructor();
  // eslint-disable-next-line @typescript-eslint/unified-signatures -- the second one is not for users
  /** @internal */ constructor(label: string);
  constructor(label = 'ParkingLot.park') {
    this._label = label;
  }

  /** How many wait. */
  get size(): number {
    return this._peek() === null ? 0 : this.#size;
  }

  /**
   * Waits behind everybody who waits already.
   *
   * Throws: WrongLoopError if tasks of another loop wait here; NoRunningLoopError outside a run.
   * Checkpoint: yes. Cancel: the wait leaves the queue; nobody else is woken or moved.
   */
  park(): Future<void> {
    const parked = new Parked<void>(getRunningLoop());
    this._add(parked);
    return parked;
  }

  /**
   * Wakes those who have waited longest; a call that finds nobody is not remembered.
   *
   * Returns: how many were woken, at most `count`.
   * Throws: ArgumentTypeError, ArgumentRangeError unless `count` is a whole number, zero or more, or Infinity.
   * Checkpoint: no.
   */
  unpark(count = 1): number {
    assertCount(count, 'unpark');
    // As counted now: who is woken here cannot be back before the end, but nobody's wait may depend on that.
    const woken = Math.min(count, this.size);
    for (let i = 0; i < woken; i++) this._take()?._finish(undefined);
    return woken;
  }

  /** Wakes all. Returns: how many. Checkpoint: no. */
  unparkAll(): number {
    return this.unpark(Infinity);
  }

  /** Returns: how many tasks wait. */
  statistics(): ParkingLotStatistics {
    return { tasksWaiting: this.size };
  }

  /** @internal Appends a wait. Throws: WrongLoopError if those who wait are of another loop. */
  _add(parked: Parked<unknown>): void {
    const last = this._peek() === null ? null : this.#last;
    if (last === null) {
      this.#first = parked;
    } else {
      if (last._loop !== parked._loop) throw waitedForElsewhere();
      last._after = parked;
      parked._before = last;
    }
    parked._lot = this;
    this.#last = parked;
    this.#size++;
  }

  /** @internal Takes a wait out, wherever in the queue it is. */
  _remove(parked: Parked<unknown>): void {
    const { _before: before, _after: after } = parked;
    if (before === null) this.#first = after;
    else before._after = after;
    if (after === null) this.#last = before;
    else after._before = before;
    parked._lot = parked._before = parked._after = null;
    this.#size--;
  }

  /** @internal Returns: who has waited longest, or null. */
  _peek(): Parked<unknown> | null {
    if (this.#first !== null && this.#first._loop.closed) this.#dropAll();
    return this.#first;
  }

  /** @internal Takes out who has waited longest. Returns: it, still pending, for the caller to complete; or null. */
  _take(): Parked<unknown> | null {
    const first = this._peek();
    if (first !== null) this._remove(first);
    return first;
  }

  /** @internal Fails all waits, each with an error of its own. */
  _failAll(makeError: () => Error): void {
    for (let left = this.size; left > 0; left--) this._take()?._fail(makeError());
  }

  #dropAll(): void {
    for (let left = this.#size; left > 0; left--) this.#first?._undo();
  }
}
showStatistics(ParkingLot);

/** @internal Throws: unless it is a whole number from `least` on, or Infinity. */
export function assertCount(count: unknown, what: string, least = 0): asserts count is number {
  if (typeof count !== 'number' || !(Number.isInteger(count) || Math.abs(count) === Infinity)) {
    const given = typeof count === 'number' ? String(count) : describe(count);
    throw new ArgumentTypeError(`${what}: a whole number is needed, not ${given}`);
  }
  if (count < least) throw new ArgumentRangeError(`${what}: ${count} is less than ${least}`);
}

/** @internal */
export function waitedForElsewhere(): WrongLoopError {
  return new WrongLoopError('tasks of another loop are waiting here; use one such object per loop');
}
