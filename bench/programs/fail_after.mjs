// What does a timeout add to an operation that suspends once? Against a promise raced with a `setTimeout` that is cleared
// afterwards. The operation itself, measured in the same rounds, is taken off on both sides.
import { check, contest, report } from '../harness/contest.mjs';
import { readyloop } from '../harness/library.mjs';

const { checkpoint, failAfter, run } = readyloop;
const LIMIT_MS = 60_000;

function* operation() {
  yield* checkpoint();
  return 1;
}

async function nativeOperation() {
  await null;
  return 1;
}

function* plain(count) {
  let sum = 0;
  for (let i = 0; i < count; i++) sum += yield* operation();
  return sum;
}

function* limited(count) {
  let sum = 0;
  for (let i = 0; i < count; i++) sum += yield* failAfter(LIMIT_MS, operation);
  return sum;
}

async function plainNatively(count) {
  let sum = 0;
  for (let i = 0; i < count; i++) sum += await nativeOperation();
  return sum;
}

async function race(promise) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error('too late')), LIMIT_MS);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

async function limitedNatively(count) {
  let sum = 0;
  for (let i = 0; i < count; i++) sum += await race(nativeOperation());
  return sum;
}

function checked(sum, count) {
  check(sum, count, 'sum of what the operations gave');
  return count;
}

const figures = await contest({
  plain: async (count) => checked(await run(plain(count)), count),
  limited: async (count) => checked(await run(limited(count)), count),
  plainNatively: async (count) => checked(await plainNatively(count), count),
  limitedNatively: async (count) => checked(await limitedNatively(count), count),
});

const beyond = (whole, alone) => whole - alone;
const names = ['limited', 'plain', 'limitedNatively', 'plainNatively'];
const ratio = figures.combine(names, (whole, alone, peer, peerAlone) => (whole - alone) / (peer - peerAlone));
report([
  {
    id: 'fail_after',
    what: 'a timeout, beyond what it limits',
    unit: 'ns',
    ours: figures.combine(['limited', 'plain'], beyond),
    peer: { name: 'race with a cleared setTimeout', ...figures.combine(['limitedNatively', 'plainNatively'], beyond) },
    ratio,
    must: { ratio: 0.5 },
  },
]);
