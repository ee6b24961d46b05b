// Runner: several mains on one loop. Tasks that one main leaves behind go on while the next one runs, and context
// variables keep their values, until the runner is closed.
import { ContextVar, createTask, Runner, sleep } from 'readyloop';
import './check.mjs';

const user = new ContextVar('user', { default: 'nobody' });
let beats = 0;

function* heartbeat() {
  try {
    for (;;) {
      yield* sleep(5);
      beats++;
    }
  } finally {
    console.log('the heartbeat stops');
  }
}

function* logIn(name) {
  createTask(heartbeat(), { name: 'heartbeat' });
  user.set(name);
}

function* work() {
  yield* sleep(50);
  console.log(`working for ${user.get()}`);
}

const runner = new Runner();
try {
  await runner.run(logIn('ada'));
  await runner.run(work);
  console.log(beats > 0 ? 'the heart has beaten' : 'no heartbeat');
} finally {
  await runner.close(); // Cancels what is left, and waits for it.
}

// Prints:
// working for ada
// the heart has beaten
// the heartbeat stops
