// How many ticks each way of awaiting takes at most, counted from the statement that awaits.
import { checkpoint, type Coroutine, createTask, gather, getRunningLoop, shield, sleep, wait } from '../../lib';
import { virtualTime } from '../../lib/testing';
import { ownedLoop, runReady } from '../helpers/owned_loop';

function* trivial(): Coroutine<number> {
  return 1;
}

type Way = [name: string, atMost: number, way: () => Coroutine<unknown>];
const ways: Way[] = [
  ['a coroutine directly', 0, trivial],
  ['a new task', 2, function* () {
    yield* createTask(trivial());
  }],
  ['gather', 3, function* () {
    yield* gather(trivial());
  }],
  ['wait', 3, function* () {
    yield* wait([createTask(trivial())]);
  }],
  ['shield', 3, function* () {
    yield* shield(trivial());
  }],
  ['sleep(0)', 1, function* () {
    yield* sleep(0);
  }],
  ['checkpoint()', 1, function* () {
    yield* checkpoint();
  }],
  ['a done task', 0, function* () {
    const task = createTask(trivial(), { eager: true });
    yield* task;
  }],
];

test.each(ways)('K19: awaiting %s takes at most %i ticks', (_name, atMost, way) => {
  virtualTime(function* () {
    const before = getRunningLoop().metrics().ticks;
    yield* way();
    expect(getRunningLoop().metrics().ticks - before).toBeLessThanOrEqual(atMost);
  })();
});

test('K22: two tasks at checkpoints alternate strictly', () => {
  const { loop } = ownedLoop();
  const log: string[] = [];
  for (const name of ['a', 'b']) {
    void loop.createTask(function* () {
      for (let i = 0; i < 4; i++) {
        log.push(`${name}${i}`);
        yield* i % 2 === 0 ? checkpoint() : sleep(0);
      }
    });
  }
  runReady(loop);
  expect(log.join(' ')).toBe('a0 b0 a1 b1 a2 b2 a3 b3');
});

test('D14: a sleep of zero or less is one tick and takes no time', virtualTime(function* () {
  const { ticks } = getRunningLoop().metrics();
  yield* sleep(0);
  yield* sleep(-5);
  yield* sleep(-Infinity);
  expect([getRunningLoop().metrics().ticks - ticks, getRunningLoop().time()]).toEqual([3, 0]);
}));
