// Event: a flag to wait for.

import { cancelCheck } from '../kernel/cancel_check.js';
import type { Future } from '../kernel/future.js';
import { getRunningLoop } from '../kernel/running.js';
import { expectAwait } from '../kernel/unawaited.js';
import { showStatistics } from './inspection.js';
import { atOnce, ParkingLot } from './parking_lot.js';

/** What `Event.statistics()` gives. */
export interface EventStatistics {
  readonly isSet: boolean;
  readonly tasksWaiting: number;
}

/**
 * A flag that tasks can wait for; it is set once, or cleared and set again.
 *
 * It may be made, set and cleared before there is a loop.
 * Source: asyncio.Event.
 */
export class Event {
  #isSet = false;
  readonly #waiting = new ParkingLot('Event.wait');

  /** Returns: whether it is set. */
  isSet(): boolean {
    return this.#isSet;
  }

  /** Sets the flag and wakes all who wait, in order; they stay woken if it is cleared again. Checkpoint: no. */
  set(): void {
    if (this.#isSet) return;
    this.#isSet = true;
    this.#waiting.unparkAll();
  }

  /** Clears the flag: who waits from now on waits for the next `set`. Checkpoint: no. */
  clear(): void {
    this.#isSet = false;
  }

  /**
   * Waits until the flag is set.
   *
   * Throws: NoRunningLoopError outside a run; WrongLoopError while tasks of another loop wait for it.
   * Checkpoint: only if it is not set. Cancel: the wait is taken back; who was woken already goes on.
   */
  wait(): Future<void> {
    const loop = getRunningLoop();
    cancelCheck();
    return expectAwait(this.#isSet ? atOnce(loop, undefined) : this.#waiting.park(), 'event.wait()');
  }

  /** Returns: whether it is set, and how many wait. */
  statistics(): EventStatistics {
    return { isSet: this.#isSet, tasksWaiting: this.#waiting.size };
  }
}
showStatistics(Event);
