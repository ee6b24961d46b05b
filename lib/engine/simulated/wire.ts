// One direction of a connection: what is carried arrives in order, later, or stays under way while the hosts cannot reach
// each other, as with a protocol that sends again until it is heard.
// Invariant: what is held was sent before what flies, and what flies arrives in order; nothing is overtaken.

import type { Link } from './link.js';
import type { World } from './world.js';

interface Parcel {
  readonly size: number;
  readonly arrive: () => void;
  readonly isAwaited: boolean;
}

/** What a wire asks of the network. */
export interface WireOwner {
  /** Whether nothing gets through from its host to the other one. */
  isCut(wire: Wire): boolean;
  /** Something is held: `resume` is wanted when the hosts can reach each other again. */
  holds(wire: Wire): void;
}

export class Wire {
  /** Where it begins and where it ends: names of hosts. */
  readonly from: string;
  readonly to: string;
  /** Added to the time of everything that travels. */
  extraMs = 0;
  isStalled = false;
  readonly #world: World;
  readonly #owner: WireOwner;
  readonly #link: Link;
  #flying = 0;
  #lastArrival = 0;
  #held: Parcel[] = [];
  // Longest that something is sent again and again before `onTimeout`; and whose patience it is.
  #timer = -1;
  #patienceMs = Infinity;
  #onTimeout: (() => void) | null = null;

  constructor(world: World, owner: WireOwner, link: Link, from: string, to: string) {
    this.#world = world;
    this.#owner = owner;
    this.#link = link;
    this.from = from;
    this.to = to;
  }

  /** Calls `onTimeout` when something has been held for so long. */
  giveUpAfter(patienceMs: number, onTimeout: () => void): void {
    this.#patienceMs = patienceMs;
    this.#onTimeout = onTimeout;
  }

  get bufferBytes(): number {
    return this.#link.bufferBytes;
  }

  get isCut(): boolean {
    return this.isStalled || this.#owner.isCut(this);
  }

  /** Brings something to the other end: at once if nothing takes time. `isAwaited`: until it is heard it is sent again. */
  carry(size: number, arrive: () => void, isAwaited = true): void {
    if (this.#flying === 0 && (this.#held.length > 0 || this.isCut)) {
      this.#hold({ size, arrive, isAwaited });
      return;
    }
    const world = this.#world;
    const arrival = Math.max(world.nowMs + this.#link.streamMs(world.nowMs, size) + this.extraMs, this.#lastArrival);
    this.#lastArrival = arrival;
    if (arrival <= world.nowMs && this.#flying === 0) {
      arrive();
      return;
    }
    this.#flying++;
    world.after(arrival - world.nowMs, () => this.#arrived({ size, arrive, isAwaited }));
  }

  #arrived(parcel: Parcel): void {
    this.#flying--;
    if (this.#held.length > 0 || this.isCut) this.#hold(parcel);
    else parcel.arrive();
    this.resume();
  }

  #hold(parcel: Parcel): void {
    this.#held.push(parcel);
    if (this.#held.length === 1) this.#owner.holds(this);
    if (parcel.isAwaited && this.#timer === -1) this.#startTimer();
  }

  #startTimer(): void {
    if (this.#onTimeout === null || this.#patienceMs === Infinity) return;
    this.#timer = this.#world.after(this.#patienceMs, () => {
      this.#timer = -1;
      this.#held = [];
      this.#onTimeout?.();
    });
  }

  #stopTimer(): void {
    if (this.#timer !== -1) this.#world.agenda.cancel(this.#timer);
    this.#timer = -1;
  }

  /** Sends what is held on its way, if it gets through. Returns: whether nothing is held any more. */
  resume(): boolean {
    if (this.#held.length === 0) return true;
    if (this.#flying > 0 || this.isCut) return false;
    const held = this.#held;
    this.#held = [];
    this.#stopTimer();
    for (const { size, arrive, isAwaited } of held) this.carry(size, arrive, isAwaited);
    return true;
  }

  /** Forgets what is held: nobody waits for it any more. */
  drop(): void {
    this.#held = [];
    this.#stopTimer();
  }
}
