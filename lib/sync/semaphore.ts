// Semaphore: a number of permits. A release gives its permit to who has waited longest, before that task runs.
// Invariant: while somebody waits there is no permit left.

import { ArgumentRangeError, InvalidStateError } from '../base/errors.js';
import { assertOptions } from '../kernel/arguments.js';
import { cancelCheck } from '../kernel/cancel_check.js';
import type { Future } from '../kernel/future.js';
import { getRunningLoop } from '../kernel/running.js';
import { expectAwait } from '../kernel/unawaited.js';
import type { Guard } from './guard.js';
import { showStatistics } from './inspection.js';
import { assertCount, atOnce, Parked, ParkingLot } from './parking_lot.js';

/** Options of a `Semaphore`. */
export interface SemaphoreOptions {
  /** A release that would make more permits than this is an error. Without it there is no limit. */
  readonly max?: number;
}

/** What `Semaphore.statistics()` gives. */
export interface SemaphoreStatistics {
  /** Permits that can be had at once. */
  readonly value: number;
  readonly max: number | null;
  readonly tasksWaiting: number;
}

class Permit implements Guard {
  declare private _semaphore: Semaphore | null;

  constructor(semaphore: Semaphore) {
    this._semaphore = semaphore;
  }

  release(): void {
    const semaphore = this._semaphore;
    this._semaphore = null;
    if (semaphore !== null) semaphore.release();
  }
  [Symbol.dispose](): void {
    this.release();
  }
}

/**
 * A counter of permits: acquire takes one or waits for one, release gives one back or makes one.
 *
 * It may be made and used before there is a loop; permits belong to nobody, so any task may release.
 * Source: trio.Semaphore.
 */
export class Semaphore {
  declare private _value: number;
  declare private readonly _max: number;
  declare private readonly _waiting: ParkingLot;

  /**
   * Throws: ArgumentTypeError unless `value` and `max` are whole numbers; ArgumentRangeError for a negative value, or a
   *   `max` below it.
   */
  constructor(value = 1, options: SemaphoreOptions = {}) {
    assertOptions(options, 'Semaphore', ['max']);
    const { max = Infinity } = options;
    assertCount(value, 'Semaphore: the value');
    assertCount(max, 'Semaphore: max');
    if (max < value) throw new ArgumentRangeError(`Semaphore: max is ${max}, less than the value ${value} to begin with`);
    this._value = value;
    this._max = max;
    this._waiting = new ParkingLot('Semaphore');
  }

  /** How many permits can be had at once. */
  get value(): number {
    return this._value;
  }

  /** Returns: whether an acquire would have to wait. */
  locked(): boolean {
    return this._value === 0;
  }

  /**
   * Takes a permit, behind everybody who waits already.
   *
   * Returns: a future of a guard that gives the permit back.
   * Throws: NoRunningLoopError outside a run; WrongLoopError while tasks of another loop wait.
   * Checkpoint: only if there is none. Cancel: the wait leaves the queue and takes nothing; a permit that was handed
   *   over already stays the task's.
   */
  acquire(): Future<Guard> {
    const loop = getRunningLoop();
    cancelCheck();
    if (this._value > 0) {
      this._value--;
      return expectAwait(atOnce<Guard>(loop, new Permit(this)), 'semaphore.acquire()');
    }
    const wait = new Parked<Guard>(loop);
    this._waiting._add(wait);
    return expectAwait(wait, 'semaphore.acquire()');
  }

  /** Takes a permit only if that needs no wait. Returns: the guard, or null. Checkpoint: no. */
  tryAcquire(): Guard | null {
    if (this._value === 0) return null;
    this._value--;
    return new Permit(this);
  }

  /**
   * Gives a permit to who has waited longest, or back to the semaphore.
   *
   * Throws: InvalidStateError, changing nothing, if there are `max` permits already. Checkpoint: no.
   */
  release(): void {
    const next = this._waiting._take();
    if (next !== null) {
      next._finish(new Permit(this));
      return;
    }
    if (this._value >= this._max && this._max !== Infinity) {
      throw new InvalidStateError(`release: all ${this._max} permits are back already; release once per acquire`);
    }
    this._value++;
  }

  /** Returns: how many permits are left, their limit, and how many tasks wait. */
  statistics(): SemaphoreStatistics {
    const max = this._max === Infinity ? null : this._max;
    return { value: this._value, max, tasksWaiting: this._waiting.size };
  }
}
showStatistics(Semaphore);
