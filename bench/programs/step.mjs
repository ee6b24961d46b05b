// What does one checkpoint step cost, when two tasks alternate? Against `await null` in two async functions.
// The same with eight different coroutine functions shows what is left when call sites have seen many of them.
import { check, contest, ratioRow, report } from '../harness/contest.mjs';
import { readyloop } from '../harness/library.mjs';

const { checkpoint, createTask, run, runBlocking } = readyloop;

function* stepper(steps) {
  let taken = 0;
  while (taken < steps) {
    yield* checkpoint();
    taken++;
  }
  return taken;
}

async function nativeStepper(steps) {
  let taken = 0;
  while (taken < steps) {
    await null;
    taken++;
  }
  return taken;
}

// Each call of these gives functions of their own, as different pieces of a program would be.
function makeStepper() {
  return new Function('checkpoint', `return ${stepper.toString()}`)(checkpoint);
}
function makeNativeStepper() {
  return new Function(`return ${nativeStepper.toString()}`)();
}
const kinds = Array.from({ length: 8 }, makeStepper);
const nativeKinds = Array.from({ length: 8 }, makeNativeStepper);

function* alternate(functions, steps) {
  const tasks = functions.map((fn) => createTask(fn(steps)));
  let taken = 0;
  for (const task of tasks) taken += yield* task;
  return taken;
}

async function alternateNatively(functions, steps) {
  const promises = functions.map((fn) => fn(steps));
  let taken = 0;
  for (const promise of promises) taken += await promise;
  return taken;
}

const two = [stepper, stepper];
const nativeTwo = [nativeStepper, nativeStepper];

function checked(taken, functions, steps) {
  check(taken, functions.length * steps, 'steps');
  return taken;
}

const figures = await contest({
  hosted: async (steps) => checked(await run(alternate(two, steps)), two, steps),
  owned: (steps) => checked(runBlocking(alternate(two, steps)), two, steps),
  native: async (steps) => checked(await alternateNatively(nativeTwo, steps), nativeTwo, steps),
});
const many = await contest({
  ours: async (steps) => checked(await run(alternate(kinds, steps)), kinds, steps),
  native: async (steps) => checked(await alternateNatively(nativeKinds, steps), nativeKinds, steps),
});

const peerName = 'await null';
report([
  ratioRow(figures, {
    id: 'step', what: 'checkpoint step, two tasks alternating', ours: 'hosted', peer: 'native', peerName, must: 1.0,
  }),
  ratioRow(figures, { id: 'step.owned', what: '  the same in runBlocking', ours: 'owned', peer: 'native', peerName }),
  ratioRow(many, { id: 'step.kinds', what: '  eight tasks of eight functions', peer: 'native', peerName }),
]);
