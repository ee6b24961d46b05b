// What does it cost to arm and cancel a timer? `callLater` and `cancel` against `setTimeout` and `clearTimeout`: one at
// a time, and a thousand armed before the first is cancelled.
import { check, contest, ratioRow, report } from '../harness/contest.mjs';
import { readyloop } from '../harness/library.mjs';

const { getRunningLoop, run } = readyloop;

const DELAY_MS = 60_000;
const ALIVE = 1_000;
let fired = 0;
const callback = () => {
  fired++;
};

function* armAndCancel(times) {
  const loop = getRunningLoop();
  for (let i = 0; i < times; i++) loop.callLater(DELAY_MS, callback).cancel();
  return loop.metrics().timers;
}

async function setAndClear(times) {
  for (let i = 0; i < times; i++) clearTimeout(setTimeout(callback, DELAY_MS));
  return process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;
}

function* armManyAndCancel(batches) {
  const loop = getRunningLoop();
  for (let batch = 0; batch < batches; batch++) {
    const handles = [];
    for (let i = 0; i < ALIVE; i++) handles.push(loop.callLater(DELAY_MS, callback));
    for (const handle of handles) handle.cancel();
  }
  return loop.metrics().timers;
}

async function setManyAndClear(batches) {
  for (let batch = 0; batch < batches; batch++) {
    const timeouts = [];
    for (let i = 0; i < ALIVE; i++) timeouts.push(setTimeout(callback, DELAY_MS));
    for (const timeout of timeouts) clearTimeout(timeout);
  }
  return process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;
}

function checked(left, operations) {
  check(left, 0, 'timers left');
  check(fired, 0, 'timers fired');
  return operations;
}

const single = await contest({
  ours: async (times) => checked(await run(armAndCancel(times)), times),
  native: async (times) => checked(await setAndClear(times), times),
});
const many = await contest({
  ours: async (batches) => checked(await run(armManyAndCancel(batches)), batches * ALIVE),
  native: async (batches) => checked(await setManyAndClear(batches), batches * ALIVE),
});

const peerName = 'setTimeout + clearTimeout';
report([
  ratioRow(single, { id: 'timer', what: 'arm and cancel a timer', peer: 'native', peerName, must: 0.5 }),
  ratioRow(many, { id: 'timer.alive', what: '  a thousand armed, then cancelled', peer: 'native', peerName }),
]);
