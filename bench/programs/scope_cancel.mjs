// What does it cost to cancel a scope over 100,000 sleeping tasks, until all of them have ended? Against an AbortController
// whose listeners each reject an awaited promise, in three forms: Node's own sleep, which takes its timer back and rejects
// with an error of its own, as ours does; a listener that only rejects with an error of its own; and one that rejects with
// the signal's reason, which is the same object for all of them. Each side is a process of its own. The peers have a fifth
// of the listeners: adding one looks through all that are there, so that 100,000 take minutes to add (not counted).
import { median } from '../harness/statistics.mjs';
import { check, isQuick, report } from '../harness/contest.mjs';
import { requestedSide, runSide } from '../harness/fresh.mjs';
import { readyloop } from '../harness/library.mjs';
import { setMaxListeners } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';

const COUNT = isQuick ? 20_000 : 100_000;
const LISTENERS = 20_000;
const ROUNDS = isQuick ? 3 : 5;
const SLEEP_MS = 3_600_000;

function startClock(count) {
  const cpuBefore = process.cpuUsage();
  const began = process.hrtime.bigint();
  return () => {
    const wall = Number(process.hrtime.bigint() - began) / count;
    const { user, system } = process.cpuUsage(cpuBefore);
    return { cpu: ((user + system) * 1000) / count, wall };
  };
}

async function cancelOurs() {
  const { checkpoint, run, sleep, withTaskGroup } = readyloop;
  let ended = 0;
  function* sleeper() {
    try {
      yield* sleep(SLEEP_MS);
    } finally {
      ended++;
    }
  }
  return run(function* () {
    let stopClock = null;
    yield* withTaskGroup(function* (group) {
      for (let i = 0; i < COUNT; i++) group.createTask(sleeper());
      yield* checkpoint();
      yield* checkpoint();
      globalThis.gc();
      stopClock = startClock(COUNT);
      group.cancel('enough');
    });
    const time = stopClock();
    check(ended, COUNT, 'tasks that ended');
    return time;
  });
}

async function cancelNatively(waitFor) {
  const controller = new AbortController();
  const { signal } = controller;
  setMaxListeners(0, signal);
  let ended = 0;
  async function sleeper() {
    try {
      await waitFor(signal);
    } finally {
      ended++;
    }
  }
  const all = [];
  for (let i = 0; i < LISTENERS; i++) all.push(sleeper());
  const settled = Promise.allSettled(all);
  await new Promise((resolve) => setImmediate(resolve));
  globalThis.gc();
  const stopClock = startClock(LISTENERS);
  controller.abort();
  await settled;
  const time = stopClock();
  check(ended, LISTENERS, 'functions that ended');
  return time;
}

function rejectedWith(signal, makeError) {
  return new Promise((_, reject) => {
    signal.addEventListener('abort', () => reject(makeError()), { once: true });
  });
}

const waits = {
  'sleeps of node:timers/promises': (signal) => delay(SLEEP_MS, undefined, { signal }),
  'listeners, an error each': (signal) => rejectedWith(signal, () => new Error('aborted', { cause: signal.reason })),
  'listeners, one error for all': (signal) => rejectedWith(signal, () => signal.reason),
};

const sides = { ours: cancelOurs };
for (const [name, waitFor] of Object.entries(waits)) sides[name] = () => cancelNatively(waitFor);

async function measureSide(side) {
  const samples = [];
  for (let round = 0; round <= ROUNDS; round++) {
    const sample = await sides[side]();
    if (round > 0) samples.push(sample);
  }
  const middle = (clock) => median(samples.map((sample) => sample[clock]));
  process.stdout.write(`${JSON.stringify({ cpu: middle('cpu'), wall: middle('wall') })}\n`);
}

async function main() {
  const ours = await runSide(import.meta, 'ours');
  const rows = [];
  for (const name of Object.keys(waits)) {
    const peer = await runSide(import.meta, name);
    rows.push({
      id: `scope_cancel.${rows.length}`,
      what: `${rows.length === 0 ? '' : '  '}cancel ${COUNT.toLocaleString('en')} sleeping tasks, each`,
      unit: 'ns',
      ours,
      peer: { name: `${LISTENERS.toLocaleString('en')} ${name}`, ...peer },
      ratio: { cpu: ours.cpu / peer.cpu, wall: ours.wall / peer.wall },
      must: { ratio: 1 },
    });
  }
  report(rows);
}

const side = requestedSide();
if (side === null) await main();
else await measureSide(side);
