// What does one child of a gather of 100 trivial coroutines cost? Against Promise.all of 100 async calls.
import { check, contest, ratioRow, report } from '../harness/contest.mjs';
import { readyloop } from '../harness/library.mjs';
import { importPeer } from '../harness/peers.mjs';

const { gather, run } = readyloop;
const effect = await importPeer('effect');
const effection = await importPeer('effection');

const CHILDREN = 100;
const SUM = (CHILDREN * (CHILDREN + 1)) / 2;

function* child(i) {
  return i + 1;
}

async function nativeChild(i) {
  return i + 1;
}

function total(values) {
  let sum = 0;
  for (const value of values) sum += value;
  check(sum, SUM, 'sum of one gathering');
  return CHILDREN;
}

function* gatherAll(times) {
  let children = 0;
  for (let i = 0; i < times; i++) {
    const coroutines = [];
    for (let n = 0; n < CHILDREN; n++) coroutines.push(child(n));
    children += total(yield* gather(coroutines));
  }
  return children;
}

async function allNatively(times) {
  let children = 0;
  for (let i = 0; i < times; i++) {
    const promises = [];
    for (let n = 0; n < CHILDREN; n++) promises.push(nativeChild(n));
    children += total(await Promise.all(promises));
  }
  return children;
}

function allWithEffect({ Effect }, times) {
  return Effect.gen(function* () {
    let children = 0;
    for (let i = 0; i < times; i++) {
      const effects = [];
      for (let n = 0; n < CHILDREN; n++) effects.push(Effect.sync(() => n + 1));
      children += total(yield* Effect.all(effects, { concurrency: 'unbounded' }));
    }
    return children;
  });
}

function* allWithEffection(all, times) {
  let children = 0;
  for (let i = 0; i < times; i++) {
    const operations = [];
    for (let n = 0; n < CHILDREN; n++) operations.push(child(n));
    children += total(yield* all(operations));
  }
  return children;
}

const figures = await contest({
  ours: (times) => run(gatherAll(times)),
  native: (times) => allNatively(times),
  ...(effect && { effect: (times) => effect.Effect.runPromise(allWithEffect(effect, times)) }),
  ...(effection && { effection: (times) => effection.run(() => allWithEffection(effection.all, times)) }),
});

const what = 'gather of 100 coroutines, per child';
const rowIf = (peer, row) => (peer === null ? [] : [ratioRow(figures, row)]);
report([
  ratioRow(figures, { id: 'gather', what, peer: 'native', peerName: 'Promise.all', must: 3 }),
  ...rowIf(effect, { id: 'gather.effect', what, peer: 'effect', peerName: 'effect all, unbounded' }),
  ...rowIf(effection, { id: 'gather.effection', what, peer: 'effection', peerName: 'effection all' }),
]);
