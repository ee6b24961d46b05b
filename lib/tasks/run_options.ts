// What a run can be told, checked before anything starts.

import { constants } from 'node:os';
import { ArgumentRangeError, ArgumentTypeError } from '../base/errors.js';
import type { Engine } from '../engine/engine.js';
import { assertInstant, assertOptions } from '../kernel/arguments.js';

/** Options of `run`, `runBlocking`, `runMain` and `Runner`. */
export interface RunOptions {
  /** Debug mode of the loop while the run is live. */
  readonly debug?: boolean | undefined;
  /** Aborting it cancels main; the run rejects with CancelledError whose `reason` is the signal's. */
  readonly signal?: AbortSignal | undefined;
  /** Process signals that cancel main with their name as reason; a second one exits at once with 128 + n. */
  readonly signals?: readonly NodeJS.Signals[] | undefined;
  /** What becomes of failures nobody looked at: `'report'` (default) to the exception handler, `'throw'` by the run. */
  readonly unhandled?: 'report' | 'throw' | undefined;
  /** AsyncLocalStorage stores: each task has its own context (`'task'`, default) or all share the run's (`'run'`). */
  readonly asyncContext?: 'task' | 'run' | undefined;
  /** The world below the loop: the native engine by default, a simulated one in tests. */
  readonly engine?: Engine | undefined;
  /** Name of the main task. */
  readonly name?: string | undefined;
  /** Milliseconds that leftover tasks have to end before they are cancelled at each of their waits. */
  readonly shutdownTimeout?: number | undefined;
}

// Nobody can listen for these.
const UNCATCHABLE = ['SIGKILL', 'SIGSTOP'];

function checkSignals(signals: unknown, call: string): void {
  if (!Array.isArray(signals)) throw new ArgumentTypeError(`${call}: signals is an array of names`);
  for (const name of signals as unknown[]) {
    if (!Object.hasOwn(constants.signals, String(name))) {
      throw new ArgumentRangeError(`${call}: ${String(name)} is not a signal's name`);
    }
    if (UNCATCHABLE.includes(String(name))) {
      throw new ArgumentRangeError(`${call}: ${String(name)} ends or stops a process without asking; nobody can handle it`);
    }
  }
}

const RUN_OPTIONS: readonly string[] = [
  'debug', 'signal', 'signals', 'unhandled', 'asyncContext', 'engine', 'name', 'shutdownTimeout',
] satisfies (keyof RunOptions)[];

/** @internal Throws: ArgumentTypeError, ArgumentRangeError. */
export function checkRunOptions(options: RunOptions, call: string): void {
  assertOptions(options, call, RUN_OPTIONS);
  const { signal, signals, unhandled, asyncContext, shutdownTimeout, engine } = options;
  if (engine !== undefined && typeof (engine as Partial<Engine> | null)?.runOnce !== 'function') {
    throw new ArgumentTypeError(`${call}: engine must be an Engine`);
  }
  if (signal !== undefined && typeof signal.addEventListener !== 'function') {
    throw new ArgumentTypeError(`${call}: signal must be an AbortSignal`);
  }
  if (signals !== undefined) checkSignals(signals, call);
  if (unhandled !== undefined && unhandled !== 'report' && unhandled !== 'throw') {
    throw new ArgumentRangeError(`${call}: unhandled is 'report' or 'throw', not ${String(unhandled)}`);
  }
  if (asyncContext !== undefined && asyncContext !== 'task' && asyncContext !== 'run') {
    throw new ArgumentRangeError(`${call}: asyncContext is 'task' or 'run', not ${String(asyncContext)}`);
  }
  if (shutdownTimeout !== undefined) assertInstant(shutdownTimeout, `${call}: shutdownTimeout`);
}
