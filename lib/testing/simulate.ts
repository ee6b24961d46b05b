// simulate and replay: a program in a world of its own, and the same run once more.

import { ArgumentRangeError, ArgumentTypeError, LoopRunningError } from '../base/errors.js';
import { isError } from '../base/values.js';
import { Choices, type ChoiceSource } from '../engine/simulated/choices.js';
import type { Fault } from '../engine/simulated/faults.js';
import { type NetworkOptions, SimulatedNetwork } from '../engine/simulated/network.js';
import { assertCallable, assertOptions } from '../kernel/arguments.js';
import type { Coroutine } from '../kernel/coroutine.js';
import { assertNotRunning } from '../kernel/running.js';
import { checkRunOptions, type RunOptions } from '../tasks/run_options.js';
import { assertAlike, replayDivergence } from './run_comparison.js';
import type { SimulatedRun, SimulationResult } from './simulated_run.js';
import { isInSimulation, type RealWorldPolicy, Simulation } from './simulation.js';
import { assertTrace, netOf, type SimulatedNet, type SimulationTrace, TraceSource } from './simulation_trace.js';

/** A program for a simulation, in either colour. */
export type SimulatedMain<T> = (simulation: Simulation) => Coroutine<T> | PromiseLike<T>;

/** Options of `simulate`. */
export interface SimulateOptions extends Omit<RunOptions, 'engine' | 'signals'> {
  /** Decides about everything that the real world would decide; without one, nothing is left to chance. */
  readonly seed?: number;
  /** What goes wrong in the network. */
  readonly faults?: readonly Fault[];
  /** How the network behaves. */
  readonly net?: SimulatedNet;
  /** How much later than its deadline a timer may be due, by seed: never earlier. 1 ms by default, as in the real world. */
  readonly timerJitterMs?: number;
  /** Whether the seed decides, too, in which order tasks that are ready take their steps. True by default. */
  readonly shuffle?: boolean;
  /**
   * What becomes of calls that reach out of the simulation: sockets of Node's, files, processes. `'throw'` (default): they
   * are RealWorldErrors. `'report'`: they are let through, and listed in the result. `'allow'`: nothing is watched, nor are
   * Node's clock, timers and random numbers replaced.
   */
  readonly realWorld?: RealWorldPolicy;
  /** What the calendar shows at the beginning; the first of January 2000, UTC, by default. */
  readonly startDate?: Date | number;
  /** Turns after which a run that has not ended fails; a million by default. */
  readonly maxTurns?: number;
  /** Whether the trace tells what happened, line by line. True by default. */
  readonly lines?: boolean;
  /**
   * Whether the program is run twice, to find out whether it does the same both times. If it does not, a clock or a random
   * number of the real world has got in unseen, which is a NondeterminismError. False by default.
   */
  readonly runTwice?: boolean;
}

const START_DATE = Date.UTC(2000, 0, 1);
const MAX_TURNS = 1_000_000;
const TIMER_JITTER_MS = 1;

/** @internal */
export const SIMULATE_OPTIONS: readonly string[] = [
  'seed', 'faults', 'net', 'timerJitterMs', 'shuffle', 'realWorld', 'startDate', 'maxTurns', 'lines', 'runTwice', 'debug',
  'signal', 'unhandled', 'asyncContext', 'name', 'shutdownTimeout',
] satisfies (keyof SimulateOptions)[];

/**
 * Runs `main` under a virtual clock, in a network in memory, with every choice taken by a seed: the same seed gives the
 * same run, to the byte. Failures that nobody looked at fail the run, unless `unhandled` says otherwise.
 *
 * Example: `const { trace } = await simulate(function* (simulation) { … }, { seed: 7 });`
 * Returns: a promise of the result and the trace.
 * Throws: at the call, ArgumentTypeError, ArgumentRangeError, LoopRunningError. The promise rejects with main's failure,
 *   whose run `simulationOf(error)` tells; DeadlockError; RealWorldError; SimulationLimitError.
 */
export function simulate<T>(main: SimulatedMain<T>, options: SimulateOptions = {}): Promise<SimulationResult<T>> {
  assertSimulation(main, options, 'simulate');
  return settle(simulateSeed(main, options));
}

/** @internal One run with its seed, or two that have to be alike. */
export async function simulateSeed<T>(main: SimulatedMain<T>, options: SimulateOptions): Promise<SimulatedRun<T>> {
  if (options.runTwice !== true) return simulateWith(main, options, null);
  const first = await simulateWith(main, { ...options, lines: true }, null);
  assertAlike(first, await simulateWith(main, { ...options, lines: true }, null));
  return first;
}

/**
 * Runs `main` once more as a trace tells: every choice comes out as it did then.
 *
 * Returns: as `simulate`. Throws: as `simulate`; ArgumentTypeError for what is no trace. The promise rejects with
 *   ReplayDivergedError as soon as the program asks for something else than it did then, because it has changed. What it
 *   failed with meanwhile is the `cause`.
 */
export function replay<T>(
  main: SimulatedMain<T>,
  trace: SimulationTrace,
  options: Omit<SimulateOptions, 'seed' | 'faults' | 'shuffle' | 'startDate' | 'timerJitterMs' | 'runTwice'> = {},
): Promise<SimulationResult<T>> {
  assertTrace(trace, 'replay');
  const { seed, faults, shuffle, startDate, timerJitterMs } = trace;
  const told = { ...(seed === null ? {} : { seed }), faults, shuffle, startDate, timerJitterMs };
  const all: SimulateOptions = { net: netOf(trace), ...options, ...told };
  assertSimulation(main, all, 'replay');
  return settle(replayWith(main, all, trace));
}

async function replayWith<T>(
  main: SimulatedMain<T>,
  options: SimulateOptions,
  trace: SimulationTrace,
): Promise<SimulatedRun<T>> {
  const source = new TraceSource(trace.choices);
  const run = await simulateWith(main, options, trace.seed === null ? null : source, () => {
    if (source.divergence !== null) throw new Error('the replay has diverged');
  });
  const diverged = replayDivergence(source, trace, run);
  if (diverged !== null) throw diverged;
  return run;
}

/** @internal Throws: what is wrong with the arguments; LoopRunningError. */
export function assertSimulation(main: unknown, options: SimulateOptions, call: string): void {
  assertNotRunning(call);
  if (isInSimulation()) throw new LoopRunningError(`${call} was called inside a simulation; simulate them one by one`);
  assertCallable(main, call);
  assertOptions(options, call, SIMULATE_OPTIONS);
  const { seed, faults = [], net = {}, shuffle = true, realWorld = 'throw', startDate = 0, maxTurns = 1 } = options;
  const { lines = true, runTwice = false, timerJitterMs = 0, ...rest } = options;
  checkRunOptions(runOptionsOf(rest), call);
  // Both look at what they are given.
  makeParts(seed, { ...net, faults });
  for (const [name, flag] of Object.entries({ shuffle, lines, runTwice })) {
    if (typeof flag !== 'boolean') throw new ArgumentTypeError(`${call}: ${name} is true or false`);
  }
  if (!['throw', 'report', 'allow'].includes(realWorld)) {
    throw new ArgumentRangeError(`${call}: realWorld is 'throw', 'report' or 'allow', not ${String(realWorld)}`);
  }
  if (!Number.isFinite(Number(startDate))) throw new ArgumentRangeError(`${call}: startDate is no date`);
  if (!(timerJitterMs >= 0 && timerJitterMs < Infinity)) {
    throw new ArgumentRangeError(`${call}: timerJitterMs is zero or more milliseconds, not ${timerJitterMs}`);
  }
  if (!(maxTurns >= 1)) throw new ArgumentRangeError(`${call}: maxTurns is a number from 1 on, not ${maxTurns}`);
}

function makeParts(decides: number | ChoiceSource | undefined, net: NetworkOptions): [Choices, SimulatedNetwork] {
  return [new Choices(decides), new SimulatedNetwork(net)];
}

/** @internal Runs it; `source` decides in place of the seed, and `check` is asked after each turn. */
export async function simulateWith<T>(
  main: SimulatedMain<T>,
  options: SimulateOptions,
  source: ChoiceSource | null,
  check: (() => void) | null = null,
): Promise<SimulatedRun<T>> {
  const { seed, faults = [], net = {}, shuffle = true, startDate = START_DATE, lines = true } = options;
  const { timerJitterMs = TIMER_JITTER_MS } = options;
  const [choices, network] = makeParts(source ?? seed, { ...net, faults });
  const simulation = new Simulation({
    choices,
    network,
    shuffle,
    timerJitterMs,
    randomSeed: seed ?? 0,
    startDate: Number(startDate),
    policy: options.realWorld ?? 'throw',
    maxTurns: options.maxTurns ?? MAX_TURNS,
    keepsLines: lines,
    runOptions: { name: 'main', unhandled: 'throw', ...runOptionsOf(options) },
    check,
  });
  const outcome = (await simulation._run(main)) as SimulatedRun<T>['outcome'];
  const trace: SimulationTrace = {
    version: 1,
    seed: seed ?? null,
    shuffle,
    startDate: Number(startDate),
    timerJitterMs,
    faults,
    net,
    choices: choices.taken,
    lines: simulation._trace?.lines ?? [],
    failure: 'error' in outcome ? simulation.numbered(nameOf(outcome.error)) : null,
  };
  return {
    outcome,
    trace,
    elapsedMs: simulation.elapsedMs,
    turns: simulation._turns,
    reports: simulation._reports,
    realWorld: simulation._realWorld,
  };
}

const RUN_OPTIONS = ['debug', 'signal', 'unhandled', 'asyncContext', 'name', 'shutdownTimeout'] as const;

function runOptionsOf(options: SimulateOptions): RunOptions {
  return Object.fromEntries(RUN_OPTIONS.filter((name) => options[name] !== undefined).map((name) => [name, options[name]]));
}

/** @internal What identifies a failure in a trace. */
export function nameOf(error: unknown): string {
  return isError(error) ? `${error.name}: ${error.message}` : String(error);
}

async function settle<T>(running: Promise<SimulatedRun<T>>): Promise<SimulationResult<T>> {
  const { outcome, ...rest } = await running;
  if ('value' in outcome) return { result: outcome.value, ...rest };
  noteRun(outcome.error, rest);
  throw outcome.error;
}

/** The run in which a simulated program failed. */
export type FailedSimulation = Omit<SimulationResult<never>, 'result'>;

const runs = new WeakMap<object, FailedSimulation>();

function noteRun(error: unknown, run: FailedSimulation): void {
  if (typeof error === 'object' && error !== null) runs.set(error, run);
}

/** Returns: the run that `simulate` or `replay` rejected with this error for: its trace, with the seed; or null. */
export function simulationOf(error: unknown): FailedSimulation | null {
  return typeof error === 'object' && error !== null ? (runs.get(error) ?? null) : null;
}
