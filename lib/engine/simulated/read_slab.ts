// Where received bytes lie until their record is run. Parts are given out one behind the other, from the start again as
// soon as the last record that names one has been taken off the ring.
// Invariant: a part is not given out again before its record was taken.

import { Header } from '../abi.js';
import type { ReadyRing } from '../ready_ring.js';
import { makeSlabMemory } from '../slab_memory.js';

const SLAB_BYTES = 1024 * 1024;
/** Less than this is not offered: the slab is full then, and reading goes on in the next turn. */
export const LEAST_ROOM = 4 * 1024;

export class ReadSlab {
  readonly bytes = Buffer.from(makeSlabMemory(SLAB_BYTES));
  readonly #ring: ReadyRing;
  #used = 0;
  #lastRecord = 0;

  constructor(ring: ReadyRing) {
    this.#ring = ring;
  }

  /** Where the next part begins; it is moved to a whole word. */
  get start(): number {
    return this.#used;
  }

  /** Returns: how many bytes the next part may have, at most `wanted`; 0 if there is no room. */
  room(wanted: number): number {
    const head = this.#ring.words[Header.head]!;
    if (this.#used > 0 && (this.#ring.size === 0 || ((head - this.#lastRecord) | 0) > 0)) this.#used = 0;
    const left = SLAB_BYTES - this.#used;
    return left < LEAST_ROOM ? 0 : Math.min(wanted, left);
  }

  /** Appends the record of a part that was filled from `start` on. */
  append(slot: number, word: number, size: number): void {
    const ring = this.#ring;
    this.#lastRecord = (ring.words[Header.head]! + ring.size) | 0;
    ring.appendWith(slot, word, this.#used, size);
    this.#used += (size + 3) & ~3;
  }
}
