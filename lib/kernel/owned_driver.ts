// The owned driver: our own loop blocks this thread in the engine's select, and runs microtasks between turns where Node
// lets it. `current.loop` is set by the drain alone, so plain code between two turns is "outside".

import { LoopRunningError } from '../base/errors.js';
import { current } from './current.js';
import { deadlockError } from './deadlock.js';
import type { Drain } from './drain.js';
import type { LoopCore } from './loop_core.js';
import { canRunMicrotasks, runMicrotasks } from './microtasks.js';

export class OwnedDriver {
  readonly #loop: LoopCore;
  readonly #drain: Drain;
  #isRunning = false;
  #canRunMicrotasks = false;

  constructor(loop: LoopCore, drain: Drain) {
    this.#loop = loop;
    this.#drain = drain;
  }

  get isRunning(): boolean {
    return this.#isRunning;
  }

  /** Whether promises can settle while this driver runs; true while it does not. */
  get hasMicrotasks(): boolean {
    return !this.#isRunning || this.#canRunMicrotasks;
  }

  /** Throws: LoopRunningError if this or another loop of the thread is running. */
  assertIdle(): void {
    if (this.#isRunning) throw new LoopRunningError('this loop is running already');
    if (current.loop !== null) {
      throw new LoopRunningError('another loop is running on this thread; create a task on it instead of a nested loop');
    }
  }

  /** Runs turns until `isOver()`, which is asked between them, or until a stop. */
  runUntil(isOver: () => boolean): void {
    this.#own(() => {
      // A stop that was asked for before the start still gets one turn, so that what was queued runs.
      if (this.#drain.stopRequested) this.#turn(0);
      else while (!isOver() && !this.#drain.stopRequested) this.#turn(Infinity);
    });
  }

  /** Runs one turn that blocks for at most `timeoutMs`. */
  runOnce(timeoutMs: number): void {
    this.#own(() => this.#turn(this.#drain.stopRequested ? 0 : timeoutMs));
  }

  #own(body: () => void): void {
    this.assertIdle();
    this.#isRunning = true;
    this.#canRunMicrotasks = canRunMicrotasks();
    try {
      this.#loop._turnResource.run(body);
    } finally {
      this.#isRunning = false;
      this.#loop._engine.endOwned();
      this.#drain.stopRequested = false;
    }
  }

  #turn(timeoutMs: number): void {
    const { _engine: engine, _ring: ring } = this.#loop;
    const isReady = ring.size > 0;
    if (timeoutMs === Infinity && !isReady && !engine.canWake()) {
      throw deadlockError(this.#loop, 'nothing is ready, no timer is armed and no descriptor is watched');
    }
    engine.runOnce(isReady ? 0 : timeoutMs);
    while (this.#drain.run() !== 0) this.#runMicrotasks();
    this.#runMicrotasks();
    engine.flush();
  }

  #runMicrotasks(): void {
    if (this.#canRunMicrotasks) runMicrotasks();
  }
}
