// Which loop and which run is meant where none is named.
import {
  allTasks,
  checkpoint,
  type Coroutine,
  createTask,
  currentLoop,
  currentTask,
  type EventLoop,
  getRunningLoop,
  run,
  runBlocking,
  sleep,
  sleepForever,
  type Task,
} from '../../lib';
import { SimulatedEngine } from '../../lib/testing';
import { thrownBy, withCode } from '../helpers/failures';
import { nodeTurn } from '../helpers/garbage';
import { ownedLoop, runReady } from '../helpers/owned_loop';

test('D23: outside every run there is no loop, and createTask says so', () => {
  expect(currentLoop()).toBeNull();
  expect(() => getRunningLoop()).toThrow(withCode('ERR_NO_RUNNING_LOOP', /run\(/));
  expect(() => createTask(function* () {})).toThrow(withCode('ERR_NO_RUNNING_LOOP'));
  expect([currentTask(), [...allTasks()]]).toEqual([null, []]);
});

test('D23: from a plain callback of Node’s, createTask and getRunningLoop find the live run', async () => {
  let found: EventLoop | null = null;
  let result: unknown;
  await run(function* () {
    const loop = getRunningLoop();
    const done = loop.createFuture<void>();
    setImmediate(() => {
      found = getRunningLoop();
      void createTask(function* () {
        yield* checkpoint();
        result = 'from outside';
        done.setResult();
      });
    });
    yield* done;
    expect(found).toBe(loop);
  });
  expect(result).toBe('from outside');
});

test('D23: a task made by plain code is cancelled by the end of the last run', async () => {
  const engine = new SimulatedEngine();
  const log: string[] = [];
  let stray: Task<unknown> | null = null;
  const makeStray = (): void => {
    stray = createTask(function* () {
      try {
        yield* sleepForever();
      } finally {
        log.push('stray cancelled');
      }
    });
  };
  const longer = run(
    function* () {
      yield* sleep(20);
      log.push('longer ends');
    },
    { engine },
  );
  const shorter = run(
    function* () {
      getRunningLoop().callSoon(makeStray);
      yield* sleep(10);
      log.push('shorter ends');
    },
    { engine },
  );
  await Promise.all([longer, shorter]);
  expect(log).toEqual(['shorter ends', 'longer ends', 'stray cancelled']);
  expect((stray as unknown as Task<unknown>).cancelled()).toBe(true);
});

test('D23: an async task finds its own run after a foreign await', async () => {
  const engines = [new SimulatedEngine(), new SimulatedEngine()];
  const owners = await Promise.all(
    engines.map((engine) =>
      run(
        async () => {
          const loop = getRunningLoop();
          const main = currentTask();
          await nodeTurn();
          const child = createTask(function* () {});
          await child;
          return [getRunningLoop() === loop, currentTask() === main, child.parent === null, child._root === main?._root];
        },
        { engine },
      ),
    ),
  );
  expect(owners).toEqual([[true, true, true, true], [true, true, true, true]]);
});

test('D25: code after `await run(…)` is outside, and may run again', async () => {
  const results = [];
  for (const value of [1, 2]) {
    results.push(await run(async () => value));
    expect(currentTask()).toBeNull();
  }
  expect(results).toEqual([1, 2]);
});

test('D25: code in the microtasks of a live run’s turn is outside', async () => {
  let inner: Promise<string> | null = null;
  await run(async () => {
    const future = getRunningLoop().createFuture<void>();
    getRunningLoop().callSoon(() => future.setResult());
    await future;
    inner = run(async () => 'inner');
    expect(await inner).toBe('inner');
  });
  await expect(inner).resolves.toBe('inner');
});

test.each<[string, (call: () => unknown) => void]>([
  ['a step', (call) => ownedLoop().loop.runUntilComplete(function* () {
    call();
  })],
  ['a callback', (call) => {
    const { loop } = ownedLoop();
    loop.callSoon(call);
    runReady(loop);
  }],
  ['a timer', (call) => {
    const { loop } = ownedLoop();
    loop.callLater(0, call);
    runReady(loop);
  }],
])('D25: %s of a loop is inside: run and runBlocking are refused', (_name, inside) => {
  const codes: unknown[] = [];
  inside(() => {
    for (const start of [run, runBlocking]) codes.push(thrownBy(() => start(function* () {})).code);
  });
  expect(codes).toEqual(['ERR_LOOP_RUNNING', 'ERR_LOOP_RUNNING']);
});

function* forever(): Coroutine<void> {
  yield* sleepForever();
}

test('DB8: allTasks lists the unfinished tasks of the loop, eager ones in their first step included', () => {
  const { loop } = ownedLoop();
  const other = ownedLoop().loop;
  void other.createTask(function* () {});
  const names = loop.runUntilComplete(function* () {
    const list = (): string[] => [...allTasks()].map((task) => task.name);
    const done = loop.createTask(function* () {}, { name: 'done' });
    yield* done;
    void loop.createTask(forever, { name: 'unstarted' });
    let inside: string[] = [];
    void loop.createTask(
      function* () {
        inside = list();
        yield* sleepForever();
      },
      { name: 'eager', eager: true },
    );
    return { inside, outside: list() };
  });
  expect(names.inside.slice(1)).toEqual(['unstarted', 'eager']);
  expect(names.outside).toEqual(names.inside);
});
