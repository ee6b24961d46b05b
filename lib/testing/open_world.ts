// A simulation that lets the real world in: turns are made one at a time, with Node's own loop between them, and the
// clock stands still while something real is under way. Which of several real things ends first, no seed decides.

import { realWorld } from './real_world.js';
import type { SimulationEngine } from './simulation_engine.js';

// What is over in Node's next turn anyway.
const NEVER_COUNTED = new Set(['Immediate', 'TickObject']);
const POLL_MS = 1;
// Looks at a standstill before it is taken for one.
const IDLE_POLLS = 20;

function countResources(): Map<string, number> {
  const counts = new Map<string, number>();
  for (const kind of process.getActiveResourcesInfo()) {
    if (!NEVER_COUNTED.has(kind)) counts.set(kind, (counts.get(kind) ?? 0) + 1);
  }
  return counts;
}

/** What the process has under way that is not of this library, beyond what it had at the beginning. */
export class RealResources {
  readonly #before = countResources();
  #awaited = 0;

  /** Returns: the kinds of which there are more now. */
  underWay(): string[] {
    const now = countResources();
    // What was somebody else's and has ended must not hide what has begun here.
    for (const [kind, count] of this.#before) this.#before.set(kind, Math.min(count, now.get(kind) ?? 0));
    const kinds = [...now].filter(([kind, count]) => count > (this.#before.get(kind) ?? 0)).map(([kind]) => kind);
    return this.#awaited > 0 ? [...kinds, 'a promise of the real world'] : kinds;
  }

  /** Counts a promise until it settles. */
  await(promise: PromiseLike<unknown>): void {
    this.#awaited++;
    const end = (): void => {
      this.#awaited--;
    };
    promise.then(end, end);
  }
}

export class OpenWorld {
  readonly #resources: RealResources;
  #isWaiting = false;
  #idlePolls = 0;

  constructor(resources: RealResources) {
    this.#resources = resources;
  }

  /** Makes a turn in which the clock stands still while something real is under way. */
  turn(engine: SimulationEngine): void {
    const isUnderWay = this.#resources.underWay().length > 0;
    engine.turn(isUnderWay ? 0 : Infinity);
    if (!engine.isStuck) this.#idlePolls = 0;
    this.#isWaiting = engine.isStuck || (isUnderWay && engine.ring.size === 0);
  }

  /** Whether something real may still change what is ready. What Node does not list is given some time. */
  get isWaiting(): boolean {
    return this.#idlePolls++ < IDLE_POLLS || this.#resources.underWay().length > 0;
  }

  /** Calls `go` when Node's own loop has had its turn. */
  next(go: () => void): void {
    if (this.#isWaiting) realWorld.setTimeout(go, POLL_MS);
    else realWorld.setImmediate(go);
  }
}
