// What does it cost when two tasks hand items over to each other through queues, each waiting for the other? Against the
// same through futures. An operation is one hand-over.
import { check, contest, ratioRow, report } from '../harness/contest.mjs';
import { readyloop } from '../harness/library.mjs';

const { createTask, getRunningLoop, openChannel, Queue, run } = readyloop;

function* replyByQueue(questions, answers, rounds) {
  for (let i = 0; i < rounds; i++) yield* answers.put((yield* questions.get()) + 1);
}

function* byQueues(rounds) {
  const questions = new Queue();
  const answers = new Queue();
  const replying = createTask(replyByQueue(questions, answers, rounds));
  let sum = 0;
  for (let i = 0; i < rounds; i++) {
    yield* questions.put(i);
    sum += yield* answers.get();
  }
  yield* replying;
  return sum;
}

function* replyByChannel(questions, answers, rounds) {
  for (let i = 0; i < rounds; i++) yield* answers.send((yield* questions.receive()) + 1);
}

function* byChannels(rounds) {
  const [ask, questions] = openChannel(0);
  const [reply, answers] = openChannel(0);
  const replying = createTask(replyByChannel(questions, reply, rounds));
  let sum = 0;
  for (let i = 0; i < rounds; i++) {
    yield* ask.send(i);
    sum += yield* answers.receive();
  }
  yield* replying;
  return sum;
}

function* replyByFuture(table, rounds) {
  const loop = getRunningLoop();
  for (let i = 0; i < rounds; i++) {
    const value = yield* table.question;
    table.question = loop.createFuture();
    table.answer.setResult(value + 1);
  }
}

function* byFutures(rounds) {
  const loop = getRunningLoop();
  const table = { question: loop.createFuture(), answer: null };
  const replying = createTask(replyByFuture(table, rounds));
  let sum = 0;
  for (let i = 0; i < rounds; i++) {
    const answer = loop.createFuture();
    table.answer = answer;
    table.question.setResult(i);
    sum += yield* answer;
  }
  yield* replying;
  return sum;
}

function side(work) {
  return async (rounds) => {
    check(await run(work(rounds)), (rounds * (rounds + 1)) / 2, 'sum of the answers');
    return 2 * rounds;
  };
}

const figures = await contest({ queues: side(byQueues), channels: side(byChannels), futures: side(byFutures) });

const peer = { peer: 'futures', peerName: 'hand-over by futures' };
report([
  ratioRow(figures, { id: 'queue_hand_over', what: 'hand-over through queues', ours: 'queues', ...peer, must: 2 }),
  ratioRow(figures, { id: 'queue_hand_over.channel', what: '  through channels of size 0', ours: 'channels', ...peer }),
]);
