// Lock: one owner at a time, and a release that hands over to who has waited longest, so that nobody can barge in.
// The owner is not told of its lock, which keeps an uncontended acquire cheap: only while somebody waits does the lock
// wait for the end of its owner, and breaks if that comes first. A Condition moves its waiters into the same queue.
// Invariant: a lock without a hold has nobody waiting.

import { BrokenResourceError, InvalidStateError, WrongLoopError } from '../base/errors.js';
import { cancelCheck } from '../kernel/cancel_check.js';
import { type Future, State, type Waiter } from '../kernel/future.js';
import type { Task } from '../kernel/task.js';
import { expectAwait } from '../kernel/unawaited.js';
import { currentTask } from '../tasks/create_task.js';
import { askingTask, type Guard } from './guard.js';
import { showStatistics } from './inspection.js';
import { atOnce, Parked, ParkingLot } from './parking_lot.js';

const LOCK = 'Lock';

/** What `Lock.statistics()` gives. */
export interface LockStatistics {
  readonly locked: boolean;
  /** The task that holds the lock; one that has ended if the lock is broken. */
  readonly owner: Task<unknown> | null;
  readonly tasksWaiting: number;
}

/** @internal One possession of a lock, from its acquire to its last release; to users of a Lock, their guard. */
export class Hold implements Guard {
  declare readonly _lock: Lock;
  declare readonly _owner: Task<unknown>;
  /** How often it must be released; more than once for a lock that its owner may acquire again. */
  declare _depth: number;

  constructor(lock: Lock, owner: Task<unknown>) {
    this._lock = lock;
    this._owner = owner;
    this._depth = 1;
  }

  release(): void {
    if (this._lock._hold === this && --this._depth === 0) this._lock._handOver();
  }
  [Symbol.dispose](): void {
    this.release();
  }
}

/** @internal A wait for a lock, with the hold that it will have. */
export abstract class LockWait<T> extends Parked<T> {
  declare readonly _hold: Hold;

  constructor(hold: Hold) {
    super(hold._owner._loop);
    this._hold = hold;
  }

  override _waitsFor(): ReturnType<Future<T>['_waitsFor']> {
    const waits = super._waitsFor();
    const owner = waits.what === LOCK ? (this._hold._lock._hold?._owner ?? null) : null;
    return owner === null ? waits : { ...waits, by: [owner] };
  }

  /** The lock is the waiter's. */
  abstract _grant(): void;
}

class Acquisition extends LockWait<Guard> {
  _grant(): void {
    this._finish(this._hold._lock._guardFor(this._hold));
  }
}

/**
 * Mutual exclusion between tasks, first come, first served.
 *
 * It may be made before there is a loop. If its owner ends without releasing it, it is broken for everybody, for good.
 * Example: `using guard = yield* lock.acquire();`
 * Source: trio.Lock.
 */
export class Lock implements Waiter {
  /** @internal */ declare _hold: Hold | null;
  /** @internal The owner whose end is waited for. */
  declare private _watched: Task<unknown> | null;
  declare private readonly _waiting: ParkingLot;

  constructor() {
    this._hold = null;
    this._watched = null;
    this._waiting = new ParkingLot(LOCK);
  }

  /** Returns: whether a task holds it. */
  locked(): boolean {
    return this._hold !== null;
  }

  /**
   * Takes the lock for the current task, behind everybody who waits already.
   *
   * Returns: a future of the guard.
   * Throws: InvalidStateError if the task holds it already; BrokenResourceError if the owner has ended, or ends
   *   meanwhile, without releasing it; NotInTaskError outside a task; WrongLoopError if a task of another loop holds it.
   * Checkpoint: only if it must wait. Cancel: the wait leaves the queue; a lock that was handed over already stays the
   *   task's.
   */
  acquire(): Future<Guard> {
    const task = askingTask('acquire()');
    cancelCheck();
    const hold = this._hold;
    if (hold === null) return expectAwait(atOnce(task._loop, this._take(task)), 'lock.acquire()');
    if (hold._owner === task) return expectAwait(atOnce(task._loop, this._reenter(hold)), 'lock.acquire()');
    if (hold._owner.done()) throw this._brokenError();
    if (hold._owner._loop !== task._loop) throw heldElsewhere(hold);
    const wait = new Acquisition(new Hold(this, task));
    this._enqueue(wait);
    return expectAwait(wait, 'lock.acquire()');
  }

  /**
   * Takes the lock only if that needs no wait.
   *
   * Returns: the guard, or null. Throws: as `acquire`, but for WrongLoopError. Checkpoint: no.
   */
  tryAcquire(): Guard | null {
    const task = askingTask('tryAcquire()');
    const hold = this._hold;
    if (hold === null) return this._take(task);
    if (hold._owner === task) return this._reenter(hold);
    if (hold._owner.done()) throw this._brokenError();
    return null;
  }

  /**
   * Hands the lock to who has waited longest: that task owns it from now on, before it runs.
   *
   * Throws: InvalidStateError unless the current task holds it. Checkpoint: no.
   */
  release(): void {
    this._assertHeld('release()').release();
  }

  /** Returns: whether it is held, by whom, and how many wait. */
  statistics(): LockStatistics {
    return { locked: this.locked(), owner: this._hold?._owner ?? null, tasksWaiting: this._waiting.size };
  }

  private _take(task: Task<unknown>): Guard {
    const hold = new Hold(this, task);
    this._hold = hold;
    return this._guardFor(hold);
  }

  /** @internal What the user is given for a hold. */
  _guardFor(hold: Hold): Guard {
    return hold;
  }

  /** @internal The owner asks again. */
  _reenter({ _owner: owner }: Hold): Guard {
    throw new InvalidStateError(
      `${owner.name} holds this lock already and would wait for itself; release it first, or use an RLock`,
    );
  }

  /** @internal Returns: the hold. Throws: InvalidStateError unless it is the current task's. */
  _assertHeld(call: string): Hold {
    const hold = this._hold;
    if (hold === null) throw new InvalidStateError(`${call}: nobody holds the lock; acquire it first`);
    if (hold._owner !== currentTask()) {
      throw new InvalidStateError(`${call}: the lock is held by ${hold._owner.name}, and only its owner may do that`);
    }
    return hold;
  }

  /** @internal Gives the lock to the next in the queue, or makes it free. */
  _handOver(): void {
    const next = this._nextInLine();
    if (next === null) {
      this._hold = null;
      if (this._watched !== null) this._watch(null);
      return;
    }
    this._hold = next._hold;
    next._grant();
    this._watch(this._waiting.size === 0 ? null : next._hold._owner);
  }

  // Who asked and ended without waiting for the answer would never release it.
  private _nextInLine(): LockWait<unknown> | null {
    for (;;) {
      const next = this._waiting._take() as LockWait<unknown> | null;
      if (next === null || !next._hold._owner.done()) return next;
      next._fail(new InvalidStateError(`${next._hold._owner.name} asked for the lock and ended before it was free`));
    }
  }

  /** @internal Lets a wait stand in the queue of a lock that is held. */
  _enqueue(wait: LockWait<unknown>): void {
    this._waiting._add(wait);
    this._watch((this._hold as Hold)._owner);
  }

  /** @internal As `_enqueue`, for one that must have the lock back: it gets what there is, an error too. */
  _takeBack(wait: LockWait<unknown>): void {
    const hold = this._hold;
    if (wait._hold._owner.done()) {
      wait._complete(State.cancelled, { reason: 'its task has ended', origin: null });
    } else if (hold === null) {
      this._hold = wait._hold;
      wait._grant();
    } else if (hold._owner.done()) {
      wait._fail(this._brokenError());
    } else if (hold._owner._loop !== wait._loop) {
      wait._fail(heldElsewhere(hold));
    } else {
      this._enqueue(wait);
    }
  }

  private _watch(owner: Task<unknown> | null): void {
    if (this._watched === owner) return;
    this._watched?._removeWaiter(this);
    this._watched = owner;
    if (owner === null) return;
    if (owner.done()) this._wake();
    else owner._addWaiter(this);
  }

  /** @internal The owner has ended and holds the lock. */
  _wake(): void {
    this._watched = null;
    this._waiting._failAll(() => this._brokenError());
  }

  private _brokenError(): BrokenResourceError {
    return new BrokenResourceError(
      `the lock is broken: its owner ${(this._hold as Hold)._owner.name} ended without releasing it; ` +
        'hold it with `using guard = yield* lock.acquire()`',
    );
  }
}
showStatistics(Lock);

function heldElsewhere({ _owner: owner }: Hold): WrongLoopError {
  return new WrongLoopError(`the lock is held by ${owner.name}, a task of another loop; use one lock per loop`);
}
