// Both colours in one program: an async function can be a task, and each colour can await the other.
import { setTimeout as delay } from 'node:timers/promises';
import { CancelledError, createTask, gather, run, sleep, until, untilSignal } from 'readyloop';
import './check.mjs';

function* generatorColour() {
  yield* sleep(10);
  const text = yield* until(delay(10, 'a promise')); // A coroutine waits for a promise.
  return `generator got ${text}`;
}

async function asyncColour() {
  await sleep(10); // Every future is a thenable.
  const text = await createTask(generatorColour()); // So is a task.
  return `async: ${text}`;
}

/** Cancelling rejects the future that an async function awaits; `finally` blocks run as in the other colour. */
async function patient() {
  try {
    await sleep(Infinity);
  } finally {
    console.log('patient: cleaning up');
  }
}

/** A promise of somebody else's cannot be interrupted; untilSignal gives it a signal to listen to. */
async function stubborn() {
  try {
    await untilSignal((signal) => delay(60_000, undefined, { signal }));
  } catch (error) {
    console.log(`stubborn: ${error instanceof CancelledError}, ${error.reason}`);
    throw error;
  }
}

await run(async () => {
  console.log(await asyncColour());
  console.log((await gather(generatorColour(), asyncColour)).join('; '));

  const tasks = [createTask(patient), createTask(stubborn)];
  await sleep(1);
  for (const task of tasks) task.cancel('time is up');
  const outcomes = await gather(tasks, { returnExceptions: true });
  console.log(outcomes.map(String).join('\n'));
});

// Prints:
// async: generator got a promise
// generator got a promise; async: generator got a promise
// patient: cleaning up
// stubborn: true, time is up
// CancelledError: the wait was cancelled: time is up
// CancelledError: the wait was cancelled: time is up
