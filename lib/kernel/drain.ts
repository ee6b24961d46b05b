// The run phase of a turn. A tick runs the records that were there when it began, FIFO; ticks follow each other without
// a select while there is work and the budget lasts. After a record that wakes an async function the drain returns to
// its driver, which runs the microtasks and comes back for the rest of the same tick.

import { Drained, KIND_BITS, Kind } from '../engine/abi.js';
import { current } from './current.js';
import { RESULT } from './future.js';
import type { LoopCore, Sink } from './loop_core.js';
import type { SlowWatch } from './slow_watch.js';

/** Records that one turn may run before the selector is asked again; checked between ticks. */
export const RECORDS_PER_TURN = 1024;

/** Milliseconds that one turn may take before the selector is asked again; checked between ticks. */
export const TURN_BUDGET_MS = 0.1;

/** Records between two looks at the clock while records are light: a look costs more than a step. */
export const RECORDS_PER_CLOCK_CHECK = 64;

export class Drain {
  readonly #loop: LoopCore;
  // Records of the present tick that are still to run.
  #left = 0;
  #isInTurn = false;
  #recordsInTurn = 0;
  #turnBegan = 0;
  // The clock is looked at when this many records ran since the last look: one while steps are heavy, more while light.
  #checkEvery = 1;
  #checkAt = 0;
  #lastCheck = 0;
  ticks = 0;
  records = 0;
  /** No further tick follows the present one in this turn. */
  stopRequested = false;
  /** Set in debug mode. */
  slowWatch: SlowWatch | null = null;

  constructor(loop: LoopCore) {
    this.#loop = loop;
  }

  /** Runs one turn's records, or the rest of them. Returns: what the driver has to do next. */
  run(): Drained {
    const outerLoop = current.loop;
    const outerContext = current.context;
    current.loop = this.#loop;
    current.context = null;
    this.#loop._turnResource.enter();
    try {
      return this.#runTurn();
    } finally {
      current.loop = outerLoop;
      current.context = outerContext;
      current.task = null;
      RESULT.value = undefined;
    }
  }

  // One function on purpose: a tick may be a single record, so what is paid per tick is nearly paid per record.
  #runTurn(): Drained {
    const loop = this.#loop;
    const ring = loop._ring;
    const words = ring.words;
    const sinks = loop._sinks;
    const isWatched = this.slowWatch !== null;
    let left = this.#isInTurn ? this.#left : this.#beginTurn();
    try {
      for (;;) {
        while (left > 0) {
          left--;
          const at = ring.take();
          const slot = words[at]!;
          const word = words[at + 1]!;
          // A record of an earlier holder of the slot: its sink was cancelled or closed meanwhile.
          if (loop._generations[slot]! << KIND_BITS !== (word & ~Kind.mask)) continue;
          const kind = word & Kind.mask;
          if (kind === Kind.step && !isWatched) sinks[slot]!._deliver(0, 0);
          else if (this._deliver(sinks[slot]!, kind, at)) return Drained.reenter;
        }
        left = ring.size;
        if (left === 0 || this.stopRequested) break;
        if (this.#recordsInTurn >= this.#checkAt && this.#isBudgetSpent()) break;
        this.ticks++;
        this.#recordsInTurn += left;
        if (loop._owesMicrotasks) {
          loop._owesMicrotasks = false;
          return Drained.reenter;
        }
      }
      left = 0;
      this.records += this.#recordsInTurn;
      this.#isInTurn = false;
      return Drained.done;
    } finally {
      this.#left = left;
    }
  }

  // Returns: true if microtasks must run before the next record.
  private _deliver(sink: Sink, kind: Kind, at: number): boolean {
    current.task = null;
    // A call site per kind keeps each one's target known to the compiler.
    if (this.slowWatch !== null) {
      const words = this.#loop._ring.words;
      this.slowWatch.deliver(sink, words[at + 2]!, words[at + 3]!);
    } else if (kind === Kind.handle) {
      sink._deliver(0, 0);
    } else if (kind === Kind.timer) {
      sink._deliver(0, 0);
    } else if (kind === Kind.reaction) {
      sink._deliver(0, 0);
    } else {
      const words = this.#loop._ring.words;
      sink._deliver(words[at + 2]!, words[at + 3]!);
    }
    return kind === Kind.reaction;
  }

  // Returns: the records of the first tick.
  #beginTurn(): number {
    const { _engine: engine, _ring: ring } = this.#loop;
    engine.adoptOverflow();
    this.#loop._owesMicrotasks = false;
    this.#isInTurn = true;
    this.#recordsInTurn = ring.size;
    if (ring.size > 0) this.ticks++;
    this.#checkAt = RECORDS_PER_TURN;
    if (!engine.isVirtual) {
      this.#turnBegan = this.#lastCheck = performance.now();
      this.#checkAt = this.#checkEvery;
    }
    return ring.size;
  }

  #isBudgetSpent(): boolean {
    if (this.#recordsInTurn >= RECORDS_PER_TURN) return true;
    const now = performance.now();
    const isHeavy = now - this.#lastCheck > TURN_BUDGET_MS / 10;
    this.#checkEvery = isHeavy ? 1 : Math.min(this.#checkEvery * 2, RECORDS_PER_CLOCK_CHECK);
    this.#checkAt = Math.min(this.#recordsInTurn + this.#checkEvery, RECORDS_PER_TURN);
    this.#lastCheck = now;
    return now - this.#turnBegan >= TURN_BUDGET_MS;
  }
}
