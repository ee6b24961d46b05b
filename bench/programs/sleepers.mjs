// What do a million sleeping tasks cost, in time to create and in bytes? Against async functions that await a promise
// around `setTimeout`. Each side is a process of its own, because memory is compared.
// Bytes are what is alive after forced collections: the heap, the buffers outside it, and native memory (what the
// process holds beyond V8's own pages: the timer heap is there). Resident memory is reported beside it.
import { getHeapStatistics } from 'node:v8';
import { check, isQuick, report } from '../harness/contest.mjs';
import { requestedSide, runSide } from '../harness/fresh.mjs';
import { readyloop } from '../harness/library.mjs';

const COUNT = isQuick ? 200_000 : 1_000_000;
const SLEEP_MS = 3_600_000;

function footprint() {
  for (let i = 0; i < 3; i++) globalThis.gc();
  const { rss, heapUsed, external } = process.memoryUsage();
  return { rss, heap: heapUsed, external, native: rss - getHeapStatistics().total_physical_size - external };
}

function startClock() {
  const cpuBefore = process.cpuUsage();
  const began = process.hrtime.bigint();
  return () => {
    const wall = Number(process.hrtime.bigint() - began) / COUNT;
    const { user, system } = process.cpuUsage(cpuBefore);
    return { cpu: ((user + system) * 1000) / COUNT, wall };
  };
}

async function putToSleep(options) {
  const { checkpoint, createTask, getRunningLoop, run, sleep } = readyloop;
  function* sleeper() {
    yield* sleep(SLEEP_MS);
  }
  return new Promise((resolve, reject) => {
    run(function* () {
      const stopClock = startClock();
      for (let i = 0; i < COUNT; i++) createTask(sleeper(), options);
      yield* checkpoint();
      resolve(stopClock());
      const { tasks, timers } = getRunningLoop().metrics();
      check(timers, COUNT, 'armed timers');
      check(tasks, COUNT + 1, 'tasks');
      yield* sleep(SLEEP_MS);
    }).catch(reject);
  });
}

async function putToSleepNatively() {
  async function sleeper() {
    await new Promise((resolve) => setTimeout(resolve, SLEEP_MS));
  }
  const stopClock = startClock();
  for (let i = 0; i < COUNT; i++) void sleeper();
  const time = stopClock();
  check(process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length, COUNT, 'armed timeouts');
  return time;
}

const sides = {
  ours: () => putToSleep(),
  eager: () => putToSleep({ eager: true }),
  native: putToSleepNatively,
};

async function measureSide(side) {
  // Both sides start with a loop and a timer list that exist; no async-function task, because one slows every promise.
  await readyloop.run(function* () {});
  await new Promise((resolve) => setTimeout(resolve, 1));
  const before = footprint();
  const time = await sides[side]();
  const after = footprint();
  const bytes = Object.fromEntries(Object.keys(before).map((key) => [key, (after[key] - before[key]) / COUNT]));
  bytes.live = bytes.heap + bytes.external + Math.max(0, bytes.native);
  process.stdout.write(`${JSON.stringify({ time, bytes })}\n`);
  // A million timers are alive; nothing is gained by undoing them.
  process.exit(0);
}

const peerName = 'async function + setTimeout';

function timeRow(id, what, ours, peer, must) {
  const ratio = { cpu: ours.time.cpu / peer.time.cpu, wall: ours.time.wall / peer.time.wall };
  const figures = { ours: ours.time, peer: { name: peerName, ...peer.time }, ratio };
  return { id, what, unit: 'ns', ...figures, ...(must && { must }) };
}

function bytesRow(id, what, key, ours, peer, must) {
  const ratio = { size: ours.bytes[key] / peer.bytes[key] };
  return {
    id,
    what,
    unit: 'bytes',
    ours: { size: ours.bytes[key], ...ours.bytes },
    peer: { name: peerName, size: peer.bytes[key], ...peer.bytes },
    ratio,
    ...(must && { must }),
  };
}

async function main() {
  const peer = await runSide(import.meta, 'native');
  const ours = await runSide(import.meta, 'ours');
  const eager = await runSide(import.meta, 'eager');
  const millions = `${COUNT / 1e6} million`;
  report([
    timeRow('sleeper.time', `create a sleeping task, ${millions} alive`, ours, peer, { ratio: 0.6 }),
    bytesRow('sleeper.bytes', '  live bytes of one', 'live', ours, peer, { ratio: 0.65 }),
    bytesRow('sleeper.rss', '  resident bytes of one', 'rss', ours, peer, { ratio: 0.65 }),
    timeRow('sleeper.eager', '  with an eager start', eager, peer),
  ]);
}

const side = requestedSide();
await (side === null ? main() : measureSide(side));
