// runBlocking: in a worker thread our own loop can own the thread, with no part of Node's below it. The worker sorts
// numbers by sleeping, and posts each one as it wakes.
import { once } from 'node:events';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import { gather, runBlocking, sleep } from 'readyloop';
import './check.mjs';

function* sleepSort(numbers) {
  const sorted = [];
  yield* gather(
    numbers.map(function* (number) {
      yield* sleep(10 * number);
      sorted.push(number);
    }),
  );
  return sorted;
}

if (isMainThread) {
  const worker = new Worker(new URL(import.meta.url), { workerData: [7, 3, 9, 1] });
  const [sorted] = await once(worker, 'message');
  console.log(`sorted by sleeping: ${sorted.join(' ')}`);
} else {
  parentPort.postMessage(runBlocking(sleepSort(workerData)));
}

// Prints:
// sorted by sleeping: 1 3 7 9
