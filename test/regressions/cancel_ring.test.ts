// Tasks that await each other can never end; a request to cancel went round among them for ever.
import { type Coroutine, createTask, gather, runBlocking, sleep, type Task } from '../../lib';
import { SimulatedEngine, virtualTime } from '../../lib/testing';
import { thrownBy, withCode } from '../helpers/failures';

function ring(length: number): Task<unknown>[] {
  const tasks: Task<unknown>[] = [];
  function* awaitNext(i: number): Coroutine<unknown> {
    return yield* tasks[(i + 1) % length] as Task<unknown>;
  }
  for (let i = 0; i < length; i++) tasks.push(createTask(awaitNext(i)));
  return tasks;
}

test('cancel: a task in a ring of tasks that await each other ends them all', virtualTime(function* () {
  const tasks = ring(3);
  yield* sleep(1);
  tasks[0]?.cancel('enough');
  yield* sleep(1);
  expect(tasks.map((task) => task.cancelled())).toEqual([true, true, true]);
  expect(tasks.map((task) => task.cancelling())).toEqual([1, 1, 1]);
}));

test('cancel: a task that waits for a ring of others ends with them', virtualTime(function* () {
  const tasks = ring(2);
  const outside = createTask(function* () {
    yield* tasks[0] as Task<unknown>;
  });
  yield* sleep(1);
  outside.cancel();
  yield* sleep(1);
  expect([outside, ...tasks].map((task) => task.cancelled())).toEqual([true, true, true]);
}));

test('cancel: two ways to one task do not make a ring', virtualTime(function* () {
  const shared = createTask(function* () {
    yield* sleep(5);
  });
  const ways = [1, 2].map(() => createTask(function* () {
    yield* shared;
  }));
  const both = gather(ways);
  yield* sleep(1);
  both.cancel();
  yield* sleep(1);
  expect([shared, ...ways].map((task) => task.cancelled())).toEqual([true, true, true]);
}));

test('runBlocking: a main that awaits a ring of tasks is a deadlock, not a hang', () => {
  const error = thrownBy(() => runBlocking(
    function* () {
      yield* ring(2)[0] as Task<unknown>;
    },
    { engine: new SimulatedEngine() },
  ));
  expect(error).toEqual(withCode('ERR_DEADLOCK'));
});
