// waitAllTasksBlocked: the test goes on when everybody else waits. It is known by looking: a timer that is due at once
// finds that the turn before held nothing but itself, and that nothing is queued behind it.
// A timer that is due comes before the jump of a virtual clock, so nobody's sleep ends before those who wait here go on.

import { ArgumentRangeError } from '../base/errors.js';
import { assertInstant } from '../kernel/arguments.js';
import { cancelCheck } from '../kernel/cancel_check.js';
import type { EventLoop } from '../kernel/event_loop.js';
import { Future } from '../kernel/future.js';
import type { TimerHandle } from '../kernel/handle.js';
import { getRunningLoop } from '../kernel/running.js';
import { expectAwait } from '../kernel/unawaited.js';
import { MockClock } from './mock_clock.js';
import { realWorld } from './real_world.js';

class BlockedWait extends Future<void> {
  readonly cushionMs: number;
  readonly #watch: BlockedWatch;

  constructor(loop: EventLoop, cushionMs: number, watch: BlockedWatch) {
    super(loop);
    this.cushionMs = cushionMs;
    this.#watch = watch;
  }

  override _undo(): void {
    this.#watch.leave(this);
  }
}

// The waits of one loop. The timer is armed while there is one.
class BlockedWatch {
  readonly #loop: EventLoop;
  readonly #waits = new Set<BlockedWait>();
  #timer: TimerHandle | null = null;
  #recordsSeen = -1;
  #quietSince = 0;

  constructor(loop: EventLoop) {
    this.#loop = loop;
  }

  join(wait: BlockedWait): void {
    this.#waits.add(wait);
    this.#timer?.cancel();
    this.#begin();
  }

  leave(wait: BlockedWait): void {
    this.#waits.delete(wait);
    if (this.#waits.size > 0) return;
    this.#timer?.cancel();
    this.#timer = null;
  }

  #begin(): void {
    this.#recordsSeen = -1;
    this.#arm(0);
  }

  #arm(delayMs: number): void {
    this.#timer = this.#loop.callLater(delayMs, () => this.#look());
  }

  #look(): void {
    const { _drain: drain, _ring: ring } = this.#loop;
    // The turn before this one held one record, the look before this one, if nobody else ran.
    const isQuiet = this.#recordsSeen >= 0 && drain.records - this.#recordsSeen <= 1 && ring.size === 0;
    const isFirst = this.#recordsSeen < 0 || !isQuiet;
    this.#recordsSeen = drain.records;
    if (isFirst) this.#quietSince = performance.now();
    const cushionMs = Math.min(...[...this.#waits].map((wait) => wait.cushionMs));
    const left = this.#quietSince + cushionMs - performance.now();
    // Under a clock that jumps, nothing happens while nobody runs, so there is nothing to wait for.
    if (isQuiet && (left <= 0 || this.#jumps)) this.#wake(cushionMs);
    else if (!isQuiet) this.#arm(0);
    else if (!this.#loop._engine.isVirtual) this.#arm(left);
    else this.#waitReally(left);
  }

  get #jumps(): boolean {
    const engine = this.#loop._engine;
    return engine.isVirtual && !(engine instanceof MockClock);
  }

  // The loop's own timers stand still with its clock.
  #waitReally(ms: number): void {
    realWorld.setTimeout(() => {
      if (this.#waits.size > 0) this.#arm(0);
    }, Math.ceil(ms));
  }

  #wake(cushionMs: number): void {
    this.#timer = null;
    for (const wait of [...this.#waits]) {
      if (wait.cushionMs !== cushionMs) continue;
      this.#waits.delete(wait);
      wait._finish(undefined);
    }
    if (this.#waits.size > 0) this.#begin();
  }
}

const watches = new WeakMap<EventLoop, BlockedWatch>();

/**
 * Waits until every other task of the loop waits for something that is not ready.
 *
 * Of several who wait here, those with the smallest cushion go on first, and those with equal ones together. A virtual
 * clock does not jump before they have.
 * Units: the cushion, real milliseconds for which nobody may have run; 0 by default. Under a virtual clock nothing can
 *   happen meanwhile, so it only decides who is first.
 * Throws: ArgumentRangeError for a cushion below zero, NaN or Infinity; NoRunningLoopError.
 * Checkpoint: yes. Cancel: nothing to undo.
 * Source: trio.testing.wait_all_tasks_blocked.
 */
export function waitAllTasksBlocked(cushionMs = 0): Future<void> {
  assertInstant(cushionMs, 'waitAllTasksBlocked');
  if (!(cushionMs >= 0) || cushionMs === Infinity) {
    throw new ArgumentRangeError(`waitAllTasksBlocked: a cushion is zero or more milliseconds, not ${cushionMs}`);
  }
  const loop = getRunningLoop();
  cancelCheck();
  let watch = watches.get(loop);
  if (watch === undefined) watches.set(loop, (watch = new BlockedWatch(loop)));
  const wait = new BlockedWait(loop, cushionMs, watch);
  watch.join(wait);
  return expectAwait(wait, 'waitAllTasksBlocked()');
}
