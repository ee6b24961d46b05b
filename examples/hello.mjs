// The smallest whole program: a run, two coroutines at once, and a task that is cancelled.
import { CancelledError, checkpoint, createTask, gather, run, sleep } from 'readyloop';
import './check.mjs';

function* greet(name, ms) {
  yield* sleep(ms);
  return `hello, ${name}`;
}

function* waitForever() {
  try {
    yield* sleep(Infinity);
  } finally {
    console.log('cleaning up');
  }
}

function* main() {
  console.log(yield* greet('world', 10));

  // Both sleep at the same time; the results come in the order of the arguments.
  const greetings = yield* gather(greet('tortoise', 40), greet('hare', 20));
  console.log(greetings.join(' and '));

  const task = createTask(waitForever());
  yield* checkpoint(); // Lets the new task take its first step.
  task.cancel('nobody is coming');
  try {
    yield* task;
  } catch (error) {
    if (!(error instanceof CancelledError)) throw error;
    console.log(`cancelled, because ${error.reason}`);
  }
}

await run(main);

// Prints:
// hello, world
// hello, tortoise and hello, hare
// cleaning up
// cancelled, because nobody is coming
