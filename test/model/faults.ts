// Primitives with one fault each, as they are made by mistake: the checker must find them.
import { Barrier, Condition, type Future, getRunningLoop, type Guard, Lock, PriorityQueue, Queue, Semaphore } from '../../lib/index';
import type { Getter } from '../../lib/sync/handover';
import type { LockWait } from '../../lib/sync/lock';
import type { ParkingLot } from '../../lib/sync/parking_lot';
import type { Kind } from './checker';
import { BARRIER_OPERATIONS, BarrierSubject, SEMAPHORE_OPERATIONS, SemaphoreSubject } from './count_subjects';
import { CONDITION_OPERATIONS, ConditionSubject, LOCK_OPERATIONS, LockSubject } from './lock_subjects';
import { QUEUE_OPERATIONS, QueueSubject } from './queue_subjects';

interface Parts {
  _value: number;
  readonly _waiting: ParkingLot;
  readonly _getters: ParkingLot;
}

const partsOf = (primitive: object): Parts => primitive as Parts;
const soon = (call: () => void): void => void getRunningLoop().callSoon(call);

/** A cancelled waiter stays in the queue, and gets permits. */
class ForgetfulSemaphore extends Semaphore {
  override acquire(): Future<Guard> {
    const wait = super.acquire();
    wait._undo = () => undefined;
    return wait;
  }
}

/** The permit that a waiter had been given goes with it when it is cancelled before it runs. */
class LeakySemaphore extends Semaphore {
  override release(): void {
    const next = partsOf(this)._waiting._take();
    if (next === null) return super.release();
    partsOf(this)._value++;
    soon(() => {
      partsOf(this)._value--;
      if (!next.done()) next._finish({ release: () => this.release(), [Symbol.dispose]: () => this.release() });
    });
  }
}

/** A lock that is free until its next owner runs. */
class BargingLock extends Lock {
  override _handOver(): void {
    this._hold = null;
    const next = (this as unknown as Parts)._waiting._take() as LockWait<unknown> | null;
    if (next === null) return;
    soon(() => {
      if (this._hold !== null || next.done()) return;
      this._hold = next._hold;
      next._grant();
    });
  }
}

/** A getter that is cancelled in the tick of its item takes it along. */
class DroppingQueue extends Queue<number> {
  override tryPut(item: number): boolean {
    const getter = partsOf(this)._getters._take() as Getter | null;
    if (getter === null) return super.tryPut(item);
    soon(() => {
      if (!getter.done()) getter._give(item);
    });
    return true;
  }
}

/** Who was notified and is cancelled keeps the notification from everybody. */
class DeafCondition extends Condition {
  override wait(): Future<void> {
    const wait = super.wait() as Future<void> & { _notify(): void; _isNotified: boolean };
    const notify = wait._notify.bind(wait);
    wait._notify = () => {
      notify();
      wait._isNotified = false;
    };
    return wait;
  }
}

/** One that is cancelled breaks it for all. */
class BrittleBarrier extends Barrier {
  override wait(): Future<number> {
    const wait = super.wait();
    const undo = wait._undo.bind(wait);
    wait._undo = () => {
      undo();
      this.abort();
    };
    return wait;
  }
}

const take = (items: number[]): number => items.splice(items.indexOf(Math.min(...items)), 1)[0]!;

/** The kinds of which each has a fault, by what it is. */
export const FAULTY: ReadonlyMap<string, Kind> = new Map<string, Kind>([
  ['a waiter that stays when it is cancelled', {
    operations: SEMAPHORE_OPERATIONS,
    make: (size) => new SemaphoreSubject(new ForgetfulSemaphore(size)),
  }],
  ['a permit that is lost with a cancel', {
    operations: SEMAPHORE_OPERATIONS,
    make: (size) => new SemaphoreSubject(new LeakySemaphore(size)),
  }],
  ['a lock that can be barged into', { operations: LOCK_OPERATIONS, make: () => new LockSubject(new BargingLock()) }],
  ['an item that is lost with a cancel', {
    operations: QUEUE_OPERATIONS,
    make: (size) => new QueueSubject(new DroppingQueue(size), (items) => items.shift()!),
  }],
  ['a notification that is lost with a cancel', {
    operations: CONDITION_OPERATIONS,
    make: () => new ConditionSubject(new DeafCondition()),
  }],
  ['a barrier that breaks when one leaves', {
    operations: BARRIER_OPERATIONS,
    make: (size) => new BarrierSubject(new BrittleBarrier(1 + size)),
  }],
  ['items in another order', {
    operations: QUEUE_OPERATIONS,
    make: (size) => new QueueSubject(new PriorityQueue((a, b) => (a - b) * (a % 4 === 0 ? -1 : 1), size), take),
  }],
]);
