// runBlocking: a loop that owns the thread until main has ended.
import { Worker } from 'node:worker_threads';
import path from 'node:path';
import {
  checkpoint,
  createTask,
  currentLoop,
  getRunningLoop,
  run,
  runBlocking,
  shield,
  sleep,
  sleepForever,
} from '../../lib/index';
import { SimulatedEngine } from '../../lib/testing';
import { withCode } from '../helpers/failures';
import { programs, runModule, start } from './child';
import { codeOf, failing, ticks, trivial } from './support';

const simulated = (): SimulatedEngine => new SimulatedEngine();
const blockingResult = {
  results: ['a promise', 'a child'],
  log: ['after our await', 'after a foreign await'],
};

test('D13, RU2: runBlocking: it gives the result of main, before anything of Node runs', () => {
  const log: string[] = [];
  setImmediate(() => log.push('immediate'));
  expect(runBlocking(function* () {
    yield* sleep(1_000_000);
    return 'result';
  }, { engine: simulated() })).toBe('result');
  expect(log).toEqual([]);
});

test('RU2: runBlocking: it throws the very error of main', () => {
  const failure = new Error('main');
  expect(() => runBlocking(function* () {
    yield* checkpoint();
    throw failure;
  }, { engine: simulated() })).toThrow(failure);
});

test('D13: runBlocking: on the native engine it works too', () => {
  expect(runBlocking(function* () {
    yield* ticks(3);
    return 'native';
  })).toBe('native');
});

test('D26: runBlocking: its loop is closed afterwards', () => {
  const loop = runBlocking(function* () {
    return getRunningLoop();
  }, { engine: simulated() });
  expect(loop.closed).toBe(true);
  expect(currentLoop()).toBeNull();
  expect(codeOf(() => loop.callSoon(() => undefined))).toBe('ERR_LOOP_CLOSED');
});

test('D13: runBlocking: a main that nothing can wake is a DeadlockError, not a hang', () => {
  for (const options of [{ engine: simulated() }, {}]) {
    expect(() => runBlocking(function* () {
      yield* sleepForever();
    }, options)).toThrow(withCode('ERR_DEADLOCK'));
  }
});

test('D13: runBlocking: on a deadlock main is cancelled, so that it cleans up', () => {
  const log: unknown[] = [];
  expect(() => runBlocking(function* () {
    try {
      yield* sleepForever();
    } catch (error) {
      log.push((error as { code: string }).code);
      yield* sleep(10);
      log.push('cleaned up');
      throw error;
    }
  }, { engine: simulated() })).toThrow(withCode('ERR_DEADLOCK'));
  expect(log).toEqual(['ERR_CANCELLED', 'cleaned up']);
});

test('D13: runBlocking: a main that waits in a deadlock twice is given up', () => {
  const engine = new SimulatedEngine();
  const reports: string[] = [];
  expect(() => runBlocking(function* () {
    getRunningLoop().setExceptionHandler(({ message }) => reports.push(message));
    try {
      yield* sleepForever();
    } finally {
      yield* shield(sleepForever());
    }
  }, { engine, name: 'hopeless' })).toThrow(withCode('ERR_DEADLOCK'));
  expect(reports).toEqual([expect.stringMatching(/hopeless/)]);
});

test('D13: runBlocking: a task that still waits is no deadlock while a timer is armed', () => {
  expect(runBlocking(function* () {
    const future = getRunningLoop().createFuture<string>();
    getRunningLoop().callLater(100, () => future.setResult('woken'));
    return yield* future;
  }, { engine: simulated() })).toBe('woken');
});

test('D13: runBlocking: a watched descriptor is no deadlock', () => {
  const engine = new SimulatedEngine();
  const fd = engine.openDescriptor();
  engine.setReady(fd, 1);
  expect(runBlocking(function* () {
    const future = getRunningLoop().createFuture<string>();
    getRunningLoop().addReader(fd, () => {
      getRunningLoop().removeReader(fd);
      future.setResult('ready');
    });
    return yield* future;
  }, { engine })).toBe('ready');
});

test('D15: runBlocking: what main left behind is cancelled and awaited', () => {
  const log: string[] = [];
  const engine = new SimulatedEngine();
  runBlocking(function* () {
    void createTask(function* () {
      try {
        yield* sleepForever();
      } finally {
        yield* sleep(20);
        log.push(`ended at ${getRunningLoop().time()}`);
      }
    });
    yield* sleep(1);
  }, { engine });
  expect(log).toEqual(['ended at 21']);
});

test('D15: runBlocking: a left-behind task in a deadlock does not hang it', () => {
  expect(() => runBlocking(function* () {
    getRunningLoop().setExceptionHandler(() => undefined);
    void createTask(function* () {
      try {
        yield* sleepForever();
      } finally {
        yield* sleepForever();
      }
    });
    yield* checkpoint();
  }, { engine: simulated() })).toThrow(withCode('ERR_DEADLOCK'));
});

test('D8: runBlocking: the failure of main is thrown, and not reported as well', () => {
  const reports: unknown[] = [];
  expect(() => runBlocking(function* () {
    getRunningLoop().setExceptionHandler(({ exception }) => reports.push(exception));
    yield* checkpoint();
    throw new Error('main');
  }, { engine: simulated() })).toThrow('main');
  expect(reports).toEqual([]);
});

test('D8: run: the failure of main rejects, and is not reported as well', async () => {
  const reports: unknown[] = [];
  await expect(run(function* () {
    getRunningLoop().setExceptionHandler(({ exception }) => reports.push(exception));
    yield* checkpoint();
    throw new Error('main');
  }, { engine: simulated(), unhandled: 'throw' })).rejects.toThrow('main');
  expect(reports).toEqual([]);
});

test('D8: runBlocking: what main throws in a deadlock besides is reported, as the deadlock is thrown', () => {
  const reports: unknown[] = [];
  expect(() => runBlocking(function* () {
    getRunningLoop().setExceptionHandler(({ exception }) => reports.push(exception));
    try {
      yield* sleepForever();
    } finally {
      throw new Error('cleanup');
    }
  }, { engine: simulated() })).toThrow(withCode('ERR_DEADLOCK'));
  expect(reports).toEqual([new Error('cleanup')]);
});

test('RU2: runBlocking: the failure of main wins over a deadlock of what it left behind', () => {
  expect(() => runBlocking(function* () {
    getRunningLoop().setExceptionHandler(() => undefined);
    void createTask(function* () {
      try {
        yield* sleepForever();
      } finally {
        yield* sleepForever();
      }
    });
    yield* checkpoint();
    throw new Error('main');
  }, { engine: simulated() })).toThrow('main');
});

test('D8: runBlocking: an unseen failure goes to the exception handler', () => {
  const reports: unknown[] = [];
  runBlocking(function* () {
    getRunningLoop().setExceptionHandler(({ exception }) => reports.push(exception));
    void createTask(failing('unseen'));
    yield* ticks(2);
  }, { engine: simulated() });
  expect(reports).toEqual([new Error('unseen')]);
});

test('D13: runBlocking: where promises cannot settle an async main is refused, and not called', () => {
  let called = false;
  // A test is called from a microtask, where nobody can run the others.
  expect(codeOf(() => runBlocking(async () => {
    called = true;
  }, { engine: simulated() }))).toBe('ERR_ASYNC_FUNCTION_REFUSED');
  expect(called).toBe(false);
});

test('D13: runBlocking: where promises cannot settle an async task fails, and main goes on', () => {
  let called = false;
  expect(runBlocking(function* () {
    const task = createTask(async () => {
      called = true;
    });
    yield* task.join();
    return task.exception();
  }, { engine: simulated() })).toEqual(withCode('ERR_ASYNC_FUNCTION_REFUSED'));
  expect(called).toBe(false);
});

test('D13: runBlocking: at the top of an ES module an async main is refused, and says why', async () => {
  const { code, stdout, stderr } = await runModule(`
    try {
      library.runBlocking(async () => console.log('called'));
    } catch (error) {
      console.log(error.code, /ES module/.test(error.message));
    }
    console.log(library.runBlocking(function* () { yield* library.checkpoint(); return 'generators run'; }));
  `);
  expect([code, stderr]).toEqual([0, '']);
  expect(stdout).toBe('ERR_ASYNC_FUNCTION_REFUSED true\ngenerators run\n');
});

test('D13: runBlocking: at the top of a CommonJS program async functions run, and nothing of Node does', async () => {
  const { code, stdout, stderr } = await start('blocking').ended;
  expect([code, stderr]).toEqual([0, '']);
  expect(JSON.parse(stdout)).toEqual(blockingResult);
});

test('D13: runBlocking: in a worker async functions run', async () => {
  const worker = new Worker(path.join(programs, 'blocking.js'));
  const message = await new Promise((resolve, reject) => {
    worker.once('message', resolve);
    worker.once('error', reject);
  });
  await worker.terminate();
  expect(message).toEqual(blockingResult);
});

test('D13: runBlocking: one after another on one thread', () => {
  for (let i = 0; i < 3; i++) expect(runBlocking(trivial(i), { engine: simulated() })).toBe(i);
});
