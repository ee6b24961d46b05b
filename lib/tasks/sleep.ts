// Waiting for time to pass.

import { Kind } from '../engine/abi.js';
import { assertInstant } from '../kernel/arguments.js';
import type { EventLoop } from '../kernel/event_loop.js';
import { Future, State } from '../kernel/future.js';
import type { Sink } from '../kernel/loop_core.js';
import { getRunningLoop } from '../kernel/running.js';
import { Task } from '../kernel/task.js';
import { expectAwait } from '../kernel/unawaited.js';

class SleepFuture extends Future<void> implements Sink {
  constructor(loop: EventLoop) {
    super(loop);
    this._value = loop._allocate(this);
  }

  // While the future is pending its value holds the slot: a million sleepers are a million fields saved.
  get _slot(): number {
    return this._value as number;
  }

  /** The sleeper's name, for reports of slow steps. */
  get name(): string {
    return this._waiters instanceof Task ? this._waiters.name : 'sleep';
  }

  _deliver(): void {
    this._loop._release(this._slot);
    const sleeper = this._waiters;
    if (!(sleeper instanceof Task)) {
      this._finish(undefined);
      return;
    }
    // One sleeper, and nothing of the loop is on the stack but the drain: its step can take this record's turn.
    this._state |= State.finished;
    this._value = undefined;
    this._waiters = null;
    sleeper._deliver(0, 0);
  }

  override _undo(): void {
    this._loop._engine.disarm(this._slot);
    this._loop._release(this._slot);
  }
}

/**
 * Waits `ms` milliseconds, never less.
 *
 * Units: milliseconds, fractions allowed; zero or less is a checkpoint, Infinity is forever.
 * Throws: TypeError if `ms` is not a number; RangeError for NaN; NoRunningLoopError outside a run.
 * Checkpoint: yes. Cancel: the timer is disarmed.
 * Source: asyncio.sleep.
 */
export function sleep(ms: number): Future<void> {
  assertInstant(ms, 'sleep');
  const loop = getRunningLoop();
  if (ms === Infinity) return expectAwait(new Future<void>(loop), 'sleep()');
  const future = new SleepFuture(loop);
  if (ms <= 0) loop._append(future._slot, Kind.timer);
  else loop._engine.arm(future._slot, loop._word(future._slot, Kind.timer), ms);
  return expectAwait(future, 'sleep()');
}

/**
 * Waits until the loop's clock shows `when`.
 *
 * Units: milliseconds of `loop.time()`; a time in the past is a checkpoint.
 * Throws: as `sleep`. Checkpoint: yes. Cancel: the timer is disarmed.
 * Source: trio.sleep_until.
 */
export function sleepUntil(when: number): Future<void> {
  assertInstant(when, 'sleepUntil');
  const loop = getRunningLoop();
  if (when === Infinity) return expectAwait(new Future<void>(loop), 'sleepUntil()');
  const future = new SleepFuture(loop);
  loop._engine.armAt(future._slot, loop._word(future._slot, Kind.timer), when);
  return expectAwait(future, 'sleepUntil()');
}

/**
 * Waits until it is cancelled.
 *
 * Throws: NoRunningLoopError outside a run. Checkpoint: yes. Cancel: nothing to undo.
 * Source: trio.sleep_forever.
 */
export function sleepForever(): Future<never> {
  return expectAwait(new Future<never>(getRunningLoop()), 'sleepForever()');
}
