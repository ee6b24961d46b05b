// Two runs that should be alike: a trace and its replay, or the same seed twice. What differs first is told.

import { ReplayDivergedError } from '../base/errors.js';
import { NondeterminismError } from '../base/simulation_errors.js';
import type { SimulatedRun } from './simulated_run.js';
import type { SimulationTrace, TraceSource } from './simulation_trace.js';

/** Returns: what the replayed run did otherwise than its trace tells, as an error; null if nothing. */
export function replayDivergence(
  source: TraceSource,
  trace: SimulationTrace,
  run: SimulatedRun<unknown>,
): ReplayDivergedError | null {
  const line = firstDifference(trace.lines, run.trace.lines);
  const after = line === null || line.at === 0 ? '' : ` (both are alike up to "${trace.lines[line.at - 1]}")`;
  const cause = source.divergence === null && 'error' in run.outcome ? { cause: run.outcome.error } : undefined;
  const where = source.divergence ?? (trace.seed === null ? null : source.unused);
  if (where !== null) {
    const { fact } = ReplayDivergedError.ofDecision(where);
    return new ReplayDivergedError(`${fact}${after}`, where, cause);
  }
  if (line === null) return null;
  const [then, now] = [quoted(line.first), quoted(line.second)];
  const fact = `line ${line.at + 1} of what happens is ${now} now, and then it was ${then}${after}`;
  return new ReplayDivergedError(fact, { index: line.at, expected: [then, 1, 0], asked: [now, 1] }, cause);
}

/** Throws: NondeterminismError if two runs with one seed differ. */
export function assertAlike(first: SimulatedRun<unknown>, second: SimulatedRun<unknown>): void {
  const difference = differenceOf(first, second);
  if (difference !== null) throw new NondeterminismError(first.trace.seed, difference);
}

function differenceOf(first: SimulatedRun<unknown>, second: SimulatedRun<unknown>): string | null {
  const line = firstDifference(first.trace.lines, second.trace.lines);
  if (line !== null) {
    const after = line.at === 0 ? '' : `, after "${first.trace.lines[line.at - 1]}"`;
    return `line ${line.at + 1} was "${line.first ?? 'the end'}" and then "${line.second ?? 'the end'}"${after}`;
  }
  const part = firstDifference(factsOf(first), factsOf(second));
  return part === null ? null : `first "${part.first ?? ''}", then "${part.second ?? ''}"`;
}

function factsOf({ trace, elapsedMs, turns, outcome }: SimulatedRun<unknown>): string[] {
  const ends = [`failure: ${trace.failure}`, `elapsed: ${elapsedMs}`, `turns: ${turns}`, plainResult(outcome)];
  return [...trace.choices.map(String), ...ends];
}

function quoted(line: string | null): string {
  return line === null ? 'the end' : `"${line}"`;
}

// Results that are plain data are compared, too; of others nobody knows whether they should be equal.
function plainResult(outcome: SimulatedRun<unknown>['outcome']): string {
  if ('error' in outcome) return '';
  const { value } = outcome;
  const isPlain = typeof value !== 'object' || value === null || Array.isArray(value) ||
    Object.getPrototypeOf(Object.getPrototypeOf(value) ?? {}) === null;
  try {
    return isPlain ? `result: ${JSON.stringify(value)}` : '';
  } catch {
    return '';
  }
}

interface Difference {
  readonly at: number;
  readonly first: string | null;
  readonly second: string | null;
}

// Null also where one of them was not written down.
function firstDifference(first: readonly string[], second: readonly string[]): Difference | null {
  if (first.length === 0 || second.length === 0) return null;
  const length = Math.max(first.length, second.length);
  for (let at = 0; at < length; at++) {
    if (first[at] !== second[at]) return { at, first: first[at] ?? null, second: second[at] ?? null };
  }
  return null;
}
