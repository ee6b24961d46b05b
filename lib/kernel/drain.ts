// The run phase of a turn. A tick runs the records that were there when it began, FIFO; ticks follow each other without
// a select while there is work and the budget lasts. After a record that wakes an async function the drain returns to
// its driver, which runs the microtasks and comes back for the rest of the same tick.

import { Drained, KIND_BITS, Kind } from '../engine/abi.js';
import { current } from './current.js';
import type { LoopCore } from './loop_core.js';
import type { SlowWatch } from './slow_watch.js';

/** Records that one turn may run before the selector is asked again; checked between ticks. */
export const RECORDS_PER_TURN = 1024;

/** Milliseconds that one turn may take before the selector is asked again; checked between ticks. */
export const TURN_BUDGET_MS = 0.1;

/** Records between two looks at the clock while records are light: a look costs as much as a step. */
export const RECORDS_PER_CLOCK_CHECK = 16;

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
    try {
      return this.#runTurn();
    } finally {
      current.loop = outerLoop;
      current.context = outerContext;
      current.task = null;
    }
  }

  #runTurn(): Drained {
    if (!this.#isInTurn) this.#beginTurn();
    for (;;) {
      if (this.#left > 0 && this.#runTick()) return Drained.reenter;
      this.#left = this.#loop._ring.size;
      if (this.#left === 0 || this.stopRequested || this.#isBudgetSpent()) break;
      this.#beginTick();
      if (this.#loop._owesMicrotasks) {
        this.#loop._owesMicrotasks = false;
        return Drained.reenter;
      }
    }
    this.#left = 0;
    this.#isInTurn = false;
    return Drained.done;
  }

  #beginTurn(): void {
    this.#loop._engine.adoptOverflow();
    this.#loop._owesMicrotasks = false;
    this.#isInTurn = true;
    this.#recordsInTurn = 0;
    this.#left = this.#loop._ring.size;
    if (this.#left > 0) this.#beginTick();
    if (!this.#loop._engine.isVirtual) {
      this.#turnBegan = this.#lastCheck = performance.now();
      this.#checkAt = this.#checkEvery;
    }
  }

  #beginTick(): void {
    this.ticks++;
    this.records += this.#left;
    this.#recordsInTurn += this.#left;
  }

  // Returns: true if microtasks must run before the rest of the tick.
  #runTick(): boolean {
    const loop = this.#loop;
    const ring = loop._ring;
    const words = ring.words;
    const sinks = loop._sinks;
    let left = this.#left;
    try {
      while (left > 0) {
        left--;
        const at = ring.take();
        const slot = words[at]!;
        const word = words[at + 1]!;
        // A record of an earlier holder of the slot: its sink was cancelled or closed meanwhile.
        if (loop._generations[slot]! << KIND_BITS !== (word & ~Kind.mask)) continue;
        const sink = sinks[slot]!;
        if (this.slowWatch !== null) {
          current.task = null;
          this.slowWatch.deliver(sink, words[at + 2]!, words[at + 3]!);
          if ((word & Kind.mask) === Kind.reaction) return true;
          continue;
        }
        switch (word & Kind.mask) {
          case Kind.step:
            sink._deliver(0, 0);
            break;
          case Kind.handle:
            sink._deliver(0, 0);
            break;
          case Kind.reaction:
            current.task = null;
            sink._deliver(0, 0);
            return true;
          case Kind.timer:
            current.task = null;
            sink._deliver(0, 0);
            break;
          default:
            current.task = null;
            sink._deliver(words[at + 2]!, words[at + 3]!);
        }
      }
      return false;
    } finally {
      this.#left = left;
    }
  }

  #isBudgetSpent(): boolean {
    if (this.#recordsInTurn >= RECORDS_PER_TURN) return true;
    if (this.#loop._engine.isVirtual || this.#recordsInTurn < this.#checkAt) return false;
    const now = performance.now();
    const isHeavy = now - this.#lastCheck > TURN_BUDGET_MS / 10;
    this.#checkEvery = isHeavy ? 1 : Math.min(this.#checkEvery * 2, RECORDS_PER_CLOCK_CHECK);
    this.#checkAt = this.#recordsInTurn + this.#checkEvery;
    this.#lastCheck = now;
    return now - this.#turnBegan >= TURN_BUDGET_MS;
  }
}
