// Tests of time in no time: a test body as a coroutine under a virtual clock.

import { SimulatedEngine } from '../engine/simulated/simulated_engine.js';
import { runBlocking } from '../tasks/run_blocking.js';
import { startRun } from '../tasks/run.js';
import { isAsyncFunction } from '../kernel/coroutine.js';
import type { Coroutine } from '../kernel/coroutine.js';
import type { RunOptions } from '../tasks/run_options.js';
import { HostedDeadlock } from './hosted_deadlock.js';

/** Options of `virtualTime`. */
export interface VirtualTimeOptions extends Omit<RunOptions, 'engine' | 'signals'> {
  /** Run on Node's own loop even though the body is a generator function, so that promises can settle. */
  readonly hosted?: boolean;
}

/**
 * Wraps a coroutine function as a plain test function that runs it under a virtual clock.
 *
 * The clock starts at 0 and jumps to the next deadline whenever nothing is ready. A generator body runs to its end
 * before the function returns; an async one gives a promise. Either fails with DeadlockError where it never could end.
 * Example: `test('sleep: waits', virtualTime(function* () { yield* sleep(60_000); }))`.
 */
export function virtualTime(
  body: (engine: SimulatedEngine) => Coroutine<unknown>,
  options?: VirtualTimeOptions & { readonly hosted?: false },
): () => void;
export function virtualTime(
  body: (engine: SimulatedEngine) => Coroutine<unknown> | PromiseLike<unknown>,
  options?: VirtualTimeOptions,
): () => Promise<void>;
export function virtualTime(
  body: (engine: SimulatedEngine) => Coroutine<unknown> | PromiseLike<unknown>,
  { hosted = false, ...options }: VirtualTimeOptions = {},
): () => Promise<void> | void {
  return () => {
    const engine = new SimulatedEngine();
    const runOptions = { ...options, engine };
    if (hosted || isAsyncFunction(body)) return runHosted(body, engine, runOptions);
    runBlocking(body(engine) as Coroutine<unknown>, runOptions);
    return undefined;
  };
}

function runHosted(
  body: (engine: SimulatedEngine) => Coroutine<unknown> | PromiseLike<unknown>,
  engine: SimulatedEngine,
  options: RunOptions,
): Promise<void> {
  const deadlock = new HostedDeadlock(engine);
  const { main, promise } = startRun(() => body(engine), options);
  deadlock.watch(main.task);
  const judge = (): void => {
    if (deadlock.found !== null) throw deadlock.found;
  };
  return promise.then(judge, (error: unknown) => {
    judge();
    throw error;
  });
}
