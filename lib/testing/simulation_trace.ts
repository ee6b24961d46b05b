// What is kept of a simulated run: enough to play it again, as plain JSON.

import { ArgumentTypeError, type Divergence, ReplayDivergedError } from '../base/errors.js';
import type { Choice, ChoiceSource } from '../engine/simulated/choices.js';
import type { Fault } from '../engine/simulated/faults.js';
import type { NetworkOptions } from '../engine/simulated/network.js';

/** How the network of a simulation behaves; its faults stand apart. */
export type SimulatedNet = Omit<NetworkOptions, 'faults'>;

/** A simulated run, to be stored as JSON and played again with `replay`. */
export interface SimulationTrace {
  readonly version: 1;
  /** Null if nothing was left to chance. */
  readonly seed: number | null;
  readonly shuffle: boolean;
  readonly startDate: number;
  readonly timerJitterMs: number;
  readonly faults: readonly Fault[];
  /** How the network behaved. What is Infinity here is null in JSON. */
  readonly net: SimulatedNet;
  /** Every decision that was taken: what about, out of how many, and which. */
  readonly choices: readonly Choice[];
  /** What happened, line by line, each with its virtual time in ms; empty if that was not asked for. */
  readonly lines: readonly string[];
  /** The error's name and message if the run failed, else null. */
  readonly failure: string | null;
}

/** Throws: ArgumentTypeError for what is no trace. */
export function assertTrace(trace: unknown, call: string): asserts trace is SimulationTrace {
  const { version, choices, lines, faults, net } = (trace ?? {}) as Partial<SimulationTrace>;
  const isWhole = Array.isArray(choices) && Array.isArray(lines) && Array.isArray(faults) && typeof net === 'object';
  if (version === 1 && isWhole) return;
  throw new ArgumentTypeError(
    `${call}: a trace is what simulate or explore gave, or that read back from JSON; recordings are for replayRecording`,
  );
}

/** Returns: how the network of a traced run behaved, also after a way through JSON. */
export function netOf({ net }: SimulationTrace): SimulatedNet {
  const entries = Object.entries(net as Record<string, unknown>);
  return Object.fromEntries(entries.map(([name, value]) => [name, value ?? Infinity]));
}

/** The decisions of a trace, which must be asked for in the same order. What does not fit is kept in `divergence`. */
export class TraceSource implements ChoiceSource {
  divergence: Divergence | null = null;
  readonly #choices: readonly Choice[];
  #index = 0;

  constructor(choices: readonly Choice[]) {
    this.#choices = choices;
  }

  next(count: number, label: string): number {
    const index = this.#index++;
    const expected = this.#choices[index] ?? null;
    if (expected !== null && expected[0] === label && expected[1] === count) return expected[2];
    this.divergence ??= { index, expected, asked: [label, count] };
    throw ReplayDivergedError.ofDecision(this.divergence);
  }

  /** Returns: the first decision that nobody has asked for, or null. */
  get unused(): Divergence | null {
    const index = this.#index;
    const expected = this.#choices[index];
    return expected === undefined ? null : { index, expected, asked: null };
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
