// Mistakes at a yield: each is an error inside the coroutine, one tick later, that names the mistake and can be caught.
import { checkpoint, type Coroutine, createTask, getRunningLoop, sleep } from '../../lib';
import { virtualTime } from '../../lib/testing';
import { withCode } from '../helpers/failures';
import { ownedLoop, runReady } from '../helpers/owned_loop';
import { rawYield } from '../helpers/raw_yield';

/** Yields `value` raw. Returns: what was thrown there, and the ticks that it took. */
function* thrownAtYield(value: unknown): Coroutine<{ readonly error: unknown; readonly ticks: number }> {
  const before = getRunningLoop().metrics().ticks;
  try {
    yield* rawYield(value);
  } catch (error) {
    return { error, ticks: getRunningLoop().metrics().ticks - before };
  }
  throw new Error('nothing was thrown');
}

function doneFuture(): unknown {
  const future = getRunningLoop().createFuture<number>();
  future.setResult(7);
  return future;
}

const mistakes: [string, () => unknown, RegExp][] = [
  ['K7, D9: a pending future', () => getRunningLoop().createFuture(), /future.*yield\*/],
  ['K7, D9: a done future', doneFuture, /future.*yield\*/],
  ['K7, D9: a task', () => createTask(function* () {}), /future.*yield\*/],
  ['K7, D9: a sleep', () => sleep(5), /future.*yield\*/],
  ['K10: a coroutine', () => (function* () {})(), /coroutine.*yield\*/],
  ['K10: an operation', () => checkpoint(), /operation.*yield\*/],
  ['K11: a number', () => 42, /42/],
  ['K11: zero', () => 0, /0 was yielded/],
  ['K11: false', () => false, /false/],
  ['K11: a function', () => () => 'text', /yield/],
  ['K11: an object', () => ({}), /yield/],
  ['K11: an object that cannot be printed', () => Object.create(null) as unknown, /yield/],
  ['K11: a symbol', () => Symbol('sign'), /sign/],
];

test.each(mistakes)('%s yielded raw is an error in the coroutine one tick later', (_name, make, message) => {
  virtualTime(
    function* () {
      const thrown = yield* thrownAtYield(make());
      expect(thrown.error).toEqual(withCode('ERR_BAD_YIELD', message));
      expect(thrown.error).toEqual(withCode('ERR_BAD_YIELD', /^culprit/));
      expect(thrown.ticks).toBe(1);
    },
    { name: 'culprit' },
  )();
});

test('K7, D9: a raw yield of a future is an error one tick later that names yield*', virtualTime(function* () {
  const { error, ticks } = yield* thrownAtYield(getRunningLoop().createFuture());
  expect(error).toEqual(withCode('ERR_BAD_YIELD', /yield\*/));
  expect(ticks).toBe(1);
}));

test('K10: a raw yield of a coroutine is an error that names yield*', virtualTime(function* () {
  const { error } = yield* thrownAtYield((function* () {})());
  expect(error).toEqual(withCode('ERR_BAD_YIELD', /yield\*/));
}));

test('K11: the coroutine can catch the error and go on', virtualTime(function* () {
  yield* thrownAtYield('first');
  yield* thrownAtYield('second');
  yield* sleep(5);
  expect(getRunningLoop().time()).toBe(5);
}));

test('K11: an error that is not caught fails the task, and the loop lives', () => {
  const { loop } = ownedLoop();
  const task = loop.createTask(function* () {
    yield* rawYield(Object.create(null));
  });
  const log: string[] = [];
  loop.callLater(0, () => log.push('timer'));
  runReady(loop);
  expect(task.exception()).toEqual(withCode('ERR_BAD_YIELD'));
  expect(log).toEqual(['timer']);
});

test('K8: a task that awaits itself gets an error that says so', () => {
  const { loop } = ownedLoop();
  const task = loop.createTask(
    function* (): Coroutine<unknown> {
      return yield* task;
    },
    { name: 'narcissus' },
  );
  runReady(loop);
  expect(task.exception()).toEqual(withCode('ERR_SELF_AWAIT', /^narcissus awaits itself/));
});

test('K8: an async task that awaits itself gets an error that says so', virtualTime(async () => {
  const task = createTask(async (): Promise<unknown> => await task);
  await expect(task).rejects.toEqual(withCode('ERR_SELF_AWAIT'));
}));

test('K8: a task that gets the error can go on', () => {
  const { loop } = ownedLoop();
  const task = loop.createTask(function* (): Coroutine<unknown> {
    try {
      yield* task;
    } catch {
      yield* checkpoint();
    }
    return 'went on';
  });
  runReady(loop);
  expect(task.result()).toBe('went on');
});
