// What does depth cost? A chain of 20 coroutines that `yield*` each other and suspends at the bottom once per step,
// against 20 async functions that await each other. There a resumption goes to the innermost function straight away;
// here each `yield*` on the way hands it down. Building and leaving such a chain is the other half of the story.
import { check, contest, ratioRow, report } from '../harness/contest.mjs';
import { readyloop } from '../harness/library.mjs';

const { checkpoint, run } = readyloop;

const DEPTH = 20;

function* descend(depth, steps) {
  if (depth > 1) return yield* descend(depth - 1, steps);
  let taken = 0;
  while (taken < steps) {
    yield* checkpoint();
    taken++;
  }
  return taken;
}

async function descendNatively(depth, steps) {
  if (depth > 1) return await descendNatively(depth - 1, steps);
  let taken = 0;
  while (taken < steps) {
    await null;
    taken++;
  }
  return taken;
}

// One call of the whole chain, with one suspension at its bottom.
function* callChains(depth, times) {
  let taken = 0;
  for (let i = 0; i < times; i++) taken += yield* descend(depth, 1);
  return taken;
}

async function callChainsNatively(depth, times) {
  let taken = 0;
  for (let i = 0; i < times; i++) taken += await descendNatively(depth, 1);
  return taken;
}

function checked(taken, steps) {
  check(taken, steps, 'steps');
  return taken;
}

function sides(ours, native) {
  return {
    deep: async (steps) => checked(await run(ours(DEPTH, steps)), steps),
    flat: async (steps) => checked(await run(ours(1, steps)), steps),
    nativeDeep: async (steps) => checked(await native(DEPTH, steps), steps),
    nativeFlat: async (steps) => checked(await native(1, steps), steps),
  };
}

function rows(figures, id, what, peerName) {
  const perLevel = (deep, flat) => (deep - flat) / (DEPTH - 1);
  return [
    ratioRow(figures, { id, what, ours: 'deep', peer: 'nativeDeep', peerName }),
    {
      id: `${id}.level`,
      what: '  what a level adds',
      unit: 'ns',
      ours: figures.combine(['deep', 'flat'], perLevel),
      peer: { name: peerName, ...figures.combine(['nativeDeep', 'nativeFlat'], perLevel) },
    },
    ratioRow(figures, { id: `${id}.flat`, what: '  at depth 1', ours: 'flat', peer: 'nativeFlat', peerName }),
  ];
}

const resumed = await contest(sides(descend, descendNatively));
const called = await contest(sides(callChains, callChainsNatively));

report([
  ...rows(resumed, 'chain', 'step at the bottom of a depth-20 chain', 'async chain'),
  ...rows(called, 'chain.call', 'call a depth-20 chain that suspends once', 'async chain'),
]);
