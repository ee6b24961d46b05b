// Async functions: when they go on, and how their task is known throughout.
import {
  checkpoint,
  type CoroutineFunction,
  createTask,
  currentTask,
  type Future,
  gather,
  getRunningLoop,
  run,
  shield,
  sleep,
  sleepForever,
  sleepUntil,
  until,
  untilSignal,
  wait,
  waitReadable,
} from '../../lib/index';
import { type SimulatedEngine, type VirtualTimeOptions, virtualTime } from '../../lib/testing';
import { withCode } from '../helpers/failures';
import { hosted, outcomeOf, ticks } from './support';

const nodeTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** The same body on a virtual clock and on the native engine. */
const drivers: readonly (readonly [string, (body: () => Promise<void>) => () => Promise<void>])[] = [
  ['simulated', (body) => hosted(body)],
  ['native', (body) => () => run(body)],
];

describe.each(drivers)('on the %s engine', (_name, on) => {
  test('D16, D22: await: the reaction to a future runs before the next handle', on(async () => {
    const loop = getRunningLoop();
    const future = loop.createFuture<void>();
    const log: string[] = [];
    const task = createTask(async () => {
      await future;
      log.push('reaction');
    });
    await checkpoint();
    loop.callSoon(() => {
      future.setResult();
      loop.callSoon(() => log.push('next handle'));
      log.push('handle');
    });
    await task;
    await checkpoint();
    expect(log).toEqual(['handle', 'reaction', 'next handle']);
  }));

  test('D16: await: each of several awaiters runs before the next one’s record', on(async () => {
    const loop = getRunningLoop();
    const future = loop.createFuture<void>();
    const log: string[] = [];
    const awaiter = (name: string): CoroutineFunction<void> => async () => {
      await future;
      log.push(`${name} 1`);
      await Promise.resolve();
      log.push(`${name} 2`);
    };
    const tasks = [createTask(awaiter('a')), createTask(awaiter('b'))];
    await checkpoint();
    future.setResult();
    await gather(tasks);
    expect(log).toEqual(['a 1', 'a 2', 'b 1', 'b 2']);
  }));

  test('D16: await: microtasks of a first step run before the next tick', on(async () => {
    const log: string[] = [];
    const task = createTask(async () => {
      log.push('step');
      getRunningLoop().callSoon(() => log.push('next tick'));
      await Promise.resolve();
      log.push('microtask');
    });
    await task;
    await checkpoint();
    expect(log).toEqual(['step', 'microtask', 'next tick']);
  }));
});

const awaits: readonly (readonly [string, (engine: SimulatedEngine) => PromiseLike<unknown>])[] = [
  ['checkpoint()', () => checkpoint()],
  ['sleep()', () => sleep(1)],
  ['sleep(0)', () => sleep(0)],
  ['sleepUntil()', () => sleepUntil(getRunningLoop().time() + 1)],
  ['a done future', () => {
    const done = getRunningLoop().createFuture<void>();
    done.setResult();
    return done;
  }],
  ['a generator task', () => createTask(function* () { yield* checkpoint(); })],
  ['an async task', () => createTask(async () => { await checkpoint(); })],
  ['gather()', () => gather(sleep(1), async () => checkpoint())],
  ['wait()', () => wait([sleep(1)])],
  ['shield()', () => shield(sleep(1))],
  ['join()', () => createTask(function* () {}).join()],
  ['until()', () => until(nodeTurn())],
  ['untilSignal()', () => untilSignal(nodeTurn)],
  ['waitReadable()', (engine) => {
    const fd = engine.openDescriptor();
    engine.setReady(fd, 1);
    return waitReadable(fd);
  }],
  ['a foreign promise', () => nodeTurn()],
];

test.each(awaits)('D35: currentTask: it is the caller’s before and after an await of %s', (_what, operation) =>
  hosted(async (engine) => {
    const seen: unknown[] = [];
    const task = createTask(async () => {
      seen.push(currentTask());
      await operation(engine);
      seen.push(currentTask());
    });
    await task;
    expect(seen.map((found) => found === task)).toEqual([true, true]);
  })());

test('D35: currentTask: two async tasks that take turns each see themselves', hosted(async () => {
  const seen: boolean[] = [];
  const looking: CoroutineFunction<void> = async () => {
    const own = currentTask();
    for (let i = 0; i < 3; i++) {
      await checkpoint();
      seen.push(currentTask() === own);
    }
  };
  await gather(createTask(looking), createTask(looking));
  expect(seen).toEqual([true, true, true, true, true, true]);
}));

test('D35: currentTask: in a Node callback set by an async task it is that task until its end', hosted(async () => {
  const seen: unknown[] = [];
  const task = createTask(async () => {
    setImmediate(() => seen.push(currentTask() === task));
    await nodeTurn();
    setImmediate(() => seen.push(currentTask()));
  }, { name: 'gone' });
  await task;
  await nodeTurn();
  await nodeTurn();
  expect(seen[0]).toBe(true);
  expect(seen[1]).toBeNull();
}));

test('D35: await: Promise.all of several operations is cancelled with all of them', hosted(function* () {
  const timers = getRunningLoop().metrics().timers;
  const futures: Future<void>[] = [];
  const task = createTask(async () => {
    futures.push(sleep(10), sleep(20), sleepForever());
    await Promise.all(futures);
  });
  yield* ticks(2);
  task.cancel('all');
  expect(yield* outcomeOf(task)).toEqual(['cancelled', 'all']);
  expect(futures.map((future) => future.cancelled())).toEqual([true, true, true]);
  expect(getRunningLoop().metrics().timers).toBe(timers);
}));

test('D35: await: a cancel during a foreign await is seen at the next operation of ours', hosted(function* () {
  const log: string[] = [];
  let release: () => void = () => {};
  const task = createTask(async () => {
    await new Promise<void>((resolve) => (release = resolve));
    log.push('foreign await ended');
    await checkpoint();
    log.push('never');
  });
  yield* ticks(2);
  task.cancel('meanwhile');
  yield* ticks(2);
  expect(task.done()).toBe(false);
  release();
  expect(yield* outcomeOf(task)).toEqual(['cancelled', 'meanwhile']);
  expect(log).toEqual(['foreign await ended']);
}));

test('K8: await: an async task that awaits itself is refused', hosted(async () => {
  let error: unknown;
  const task = createTask(async () => {
    await checkpoint();
    try {
      await task;
    } catch (thrown) {
      error = thrown;
    }
  });
  await task;
  expect(error).toEqual(withCode('ERR_SELF_AWAIT'));
}));

test('F22: await: a task that fails rejects its awaiter, and Node hears of no unhandled rejection', hosted(async () => {
  const unhandled: unknown[] = [];
  const listener = (error: unknown): void => void unhandled.push(error);
  process.on('unhandledRejection', listener);
  const failure = new Error('once');
  const task = createTask(async () => {
    await checkpoint();
    throw failure;
  });
  await expect((async () => await task)()).rejects.toBe(failure);
  await nodeTurn();
  process.off('unhandledRejection', listener);
  expect(unhandled).toEqual([]);
}));

test('CK6: await: a loop over done futures in an async function yields a tick from time to time', hosted(async () => {
  const loop = getRunningLoop();
  const done = loop.createFuture<void>();
  done.setResult();
  let others = 0;
  const stop = { now: false };
  const count = (): void => {
    others++;
    if (!stop.now) loop.callSoon(count);
  };
  loop.callSoon(count);
  for (let i = 0; i < 1_000; i++) await done;
  stop.now = true;
  expect(others).toBeGreaterThanOrEqual(5);
}));

const options: VirtualTimeOptions = { name: 'main' };
test('D35: currentTask: in an async main it is main', virtualTime(async () => {
  expect(currentTask()?.name).toBe('main');
  await checkpoint();
  expect(currentTask()?.name).toBe('main');
}, options));
