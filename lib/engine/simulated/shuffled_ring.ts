// A ready ring for simulated engines that says what is taken out of it, and in which choices decide in what order the
// tasks of a tick take their steps, and who takes his a tick later. Everything else keeps its place: callbacks, timers and
// records of I/O are first in, first out by promise, and which source is ready first is the world's own choice.
// Invariant: a tick runs what was there when it began, as ever, and nobody's step comes before it was asked for; while a
// step waits its turn no time passes.

import { Header, Kind, RECORD_WORDS } from '../abi.js';
import { ReadyRing } from '../ready_ring.js';
import type { Choices } from './choices.js';

/** Is told of each record that is taken, before it runs. */
export type TakeListener = (slot: number, word: number) => void;

/** Options of a `ShuffledRing`. */
export interface ShuffledRingOptions {
  readonly capacity: number;
  /** Who decides about the order; null for first in, first out. */
  readonly choices: Choices | null;
}

// One step of so many comes a tick late; 0 for none.
const PACES = [0, 8, 4, 2];

// No sink has this generation, so a record with it is passed over.
const NOBODY = 0;

export class ShuffledRing extends ReadyRing {
  /** Null for nobody. */
  onTake: TakeListener | null = null;
  readonly #choices: Choices | null;
  // Records of the present tick that have not been taken.
  #left = 0;
  #pace = -1;

  constructor({ capacity, choices }: ShuffledRingOptions) {
    super(capacity);
    this.#choices = choices;
  }

  override take(): number {
    if (this.#left > 0) this.#left--;
    else this.#beginTick();
    const at = super.take();
    if (at !== -1 && this.onTake !== null) this.onTake(this.words[at]!, this.words[at + 1]!);
    return at;
  }

  override clear(): void {
    super.clear();
    this.#left = 0;
  }

  #beginTick(): void {
    const words = this.words;
    // What is in the overflow comes into the ring when that is empty, and is looked at then.
    const size = (words[Header.tail]! - words[Header.head]!) | 0;
    this.#left = Math.max(0, size - 1);
    if (size > 1 && this.#choices !== null) this.#mix(this.#choices, size);
  }

  #mix(choices: Choices, size: number): void {
    const words = this.words;
    const steps: number[] = [];
    for (let i = 0; i < size; i++) {
      const at = Header.words + (((words[Header.head]! + i) & this.mask) << 2);
      const kind = words[at + 1]! & Kind.mask;
      if (kind === Kind.step || kind === Kind.reaction) steps.push(at);
    }
    for (let i = 0; i < steps.length - 1; i++) {
      const picked = choices.pick(steps.length - i, 'order of tasks');
      if (picked > 0) swap(words, steps[i]!, steps[i + picked]!);
    }
    // Each run has a pace of its own, because some races want all tasks to keep step, and others one that falls behind. The
    // last one stays, so that somebody runs.
    this.#pace = this.#pace === -1 ? PACES[choices.pick(PACES.length, 'pace of tasks')]! : this.#pace;
    for (let i = 0; this.#pace > 0 && i < steps.length - 1; i++) {
      if (choices.chance(1, this.#pace, 'a task comes late')) this.#postpone(steps[i]!);
    }
  }

  #postpone(at: number): void {
    const words = this.words;
    const [slot, word, a, b] = [words[at]!, words[at + 1]!, words[at + 2]!, words[at + 3]!];
    words[at + 1] = NOBODY | (word & Kind.mask);
    this.appendWith(slot, word, a, b);
  }
}

function swap(words: Int32Array, a: number, b: number): void {
  for (let i = 0; i < RECORD_WORDS; i++) {
    const kept = words[a + i]!;
    words[a + i] = words[b + i]!;
    words[b + i] = kept;
  }
}
