// What does the rule cost that a task keeps the AsyncLocalStorage stores of its creation? One process for each state of
// the world: no storage anywhere; one in use elsewhere while none is active for the tasks; one active for the tasks.
// In each, the price of a step and of a child that is spawned and awaited, natively as well.
// `asyncContext: 'run'` looks at the stores once a run, so it shows what the look at each creation costs.
import { AsyncLocalStorage } from 'node:async_hooks';
import { check, contest, report } from '../harness/contest.mjs';
import { requestedSide, runSide } from '../harness/fresh.mjs';
import { readyloop } from '../harness/library.mjs';

const { checkpoint, createTask, run } = readyloop;

function* stepper(steps) {
  let taken = 0;
  while (taken < steps) {
    yield* checkpoint();
    taken++;
  }
  return taken;
}

function* stepBoth(steps) {
  const first = createTask(stepper(steps));
  const second = createTask(stepper(steps));
  return (yield* first) + (yield* second);
}

async function nativeStepper(steps) {
  let taken = 0;
  while (taken < steps) {
    await null;
    taken++;
  }
  return taken;
}

async function stepBothNatively(steps) {
  const first = nativeStepper(steps);
  const second = nativeStepper(steps);
  return (await first) + (await second);
}

function* child() {
  return 1;
}

async function nativeChild() {
  return 1;
}

function* spawnAll(count) {
  let sum = 0;
  for (let i = 0; i < count; i++) sum += yield* createTask(child());
  return sum;
}

async function callAll(count) {
  let sum = 0;
  for (let i = 0; i < count; i++) sum += await nativeChild();
  return sum;
}

function checked(actual, expected) {
  check(actual, expected, 'operations');
  return expected;
}

const oncePerRun = { asyncContext: 'run' };
const sides = {
  step: async (steps) => checked(await run(stepBoth(steps)), 2 * steps),
  stepNative: async (steps) => checked(await stepBothNatively(steps), 2 * steps),
  spawn: async (count) => checked(await run(spawnAll(count)), count),
  spawnOnce: async (count) => checked(await run(spawnAll(count), oncePerRun), count),
  spawnNative: async (count) => checked(await callAll(count), count),
};

const storage = new AsyncLocalStorage();
const inWorld = {
  none: () => contest(sides),
  elsewhere: async () => {
    storage.run({ a: 1 }, () => setTimeout(() => {}, 0).unref());
    check(storage.getStore(), undefined, 'the active store');
    return contest(sides);
  },
  active: () => storage.run({ a: 1 }, () => contest(sides)),
};

async function measureSide(side) {
  const figures = await inWorld[side]();
  const costs = Object.keys(sides).map((name) => [name, figures.of(name)]);
  process.stdout.write(`${JSON.stringify(Object.fromEntries(costs))}\n`);
}

function ratioOf(ours, theirs) {
  return { cpu: ours.cpu / theirs.cpu, wall: ours.wall / theirs.wall };
}

function row(id, what, ours, name, peer) {
  return { id: `async_storage.${id}`, what, unit: 'ns', ours, peer: { name, ...peer }, ratio: ratioOf(ours, peer) };
}

async function main() {
  const none = await runSide(import.meta, 'none');
  const elsewhere = await runSide(import.meta, 'elsewhere');
  const active = await runSide(import.meta, 'active');
  const bare = 'no storage';
  report([
    row('step.elsewhere', 'step, a storage in use, no store active', elsewhere.step, bare, none.step),
    row('step.active', 'step, a store active', active.step, bare, none.step),
    row('step.native', '  the same against await null', active.step, 'await null, store active', active.stepNative),
    row('native', '  what await null pays', active.stepNative, 'await null, no storage', none.stepNative),
    row('spawn.rule', 'spawn, stores looked at', none.spawn, 'asyncContext: run', none.spawnOnce),
    row('spawn.elsewhere', 'spawn, a storage in use, no store active', elsewhere.spawn, bare, none.spawn),
    row('spawn.active', 'spawn, a store active', active.spawn, bare, none.spawn),
    row('spawn.native', '  the same against async calls', active.spawn, 'async call, store active', active.spawnNative),
  ]);
}

const side = requestedSide();
await (side === null ? main() : measureSide(side));
