// runMain: a program that ends well when it is told to. `node examples/signals.mjs serve` runs until Ctrl-C; without
// that word it starts itself with it, plays the user, and shows what comes of it.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { CancelledError, runMain, sleep } from 'readyloop';
import './check.mjs';

function* serve() {
  console.log('serving until Ctrl-C');
  process.send?.('ready');
  try {
    yield* sleep(Infinity);
  } catch (error) {
    if (error instanceof CancelledError) console.log(`asked to stop by ${error.reason}`);
    throw error; // So that runMain sees the cancellation and sets the exit status that a shell expects.
  } finally {
    yield* sleep(20); // Saying goodbye may take time: a task is asked once, and then left to finish.
    console.log('said goodbye');
  }
}

async function playTheUser() {
  const child = fork(fileURLToPath(import.meta.url), ['serve'], { silent: true });
  createInterface({ input: child.stdout }).on('line', (line) => console.log(`  ${line}`));
  await once(child, 'message');
  child.kill('SIGINT');
  const [status] = await once(child, 'close');
  console.log(`its exit status is ${status}`);
}

if (process.argv.includes('serve')) runMain(serve);
else await playTheUser();

// Prints:
//   serving until Ctrl-C
//   asked to stop by SIGINT
//   said goodbye
// its exit status is 130
