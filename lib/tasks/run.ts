// run: a main coroutine on the thread's hosted loop. Node's own loop stays alive; many runs may be live at once.

import { isCoroutine } from '../kernel/coroutine.js';
import type { EventLoop } from '../kernel/event_loop.js';
import { assertNotRunning, hostedLoop } from '../kernel/running.js';
import { endTasks, type Main, MainRun } from './main_run.js';
import { checkRunOptions, type RunOptions } from './run_options.js';

/**
 * Runs `main` to its end, then cancels and awaits the tasks it left behind.
 *
 * Returns: a promise of main's result; it rejects with main's failure, or with CancelledError.
 * Throws, at the call: ArgumentTypeError for a main that is no coroutine; LoopRunningError inside a task or callback
 *   (the coroutine is closed); MissingBinaryError.
 * Source: asyncio.run.
 */
export function run<T>(main: Main<T>, options: RunOptions = {}): Promise<T> {
  return startRun(main, options).promise;
}

/** @internal */
export interface StartedRun<T> {
  readonly promise: Promise<T>;
  readonly main: MainRun<T>;
}

/** @internal */
export function startRun<T>(main: Main<T>, options: RunOptions, call = 'run'): StartedRun<T> {
  closeUnlessOutside(call, main);
  checkRunOptions(options, call);
  const loop = hostedLoop(options.engine);
  loop._attend();
  try {
    const mainRun = new MainRun(call, loop, main, options);
    return { main: mainRun, promise: settle(loop, mainRun) };
  } catch (error) {
    loop._unattend();
    throw error;
  }
}

/** @internal A coroutine that is refused is closed, so that it does not linger half-started. */
export function closeUnlessOutside(call: string, main: unknown): void {
  try {
    assertNotRunning(call);
  } catch (error) {
    if (isCoroutine(main)) main.return(undefined);
    throw error;
  }
}

function settle<T>(loop: EventLoop, mainRun: MainRun<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const finish = (): void => {
      mainRun.unlisten();
      loop._unattend();
      try {
        resolve(mainRun.outcome());
      } catch (error) {
        // eslint-disable-next-line @typescript-eslint/prefer-promise-reject-errors -- an outcome throws only Errors
        reject(error);
      }
    };
    mainRun.task._addWaiter({
      _looks: true,
      _wake: () => {
        // The caller gets main's failure from here, so it is not one that nobody looks at, whoever else awaits main.
        mainRun.task._look();
        // Signals are listened to until the end: a second one must exit while the left-behind tasks refuse to.
        endTasks(loop, mainRun.root, finish);
      },
    });
  });
}
