// How tasks wait for futures, and what they find at the end of the wait.
import { type CancelledError, checkpoint, type Coroutine, createTask, type Future, getRunningLoop, sleep } from '../../lib';
import { virtualTime } from '../../lib/testing';
import { thrownBy, withCode } from '../helpers/failures';
import { keepReports, ownedLoop, runReady } from '../helpers/owned_loop';

const ticks = (): number => getRunningLoop().metrics().ticks;

test('F11: awaiting a done future takes no tick', virtualTime(function* () {
  const future = getRunningLoop().createFuture<string>();
  future.setResult('value');
  const before = ticks();
  expect(yield* future).toBe('value');
  expect(ticks()).toBe(before);
}));

test('F11: awaiting a failed or cancelled future takes no tick either', virtualTime(function* () {
  const failed = getRunningLoop().createFuture<string>();
  const cancelled = getRunningLoop().createFuture<string>();
  failed.setException(new Error('failure'));
  cancelled.cancel();
  const before = ticks();
  const caught: string[] = [];
  for (const future of [failed, cancelled]) {
    try {
      yield* future;
    } catch (error) {
      caught.push((error as Error).name);
    }
  }
  expect([caught, ticks()]).toEqual([['Error', 'CancelledError'], before]);
}));

/** Counts how often a future is asked, and with what. */
class Asked<T> {
  readonly #future: Future<T>;
  readonly sent: unknown[] = [];
  constructor(future: Future<T>) {
    this.#future = future;
  }
  [Symbol.iterator](): Iterator<never, T, unknown> {
    const inner = this.#future[Symbol.iterator]();
    return { next: (sent?: unknown) => (this.sent.push(sent), inner.next() as IteratorResult<never, T>) };
  }
}

test('F12, K3: a pending future is asked twice, and is sent nothing at the wake-up', virtualTime(function* () {
  const future = getRunningLoop().createFuture<string>();
  const asked = new Asked(future);
  getRunningLoop().callSoon(() => future.setResult('value'));
  expect(yield* asked).toBe('value');
  expect(asked.sent).toEqual([undefined, undefined]);
}));

test('F12: a future that is completed while it is handed to the task wakes it all the same', virtualTime(function* () {
  const future = getRunningLoop().createFuture<string>();
  const inner = future[Symbol.iterator]();
  const next = (): unknown => {
    const step = inner.next();
    if (!future.done()) future.setResult('value');
    return step;
  };
  const hasty: unknown = { [Symbol.iterator]: () => ({ next }) };
  expect(yield* hasty as Future<string>).toBe('value');
}));

test('F13: tasks that await one future are woken in the order of awaiting, in one tick', virtualTime(function* () {
  const future = getRunningLoop().createFuture<string>();
  const log: [string, number][] = [];
  function* waiter(name: string): Coroutine<void> {
    yield* future;
    log.push([name, ticks()]);
  }
  const tasks = ['a', 'b', 'c'].map((name) => createTask(waiter(name)));
  yield* checkpoint();
  future.setResult('value');
  for (const task of tasks) yield* task;
  expect(log.map(([name]) => name)).toEqual(['a', 'b', 'c']);
  expect(new Set(log.map(([, tick]) => tick)).size).toBe(1);
}));

test('F14: every awaiter gets the same error, and nothing is added to it', virtualTime(function* () {
  const future = getRunningLoop().createFuture();
  const failure = Object.freeze(new Error('failure'));
  const caught: unknown[] = [];
  function* waiter(): Coroutine<void> {
    try {
      yield* future;
    } catch (error) {
      caught.push(error);
    }
  }
  const tasks = [createTask(waiter()), createTask(waiter())];
  yield* checkpoint();
  future.setException(failure);
  for (const task of tasks) yield* task;
  expect(caught).toHaveLength(2);
  for (const error of caught) expect(error).toBe(failure);
}));

test('F15: every awaiter of a cancelled future learns the reason and who asked', virtualTime(function* () {
  const future = getRunningLoop().createFuture();
  const caught: CancelledError[] = [];
  function* waiter(): Coroutine<void> {
    try {
      yield* future;
    } catch (error) {
      caught.push(error as CancelledError);
    }
  }
  const tasks = [createTask(waiter()), createTask(waiter())];
  yield* checkpoint();
  future.cancel('why');
  for (const task of tasks) yield* task;
  expect(caught).toEqual([
    expect.objectContaining({ reason: 'why', origin: { task: 'main' } }),
    expect.objectContaining({ reason: 'why', origin: { task: 'main' } }),
  ]);
  expect(caught[0]).not.toBe(caught[1]);
}, { name: 'main' }));

test('F20, K9: awaiting a pending future of another loop fails at the await, naming the task', virtualTime(function* () {
  const foreign = ownedLoop().loop.createFuture();
  let caught: unknown;
  try {
    yield* foreign;
  } catch (error) {
    caught = error;
  }
  expect(caught).toEqual(withCode('ERR_WRONG_LOOP', /^main .*another loop/));
  yield* sleep(1);
}, { name: 'main' }));

test('F20: a done future of another loop gives its value', virtualTime(function* () {
  const foreign = ownedLoop().loop.createFuture<string>();
  foreign.setResult('value');
  expect(yield* foreign).toBe('value');
}));

test('F22: await gives the result or throws the failure', virtualTime(async () => {
  const loop = getRunningLoop();
  const [good, bad, cancelled] = [loop.createFuture<number>(), loop.createFuture(), loop.createFuture()];
  loop.callLater(1, () => {
    good.setResult(7);
    bad.setException(new Error('failure'));
    cancelled.cancel('why');
  });
  await expect(good).resolves.toBe(7);
  await expect(bad).rejects.toThrow('failure');
  await expect(cancelled).rejects.toMatchObject({ code: 'ERR_CANCELLED', reason: 'why' });
}));

test('F22: then maps results and failures', virtualTime(async () => {
  const loop = getRunningLoop();
  const [good, bad] = [loop.createFuture<number>(), loop.createFuture<number>()];
  good.setResult(7);
  bad.setException(new Error('failure'));
  expect(await good.then((value) => value + 1)).toBe(8);
  expect(await bad.then(null, (error) => (error as Error).message)).toBe('failure');
}));

test('F22: a failure that then passes on is not reported by the loop as well', async () => {
  const { loop, reports } = ownedLoop();
  const future = loop.createFuture();
  const promise = future.then(() => undefined);
  future.setException(new Error('failure'));
  runReady(loop);
  await expect(promise).rejects.toThrow('failure');
  loop.close();
  expect(reports).toEqual([]);
});

test('F23: a timer that comes too late for a cancelled wait is no error', virtualTime(function* () {
  const reports = keepReports(getRunningLoop());
  const task = createTask(function* () {
    yield* sleep(10);
  });
  getRunningLoop().callLater(10, () => task.cancel());
  yield* checkpoint();
  getRunningLoop().callAt(0, () => undefined);
  yield* sleep(20);
  expect([task.cancelled(), reports]).toEqual([true, []]);
}));

test('F23: cancelling a sleep disarms its timer', () => {
  const { loop } = ownedLoop();
  const task = loop.createTask(function* () {
    yield* sleep(10_000);
  });
  runReady(loop);
  expect(loop.metrics().timers).toBe(1);
  task.cancel();
  expect(loop.metrics().timers).toBe(0);
});

test('future: iterated outside a task it says what to write', () => {
  const { loop } = ownedLoop();
  const future = loop.createFuture<string>();
  expect(() => [...(future as unknown as Iterable<unknown>)]).toThrow(withCode('ERR_NOT_IN_TASK', /yield\*/));
  loop.callSoon(() => future.setResult('value'));
  runReady(loop);
});

test('future: iterated by for…of inside a task it says what to write, and the task goes on', virtualTime(function* () {
  const future = getRunningLoop().createFuture<string>();
  const loopOver = (): void => {
    for (const _ of future as unknown as Iterable<unknown>) continue;
  };
  expect(thrownBy(loopOver)).toEqual(withCode('ERR_NOT_IN_TASK', /for…of/));
  getRunningLoop().callLater(5, () => future.setResult('value'));
  expect(yield* future).toBe('value');
}));
