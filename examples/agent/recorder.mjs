// Measures when each task really began and ended, without a line about it in the handlers: the loop lets a factory make
// its tasks, and this one makes them as the library would and writes down two times.
import { eagerTaskFactory } from 'readyloop';

/**
 * Runs `body` as a task while every task of `loop` is written down.
 * Returns: `{ value, tookMs, tasks: [{ name, startMs, endMs, outcome }] }`, in ms since the beginning.
 */
export function* record(loop, body) {
  const began = loop.time();
  const tasks = [];
  loop.setTaskFactory((loop, coroutine, options) => {
    const entry = { name: '', startMs: loop.time() - began, endMs: NaN, outcome: 'running' };
    tasks.push(entry); // Before the first step, which may create tasks of its own.
    const task = eagerTaskFactory(loop, coroutine, options);
    entry.name = task.name;
    task.addDoneCallback(() => {
      entry.endMs = loop.time() - began;
      entry.outcome = task.cancelled() ? 'cancelled' : 'done';
    });
    return task;
  });
  try {
    const value = yield* loop.createTask(body, { name: 'handler' });
    return { value, tookMs: loop.time() - began, tasks };
  } finally {
    loop.setTaskFactory(null);
  }
}
