// waitAllTasksBlocked: going on when everybody else waits.
import { checkpoint, createTask, Event, getRunningLoop, run, sleep, sleepForever, until } from '../../lib/index';
import { virtualTime, waitAllTasksBlocked } from '../../lib/testing';
import { codeOf, colours, hosted, ticks } from '../tasks/support';

describe.each(colours)('in a $name task', (colour) => {
  test('TK2: it waits until everybody else waits', hosted(function* () {
    const log: string[] = [];
    void createTask(function* () {
      for (let i = 0; i < 20; i++) yield* checkpoint();
      log.push('busy task blocks');
      yield* sleepForever();
    });
    yield* createTask(colour.of(function* () {
      yield waitAllTasksBlocked();
      log.push('woken');
    }));
    expect(log).toEqual(['busy task blocks', 'woken']);
  }));
});

test('TK2: a virtual clock does not jump before it', virtualTime(function* () {
  const loop = getRunningLoop();
  void createTask(() => sleep(5));
  yield* waitAllTasksBlocked(100);
  expect(loop.time()).toBe(0);
  yield* sleep(5);
  expect(loop.time()).toBe(5);
}));

test('TK2: of several who wait the smallest cushion is first, and equal ones go together', virtualTime(function* () {
  const log: string[] = [];
  const waiter = (name: string, cushionMs: number) =>
    createTask(function* () {
      yield* waitAllTasksBlocked(cushionMs);
      log.push(name);
      yield* ticks(3);
      log.push(`${name} again`);
    });
  const tasks = [waiter('late', 5), waiter('a', 0), waiter('b', 0)];
  for (const task of tasks) yield* task;
  expect(log).toEqual(['a', 'b', 'a again', 'b again', 'late', 'late again']);
}));

test('TK2: promises that settle one after another count as somebody who runs', hosted(function* () {
  const log: string[] = [];
  void createTask(function* () {
    for (let i = 0; i < 5; i++) yield* until(Promise.resolve());
    log.push('settled');
  });
  yield* waitAllTasksBlocked();
  expect(log).toEqual(['settled']);
}));

test('TK2: on a real loop the cushion is real time', async () => {
  await run(function* () {
    const loop = getRunningLoop();
    const event = new Event();
    void createTask(() => event.wait());
    yield* checkpoint();
    const before = loop.time();
    yield* waitAllTasksBlocked(2);
    expect(loop.time() - before).toBeGreaterThanOrEqual(2);
    event.set();
  });
});

test('TK2: cancelling it leaves nothing behind', virtualTime(function* () {
  const task = createTask(() => waitAllTasksBlocked());
  yield* checkpoint();
  task.cancel();
  yield* checkpoint();
  expect(task.cancelled()).toBe(true);
  expect(getRunningLoop().metrics().timers).toBe(0);
}));

test('waitAllTasksBlocked: an impossible cushion is refused at the call', virtualTime(function* () {
  for (const cushion of [-1, NaN, Infinity]) expect(codeOf(() => waitAllTasksBlocked(cushion))).toBe('ERR_OUT_OF_RANGE');
  expect(codeOf(() => waitAllTasksBlocked(null as any))).toBe('ERR_INVALID_ARG_TYPE');
}));
