// A little of everything that the binary does, as a user's program: wherever `readyloop` resolves from here, with
// whatever binary it loads there. Ends with `N passed, N failed`.
//
//   READYLOOP_NATIVE_PATH=prebuilds/linux-arm64/readyloop.glibc.node node test/prebuilds/smoke.mjs
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { isMainThread, parentPort, Worker } from 'node:worker_threads';
import {
  all, createTask, getRunningLoop, openConnection, openDatagram, openPipe, run, runBlocking, sleep, sleepUntil, startServer,
} from 'readyloop';

function* shout(stream) {
  for (let line; (line = yield* stream.readLine()) !== null; ) yield* stream.send(`${line}`.toUpperCase() + '\n');
}

function* talkTo(server, address) {
  const stream = yield* openConnection(address);
  yield* stream.send('hello\n');
  assert.equal(String(yield* stream.readLine()), 'HELLO');
  yield* stream.close();
  yield* server.shutdown({ drain: 1_000 });
}

const checks = {
  *'sleeps end in order, and not early'() {
    // Until points in time, because an emulated machine may take long from one start to the next.
    const loop = getRunningLoop();
    const start = loop.time();
    const order = [];
    const nap = function* (ms) {
      yield* sleepUntil(start + ms);
      order.push(ms);
    };
    yield* all(nap(30), nap(10), nap(20));
    assert.deepEqual(order, [10, 20, 30]);
    assert.ok(loop.time() - start >= 30);
  },
  *'a wait is taken back'() {
    const task = createTask(() => sleep(60_000));
    yield* sleep(1);
    task.cancel('enough');
    yield* task.join();
    assert.ok(task.cancelled());
  },
  async 'async functions are tasks'() {
    await sleep(1);
    await new Promise((resolve) => setImmediate(resolve));
    await sleep(1);
  },
  *'a TCP server answers'() {
    const server = yield* startServer(shout, { host: '127.0.0.1', port: 0 });
    yield* talkTo(server, { host: '127.0.0.1', port: server.address().port });
  },
  *'a server at a UNIX path answers'() {
    const folder = mkdtempSync(path.join(tmpdir(), 'readyloop-smoke-'));
    try {
      const address = { path: path.join(folder, 'socket') };
      yield* talkTo(yield* startServer(shout, address), address);
    } finally {
      rmSync(folder, { recursive: true });
    }
  },
  *'a megabyte goes through a pipe'() {
    const [reader, writer] = openPipe();
    const sending = createTask(function* () {
      yield* writer.send(Buffer.alloc(1 << 20, 7));
      yield* writer.close();
    });
    const bytes = yield* reader.readAll();
    yield* sending;
    yield* reader.close();
    assert.ok(bytes.length === 1 << 20 && bytes.every((byte) => byte === 7));
  },
  *'a datagram comes back'() {
    const server = yield* openDatagram({ host: '127.0.0.1', port: 0 });
    const client = yield* openDatagram({ remote: { host: '127.0.0.1', port: server.localAddress.port } });
    yield* client.send('ping');
    const question = yield* server.receive();
    yield* server.send(question.data, question);
    assert.equal(String((yield* client.receive()).data), 'ping');
    yield* client.close();
    yield* server.close();
  },
};

function blocking() {
  return runBlocking(function* () {
    yield* sleep(2);
    return 7;
  });
}

const results = [];

async function judge(name, work) {
  const error = await work().then(() => null, (reason) => reason);
  results.push(error === null);
  console.log(`${error === null ? 'ok  ' : 'FAIL'} ${name}${error === null ? '' : `\n${error.stack ?? error}`}`);
}

function askWorker() {
  const worker = new Worker(new URL(import.meta.url));
  return new Promise((resolve, reject) => {
    worker.once('message', resolve);
    worker.once('error', reject);
  });
}

async function main() {
  const binary = process.env.READYLOOP_NATIVE_PATH ?? 'the binary that the package finds';
  console.log(`smoke: Node ${process.version}, ${process.platform}-${process.arch}, ${binary}`);
  for (const [name, body] of Object.entries(checks)) await judge(name, () => run(body));
  await judge('runBlocking runs', async () => assert.equal(blocking(), 7));
  await judge('a worker thread has loops of its own', async () => assert.equal(await askWorker(), 7));
  await judge('a process ends well when only a worker of it loaded the binary', async () => {
    const words = [fileURLToPath(import.meta.url), '--worker-only'];
    const { status, signal } = spawnSync(process.execPath, words);
    assert.deepEqual([status, signal], [0, null]);
  });
  const failed = results.filter((passed) => !passed).length;
  console.log(`${results.length - failed} passed, ${failed} failed`);
  process.exitCode = failed === 0 ? 0 : 1;
}

if (isMainThread && process.argv.includes('--worker-only')) await askWorker();
else if (isMainThread) await main();
else parentPort.postMessage(blocking());
