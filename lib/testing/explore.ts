// explore: one program under many seeds, until one of them makes it fail; then that failure, as small as it gets.

import { ArgumentRangeError } from '../base/errors.js';
import { ExplorationError } from '../base/simulation_errors.js';
import { isError } from '../base/values.js';
import type { Fault } from '../engine/simulated/faults.js';
import { assertOptions } from '../kernel/arguments.js';
import { smallestList } from './minimize.js';
import { SeededRandom } from './seeded_random.js';
import { assertSimulation, nameOf, SIMULATE_OPTIONS, type SimulatedMain, simulateSeed } from './simulate.js';
import { type SimulateOptions, simulateWith } from './simulate.js';
import type { SimulatedRun } from './simulated_run.js';
import { ShortSource, type SimulationTrace } from './simulation_trace.js';
import { keepWatching } from './simulation.js';

/** Makes the faults of a seed: plain data, drawn with `below(count)`, a number from 0 to `count` - 1. */
export type FaultMaker = (below: (count: number) => number) => readonly Fault[];

/** Options of `explore`. */
export interface ExploreOptions extends Omit<SimulateOptions, 'seed' | 'faults' | 'lines'> {
  /** How many seeds to try; 100 by default. */
  readonly seeds?: number;
  /** The first of them; 1 by default. */
  readonly firstSeed?: number;
  /** The faults of every run, or who draws them for each seed. */
  readonly faults?: readonly Fault[] | FaultMaker;
  /** Whether a failure is made smaller: fewer faults, choices closer to the first possible. True by default. */
  readonly minimize?: boolean;
  /** Runs at most, to make a failure smaller; 500 by default. */
  readonly minimizeRuns?: number;
}

/** What an exploration without a failure has seen. */
export interface Exploration {
  /** Seeds that were tried. */
  readonly seeds: number;
  /** Turns of all runs together. */
  readonly turns: number;
}

const DEFAULT_SEEDS = 100;
const MINIMIZE_RUNS = 500;
const LINES_SHOWN = 40;
const OWN_OPTIONS = ['seeds', 'firstSeed', 'minimize', 'minimizeRuns'];
const KNOWN_OPTIONS = [...OWN_OPTIONS, ...SIMULATE_OPTIONS.filter((name) => name !== 'seed' && name !== 'lines')];

/**
 * Runs `main` with one seed after another, and stops at the first one with which it fails.
 *
 * Example: `await explore(function* () { … }, { seeds: 1_000 });`
 * Returns: a promise of how much was tried, if nothing failed.
 * Throws: as `simulate`, at the call. The promise rejects with ExplorationError, whose message has the seed, the faults and
 *   the trace of the smallest failure found; its `trace` is for `replay`, its `cause` is the failure.
 */
export function explore(main: SimulatedMain<unknown>, options: ExploreOptions = {}): Promise<Exploration> {
  assertOptions(options, 'explore', KNOWN_OPTIONS);
  const { seeds = DEFAULT_SEEDS, firstSeed = 1, minimizeRuns = MINIMIZE_RUNS } = options;
  for (const [name, value] of Object.entries({ seeds, firstSeed, minimizeRuns })) {
    if (Number.isSafeInteger(value) && value >= 0) continue;
    throw new ArgumentRangeError(`explore: ${name} is a whole number from 0 on, not ${value}`);
  }
  const exploring = new Explorer(main, options);
  assertSimulation(main, exploring.optionsFor(firstSeed, true), 'explore');
  return exploring.run(firstSeed, seeds);
}

class Explorer {
  readonly #main: SimulatedMain<unknown>;
  readonly #options: ExploreOptions;
  readonly #simulateOptions: SimulateOptions;
  #runs = 0;

  constructor(main: SimulatedMain<unknown>, options: ExploreOptions) {
    this.#main = main;
    this.#options = options;
    this.#simulateOptions = Object.fromEntries(
      Object.entries(options).filter(([name]) => !OWN_OPTIONS.includes(name) && name !== 'faults'),
    );
  }

  optionsFor(seed: number, lines: boolean, faults = this.#faultsOf(seed)): SimulateOptions {
    return { ...this.#simulateOptions, seed, lines, faults };
  }

  // A stream of their own: another fault drawn changes nothing about what the network decides.
  #faultsOf(seed: number): readonly Fault[] {
    const { faults = [] } = this.#options;
    if (typeof faults !== 'function') return faults;
    const random = new SeededRandom(seed + 2 ** 32);
    return faults((count) => random.below(count));
  }

  async run(firstSeed: number, seeds: number): Promise<Exploration> {
    // Replacing the real world's functions for each run anew would take longer than the run.
    const stopWatching = keepWatching(this.#options.realWorld ?? 'throw');
    try {
      let turns = 0;
      for (let seed = firstSeed; seed < firstSeed + seeds; seed++) {
        this.#runs++;
        const run = await simulateSeed(this.#main, this.optionsFor(seed, false));
        turns += run.turns;
        if ('error' in run.outcome) throw await this.#failed(seed, run);
      }
      return { seeds, turns };
    } finally {
      stopWatching();
    }
  }

  async #failed(seed: number, run: SimulatedRun<unknown>): Promise<ExplorationError> {
    const picks = run.trace.choices.map(([, , picked]) => picked);
    let smallest: Smallest = { faults: run.trace.faults, picks };
    const isMinimized = this.#options.minimize !== false;
    if (isMinimized) smallest = await this.#minimized(seed, run);
    const last = await this.#again(seed, smallest.faults, smallest.picks, true);
    // The same choices fail again, unless something reaches out of the simulation: then the run as it was is all there is.
    const recurs = 'error' in last.outcome;
    const shown = recurs ? last : run;
    const { error } = shown.outcome as { readonly error: unknown };
    const message = describeFailure(seed, error, shown.trace, recurs);
    return new ExplorationError(message, error, { seed, runs: this.#runs, trace: shown.trace, recurs });
  }

  #again(seed: number, faults: readonly Fault[], picks: readonly number[], lines: boolean): Promise<SimulatedRun<unknown>> {
    this.#runs++;
    return simulateWith(this.#main, this.optionsFor(seed, lines, faults), new ShortSource(picks));
  }

  async #minimized(seed: number, run: SimulatedRun<unknown>): Promise<Smallest> {
    const limit = this.#runs + (this.#options.minimizeRuns ?? MINIMIZE_RUNS);
    const mayGoOn = (): boolean => this.#runs < limit;
    const kind = kindOf((run.outcome as { readonly error: unknown }).error);
    let picks = run.trace.choices.map(([, , picked]) => picked);
    const fails = async (faults: readonly Fault[], tried: readonly number[]): Promise<boolean> => {
      const { outcome } = await this.#again(seed, faults, tried, false);
      return 'error' in outcome && kindOf(outcome.error) === kind;
    };
    if (!(await fails(run.trace.faults, picks))) return { faults: run.trace.faults, picks };
    const faults = await smallestList(run.trace.faults, (fewer) => fails(fewer, picks), mayGoOn);
    const places = picks.flatMap((picked, at) => (picked === 0 ? [] : [at]));
    const only = (kept: readonly number[]): number[] => {
      const keeps = new Set(kept);
      return picks.map((picked, at) => (keeps.has(at) ? picked : 0));
    };
    const kept = await smallestList(places, (fewer) => fails(faults, only(fewer)), mayGoOn);
    picks = only(kept);
    // What is left is made as small as it gets, one after another.
    for (const at of kept) {
      if (!mayGoOn()) break;
      const smaller = replaced(picks, at);
      if (picks[at]! > 1 && (await fails(faults, smaller))) picks = smaller;
    }
    return { faults, picks };
  }
}

interface Smallest {
  readonly faults: readonly Fault[];
  readonly picks: readonly number[];
}

// Failures are the same if they are of one kind: messages often hold a number that depends on the run.
function kindOf(error: unknown): string {
  if (!isError(error)) return typeof error;
  return `${error.name} ${String((error as { code?: unknown }).code)} ${error.message.replace(/[\d.]+/g, '#')}`;
}

const DOES_NOT_RECUR = '  it did not fail again with the same seed and choices, so something is decided outside of the ' +
  'simulation; { runTwice: true } finds where';

function describeFailure(
  seed: number,
  error: unknown,
  { faults, choices, lines }: SimulationTrace,
  recurs: boolean,
): string {
  const decided = choices.filter(([, , picked]) => picked > 0).length;
  const hidden = lines.length - LINES_SHOWN;
  return [
    `seed ${seed} fails: ${nameOf(error)}`,
    `  again: simulate(main, { seed: ${seed} }) for the run as it was found, replay(main, error.trace) for this one`,
    ...(recurs ? [] : [DOES_NOT_RECUR]),
    `  faults: ${faults.length === 0 ? 'none' : JSON.stringify(faults)}`,
    `  choices: ${choices.length}, of which ${decided} are not the first possible`,
    ...(hidden > 0 ? [`  what happened, without the first ${hidden} lines:`] : ['  what happened:']),
    ...lines.slice(-LINES_SHOWN).map((line) => `    ${line}`),
  ].join('\n');
}

function replaced(picks: readonly number[], at: number): number[] {
  return picks.map((picked, i) => (i === at ? 1 : picked));
}
