// Which loop is meant where none is named: the one whose drain is on the stack, the one of the async function that the
// microtask belongs to, or the one of a live run on this thread.

import { LoopRunningError, NoRunningLoopError } from '../base/errors.js';
import type { Engine } from '../engine/engine.js';
import { findAsyncTask } from './async_bridge.js';
import { current } from './current.js';
import { EventLoop } from './event_loop.js';
import type { Task } from './task.js';

// The hosted loop of this thread, made by the first run.
let hosted: EventLoop | null = null;
const loopsOfEngines = new WeakMap<Engine, EventLoop>();

/** @internal The loop that `run` uses: the thread's own, or the one of a given engine. */
export function hostedLoop(engine?: Engine): EventLoop {
  if (engine === undefined) {
    if (hosted === null || hosted.closed) hosted = new EventLoop();
    return hosted;
  }
  const loop = loopsOfEngines.get(engine) ?? new EventLoop({ engine });
  loopsOfEngines.set(engine, loop);
  for (const other of liveEngineLoops) if (other._liveRuns === 0) liveEngineLoops.delete(other);
  liveEngineLoops.add(loop);
  return loop;
}

// Loops of given engines, so that plain callbacks find the one whose run is live.
const liveEngineLoops = new Set<EventLoop>();

/**
 * Returns: the loop that is running, or the one of a live run on this thread.
 *
 * Throws: NoRunningLoopError if there is none.
 */
export function getRunningLoop(): EventLoop {
  const loop = currentLoop();
  if (loop === null) throw new NoRunningLoopError('no run is live on this thread; call this inside run(…)');
  return loop;
}

/** Returns: like `getRunningLoop`, or null. */
export function currentLoop(): EventLoop | null {
  if (current.loop !== null) return current.loop as EventLoop;
  const task = findAsyncTask();
  if (task !== null) return task._loop as EventLoop;
  if (hosted !== null && hosted._liveRuns > 0) return hosted;
  for (const loop of liveEngineLoops) if (loop._liveRuns > 0) return loop;
  return null;
}

/** @internal Throws: LoopRunningError inside a step or a callback. */
export function assertNotRunning(call: string): void {
  if (current.loop !== null) {
    throw new LoopRunningError(
      `${call} was called inside a task or callback; await the coroutine there with \`yield*\`, or createTask(…) it`,
    );
  }
}

/** @internal The task whose step or async function really runs; a scope's async body runs in one of its own. */
export function runningTask(): Task<unknown> | null {
  if (current.task !== null) return current.task as Task<unknown>;
  return current.loop === null ? (findAsyncTask() as Task<unknown> | null) : null;
}
