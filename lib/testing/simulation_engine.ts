// The engine below a simulation. It is hosted, as the engine of every `run` is, so that a program finds what it finds in
// the real world; but its turns are made by the simulation, one after another, and nothing of Node's comes between.

import type { AsyncResource } from 'node:async_hooks';
import { Drained } from '../engine/abi.js';
import type { Drain } from '../engine/engine.js';
import { ShuffledRing } from '../engine/simulated/shuffled_ring.js';
import type { Choices } from '../engine/simulated/choices.js';
import type { SimulatedNetwork } from '../engine/simulated/network.js';
import { SimulatedEngine } from '../engine/simulated/simulated_engine.js';
import type { Trace } from '../engine/simulated/trace.js';
import type { EventLoop } from '../kernel/event_loop.js';
import { runMicrotasks } from '../kernel/microtasks.js';

const RING_CAPACITY = 512;

/** What a simulation's engine is made of. */
export interface SimulationEngineParts {
  readonly choices: Choices;
  readonly network: SimulatedNetwork;
  readonly trace: Trace | null;
  /** Whether the choices decide about the order of tasks, too. */
  readonly shuffle: boolean;
  readonly timerJitterMs: number;
}

export class SimulationEngine extends SimulatedEngine {
  declare ring: ShuffledRing;
  #drainOnce: Drain | null = null;

  constructor({ choices, network, trace, shuffle, timerJitterMs }: SimulationEngineParts) {
    super({ choices, network, timerJitterMs, ringCapacity: 1, ...(trace === null ? {} : { trace }) });
    this.ring = new ShuffledRing({ capacity: RING_CAPACITY, choices: shuffle && choices.isSeeded ? choices : null });
  }

  override startHosted(drain: Drain, resource: AsyncResource): void {
    this.#drainOnce = () => resource.runInAsyncScope(drain);
  }
  override ref(): void {
    // The simulation asks for turns until its run is over.
  }
  override unref(): void {
    // See `ref`.
  }
  override wake(): void {
    // See `ref`.
  }

  /** The clock, where nobody of the program asks for it. */
  get shownMs(): number {
    return this.now();
  }

  /** The loop that it is below. */
  attach(_loop: EventLoop): void {
    // Only an engine that ends turns needs to know.
  }

  /** Says why nothing happens any more, where that is no deadlock of the program's. */
  standstill(): Error | null {
    return null;
  }

  /** True if no turn could ever run anything. */
  get isStuck(): boolean {
    return this.ring.size === 0 && !this.canWake();
  }

  /** Makes a turn in which the clock moves by `maxWaitMs` at most, and lets everything settle that it has begun. */
  turn(maxWaitMs = Infinity): void {
    const drain = this.#drainOnce;
    if (drain === null) return;
    this.runOnce(maxWaitMs);
    while (drain() === Drained.reenter) runMicrotasks();
    runMicrotasks();
    this.flush();
  }
}
