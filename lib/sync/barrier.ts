// Barrier: a number of tasks meet, and go on together. The last to arrive hands each of the others its index at once,
// so a party that leaves needs no time: whoever comes after it, even before the first of them has run, is of the next.

import { BrokenBarrierError } from '../base/errors.js';
import { cancelCheck } from '../kernel/cancel_check.js';
import type { Future } from '../kernel/future.js';
import { getRunningLoop } from '../kernel/running.js';
import { expectAwait } from '../kernel/unawaited.js';
import { showStatistics } from './inspection.js';
import { assertCount, atOnce, Parked, ParkingLot } from './parking_lot.js';

/** What `Barrier.statistics()` gives. */
export interface BarrierStatistics {
  readonly parties: number;
  readonly tasksWaiting: number;
  readonly isBroken: boolean;
}

/**
 * A meeting point of `parties` tasks, over and over.
 *
 * It may be made before there is a loop.
 * Source: asyncio.Barrier.
 */
export class Barrier {
  readonly #parties: number;
  readonly #waiting = new ParkingLot('Barrier.wait');
  #isBroken = false;

  /** Throws: ArgumentTypeError unless `parties` is a whole number; ArgumentRangeError below 1. */
  constructor(parties: number) {
    assertCount(parties, 'Barrier: parties', 1);
    this.#parties = parties;
  }

  /** How many tasks make a party. */
  get parties(): number {
    return this.#parties;
  }

  /** How many have arrived and wait for the rest. */
  get waiting(): number {
    return this.#waiting.size;
  }

  /** Returns: whether it was aborted and not reset since. */
  isBroken(): boolean {
    return this.#isBroken;
  }

  /**
   * Waits for the rest of the party.
   *
   * Returns: a future of the task's place in the order of arrival, from 0 to `parties - 1`.
   * Throws: BrokenBarrierError if the barrier is broken, or is aborted or reset meanwhile; NoRunningLoopError outside a
   *   run; WrongLoopError while tasks of another loop wait.
   * Checkpoint: only if it is not the last. Cancel: the task counts no more, the others go on waiting.
   */
  wait(): Future<number> {
    const loop = getRunningLoop();
    cancelCheck();
    if (this.#isBroken) throw aborted();
    const arrival = new Parked<number>(loop);
    this.#waiting._add(arrival);
    if (this.#waiting.size < this.#parties) return expectAwait(arrival, 'barrier.wait()');
    for (let index = 0; index < this.#parties - 1; index++) this.#waiting._take()?._finish(index);
    this.#waiting._remove(arrival);
    return atOnce(loop, this.#parties - 1);
  }

  /** Makes the barrier as new; who waits gets BrokenBarrierError. Checkpoint: no. */
  reset(): void {
    this.#isBroken = false;
    this.#waiting._failAll(() => new BrokenBarrierError('the barrier was reset while this task waited; meet again'));
  }

  /** Breaks the barrier: who waits, and who comes before the next `reset`, gets BrokenBarrierError. Checkpoint: no. */
  abort(): void {
    this.#isBroken = true;
    this.#waiting._failAll(aborted);
  }

  /** Returns: the size of a party, how many of it wait, and whether it is broken. */
  statistics(): BarrierStatistics {
    return { parties: this.#parties, tasksWaiting: this.#waiting.size, isBroken: this.#isBroken };
  }
}
showStatistics(Barrier);

function aborted(): BrokenBarrierError {
  return new BrokenBarrierError('the barrier was aborted: nobody can meet here until it is reset');
}
