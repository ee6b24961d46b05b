// Finds out that a hosted run in virtual time will never go on: its loop rests, and neither Node nor a thread has anything
// under way that could still wake it. Only for runs that nobody outside has a hand in, such as the body of a test.

import type { DeadlockError } from '../base/errors.js';
import type { SimulatedEngine } from '../engine/simulated/simulated_engine.js';
import { deadlockError } from '../kernel/deadlock.js';
import type { EventLoop } from '../kernel/event_loop.js';
import type { Task } from '../kernel/task.js';
import { pauseBriefly, RealResources } from './open_world.js';

// What Node does not list is given so many looks.
const POLLS = 20;
// The one by which a resting engine keeps the process alive.
const OWN_TIMERS = 1;

/** Watches one run. A deadlock that it finds ends the run, and is kept. */
export class HostedDeadlock {
  found: DeadlockError | null = null;
  readonly #engine: SimulatedEngine;
  readonly #resources = new RealResources();

  constructor(engine: SimulatedEngine) {
    this.#engine = engine;
  }

  watch(main: Task<unknown>): void {
    this.#engine._onQuiet = () => this.#look(main, this.#engine.turns(), POLLS);
  }

  #look(main: Task<unknown>, turns: number, left: number): void {
    if (this.#engine.turns() !== turns) return;
    const isUnderWay = this.#resources.underWay(OWN_TIMERS).length > 0;
    if (isUnderWay || left > 0) {
      pauseBriefly(() => this.#look(main, turns, isUnderWay ? POLLS : left - 1));
    } else {
      this.#end(main);
    }
  }

  // Main is told first; what refuses to end after that is ended by force.
  #end(main: Task<unknown>): void {
    const loop = main._loop as EventLoop;
    if (this.found !== null || main.done()) {
      for (const task of loop._tasks()) task._abandon();
    }
    this.found ??= deadlockError(loop, 'nothing is ready, no timer is armed and nothing is under way');
    main.cancel(this.found);
    this.#engine.wake();
  }
}
