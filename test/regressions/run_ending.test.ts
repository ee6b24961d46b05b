// What a run leaves behind on its loop, and what it tells when it ends.
import {
  checkpoint,
  type Coroutine,
  createTask,
  currentTask,
  type EventLoop,
  getRunningLoop,
  run,
  runBlocking,
  Runner,
  sleep,
  sleepForever,
} from '../../lib';
import { SimulatedEngine } from '../../lib/testing';
import { thrownBy, withCode } from '../helpers/failures';
import { keepReports } from '../helpers/owned_loop';

test('runBlocking: a task that a callback made is cancelled and awaited, as with run', () => {
  const log: string[] = [];
  const reports = runBlocking(
    function* () {
      const reports = keepReports(getRunningLoop());
      getRunningLoop().callSoon(() => createTask(function* () {
        try {
          yield* sleepForever();
        } finally {
          yield* sleep(5);
          log.push('cleaned up');
        }
      }));
      yield* sleep(1);
      return reports;
    },
    { engine: new SimulatedEngine() },
  );
  expect(log).toEqual(['cleaned up']);
  expect(reports).toEqual([]);
});

test('run: the shutdown timeout holds for tasks that callbacks made', async () => {
  const reports = await run(
    function* () {
      const reports = keepReports(getRunningLoop());
      getRunningLoop().callSoon(() => createTask(function* () {
        for (;;) {
          try {
            yield* sleepForever();
          } catch {
            // It does not let itself be cancelled.
          }
        }
      }));
      yield* sleep(1);
      return reports;
    },
    { engine: new SimulatedEngine(), shutdownTimeout: 10 },
  );
  expect(reports).toEqual([expect.objectContaining({ message: expect.stringMatching(/abandoned/) as unknown })]);
});

test.each([
  ['run', (main: () => Coroutine<never>) => run(main, { engine: new SimulatedEngine() })],
  ['Runner', async (main: () => Coroutine<never>) => {
    await using runner = new Runner({ engine: new SimulatedEngine() });
    await runner.run(main);
  }],
])('%s: a failure of main is not reported beside, also when a task joins main', async (_name, start) => {
  const failure = new Error('main failed');
  let reports: unknown[] = [];
  const outcome = start(function* () {
    reports = keepReports(getRunningLoop());
    const main = currentTask()!;
    createTask(function* () {
      yield* main.join();
    });
    createTask(function* () {
      yield* main.join();
    });
    yield* sleep(1);
    throw failure;
  });
  await expect(outcome).rejects.toBe(failure);
  expect(reports).toEqual([]);
});

test('run: tasks that make another whenever they are cancelled are abandoned, each reported once', async () => {
  const names: unknown[] = [];
  function* respawning(): Coroutine<void> {
    try {
      yield* sleepForever();
    } finally {
      createTask(respawning(), { eager: true });
    }
  }
  await run(
    function* () {
      getRunningLoop().setExceptionHandler(({ task }) => names.push((task as { name: string }).name));
      for (let i = 0; i < 5; i++) createTask(respawning());
      yield* sleep(1);
    },
    { engine: new SimulatedEngine() },
  );
  expect(names.length).toBeGreaterThan(0);
  expect(new Set(names).size).toBe(names.length);
});

test('run: debug mode is as before when runs that asked for it end in any order', async () => {
  const engine = new SimulatedEngine();
  let loop: EventLoop | null = null;
  const modes: unknown[] = [];
  function* main(ms: number): Coroutine<void> {
    loop = getRunningLoop();
    yield* checkpoint();
    modes.push(loop.debug);
    yield* sleep(ms);
    modes.push(loop.debug);
  }
  await Promise.all([
    run(() => main(1), { engine, debug: true }),
    run(() => main(2), { engine }),
    run(() => main(3), { engine, debug: true }),
  ]);
  expect(modes).toEqual([true, true, true, true, true, true]);
  expect(loop!.debug).toBe(false);
});

test.each([
  ['a signal that nobody can handle', ['SIGINT', 'SIGKILL'], 'ERR_OUT_OF_RANGE'],
  ['no list', null, 'ERR_INVALID_ARG_TYPE'],
])('run: signals: %s is refused before anything starts', async (_what, signals, code) => {
  let ran = false;
  const before = process.listenerCount('SIGINT');
  const engine = new SimulatedEngine();
  const main = (): Promise<void> => {
    ran = true;
    return Promise.resolve();
  };
  expect(thrownBy(() => run(main, { engine, signals: signals as never }))).toEqual(withCode(code));
  expect(process.listenerCount('SIGINT')).toBe(before);
  await run(() => sleep(1), { engine });
  expect(ran).toBe(false);
});

test('getRunningLoop: plain callbacks find the loop of an engine that is used again', async () => {
  const [first, second] = [new SimulatedEngine(), new SimulatedEngine()];
  await run(() => checkpoint(), { engine: first });
  await run(() => checkpoint(), { engine: second });
  const found = new Promise((resolve) => {
    setImmediate(() => resolve(getRunningLoop()));
  });
  const loop = await run(
    async () => {
      await found;
      return getRunningLoop();
    },
    { engine: first },
  );
  expect((await found) === loop).toBe(true);
});
