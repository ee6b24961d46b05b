// What does a cancel scope cost around an operation that does not suspend? Against `await null`, against the same
// operation without a scope, and against effect's scoped region.
import { check, contest, ratioRow, report } from '../harness/contest.mjs';
import { readyloop } from '../harness/library.mjs';
import { importPeer } from '../harness/peers.mjs';

const { CancelScope, getRunningLoop, moveOnAfter, run } = readyloop;
const effect = await importPeer('effect');

let done = null;

function* body() {
  return yield* done;
}

async function asyncBody() {
  return 1;
}

function* enterAll(count) {
  done = getRunningLoop().createFuture();
  done.setResult(1);
  let sum = 0;
  for (let i = 0; i < count; i++) sum += yield* new CancelScope().run(body);
  return sum;
}

function* enterWithDeadline(count) {
  done = getRunningLoop().createFuture();
  done.setResult(1);
  let sum = 0;
  for (let i = 0; i < count; i++) sum += (yield* moveOnAfter(60_000, body)).value;
  return sum;
}

async function enterInAsync(count) {
  let sum = 0;
  for (let i = 0; i < count; i++) sum += await new CancelScope().run(asyncBody);
  return sum;
}

async function awaitAll(count) {
  let sum = 0;
  for (let i = 0; i < count; i++) {
    await null;
    sum++;
  }
  return sum;
}

function scopeWithEffect({ Effect }, count) {
  const inside = Effect.succeed(1);
  return Effect.gen(function* () {
    let sum = 0;
    for (let i = 0; i < count; i++) sum += yield* Effect.scoped(inside);
    return sum;
  });
}

// A region that undoes something at its end, as a scope takes itself out of the tree.
function regionWithEffect({ Effect }, count) {
  const inside = Effect.scoped(Effect.acquireRelease(Effect.succeed(1), () => Effect.void));
  return Effect.gen(function* () {
    let sum = 0;
    for (let i = 0; i < count; i++) sum += yield* inside;
    return sum;
  });
}

function checked(sum, count) {
  check(sum, count, 'sum of what the bodies gave');
  return count;
}

const figures = await contest({
  ours: async (count) => checked(await run(enterAll(count)), count),
  deadline: async (count) => checked(await run(enterWithDeadline(count)), count),
  native: async (count) => checked(await awaitAll(count), count),
  ...(effect && {
    effect: async (count) => checked(await effect.Effect.runPromise(scopeWithEffect(effect, count)), count),
    region: async (count) => checked(await effect.Effect.runPromise(regionWithEffect(effect, count)), count),
  }),
});
// In a contest of its own: a task that is an async function turns on what knowing the current task costs promises.
const asynchronous = await contest({
  ours: async (count) => checked(await run(() => enterInAsync(count)), count),
  native: async (count) => checked(await awaitAll(count), count),
});

const what = 'enter and leave a scope';
const peerName = 'await null';
const scoped = { peer: 'effect', peerName: 'effect scoped, nothing in it' };
const region = { peer: 'region', peerName: 'effect scoped, one finalizer', must: 0.1 };
report([
  ratioRow(figures, { id: 'scope', what, peer: 'native', peerName, must: 6 }),
  ...(effect ? [ratioRow(figures, { id: 'scope.effect', what, ...scoped })] : []),
  ...(effect ? [ratioRow(figures, { id: 'scope.region', what, ...region })] : []),
  ratioRow(figures, { id: 'scope.deadline', what: '  with a deadline', ours: 'deadline', peer: 'native', peerName }),
  ratioRow(asynchronous, { id: 'scope.async', what: '  in async functions', peer: 'native', peerName }),
]);
