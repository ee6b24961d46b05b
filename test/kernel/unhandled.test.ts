// Failures that nobody looked at: reported once, when the future becomes unreachable or its run ends.
import { checkpoint, createTask, type EventLoop, type Future, gather, getRunningLoop, run, runBlocking, shield, type Task, wait } from '../../lib';
import { SimulatedEngine, virtualTime } from '../../lib/testing';
import { collectUntil } from '../helpers/garbage';
import { keepReports, ownedLoop, runReady } from '../helpers/owned_loop';

const failure = new Error('nobody looked');

function* failing(): Generator<never, never> {
  throw failure;
}

/** Runs `body` with a task that has failed. Returns: what was reported by the end of the run. */
function reportsAfter(body: (task: Task<unknown>) => unknown): unknown[] {
  const reports: unknown[] = [];
  runBlocking(
    function* () {
      getRunningLoop().setExceptionHandler(({ exception }) => reports.push(exception));
      const task = createTask(failing());
      yield* checkpoint();
      yield* checkpoint();
      body(task);
      yield* checkpoint();
    },
    { engine: new SimulatedEngine() },
  );
  return reports;
}

test('D8, F17: it is reported when its run ends, with message, exception and future', () => {
  const seen: unknown[] = [];
  let task: Task<unknown> | null = null;
  runBlocking(
    function* () {
      getRunningLoop().setExceptionHandler((context) => seen.push(context));
      task = createTask(failing(), { name: 'worker' });
      yield* checkpoint();
    },
    { engine: new SimulatedEngine() },
  );
  expect(seen).toEqual([
    expect.objectContaining({ message: expect.stringMatching(/^worker .*nobody looked/) as unknown, exception: failure, future: task }),
  ]);
});

test('D8: nothing is reported while somebody may still look', virtualTime(function* () {
  const reports = keepReports(getRunningLoop());
  const task = createTask(failing());
  yield* checkpoint();
  yield* checkpoint();
  expect(reports).toEqual([]);
  expect(task.exception()).toBe(failure);
}));

function forgetFailure(loop: EventLoop): void {
  loop.createFuture().setException(failure);
  void loop.createTask(failing());
  runReady(loop);
}

test('D8, F17: it is reported when the future becomes unreachable, once', async () => {
  const { loop, reports } = ownedLoop();
  forgetFailure(loop);
  expect(reports).toEqual([]);
  await collectUntil(() => reports.length === 2);
  expect(reports.map(({ exception }) => exception)).toEqual([failure, failure]);
  await collectUntil(() => reports.length > 2, 5);
  loop.close();
  expect(reports).toHaveLength(2);
});

test('D8: what is still unseen when an owned loop is closed is reported then', () => {
  const { loop, reports } = ownedLoop();
  const task = loop.createTask(failing());
  const future = loop.createFuture();
  runReady(loop);
  future.setException(failure);
  loop.close();
  expect(reports.map((report) => report['future'] === task || report['future'] === future)).toEqual([true, true]);
});

const looking: [string, (task: Task<unknown>) => unknown][] = [
  ['result()', (task) => {
    try {
      task.result();
    } catch {
      // It is looked at by now.
    }
  }],
  ['exception()', (task) => task.exception()],
  ['then with a handler', (task) => void task.then(undefined, () => undefined)],
];

test.each(looking)('D8, D42, F17: %s counts as looking', (_name, look) => {
  expect(reportsAfter(look)).toEqual([]);
});

test('D8, D42: awaiting it counts as looking', virtualTime(function* () {
  const reports = keepReports(getRunningLoop());
  const task = createTask(failing());
  try {
    yield* task;
  } catch (error) {
    expect(error).toBe(failure);
  }
  expect(reports).toEqual([]);
}));

test('D42: several awaiters look once for all', () => {
  const reports = reportsAfter((task) => {
    for (let i = 0; i < 2; i++) {
      void createTask(function* () {
        try {
          yield* task;
        } catch {
          // Looked at.
        }
      });
    }
  });
  expect(reports).toEqual([]);
});

test('D42: a combinator that throws it looks at it', () => {
  const reports = reportsAfter((task) => {
    for (const combined of [gather(task), shield(gather([task], { returnExceptions: true }))]) {
      void createTask(function* () {
        try {
          yield* combined as Future<unknown>;
        } catch {
          // Looked at through the combinator.
        }
      });
    }
  });
  expect(reports).toEqual([]);
});

const notLooking: [string, (task: Task<unknown>) => unknown][] = [
  ['a done callback', (task) => task.addDoneCallback(() => undefined)],
  ['join()', (task) => createTask(function* () {
    yield* task.join();
  })],
  ['wait()', (task) => createTask(function* () {
    yield* wait([task]);
  })],
  ['done()', (task) => task.done()],
  ['cancel()', (task) => task.cancel()],
];

test.each(notLooking)('D42: %s is not looking', (_name, glance) => {
  expect(reportsAfter(glance)).toEqual([failure]);
});

test('F17: a done callback that was there before the failure does not count as looking', () => {
  const { loop, reports } = ownedLoop();
  const future = loop.createFuture();
  future.addDoneCallback(() => undefined);
  future.setException(failure);
  runReady(loop);
  loop.close();
  expect(reports.map(({ exception }) => exception)).toEqual([failure]);
});

test('F18: cancelling a failed future answers false and does not hide its failure', () => {
  const { loop, reports } = ownedLoop();
  const future = loop.createFuture();
  future.setException(failure);
  expect(future.cancel()).toBe(false);
  loop.close();
  expect(reports).toHaveLength(1);
});

test('F19: the late failure of a gathered sibling is told in debug mode', () => {
  const { loop, reports } = ownedLoop({ debug: true });
  const late = new Error('late');
  const children = [loop.createFuture(), loop.createFuture()] as const;
  const task = loop.createTask(function* () {
    yield* gather(...children);
  });
  runReady(loop);
  children[0].setException(failure);
  children[1].setException(late);
  runReady(loop);
  expect(task.exception()).toBe(failure);
  expect(reports.map(({ exception }) => exception)).toEqual([late]);
});

test('D8: by default it does not end the process or the run', async () => {
  const engine = new SimulatedEngine();
  const promise = run(
    function* () {
      keepReports(getRunningLoop());
      void createTask(failing());
      yield* checkpoint();
      return 'result';
    },
    { engine },
  );
  await expect(promise).resolves.toBe('result');
});

test('D8: with unhandled: throw the run fails with it, or with a group of several', async () => {
  const other = new RangeError('another');
  const runWith = (...errors: Error[]): Promise<unknown> =>
    run(
      function* () {
        for (const error of errors) {
          void createTask(function* () {
            throw error;
          });
        }
        yield* checkpoint();
      },
      { engine: new SimulatedEngine(), unhandled: 'throw' },
    );
  await expect(runWith(failure)).rejects.toBe(failure);
  await expect(runWith(failure, other)).rejects.toMatchObject({ code: 'ERR_EXCEPTION_GROUP', errors: [failure, other] });
});

test('D8: a future that a plain callback failed is reported when the last run ends', async () => {
  const reports: unknown[] = [];
  let future: Future<unknown> | null = null;
  await run(
    function* () {
      const loop = getRunningLoop();
      loop.setExceptionHandler(({ exception }) => reports.push(exception));
      loop.callSoon(() => {
        future = loop.createFuture();
        future.setException(failure);
      });
      yield* checkpoint();
      yield* checkpoint();
    },
    { engine: new SimulatedEngine() },
  );
  expect([reports, (future as unknown as Future<unknown>).done()]).toEqual([[failure], true]);
});
