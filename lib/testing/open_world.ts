// What of the real world gets into a simulation. One that lets it in makes its turns one at a time, with Node's own loop
// between them, and its clock stands still while something real is under way. Which of several real things ends first, no
// seed decides.

import { countRealRequests, RealRequests } from '../engine/real_requests.js';
import { realWorld } from './real_world.js';
import type { SimulationEngine } from './simulation_engine.js';

// What is over in Node's next turn anyway.
const NEVER_COUNTED = new Set(['Immediate', 'TickObject']);
// What waits for something that may never come: the clock does not wait with it.
const IDLE = new Set(['Timeout', 'TCPServerWrap', 'PipeServerWrap', 'SignalWrap', 'FSEventWrap', 'StatWatcher', 'TTYWrap']);
const POLL_MS = 1;
// Looks at a standstill before it is taken for one.
const IDLE_POLLS = 20;
/** How long the clock waits for sockets on which nothing happens: a request may be under way there, or nothing at all. */
const SOCKET_PATIENCE_MS = 1_000;

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
  readonly #requests = new RealRequests();
  #awaited = 0;
  #requestsSeen = countRealRequests();

  /** Returns: the kinds of which there are more now, without so many timers of our own. */
  underWay(ownTimers = 0): string[] {
    const now = countResources();
    now.set('Timeout', (now.get('Timeout') ?? 0) - ownTimers);
    // What was somebody else's and has ended must not hide what has begun here.
    for (const [kind, count] of this.#before) this.#before.set(kind, Math.min(count, now.get(kind) ?? 0));
    const kinds = [...now].filter(([kind, count]) => count > (this.#before.get(kind) ?? 0)).map(([kind]) => kind);
    if (this.#awaited > 0) kinds.push('a promise of the real world');
    return kinds.length === 0 && this.#requests.areUnderWay ? ['a job of a thread'] : kinds;
  }

  /** Whether something is under way that ends by itself. */
  get endsByItself(): boolean {
    return this.#awaited > 0 || this.#requests.areUnderWay;
  }

  /** Whether something is under way that may bring something yet, such as a socket. */
  get mayBringSomething(): boolean {
    return this.underWay().some((kind) => !IDLE.has(kind));
  }

  /** Node's own loop had its turn: whoever begins something from now on, until the next one, belongs to the simulation. */
  beginSlice(): void {
    this.#requestsSeen = countRealRequests();
  }

  /** Whether something was begun since `beginSlice`. */
  get hasBegun(): boolean {
    return countRealRequests() > this.#requestsSeen;
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
  #silentSince = realWorld.now();

  constructor(resources: RealResources) {
    this.#resources = resources;
  }

  /** Makes a turn in which the clock stands still while something real is under way. */
  turn(engine: SimulationEngine): void {
    if (engine.ring.size > 0) this.#silentSince = realWorld.now();
    const isUnderWay = this.#isUnderWay;
    engine.turn(isUnderWay ? 0 : Infinity);
    if (!engine.isStuck) this.#idlePolls = 0;
    this.#isWaiting = engine.isStuck || (isUnderWay && engine.ring.size === 0);
  }

  get #isUnderWay(): boolean {
    if (this.#resources.endsByItself) return true;
    return realWorld.now() - this.#silentSince < SOCKET_PATIENCE_MS && this.#resources.mayBringSomething;
  }

  /** Whether something real may still change what is ready. What Node does not list is given some time. */
  get isWaiting(): boolean {
    return this.#idlePolls++ < IDLE_POLLS || this.#resources.underWay().length > 0;
  }

  /** Calls `go` when Node's own loop has had its turn. */
  next(go: () => void): void {
    if (this.#isWaiting) pauseBriefly(go);
    else realWorld.setImmediate(go);
  }
}

/** Calls `go` a little later, when the timer that it took is no longer one of those that are under way. */
export function pauseBriefly(go: () => void): void {
  realWorld.setTimeout(() => realWorld.setImmediate(go), POLL_MS);
}
