// What is known of a simulated run when it is over.

import type { SimulationTrace } from './simulation_trace.js';

/** What a simulated run came to. */
export interface SimulationResult<T> {
  readonly result: T;
  readonly trace: SimulationTrace;
  /** Virtual milliseconds that it took. */
  readonly elapsedMs: number;
  readonly turns: number;
  /** What went to the loop's exception handler. */
  readonly reports: readonly string[];
  /** What was let through to the real world. */
  readonly realWorld: readonly string[];
}

/** @internal One run, however it ended. */
export interface SimulatedRun<T> extends Omit<SimulationResult<T>, 'result'> {
  readonly outcome: { readonly value: T } | { readonly error: unknown };
}
