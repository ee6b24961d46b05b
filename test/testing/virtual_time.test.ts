// virtualTime: a test body as a coroutine under a virtual clock.
import { readFile } from 'node:fs/promises';
import {
  checkpoint,
  createTask,
  currentTask,
  getRunningLoop,
  Lock,
  sleep,
  sleepForever,
  sleepUntil,
  until,
  waitReadable,
} from '../../lib/index';
import { SimulatedEngine, virtualTime } from '../../lib/testing';
import { rejectionOf, withCode } from '../helpers/failures';

const nodeTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test('virtualTime: the clock begins at 0 and jumps to the next deadline', virtualTime(function* (engine) {
  expect(getRunningLoop().time()).toBe(0);
  yield* sleep(86_400_000);
  expect(getRunningLoop().time()).toBe(86_400_000);
  expect(engine.now()).toBe(86_400_000);
}));

test('virtualTime: timers come in the order of their deadlines', virtualTime(function* () {
  const log: number[] = [];
  for (const ms of [30, 10, 20]) getRunningLoop().callLater(ms, () => log.push(ms));
  yield* sleepUntil(30);
  yield* checkpoint();
  expect(log).toEqual([10, 20, 30]);
}));

test('virtualTime: a generator body has run to its end when the function returns', () => {
  const log: string[] = [];
  const result: unknown = virtualTime(function* () {
    yield* sleep(1_000);
    log.push('ended');
  })();
  expect([result, log]).toEqual([undefined, ['ended']]);
});

test('virtualTime: an async body gives a promise', async () => {
  const log: string[] = [];
  const promise = virtualTime(async () => {
    await sleep(1_000);
    log.push('ended');
  })();
  expect(log).toEqual([]);
  await promise;
  expect(log).toEqual(['ended']);
});

test('virtualTime: a generator body that is hosted gives a promise, and promises settle in it', async () => {
  const log: string[] = [];
  await virtualTime(function* () {
    yield* until(nodeTurn());
    log.push('settled');
  }, { hosted: true })();
  expect(log).toEqual(['settled']);
});

test('virtualTime: what the body throws is thrown', async () => {
  const failure = new Error('expectation');
  expect(virtualTime(function* () {
    yield* sleep(1);
    throw failure;
  })).toThrow(failure);
  await expect(virtualTime(async () => {
    await sleep(1);
    throw failure;
  })()).rejects.toBe(failure);
});

test('virtualTime: a body that nothing can wake is a DeadlockError', () => {
  expect(virtualTime(function* () {
    yield* sleepForever();
  })).toThrow(withCode('ERR_DEADLOCK'));
});

test('GC5: virtualTime: hosted, too, it is a DeadlockError with the circle, and finally blocks run', async () => {
  const log: string[] = [];
  const error = await rejectionOf(virtualTime(async () => {
    const lock = new Lock();
    const guard = await lock.acquire();
    try {
      await createTask(() => lock.acquire(), { name: 'holder' });
    } finally {
      guard[Symbol.dispose]();
      log.push('cleaned up');
    }
  }, { name: 'main' })());
  expect(error).toMatchObject({ code: 'ERR_DEADLOCK' });
  expect(error.message).toMatch(/holder waits for Lock held by main/);
  expect(log).toEqual(['cleaned up']);
});

test('GC5: virtualTime: hosted, who refuses to end is ended by force', async () => {
  const error = await rejectionOf(virtualTime(function* () {
    for (;;) {
      try {
        yield* sleepForever();
      } catch {
        // It will not end.
      }
    }
  }, { hosted: true })());
  expect(error).toMatchObject({ code: 'ERR_DEADLOCK' });
});

test('virtualTime: hosted, what Node or a thread has under way is no deadlock', async () => {
  await virtualTime(async () => {
    await readFile(__filename);
    await new Promise((resolve) => setTimeout(resolve, 30)); // real time: it is longer than a deadlock takes to be found
  })();
});

test('virtualTime: each call has an engine and a clock of its own', () => {
  const engines: SimulatedEngine[] = [];
  const body = virtualTime(function* (engine) {
    engines.push(engine);
    yield* sleep(5);
    expect(engine.now()).toBe(5);
  });
  body();
  body();
  expect(engines[0]).toBeInstanceOf(SimulatedEngine);
  expect(engines[0]).not.toBe(engines[1]);
});

test('virtualTime: its options are those of a run', virtualTime(function* () {
  expect([currentTask()?.name, getRunningLoop().debug]).toEqual(['the body', true]);
}, { name: 'the body', debug: true }));

test('virtualTime: with unhandled "throw" a failure that nobody looked at fails the test', () => {
  expect(virtualTime(function* () {
    void createTask(function* () {
      throw new Error('unseen');
    });
    yield* checkpoint();
  }, { unhandled: 'throw' })).toThrow('unseen');
});

test('virtualTime: tasks that the body left behind are ended before it returns', () => {
  const log: string[] = [];
  virtualTime(function* () {
    void createTask(function* () {
      try {
        yield* sleepForever();
      } finally {
        yield* sleep(10);
        log.push('ended');
      }
    });
    yield* checkpoint();
  })();
  expect(log).toEqual(['ended']);
});

test('virtualTime: the body is given the engine, whose descriptors it can make ready', virtualTime(function* (engine) {
  const fd = engine.openDescriptor();
  getRunningLoop().callLater(7, () => engine.setReady(fd, 1));
  const { readable, writable } = yield* waitReadable(fd);
  expect([readable, writable, engine.now()]).toEqual([true, false, 7]);
}));

test('virtualTime: real time does not pass', virtualTime(function* () {
  const began = performance.now();
  for (let i = 0; i < 100; i++) yield* sleep(3_600_000);
  expect(performance.now() - began).toBeLessThan(3_600_000);
  expect(getRunningLoop().time()).toBe(360_000_000);
}));
