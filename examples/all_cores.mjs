// A server on all cores: each worker thread has a loop of its own and listens at the same port, and the kernel hands out
// the connections (`reusePort`). Nothing is shared, so nothing is locked. Start it, then `nc 127.0.0.1 PORT`, or let it
// ask itself: node examples/all_cores.mjs --check
import { once } from 'node:events';
import { availableParallelism } from 'node:os';
import { isMainThread, parentPort, threadId, Worker, workerData } from 'node:worker_threads';
import { gather, openConnection, run, sleepForever, startServer, until } from 'readyloop';
import './check.mjs';

const host = '127.0.0.1';

// In a worker: a task for each connection, until the main thread says stop.
function* serve(port) {
  const server = yield* startServer(answer, { host, port, reusePort: true });
  parentPort.postMessage(server.address().port);
  yield* until(once(parentPort, 'message'));
  yield* server.shutdown({ drain: 1000 });
  parentPort.close();
}

function* answer(stream) {
  for (let line = yield* stream.readLine(); line !== null; line = yield* stream.readLine()) {
    yield* stream.send(`worker ${threadId} says ${line}\n`);
  }
}

// In the main thread: the first worker finds a free port, and the others share it.
function* startWorkers(count) {
  const workers = [];
  let port = 0;
  while (workers.length < count) {
    const worker = new Worker(new URL(import.meta.url), { workerData: port });
    workers.push(worker);
    [port] = yield* until(once(worker, 'message'));
  }
  return { workers, port };
}

function* ask(port, question) {
  const stream = yield* openConnection({ host, port });
  try {
    yield* stream.send(`${question}\n`);
    return String(yield* stream.readLine());
  } finally {
    void stream.close();
  }
}

function* main() {
  const { workers, port } = yield* startWorkers(Math.max(2, availableParallelism()));
  try {
    const answers = yield* gather(Array.from({ length: 100 }, (_, i) => ask(port, `hello ${i}`)));
    const right = answers.filter((answer, i) => answer.endsWith(` says hello ${i}`));
    const speakers = new Set(answers.map((answer) => answer.split(' says ')[0]));
    console.log(`${right.length} of 100 connections were answered, by ${speakers.size > 1 ? 'several workers' : 'one'}`);
    if (process.argv.includes('--check')) return;
    console.log(`${workers.length} workers serve ${host}:${port}; Ctrl-C ends them`);
    yield* sleepForever();
  } finally {
    for (const worker of workers) worker.postMessage('stop');
  }
}

if (isMainThread) await run(main());
else await run(serve(workerData));

// Prints:
// 100 of 100 connections were answered, by several workers
