// A scope that was cancelled over a chain of tasks, each awaiting the next, walked down the chain from each of them: ten
// thousand took twenty seconds.
import { type Coroutine, moveOnAfter, sleepForever, type Task, withTaskGroup } from '../../lib/index';
import { virtualTime } from '../../lib/testing';

const DEPTH = 2_000;

function* nested(depth: number, tasks: Task<unknown>[]): Coroutine<void> {
  if (depth === 0) return yield* sleepForever();
  yield* withTaskGroup(function* (group) {
    const child = group.createTask(nested(depth - 1, tasks));
    tasks.push(child);
    yield* child;
  });
}

test('regression: a scope asks each task of a chain once', virtualTime(function* () {
  const tasks: Task<unknown>[] = [];
  const scope = yield* moveOnAfter(10, () => nested(DEPTH, tasks));
  expect(scope.cancelledCaught).toBe(true);
  expect(tasks).toHaveLength(DEPTH);
  expect(tasks.every((task) => task.cancelled())).toBe(true);
  // The host above asks the task that it awaits; that one has asked those below by then.
  expect(Math.max(...tasks.map((task) => task.cancelling()))).toBeLessThanOrEqual(2);
}));
