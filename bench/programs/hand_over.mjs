// What does it cost when two tasks hand values over to each other through futures? Against the same with promises.
// An operation is one hand-over: one side makes a future, the other completes it, and the waiter goes on.
import { check, contest, ratioRow, report } from '../harness/contest.mjs';
import { readyloop } from '../harness/library.mjs';

const { createTask, getRunningLoop, run, runBlocking } = readyloop;

function* ask(table, rounds) {
  const loop = getRunningLoop();
  let sum = 0;
  for (let i = 0; i < rounds; i++) {
    const answer = loop.createFuture();
    table.answer = answer;
    table.question.setResult(i);
    sum += yield* answer;
  }
  return sum;
}

function* reply(table, rounds) {
  const loop = getRunningLoop();
  for (let i = 0; i < rounds; i++) {
    const value = yield* table.question;
    table.question = loop.createFuture();
    table.answer.setResult(value + 1);
  }
}

function* both(rounds) {
  const table = { question: getRunningLoop().createFuture(), answer: null };
  const replying = createTask(reply(table, rounds));
  const asking = createTask(ask(table, rounds));
  const sum = yield* asking;
  yield* replying;
  return sum;
}

// The fields are filled in by the executor, which is the cheapest way to a promise that is settled from outside.
class Deferred {
  resolve = null;
  promise = new Promise((resolve) => {
    this.resolve = resolve;
  });
}

async function askNatively(table, rounds) {
  let sum = 0;
  for (let i = 0; i < rounds; i++) {
    const answer = new Deferred();
    table.answer = answer;
    table.question.resolve(i);
    sum += await answer.promise;
  }
  return sum;
}

async function replyNatively(table, rounds) {
  for (let i = 0; i < rounds; i++) {
    const value = await table.question.promise;
    table.question = new Deferred();
    table.answer.resolve(value + 1);
  }
}

async function bothNatively(rounds) {
  const table = { question: new Deferred(), answer: null };
  const replying = replyNatively(table, rounds);
  const asking = askNatively(table, rounds);
  const sum = await asking;
  await replying;
  return sum;
}

function checked(sum, rounds) {
  check(sum, (rounds * (rounds + 1)) / 2, 'sum of the answers');
  return 2 * rounds;
}

const figures = await contest({
  hosted: async (rounds) => checked(await run(both(rounds)), rounds),
  owned: (rounds) => checked(runBlocking(both(rounds)), rounds),
  native: async (rounds) => checked(await bothNatively(rounds), rounds),
});

const peerName = 'promises';
report([
  ratioRow(figures, {
    id: 'hand_over', what: 'hand-over between two tasks', ours: 'hosted', peer: 'native', peerName, must: 1.2,
  }),
  ratioRow(figures, {
    id: 'hand_over.owned', what: '  the same in runBlocking', ours: 'owned', peer: 'native', peerName,
  }),
]);
