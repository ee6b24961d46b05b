// Errors of the simulator itself.

import { ReadyloopError } from './errors.js';

/** Code inside a simulation asked for something that only the real world has: a socket of Node's, a process, a file. */
export class RealWorldError extends ReadyloopError {
  readonly code = 'ERR_REAL_WORLD';
  /** What was asked for: `net.connect`, `fs.promises.readFile`… */
  readonly what: string;
  constructor(what: string, advice: string) {
    super(`${what} was called inside a simulation, which has no real world: ${advice}; ` +
      "or let it through with { realWorld: 'allow' }, and lose the certainty that a seed does the same each time");
    this.what = what;
  }
}

/** The simulated program did not come to an end within the turns or the time that it was given. */
export class SimulationLimitError extends ReadyloopError {
  readonly code = 'ERR_SIMULATION_LIMIT';
}

/** Where a failure can be had again. */
export interface FailingSeed {
  readonly seed: number;
  /** How often programs were run to find it and to make it smaller. */
  readonly runs: number;
}

/** `explore` has found a seed with which the program fails. The failure itself is the `cause`. */
export class ExplorationError extends ReadyloopError implements FailingSeed {
  readonly code = 'ERR_EXPLORATION';
  readonly seed: number;
  readonly runs: number;
  /** The smallest failing run that was found, for `replay`; plain JSON. */
  readonly trace: object;
  /** Whether it failed again with the same choices. If not, something is decided outside of the simulation. */
  readonly recurs: boolean;
  constructor(
    message: string,
    cause: unknown,
    { seed, runs, trace, recurs }: FailingSeed & { readonly trace: object; readonly recurs: boolean },
  ) {
    super(message, { cause });
    this.seed = seed;
    this.runs = runs;
    this.trace = trace;
    this.recurs = recurs;
  }
}

/** A simulated program did not do the same twice with one seed: something in it is decided outside of the simulation. */
export class NondeterminismError extends ReadyloopError {
  readonly code = 'ERR_NONDETERMINISM';
  readonly seed: number | null;
  constructor(seed: number | null, difference: string) {
    const which = seed === null ? 'without a seed' : `with seed ${seed}`;
    super(
      `two runs ${which} differ: ${difference}. Something is decided outside of the simulation: by a clock or a random ` +
        'number that was taken before it began (`const { now } = Date`), by what an earlier run has left behind, or by ' +
        'what realWorld lets through; give each run its own state, and take clocks and random numbers when they are needed',
    );
    this.seed = seed;
  }
}
