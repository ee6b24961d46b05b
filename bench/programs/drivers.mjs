// What does the driver without libuv cost, against the one on libuv? The same questions to two processes that differ in
// READYLOOP_DRIVER: a step, a hand-over and a timer, which need no turn each; a turn that a plain callback of Node's asks
// for; a sleep shorter than libuv's millisecond; messages of 1 KiB through sockets, both ends in the process.
import { check, contest, isQuick, report } from '../harness/contest.mjs';
import { requestedSide, runSide } from '../harness/fresh.mjs';
import { readyloop } from '../harness/library.mjs';
import { median } from '../harness/statistics.mjs';

const { checkpoint, createTask, gather, getRunningLoop, openConnection, run, sleep, startServer } = readyloop;

const DRIVERS = ['poller', 'uv'];
const ROUNDS = isQuick ? 1 : 3;
const CONNECTIONS = 20;
const MESSAGE = Buffer.alloc(1024, 'x');
const SLEEP_MS = 0.2;

function* steps(count) {
  for (let i = 0; i < count; i++) yield* checkpoint();
  return count;
}

function* step(count) {
  const tasks = [createTask(steps(count)), createTask(steps(count))];
  return (yield* tasks[0]) + (yield* tasks[1]);
}

function* reply(table, rounds) {
  for (let i = 0; i < rounds; i++) {
    yield* table.question;
    table.question = getRunningLoop().createFuture();
    table.answer.setResult(i);
  }
}

function* handOver(rounds) {
  const loop = getRunningLoop();
  const table = { question: loop.createFuture(), answer: null };
  const replying = createTask(reply(table, rounds));
  for (let i = 0; i < rounds; i++) {
    const answer = (table.answer = loop.createFuture());
    table.question.setResult(i);
    check(yield* answer, i, 'the answer');
  }
  yield* replying;
  return 2 * rounds;
}

function* timer(count) {
  const loop = getRunningLoop();
  for (let i = 0; i < count; i++) loop.callLater(60_000, check).cancel();
  return count;
}

function* turn(count) {
  const loop = getRunningLoop();
  const done = loop.createFuture();
  const { turns } = loop.metrics();
  let left = count;
  const outside = () => loop.callSoon(() => (--left === 0 ? done.setResult(count) : setImmediate(outside)));
  setImmediate(outside);
  yield* done;
  check(loop.metrics().turns - turns >= count, true, 'a turn for each callback');
  return count;
}

function* echo(stream) {
  let chunk;
  while ((chunk = yield* stream.read()) !== null) yield* stream.send(chunk);
}

function* converse(port, messages) {
  const stream = yield* openConnection({ host: '127.0.0.1', port });
  for (let i = 0; i < messages; i++) {
    yield* stream.send(MESSAGE);
    check((yield* stream.readExactly(MESSAGE.length)).length, MESSAGE.length, 'what came back');
  }
  yield* stream.close();
  return messages;
}

function* exchange(count) {
  const each = Math.ceil(count / CONNECTIONS);
  const server = yield* startServer(echo, { host: '127.0.0.1', port: 0 });
  const { port } = server.address();
  const done = yield* gather(Array.from({ length: CONNECTIONS }, () => converse(port, each)));
  yield* server.close();
  return done.reduce((sum, messages) => sum + messages, 0);
}

function* overshoot(count) {
  const late = [];
  for (let i = 0; i < count; i++) {
    const began = process.hrtime.bigint();
    yield* sleep(SLEEP_MS);
    late.push(Number(process.hrtime.bigint() - began) / 1e6 - SLEEP_MS);
  }
  check(late.every((ms) => ms >= 0), true, 'never early');
  return median(late);
}

const QUESTIONS = {
  step: { what: 'a checkpoint step, two tasks alternating', main: step },
  hand_over: { what: 'a hand-over between two tasks', main: handOver },
  timer: { what: 'arm and cancel a timer', main: timer },
  turn: { what: 'a turn that a plain callback asks for', main: turn },
  echo: { what: '1 KiB there and back, 20 connections, both ends', main: exchange },
  sleep: { what: 'how late sleep(0.2) is', unit: 'ms' },
};

async function measure(question) {
  const { main } = QUESTIONS[question];
  const driver = await run(function* () {
    return getRunningLoop().metrics().driver;
  });
  check(driver, process.env.READYLOOP_DRIVER, 'the driver');
  if (main === undefined) return { wall: await run(overshoot(isQuick ? 100 : 500)) };
  return (await contest({ ours: (count) => run(main(count)) })).of('ours');
}

function rowOf(id, { what, unit = 'ns' }, samples) {
  const [ours, peer] = DRIVERS.map((driver) => samples.map((sample) => sample[driver]));
  const keys = Object.keys(ours[0]);
  const over = (value) => Object.fromEntries(keys.map((key) => [key, median(samples.map((_, nth) => value(key, nth)))]));
  return {
    id: `drivers.${id}`, what, unit,
    ours: over((key, nth) => ours[nth][key]),
    peer: { name: 'on libuv', ...over((key, nth) => peer[nth][key]) },
    ratio: over((key, nth) => ours[nth][key] / peer[nth][key]),
  };
}

async function main() {
  const rows = [];
  for (const [id, question] of Object.entries(QUESTIONS)) {
    const samples = [];
    for (let round = 0; round < ROUNDS; round++) {
      const sample = {};
      for (const driver of round % 2 === 0 ? DRIVERS : [...DRIVERS].reverse()) {
        sample[driver] = await runSide(import.meta, id, { READYLOOP_DRIVER: driver });
      }
      samples.push(sample);
    }
    rows.push(rowOf(id, question, samples));
  }
  report(rows);
}

const side = requestedSide();
if (side === null) await main();
else process.stdout.write(`${JSON.stringify(await measure(side))}\n`);
