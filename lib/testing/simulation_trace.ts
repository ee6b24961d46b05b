// What is kept of a simulated run: enough to play it again, as plain JSON.

import { ArgumentTypeError, ReplayDivergedError } from '../base/errors.js';
import type { Choice, ChoiceSource } from '../engine/simulated/choices.js';
import type { Fault } from '../engine/simulated/faults.js';

/** A simulated run, to be stored as JSON and played again with `replay`. */
export interface SimulationTrace {
  readonly version: 1;
  /** Null if nothing was left to chance. */
  readonly seed: number | null;
  readonly shuffle: boolean;
  readonly startDate: number;
  readonly faults: readonly Fault[];
  /** Every decision that was taken: what about, out of how many, and which. */
  readonly choices: readonly Choice[];
  /** What happened, line by line, each with its virtual time in ms; empty if that was not asked for. */
  readonly lines: readonly string[];
  /** The error's name and message if the run failed, else null. */
  readonly failure: string | null;
}

/** Throws: ArgumentTypeError for what is no trace. */
export function assertTrace(trace: unknown, call: string): asserts trace is SimulationTrace {
  const { version, choices, lines, faults } = (trace ?? {}) as Partial<SimulationTrace>;
  if (version === 1 && Array.isArray(choices) && Array.isArray(lines) && Array.isArray(faults)) return;
  throw new ArgumentTypeError(
    `${call}: a trace is what simulate or explore gave, or that read back from JSON; recordings are for replayRecording`,
  );
}

/** The decisions of a trace, which must be asked for in the same order. What does not fit is kept in `divergence`. */
export class TraceSource implements ChoiceSource {
  divergence: ReplayDivergedError | null = null;
  readonly #choices: readonly Choice[];
  #index = 0;

  constructor(choices: readonly Choice[]) {
    this.#choices = choices;
  }

  next(count: number, label: string): number {
    const index = this.#index++;
    const recorded = this.#choices[index];
    if (recorded !== undefined && recorded[0] === label && recorded[1] === count) return recorded[2];
    throw (this.divergence ??= new ReplayDivergedError(index, recorded ?? null, [label, count]));
  }

  /** Throws: ReplayDivergedError if decisions are left that nobody has asked for. */
  assertUsedUp(): void {
    const next = this.#choices[this.#index];
    if (this.divergence !== null) throw this.divergence;
    if (next !== undefined) throw new ReplayDivergedError(this.#index, next, ['nothing any more', 0]);
  }
}

/** Decisions made small: some from a list, and then always the first. Nothing can diverge from it. */
export class ShortSource implements ChoiceSource {
  readonly #picks: readonly number[];
  #index = 0;

  constructor(picks: readonly number[]) {
    this.#picks = picks;
  }

  next(count: number): number {
    return Math.min(this.#picks[this.#index++] ?? 0, count - 1);
  }
}
