// runBlocking: a main coroutine on a loop that owns this thread until main has ended. For workers and scripts.

import { ArgumentRangeError, AsyncFunctionRefusedError, DeadlockError } from '../base/errors.js';
import { isAsyncFunction } from '../kernel/coroutine.js';
import { EventLoop } from '../kernel/event_loop.js';
import { canRunMicrotasks } from '../kernel/microtasks.js';
import { endTasks, type Main, MainRun } from './main_run.js';
import { closeUnlessOutside } from './run.js';
import { checkRunOptions, type RunOptions } from './run_options.js';

/**
 * Runs `main` to its end on this thread, which does nothing else meanwhile: Node's own timers and sockets stand still.
 *
 * Returns: main's result. Throws: main's failure; CancelledError; DeadlockError if nothing can ever wake main;
 *   AsyncFunctionRefusedError for an async main where promises cannot settle (the top level of an ES module);
 *   ArgumentTypeError; LoopRunningError inside a task or callback; ArgumentRangeError for `signals`, which only
 *   Node's own loop can deliver.
 * Source: asyncio.run.
 */
export function runBlocking<T>(main: Main<T>, options: RunOptions = {}): T {
  closeUnlessOutside('runBlocking', main);
  checkRunOptions(options, 'runBlocking');
  if (options.signals !== undefined) {
    throw new ArgumentRangeError('runBlocking: process signals reach JavaScript only through run(…) or runMain(…)');
  }
  if (isAsyncFunction(main) && !canRunMicrotasks()) {
    throw new AsyncFunctionRefusedError(
      'runBlocking: promises cannot settle while this call owns the thread here (it was called from a microtask, such ' +
        'as the top level of an ES module); use run(…), a function*, or call it from a CommonJS module or a worker',
    );
  }
  const loop = new EventLoop(options.engine === undefined ? {} : { engine: options.engine });
  try {
    return drive(loop, new MainRun('runBlocking', loop, main, options));
  } finally {
    loop.close();
  }
}

function drive<T>(loop: EventLoop, run: MainRun<T>): T {
  const deadlock = driveUntil(loop, () => run.task.done()) ?? null;
  if (deadlock !== null) {
    run.task.cancel(deadlock);
    if (driveUntil(loop, () => run.task.done()) !== null) run.task._abandon();
  }
  // The caller gets main's failure from here, so it is not one that nobody looks at; except beside a deadlock.
  if (deadlock === null) run.task._look();
  let isQuiet = false;
  endTasks(loop, run.root, () => {
    isQuiet = true;
  });
  const leftBehind = driveUntil(loop, () => isQuiet);
  // Debug mode lasts to the end: what was left behind is told by then.
  run.unlisten();
  if (deadlock !== null) throw deadlock;
  const result = run.outcome();
  if (leftBehind !== null) throw leftBehind;
  return result;
}

// Returns: the deadlock that stopped it, or null.
function driveUntil(loop: EventLoop, isOver: () => boolean): DeadlockError | null {
  try {
    loop._ownUntil(isOver);
    return null;
  } catch (error) {
    if (error instanceof DeadlockError) return error;
    throw error;
  }
}
