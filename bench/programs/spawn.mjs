// What does it cost to spawn a child and await its result? Against calling and awaiting an async function, against
// effect's fork and join, and against effection's spawn. A child that is written in place (a closure) is a row of its
// own, measured after the others: each one is a new function to the engine, and call sites do not forget them.
import { check, contest, ratioRow, report } from '../harness/contest.mjs';
import { readyloop } from '../harness/library.mjs';
import { importPeer } from '../harness/peers.mjs';

const { createTask, run } = readyloop;
const effect = await importPeer('effect');
const effection = await importPeer('effection');

function* child(i) {
  return i + 1;
}

async function nativeChild(i) {
  return i + 1;
}

function* spawnAll(count) {
  let sum = 0;
  for (let i = 0; i < count; i++) sum += yield* createTask(child(i));
  return sum;
}

function* spawnEagerly(count) {
  let sum = 0;
  for (let i = 0; i < count; i++) sum += yield* createTask(child(i), { eager: true });
  return sum;
}

function* spawnInPlace(count) {
  let sum = 0;
  for (let i = 0; i < count; i++) {
    sum += yield* createTask(function* () {
      return i + 1;
    });
  }
  return sum;
}

async function callAll(count) {
  let sum = 0;
  for (let i = 0; i < count; i++) sum += await nativeChild(i);
  return sum;
}

async function callInPlace(count) {
  let sum = 0;
  for (let i = 0; i < count; i++) {
    sum += await (async () => {
      return i + 1;
    })();
  }
  return sum;
}

function forkAll({ Effect, Fiber }, count) {
  const effectChild = (i) => Effect.sync(() => i + 1);
  return Effect.gen(function* () {
    let sum = 0;
    for (let i = 0; i < count; i++) {
      const fiber = yield* Effect.forkChild(effectChild(i));
      sum += yield* Fiber.join(fiber);
    }
    return sum;
  });
}

function* effectionChild(i) {
  return i + 1;
}

function* spawnWithEffection(spawn, count) {
  let sum = 0;
  for (let i = 0; i < count; i++) {
    const task = yield* spawn(() => effectionChild(i));
    sum += yield* task;
  }
  return sum;
}

function checked(sum, count) {
  check(sum, (count * (count + 1)) / 2, 'sum of the results');
  return count;
}

const figures = await contest({
  ours: async (count) => checked(await run(spawnAll(count)), count),
  eager: async (count) => checked(await run(spawnEagerly(count)), count),
  native: async (count) => checked(await callAll(count), count),
  ...(effect && { effect: async (count) => checked(await effect.Effect.runPromise(forkAll(effect, count)), count) }),
  ...(effection && {
    effection: async (count) => checked(await effection.run(() => spawnWithEffection(effection.spawn, count)), count),
  }),
});

const inPlace = await contest({
  ours: async (count) => checked(await run(spawnInPlace(count)), count),
  native: async (count) => checked(await callInPlace(count), count),
});

const what = 'spawn a child and await it';
const peerName = 'await async function';
const rowIf = (peer, row) => (peer === null ? [] : [ratioRow(figures, row)]);
const arrow = 'async arrow in place';
report([
  ratioRow(figures, { id: 'spawn', what, peer: 'native', peerName, must: 3.5 }),
  ...rowIf(effect, { id: 'spawn.effect', what, peer: 'effect', peerName: 'effect fork+join', must: 0.15 }),
  ...rowIf(effection, { id: 'spawn.effection', what, peer: 'effection', peerName: 'effection spawn' }),
  ratioRow(figures, { id: 'spawn.eager', what: '  with an eager start', ours: 'eager', peer: 'native', peerName }),
  ratioRow(inPlace, { id: 'spawn.in_place', what: '  a child written in place', peer: 'native', peerName: arrow }),
]);
