// What may be given to a task, and how deep coroutines may stand in each other.
import { checkpoint, type Coroutine, createTask, type EventLoop, getRunningLoop, isCoroutine, isCoroutineFunction, run, sleep } from '../../lib';
import { virtualTime } from '../../lib/testing';
import { thrownBy, withCode } from '../helpers/failures';
import { ownedLoop, runReady } from '../helpers/owned_loop';

function* simple(): Coroutine<string> {
  yield* checkpoint();
  return 'value';
}

const noCoroutines: [string, (loop: EventLoop) => unknown][] = [
  ['nothing', () => undefined],
  ['null', () => null],
  ['a number', () => 7],
  ['text', () => 'coroutine'],
  ['an object', () => ({})],
  ['an array', () => [simple()]],
  ['a promise', () => Promise.resolve(7)],
  ['a future', (loop) => loop.createFuture()],
];

test.each(noCoroutines)('K2: %s is refused as a coroutine at once, and nothing is scheduled', (_name, make) => {
  const { loop } = ownedLoop();
  expect(() => loop.createTask(make(loop) as never)).toThrow(withCode('ERR_INVALID_ARG_TYPE', /coroutine/));
  expect(loop.metrics()).toMatchObject({ ready: 0, tasks: 0 });
});

test.each(noCoroutines)('K2: run refuses %s at the call', (_name, make) => {
  const { loop } = ownedLoop();
  expect(() => run(make(loop) as never)).toThrow(withCode('ERR_INVALID_ARG_TYPE', /coroutine/));
});

test('K2: the message for a promise says what to do with it', () => {
  const { loop } = ownedLoop();
  expect(() => loop.createTask(Promise.resolve() as never)).toThrow(/await/);
});

test('K2: a function that returns no coroutine fails its task', () => {
  const { loop } = ownedLoop();
  const task = loop.createTask((() => 42) as never);
  runReady(loop);
  expect(task.exception()).toEqual(withCode('ERR_INVALID_ARG_TYPE', /Task-\d+.*42/));
});

test('K2: a closed loop refuses a coroutine and closes it', () => {
  const { loop } = ownedLoop();
  loop.close();
  const coroutine = simple();
  expect(() => loop.createTask(coroutine)).toThrow(withCode('ERR_LOOP_CLOSED'));
  expect(coroutine.next()).toEqual({ done: true, value: undefined });
});

test('D20, K21: a coroutine that a task drives is refused', () => {
  const { loop } = ownedLoop();
  const coroutine = simple();
  void loop.createTask(coroutine);
  expect(() => loop.createTask(coroutine)).toThrow(withCode('ERR_COROUTINE_REUSED', /fresh/));
  runReady(loop);
  expect(loop.metrics().tasks).toBe(0);
});

test('D20, K21: a coroutine that a task has driven to its end is refused', () => {
  const { loop } = ownedLoop();
  const coroutine = simple();
  loop.runUntilComplete(coroutine);
  expect(() => loop.createTask(coroutine)).toThrow(withCode('ERR_COROUTINE_REUSED'));
});

test('D20, K21: a task cannot be made of the coroutine that is running', () => {
  const { loop } = ownedLoop();
  const coroutine: Coroutine<unknown> = (function* () {
    return thrownBy(() => loop.createTask(coroutine));
  })();
  expect(loop.runUntilComplete(coroutine)).toEqual(withCode('ERR_COROUTINE_REUSED'));
});

test('D20: a function that returns a coroutine in use fails its task, and leaves the user alone', () => {
  const { loop } = ownedLoop();
  const coroutine = simple();
  const user = loop.createTask(coroutine);
  const thief = loop.createTask(() => coroutine);
  runReady(loop);
  expect(thief.exception()).toEqual(withCode('ERR_COROUTINE_REUSED'));
  expect(user.result()).toBe('value');
});

test('D20: one that ended unseen looks like a fresh one, and gives undefined', () => {
  const { loop } = ownedLoop();
  const coroutine = (function* (): Coroutine<string> {
    return 'value';
  })();
  coroutine.next();
  expect(loop.runUntilComplete(coroutine)).toBeUndefined();
});

test('D20: the same function makes a fresh coroutine for each task', () => {
  const { loop } = ownedLoop();
  expect([loop.runUntilComplete(simple), loop.runUntilComplete(simple)]).toEqual(['value', 'value']);
});

test('coroutine: both colours are told from everything else', () => {
  const samples: unknown[] = [simple, async () => undefined, () => undefined, simple(), Promise.resolve(), null];
  expect(samples.map(isCoroutineFunction)).toEqual([true, true, false, false, false, false]);
  expect(samples.map(isCoroutine)).toEqual([false, false, false, true, false, false]);
});

function* nested(depth: number): Coroutine<number> {
  if (depth === 0) {
    yield* sleep(1);
    return 0;
  }
  return (yield* nested(depth - 1)) + 1;
}

test('D19: a chain of 3,000 nested yield* works', virtualTime(function* () {
  expect(yield* nested(3_000)).toBe(3_000);
  expect(getRunningLoop().time()).toBe(1);
}));

test('D19: what is thrown at the bottom of 3,000 nested yield* arrives at the top', virtualTime(function* () {
  const task = createTask(nested(3_000));
  yield* checkpoint();
  task.cancel('why');
  yield* task.join();
  expect(task.cancelled()).toBe(true);
}));

test('D19: a chain that is too deep fails inside its task, and the loop lives', virtualTime(function* () {
  const task = createTask(nested(1_000_000));
  yield* task.join();
  expect(task.exception()).toMatchObject({ name: 'RangeError' });
  yield* sleep(5);
  expect(yield* nested(10)).toBe(10);
}));
