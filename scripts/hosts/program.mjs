// What must hold in every host that is named as one where this works: run by scripts/check_hosts.mjs under each, and with
// the word `worker` as the worker of itself. Prints one line for each fact, `ok` or `FAIL`, and ends by itself.
import { AsyncLocalStorage } from 'node:async_hooks';
import { fileURLToPath } from 'node:url';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';
import {
  createTask, failAfter, gather, getRunningLoop, openConnection, run, runBlocking, sleep, startServer, until,
} from 'readyloop';

const facts = {
  async 'the thread drives it'() {
    const { driver } = await run(function* () {
      return getRunningLoop().metrics();
    });
    return driver;
  },
  async 'both colours await each other'() {
    return run(async () => (await createTask(function* () {
      yield* sleep(2);
      return `${yield* until(Promise.resolve('generator'))} and async`;
    })));
  },
  async 'equal deadlines keep their order, and none is early'() {
    const log = [];
    await run(function* () {
      const loop = getRunningLoop();
      const when = loop.time() + 5;
      yield* gather([1, 2, 3].map((name) => {
        const done = loop.createFuture();
        loop.callAt(when, () => {
          log.push(loop.time() >= when ? name : 'early');
          done.setResult(name);
        });
        return done;
      }));
    });
    return log.join();
  },
  async 'reactions run before the next handle'() {
    const log = [];
    await run(async () => {
      const loop = getRunningLoop();
      const future = loop.createFuture();
      void (async () => {
        await future;
        for (let i = 0; i < 3; i++) await null;
        log.push('reaction');
      })();
      loop.callSoon(() => {
        future.setResult();
        loop.callSoon(() => log.push('handle'));
      });
      await sleep(2);
    });
    return log.join();
  },
  async 'a deadline cancels'() {
    try {
      await run(() => failAfter(5, () => sleep(60_000)));
    } catch (error) {
      return error.code;
    }
    return 'nothing';
  },
  async 'plain callbacks of the host reach a loop that waits'() {
    return run(function* () {
      const future = getRunningLoop().createFuture();
      setTimeout(() => future.setResult('reached'), 5);
      return yield* future;
    });
  },
  async 'a server echoes to ten clients'() {
    return run(function* () {
      const server = yield* startServer(
        function* (stream) {
          let chunk;
          while ((chunk = yield* stream.read()) !== null) yield* stream.send(chunk);
        },
        { host: '127.0.0.1', port: 0 },
      );
      const { port } = server.address();
      const lengths = yield* gather(Array.from({ length: 10 }, (_, nth) => talk(port, 1000 * (nth + 1))));
      yield* server.close();
      return lengths.reduce((sum, length) => sum + length, 0);
    });
  },
  async 'stores of AsyncLocalStorage follow tasks of both colours'() {
    const store = new AsyncLocalStorage();
    const seen = await run(function* () {
      const inStore = (name, main) => store.run(name, () => createTask(main));
      return yield* gather([
        inStore('a', function* () {
          yield* sleep(1);
          return store.getStore();
        }),
        inStore('b', async () => {
          await sleep(1);
          return store.getStore();
        }),
        createTask(function* () {
          yield* sleep(1);
          return store.getStore();
        }),
      ]);
    });
    return seen.join();
  },
  'a loop owns its thread'() {
    return runBlocking(function* () {
      yield* sleep(2);
      return 'slept';
    });
  },
  async 'a worker runs both ways'() {
    return new Promise((resolve, reject) => {
      const worker = new Worker(fileURLToPath(import.meta.url), { workerData: 'work' });
      worker.once('message', resolve).once('error', reject);
    });
  },
  async 'a worker that waits is terminated'() {
    const worker = new Worker(fileURLToPath(import.meta.url), { workerData: 'wait' });
    await new Promise((resolve) => worker.once('message', resolve));
    await worker.terminate();
    return 'ended';
  },
};

function* talk(port, length) {
  const stream = yield* openConnection({ host: '127.0.0.1', port });
  yield* stream.send(Buffer.alloc(length, 'x'));
  const answer = yield* stream.readExactly(length);
  yield* stream.close();
  return answer.length;
}

const expected = [
  'poller', 'generator and async', '1,2,3', 'reaction,handle', 'ERR_TIMEOUT', 'reached', 55_000, 'a,b,',
  'slept', 'owned and hosted', 'ended',
];

async function check() {
  let failed = 0;
  for (const [nth, [name, fact]] of Object.entries(facts).entries()) {
    let found;
    try {
      found = await fact();
    } catch (error) {
      found = error;
    }
    const holds = found === expected[nth];
    if (!holds) failed++;
    console.log(holds ? `ok   ${name}` : `FAIL ${name}: ${String(found)} instead of ${expected[nth]}`);
  }
  process.exitCode = failed === 0 ? 0 : 1;
}

async function work() {
  const owned = runBlocking(function* () {
    yield* sleep(1);
    return 'owned';
  });
  parentPort.postMessage(`${owned} and ${await run(async () => (await sleep(1), 'hosted'))}`);
}

function wait() {
  parentPort.postMessage('waits');
  runBlocking(function* () {
    yield* sleep(60_000);
  });
}

if (isMainThread) await check();
else if (workerData === 'work') await work();
else wait();
