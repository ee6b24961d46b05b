// Every decision that a simulated world takes for the real one: who is ready first, how much a read gives, how long a
// packet travels. All of them pass through one object, which notes them, so that a run can be played again.
// Invariant: the numbers depend on the seed and on the questions alone. Only 32-bit integers are computed with, so that
// every version of every engine gives the same.

import { ArgumentRangeError, ReplayDivergedError } from '../../base/errors.js';

/** One decision: what it was about, out of how many, and which. */
export type Choice = readonly [label: string, count: number, picked: number];

/** Somebody who decides in place of a seed. `label` says what about. */
export interface ChoiceSource {
  /** Returns: a number below `count`. */
  next(count: number, label: string): number;
}

/**
 * The decisions of a simulated world. Made without a seed it always takes the first: the fixed order, and no faults.
 *
 * Source: the random streams of deterministic simulators; FoundationDB's `deterministicRandom`.
 */
export class Choices {
  /** False if every answer is 0, so that nobody needs to ask. */
  readonly isSeeded: boolean;
  readonly #source: ChoiceSource;
  // Side by side rather than an object each: there are millions.
  readonly #labels: string[] = [];
  readonly #counts: number[] = [];
  readonly #picked: number[] = [];

  /** Takes a seed, or who decides instead. Throws: ArgumentRangeError for a seed that is not a whole number from 0 on. */
  constructor(seed?: number | ChoiceSource) {
    if (typeof seed === 'number' && !(Number.isSafeInteger(seed) && seed >= 0)) {
      throw new ArgumentRangeError(`a seed is a whole number from 0 on, not ${seed}`);
    }
    this.isSeeded = seed !== undefined;
    this.#source = typeof seed === 'number' ? new SeededSource(seed) : (seed ?? FIRST);
  }

  /** Returns: choices that come out as `decisions` did; another question than was asked then is an error. */
  static replaying(decisions: readonly Choice[]): Choices {
    return new Choices(new ReplayedSource(decisions));
  }

  /** Returns: a number from 0 to `count` - 1. Throws: ReplayDivergedError, replaying. */
  pick(count: number, label: string): number {
    if (count <= 1 || !this.isSeeded) return 0;
    const picked = this.#source.next(count, label);
    this.#labels.push(label);
    this.#counts.push(count);
    this.#picked.push(picked);
    return picked;
  }

  /** Returns: true `numerator` out of `denominator` times. Throws: as `pick`. */
  chance(numerator: number, denominator: number, label: string): boolean {
    if (!this.isSeeded || numerator <= 0) return false;
    return this.pick(denominator, label) >= denominator - numerator;
  }

  /** Returns: a whole number from `low` to `high`, both included. Throws: as `pick`. */
  between(low: number, high: number, label: string): number {
    return low + this.pick(high - low + 1, label);
  }

  /** How many decisions were taken. */
  get length(): number {
    return this.#picked.length;
  }

  /** The decisions so far, for `Choices.replaying`. */
  get taken(): readonly Choice[] {
    return this.#picked.map((picked, i) => [this.#labels[i]!, this.#counts[i]!, picked]);
  }
}

const FIRST: ChoiceSource = { next: () => 0 };

// The generator sfc32 by Chris Doty-Humphrey, filled from the seed by a mixing function of 32 bits.
class SeededSource implements ChoiceSource {
  #a: number;
  #b: number;
  #c: number;
  #counter = 1;

  constructor(seed: number) {
    let state = (seed ^ Math.floor(seed / 2 ** 32)) | 0;
    const fill = (): number => {
      state = (state + 0x9e3779b9) | 0;
      let mixed = Math.imul(state ^ (state >>> 16), 0x21f0aaad);
      mixed = Math.imul(mixed ^ (mixed >>> 15), 0x735a2d97);
      return mixed ^ (mixed >>> 15);
    };
    this.#a = fill();
    this.#b = fill();
    this.#c = fill() ^ Math.floor(seed / 2 ** 32);
    for (let i = 0; i < 12; i++) this.#next();
  }

  next(count: number): number {
    return this.#next() % count;
  }

  #next(): number {
    const sum = (((this.#a + this.#b) | 0) + this.#counter) | 0;
    this.#counter = (this.#counter + 1) | 0;
    this.#a = this.#b ^ (this.#b >>> 9);
    this.#b = (this.#c + (this.#c << 3)) | 0;
    this.#c = (((this.#c << 21) | (this.#c >>> 11)) + sum) | 0;
    return sum >>> 0;
  }
}

class ReplayedSource implements ChoiceSource {
  readonly #decisions: readonly Choice[];
  #index = 0;

  constructor(decisions: readonly Choice[]) {
    this.#decisions = decisions;
  }

  next(count: number, label: string): number {
    const index = this.#index++;
    const recorded = this.#decisions[index];
    if (recorded !== undefined && recorded[0] === label && recorded[1] === count) return recorded[2];
    throw ReplayDivergedError.ofDecision({ index, expected: recorded ?? null, asked: [label, count] });
  }
}
