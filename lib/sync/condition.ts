// Condition: tasks that share something under a lock wait until another says that it has changed.
// A wait has two halves. In the first it stands in the condition's queue and can be cancelled. Then, notified or
// cancelled, it stands in the lock's queue until it has the lock back, and nothing but the end of the lock's owner can
// end it there: a notification is never lost to a cancel, and a CancelledError leaves `wait` with the lock held.

import { ArgumentTypeError, WrongLoopError } from '../base/errors.js';
import { cancelCheck } from '../kernel/cancel_check.js';
import { describe, isCoroutineFunction, type Operation, type Suspension } from '../kernel/coroutine.js';
import { type CancelRequest, type Future, State } from '../kernel/future.js';
import { expectAwait } from '../kernel/unawaited.js';
import type { Guard } from './guard.js';
import { showStatistics } from './inspection.js';
import { Lock, type LockStatistics, LockWait } from './lock.js';
import { assertCount, ParkingLot } from './parking_lot.js';

/** What `Condition.statistics()` gives. */
export interface ConditionStatistics {
  /** How many wait to be notified; who was notified waits for the lock. */
  readonly tasksWaiting: number;
  readonly lock: LockStatistics;
}

class ConditionWait extends LockWait<void> {
  /** Why it was cancelled before it was notified. */
  declare private _request: CancelRequest | null;
  declare private _isNotified: boolean;

  constructor(...args: ConstructorParameters<typeof LockWait>) {
    super(...args);
    this._request = null;
    this._isNotified = false;
  }

  _notify(): void {
    this._isNotified = true;
    this._hold._lock._takeBack(this);
  }

  _grant(): void {
    if (this._request === null) this._finish(undefined);
    else this._complete(State.cancelled, this._request);
  }

  // Returns: false once it is notified, so that the task keeps the request for its next wait. Of several requests the
  // last is the one that is thrown.
  override _cancelBy(request: CancelRequest): boolean {
    if (this.done() || this._isNotified) return false;
    const isFirst = this._request === null;
    this._request = request;
    if (!isFirst) return true;
    this._lot?._remove(this);
    this._hold._lock._takeBack(this);
    return true;
  }
}

/** A wait of either colour that asks again after each notification; the predicate runs in the waiting task. */
class PredicateWait<T> implements Operation<T>, PromiseLike<T> {
  readonly #condition: Condition;
  readonly #predicate: () => T;

  constructor(condition: Condition, predicate: () => T) {
    this.#condition = condition;
    this.#predicate = predicate;
  }

  get _isOperation(): boolean {
    return true;
  }

  *[Symbol.iterator](): Iterator<Suspension, T, unknown> {
    cancelCheck();
    for (;;) {
      const value = this.#predicate();
      if (value) return value;
      yield* this.#condition.wait();
    }
  }

  async #ask(): Promise<T> {
    cancelCheck();
    for (;;) {
      const value = this.#predicate();
      if (value) return value;
      await this.#condition.wait();
    }
  }

  then<R = T, E = never>(
    onFulfilled?: ((value: T) => R | PromiseLike<R>) | null,
    onRejected?: ((reason: unknown) => E | PromiseLike<E>) | null,
  ): Promise<R | E> {
    return this.#ask().then(onFulfilled, onRejected);
  }
}

/**
 * Lets tasks wait, without the lock, for a change that others make under the lock.
 *
 * Several conditions may share one lock. It may be made before there is a loop.
 * Example: `using guard = yield* condition.acquire(); yield* condition.waitFor(() => items.length > 0);`
 * Source: trio.Condition, asyncio.Condition.
 */
export class Condition {
  /** The lock that it releases while it waits. */
  readonly lock: Lock;
  readonly #waiting = new ParkingLot('Condition.wait');

  /** Throws: ArgumentTypeError if `lock` is neither a Lock nor an RLock. */
  constructor(lock: Lock = new Lock()) {
    if (!(lock instanceof Lock)) throw new ArgumentTypeError(`Condition: a Lock or RLock is needed, not ${describe(lock)}`);
    this.lock = lock;
  }

  /** As `lock.acquire()`. */
  acquire(): Future<Guard> {
    return this.lock.acquire();
  }
  /** As `lock.tryAcquire()`. */
  tryAcquire(): Guard | null {
    return this.lock.tryAcquire();
  }
  /** As `lock.release()`. */
  release(): void {
    this.lock.release();
  }
  /** As `lock.locked()`. */
  locked(): boolean {
    return this.lock.locked();
  }

  /**
   * Releases the lock, waits to be notified, and takes the lock back; an RLock to the depth that it had.
   *
   * Throws: InvalidStateError unless the current task holds the lock; BrokenResourceError if the lock cannot be had
   *   back, because a later owner ended without releasing it; WrongLoopError while tasks of another loop wait.
   * Checkpoint: yes. Cancel: thrown once the lock is held again. Who was notified first returns, and finds the
   *   cancellation at its next wait.
   */
  wait(): Future<void> {
    const hold = this.lock._assertHeld('wait()');
    cancelCheck();
    const wait = new ConditionWait(hold);
    this.#waiting._add(wait);
    this.lock._handOver();
    return expectAwait(wait, 'condition.wait()');
  }

  /**
   * Waits until `predicate()` gives something truthy: asks at once, then after each notification, with the lock held.
   *
   * Returns: what it gave.
   * Throws: as `wait`; what the predicate throws; ArgumentTypeError if it is not a plain function.
   * Checkpoint: only if it must wait. Cancel: as `wait`.
   */
  waitFor<T>(predicate: () => T): Operation<T> & PromiseLike<T> {
    if (typeof predicate !== 'function' || isCoroutineFunction(predicate)) {
      throw new ArgumentTypeError(`waitFor: a plain function is needed, not ${describe(predicate)}`);
    }
    this.lock._assertHeld('waitFor()');
    return new PredicateWait(this, predicate);
  }

  /**
   * Moves those who have waited longest on to the queue of the lock, where they stand behind who waits for it already.
   * A notification that finds nobody is not remembered.
   *
   * Returns: how many there were, at most `count`.
   * Throws: InvalidStateError unless the current task holds the lock; ArgumentTypeError, ArgumentRangeError for a
   *   `count` that is no whole number; WrongLoopError if tasks of another loop wait here.
   * Checkpoint: no.
   */
  notify(count = 1): number {
    const hold = this.lock._assertHeld('notify()');
    assertCount(count, 'notify');
    const first = this.#waiting._peek();
    if (first !== null && first._loop !== hold._owner._loop) {
      throw new WrongLoopError('notify: tasks of another loop are waiting here; use one condition per loop');
    }
    const notified = Math.min(count, this.#waiting.size);
    for (let i = 0; i < notified; i++) (this.#waiting._take() as ConditionWait)._notify();
    return notified;
  }

  /** Notifies all who wait. Returns: how many. Throws, Checkpoint: as `notify`. */
  notifyAll(): number {
    return this.notify(Infinity);
  }

  /** Returns: how many wait to be notified, and the statistics of the lock. */
  statistics(): ConditionStatistics {
    return { tasksWaiting: this.#waiting.size, lock: this.lock.statistics() };
  }
}
showStatistics(Condition);
