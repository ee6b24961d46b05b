// runMain: a program. Signals, exit status and printed errors, so that a main function needs no wrapper of its own.

import { CancelledError } from '../base/errors.js';
import type { Main } from './main_run.js';
import { exitStatusOf } from './process_signals.js';
import { startRun } from './run.js';
import { checkRunOptions, type RunOptions } from './run_options.js';

const FAILURE = 1;

/**
 * Runs `main` as this process's program.
 *
 * The first SIGINT or SIGTERM cancels main with the signal's name as reason, a second one exits at once with 128 + n.
 * A failure is printed and the exit status is 1; after a signal it is 128 + n, and nothing is printed for the expected
 * cancellation.
 * Throws: as `run`, at the call.
 */
export function runMain(main: Main<unknown>, options: RunOptions = {}): void {
  checkRunOptions(options, 'runMain'); // Whatever they are, what is spread below are options.
  const { signals = ['SIGINT', 'SIGTERM'] } = options;
  const { promise, main: started } = startRun(main, { ...options, signals }, 'runMain');
  promise.then(
    () => undefined,
    (error: unknown) => {
      const signal = started.signalReceived;
      const isExpected = signal !== null && error instanceof CancelledError && error.reason === signal;
      process.exitCode = isExpected ? exitStatusOf(signal) : FAILURE;
      if (!isExpected) console.error(error);
    },
  );
}
