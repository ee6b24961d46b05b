// What becomes of tasks when their loop is closed under them.
import { checkpoint, type Coroutine, sleep, sleepForever } from '../../lib';
import { ownedLoop, runReady } from '../helpers/owned_loop';

test('K23: pending tasks are closed, so that their finally blocks run, and each is reported', () => {
  const { loop, reports } = ownedLoop();
  const log: string[] = [];
  function* worker(name: string): Coroutine<void> {
    try {
      yield* sleepForever();
    } finally {
      log.push(name);
    }
  }
  const tasks = ['a', 'b'].map((name) => loop.createTask(worker(name), { name }));
  runReady(loop);
  loop.close();
  expect(log).toEqual(['a', 'b']);
  expect(reports.map((report) => tasks.indexOf(report.task as never))).toEqual([0, 1]);
  expect(tasks.map((task) => task.cancelled())).toEqual([true, true]);
});

test('K23: a task that was never started runs none of its lines', () => {
  const { loop, reports } = ownedLoop();
  const log: string[] = [];
  const task = loop.createTask(function* () {
    log.push('started');
  });
  loop.close();
  expect([log, task.cancelled(), reports.length]).toEqual([[], true, 1]);
});

test('K23: what a finally block throws is what the report tells', () => {
  const { loop, reports } = ownedLoop();
  const failure = new Error('in finally');
  void loop.createTask(function* () {
    try {
      yield* sleepForever();
    } finally {
      throw failure;
    }
  });
  runReady(loop);
  loop.close();
  expect(reports.map(({ exception }) => exception)).toEqual([failure]);
});

test('K23: a finally block that wants to wait cannot, and the loop is closed all the same', () => {
  const { loop, reports } = ownedLoop();
  const log: string[] = [];
  const task = loop.createTask(function* () {
    try {
      yield* sleepForever();
    } finally {
      log.push('before');
      yield* checkpoint();
      log.push('after');
    }
  });
  runReady(loop);
  loop.close();
  expect([log, loop.closed, task.done(), reports.length]).toEqual([['before'], true, true, 1]);
});

test('K23: a loop without pending tasks is closed without a word', () => {
  const { loop, reports } = ownedLoop();
  loop.runUntilComplete(function* () {
    yield* sleep(1);
  });
  loop.close();
  expect(reports).toEqual([]);
});

test('K23: closing leaves no task, timer or record behind', () => {
  const { loop } = ownedLoop();
  const finished = loop.createFuture<void>();
  for (let i = 0; i < 3; i++) {
    void loop.createTask(function* () {
      yield* finished;
    });
    void loop.createTask(function* () {
      yield* sleep(100);
    });
  }
  runReady(loop);
  loop.close();
  finished.setResult();
  expect(loop.metrics()).toMatchObject({ tasks: 0, ready: 0, timers: 0 });
});

test('K23: a future that an abandoned task waited for wakes nobody else', () => {
  const { loop } = ownedLoop();
  const future = loop.createFuture<void>();
  const doomed = loop.createTask(function* () {
    yield* future;
  });
  runReady(loop);
  doomed._abandon();
  let steps = 0;
  void loop.createTask(function* () {
    steps++;
    yield* sleepForever();
    steps++;
  });
  runReady(loop);
  future.setResult();
  runReady(loop);
  expect(steps).toBe(1);
  expect(loop.metrics()).toMatchObject({ ready: 0, tasks: 1 });
});
