// What does one child of a group of 100 trivial children cost? Against a gather of the same 100 coroutines.
import { check, contest, ratioRow, report } from '../harness/contest.mjs';
import { readyloop } from '../harness/library.mjs';

const { gather, run, withTaskGroup } = readyloop;
const CHILDREN = 100;

let ended = 0;

function* child() {
  ended++;
}

function* spawnChildren(group) {
  for (let i = 0; i < CHILDREN; i++) group.createTask(child());
}

function* groups(times) {
  ended = 0;
  for (let i = 0; i < times; i++) yield* withTaskGroup(spawnChildren);
  return ended;
}

function* gathers(times) {
  ended = 0;
  for (let i = 0; i < times; i++) {
    const coroutines = [];
    for (let n = 0; n < CHILDREN; n++) coroutines.push(child());
    yield* gather(coroutines);
  }
  return ended;
}

function checked(count, times) {
  check(count, times * CHILDREN, 'children that ran');
  return count;
}

const figures = await contest({
  ours: async (times) => checked(await run(groups(times)), times),
  gather: async (times) => checked(await run(gathers(times)), times),
});

const what = 'group of 100 children, per child';
report([ratioRow(figures, { id: 'group', what, peer: 'gather', peerName: 'gather', must: 1.5 })]);
