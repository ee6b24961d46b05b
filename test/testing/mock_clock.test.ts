// MockClock: a clock that the test moves.
import { scrypt } from 'node:crypto';
import { promisify } from 'node:util';
import { createTask, failAfter, getRunningLoop, run, runBlocking, sleep, until } from '../../lib/index';
import { MockClock, waitAllTasksBlocked } from '../../lib/testing';
import { rejectionOf, thrownBy } from '../helpers/failures';
import { codeOf, colours } from '../tasks/support';

const nodeTurns = async (count: number) => {
  for (let i = 0; i < count; i++) await new Promise((resolve) => setImmediate(resolve));
};

describe.each(colours)('in a $name task', (colour) => {
  test('TK1: the clock stands still until it is moved, and then by just so much', async () => {
    const clock = new MockClock({ startMs: 100 });
    const log: number[] = [];
    const running = run(colour.of(function* () {
      yield sleep(1_000);
      log.push(getRunningLoop().time());
      yield sleep(1_000);
      log.push(getRunningLoop().time());
    }), { engine: clock });
    await nodeTurns(5);
    expect([log, clock.now()]).toEqual([[], 100]);
    clock.jump(999);
    await nodeTurns(5);
    expect(log).toEqual([]);
    clock.jump(1);
    await nodeTurns(5);
    expect(log).toEqual([1_100]);
    clock.jump(5_000);
    await running;
    expect(log).toEqual([1_100, 6_100]);
  });

  test('TK1: with a threshold of zero it jumps to the next deadline exactly, in no time', async () => {
    const clock = new MockClock({ autojumpThreshold: 0 });
    await run(colour.of(function* () {
      for (let i = 1; i <= 20; i++) {
        yield sleep(3_600_000);
        expect(clock.now()).toBe(i * 3_600_000);
      }
    }), { engine: clock });
  });
});

test('TK1: a jump over several deadlines ends the waits in their order', async () => {
  const clock = new MockClock();
  const log: number[] = [];
  const running = run(function* () {
    const tasks = [30, 10, 20].map((ms) => createTask(function* () {
      yield* sleep(ms);
      log.push(ms);
    }));
    for (const task of tasks) yield* task;
  }, { engine: clock });
  await nodeTurns(3);
  clock.jump(1_000);
  await running;
  expect(log).toEqual([10, 20, 30]);
});

test('TK1: at a rate the clock passes with the real one', async () => {
  const clock = new MockClock({ rate: 100_000 });
  const began = performance.now();
  await run(() => sleep(600_000), { engine: clock });
  expect(clock.now()).toBeGreaterThanOrEqual(600_000);
  expect(performance.now() - began).toBeGreaterThan(5.9);
});

test('TK1: rate and threshold can be changed while somebody waits', async () => {
  const clock = new MockClock();
  const running = run(() => sleep(86_400_000), { engine: clock });
  await nodeTurns(3);
  expect(clock.now()).toBe(0);
  clock.autojumpThreshold = 0;
  await running;
  expect(clock.now()).toBe(86_400_000);
  const other = run(() => sleep(86_400_000), { engine: new MockClock({ rate: 1e9 }) });
  await other;
});

test('TK2: who waits until all tasks are blocked goes before a jump', async () => {
  const clock = new MockClock({ autojumpThreshold: 0 });
  await run(function* () {
    void createTask(() => sleep(10));
    yield* waitAllTasksBlocked();
    expect(clock.now()).toBe(0);
  }, { engine: clock });
});

test('TK2: on a mock clock, too, the cushion is real time', async () => {
  const clock = new MockClock();
  await run(function* () {
    const began = performance.now();
    yield* waitAllTasksBlocked(3);
    expect(performance.now() - began).toBeGreaterThanOrEqual(2.9);
    expect(clock.now()).toBe(0);
  }, { engine: clock });
});

test('TK1: it does not jump by itself while a thread has a job', async () => {
  const clock = new MockClock({ autojumpThreshold: 0 });
  const work = () => promisify(scrypt)('password', 'salt', 64);
  await run(() => failAfter(10, async () => await work()), { engine: clock });
  expect(clock.now()).toBe(0);
});

test('TK1: owned, it moves by its rate and threshold; one that stands still is a deadlock', () => {
  const jumping = new MockClock({ autojumpThreshold: 0 });
  runBlocking(() => sleep(3_600_000), { engine: jumping });
  expect(jumping.now()).toBe(3_600_000);
  const running = new MockClock({ rate: 1e6 });
  runBlocking(() => sleep(3_000), { engine: running });
  expect(running.now()).toBeGreaterThanOrEqual(3_000);
  expect(thrownBy(() => runBlocking(() => sleep(1), { engine: new MockClock() }))).toMatchObject({ code: 'ERR_DEADLOCK' });
});

test('TK1: promises settle while the clock stands', async () => {
  const clock = new MockClock();
  await run(function* () {
    yield* until(nodeTurns(2));
  }, { engine: clock });
  expect(clock.now()).toBe(0);
});

test('TK1: the clock goes forward only, and what is no number is refused', async () => {
  const clock = new MockClock();
  for (const ms of [-1, NaN]) expect(codeOf(() => clock.jump(ms))).toBe('ERR_OUT_OF_RANGE');
  expect(codeOf(() => clock.jump('1' as any))).toBe('ERR_INVALID_ARG_TYPE');
  for (const options of [{ rate: -1 }, { rate: Infinity }, { rate: NaN }, { autojumpThreshold: -1 }]) {
    expect([options, codeOf(() => new MockClock(options))]).toEqual([options, 'ERR_OUT_OF_RANGE']);
  }
  expect(codeOf(() => new MockClock({ speed: 1 } as object))).toBe('ERR_INVALID_ARG_TYPE');
  expect(await rejectionOf(run(function* () {
    clock.jump(-5);
  }, { engine: clock }))).toMatchObject({ code: 'ERR_OUT_OF_RANGE' });
});
