// What is called or given by a wait may do more than was thought of: call `then` of a future, settle at once, be of another
// loop.
import { all, createTask, EventLoop, type Future, getRunningLoop, sleep, untilSignal, wait } from '../../lib';
import { SimulatedEngine } from '../../lib/testing';
import { thrownBy, withCode } from '../helpers/failures';
import { hosted, outcomeOf } from '../tasks/support';

// The wait of `then` was taken for that of the task, whose own wait was refused then.
test.each([
  ['a future', () => sleep(5)],
  ['a coroutine', function* () {
    yield* sleep(5);
  }],
])('regression: a plain function that calls then of a future and returns %s is run as a task', async (_, result) =>
  hosted(function* () {
    const heard: unknown[] = [];
    const other = getRunningLoop().createFuture<string>();
    const listening = (): Future<void> => {
      void other.then((value) => heard.push(value));
      return result() as Future<void>;
    };
    const task = createTask(listening as never);
    yield* sleep(1);
    other.setResult('heard');
    yield* sleep(1);
    // The wait of the task is the one that a request reaches, and not what `then` has left behind.
    task.cancel('enough');
    expect(yield* outcomeOf(task)).toEqual(['cancelled', 'enough']);
    expect([heard, getRunningLoop().metrics().timers]).toEqual([['heard'], 0]);
    yield* all([listening as never]);
  })());

// What such a callback waits for was taken for the wait of the task that had called `then`.
test('regression: what the callback of a plain function waits for is not what its task waits for', hosted(function* () {
  const loop = getRunningLoop();
  const [other, third] = [loop.createFuture<void>(), loop.createFuture<void>()];
  const alive = createTask(async () => {
    await sleep(50);
  });
  yield* sleep(1);
  const task = createTask((() => {
    void other.then(async () => {
      await third;
    });
    return sleep(60_000);
  }));
  yield* sleep(1);
  other.setResult();
  yield* sleep(1);
  task.cancel('enough');
  expect(yield* outcomeOf(task)).toEqual(['cancelled', 'enough']);
  expect(third.done()).toBe(false);
  third.setResult();
  yield* alive;
}));

test('regression: untilSignal leaves no timer where aborting settles what it waits for at once', hosted(function* () {
  let settle = (_value: string): void => undefined;
  const thenable = { then: (resolve: (value: string) => void) => void (settle = resolve) };
  const task = createTask(function* () {
    return yield* untilSignal((signal) => {
      signal.addEventListener('abort', () => settle('at once'));
      return thenable as unknown as PromiseLike<string>;
    }, { graceMs: 60_000 });
  });
  yield* sleep(1);
  task.cancel();
  expect(getRunningLoop().metrics().timers).toBe(0);
  expect(yield* outcomeOf(task)).toEqual(['value', 'at once']);
}));

// Whoever completed it there would have woken a task here, past the select that this loop blocks in.
test('regression: wait refuses a future of another loop', hosted(function* () {
  const other = new EventLoop({ engine: new SimulatedEngine() });
  expect(thrownBy(() => wait([other.createFuture()]))).toEqual(withCode('ERR_WRONG_LOOP'));
  other.close();
}));
