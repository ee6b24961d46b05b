// Operations that are their own iterators were taken for coroutines: an operation could be given to a combinator only once.
// And a plain function that returns one of our futures or operations was refused where the loop owns the thread.
import {
  all,
  checkpoint,
  createTask,
  CancelScope,
  EventLoop,
  failAfter,
  gather,
  getRunningLoop,
  moveOnAfter,
  run,
  runBlocking,
  sleep,
  use,
  waitFor,
  withTaskGroup,
} from '../../lib/index';
import { SimulatedEngine, virtualTime } from '../../lib/testing';
import { codeOf, failureOf, hosted, trivial } from '../tasks/support';

test('regression: an operation that runs a scope is awaited by combinators as often as they are given it', virtualTime(
  function* () {
    let calls = 0;
    const operation = failAfter(1_000, function* () {
      yield* sleep(1);
      return ++calls;
    });
    expect(yield* all([operation])).toEqual([1]);
    expect(yield* gather(operation)).toEqual([2]);
    expect(yield* waitFor(operation, 50)).toBe(3);
    expect(yield* operation).toBe(4);
  },
));

test('regression: an operation is no coroutine to createTask, of whichever kind it is', virtualTime(function* () {
  const operations = [moveOnAfter(1, () => trivial(1)), new CancelScope().run(() => trivial(1)), all([])];
  for (const operation of operations) expect(codeOf(() => createTask(operation as never))).toBe('ERR_INVALID_ARG_TYPE');
}));

describe.each([
  ['owned', (body: Parameters<typeof virtualTime>[0]) => virtualTime(body)],
  ['hosted', hosted],
])('on a loop that is %s', (_, onLoop) => {
  test('regression: a plain function may return any awaitable of ours', onLoop(function* () {
    const future = getRunningLoop().createFuture<string>();
    future.setResult('future');
    expect(yield* createTask(() => future)).toBe('future');
    expect(yield* createTask(() => sleep(5))).toBe(undefined);
    expect(yield* createTask(() => checkpoint() as Promise<void> & ReturnType<typeof checkpoint>)).toBe(undefined);
    expect(yield* createTask(() => failAfter(5, () => trivial('scope')))).toBe('scope');
    expect(yield* waitFor(() => withTaskGroup(() => all([() => trivial(1)])), 50)).toEqual([1]);
    expect(yield* use({ [Symbol.asyncDispose]: () => sleep(1) as never }, () => sleep(2))).toBe(undefined);
  }));

  test('regression: a function that returns a future is cancelled by cancelling that', onLoop(function* () {
    const future = getRunningLoop().createFuture<string>();
    const task = createTask(() => future);
    yield* sleep(1);
    task.cancel('enough');
    expect(yield* failureOf(task)).toMatchObject({ reason: 'enough' });
    expect(future.cancelled()).toBe(true);
  }));

  test('regression: a function that returns nothing to await fails its task', onLoop(function* () {
    for (const value of [undefined, 'text', [1]]) {
      expect(yield* failureOf(createTask(() => value as never))).toMatchObject({ code: 'ERR_INVALID_ARG_TYPE' });
    }
  }));
});

test('regression: a main may be a plain function that returns a future', async () => {
  expect(await run(() => sleep(0))).toBe(undefined);
  expect(runBlocking(() => sleep(0))).toBe(undefined);
  const loop = new EventLoop({ engine: new SimulatedEngine() });
  expect(loop.runUntilComplete(loop.createTask(() => failAfter(5, () => trivial(3))))).toBe(3);
  loop.close();
});
