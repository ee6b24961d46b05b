// A thread, or a program of one, in which everything pends that can: reads, writes without room, datagrams without room, an
// accept, a timer, a watch. It says so, and goes on waiting.
import { parentPort, workerData } from 'node:worker_threads';
import { createTask, type Coroutine, run, runBlocking, sleep } from '../../../lib';
import { pend } from '../pending';

function* main(): Coroutine<void> {
  yield* pend(`${process.pid}-${String(workerData.name)}`);
  void createTask(() => sleep(3_600_000));
  parentPort?.postMessage('pending');
  for (;;) yield* sleep(1);
}

if (workerData.isHosted === true) void run(main);
else runBlocking(main);
