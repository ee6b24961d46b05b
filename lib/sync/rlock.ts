// RLock: a lock that its owner may take again. Each acquire has a guard of its own; the lock is handed over at the
// release that matches the first one.

import { type Hold, Lock, type LockStatistics } from './lock.js';
import type { Guard } from './guard.js';

/** What `RLock.statistics()` gives. */
export interface RLockStatistics extends LockStatistics {
  /** How many releases the owner owes. */
  readonly depth: number;
}

class Level implements Guard {
  declare private _hold: Hold | null;

  constructor(hold: Hold) {
    this._hold = hold;
  }

  release(): void {
    const hold = this._hold;
    this._hold = null;
    if (hold !== null) hold.release();
  }
  [Symbol.dispose](): void {
    this.release();
  }
}

/**
 * A lock that the task that holds it may acquire again; it is free after as many releases.
 *
 * It belongs to the task: a child task, or a function in another context of the same task, is told apart by the task
 * alone.
 * Source: threading.RLock, curio.RLock.
 */
export class RLock extends Lock {
  /** Returns: as `Lock.statistics`, and how deep the owner is in. */
  override statistics(): RLockStatistics {
    return { ...super.statistics(), depth: this._hold?._depth ?? 0 };
  }

  /** @internal */
  override _guardFor(hold: Hold): Guard {
    return new Level(hold);
  }

  /** @internal */
  override _reenter(hold: Hold): Guard {
    hold._depth++;
    return new Level(hold);
  }
}
