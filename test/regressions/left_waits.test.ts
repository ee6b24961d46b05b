// A ring of async tasks is opened by taking one of them off its wait; it goes on a record later. What is asked of it in
// between finds that wait left already: nothing of it is undone, woken or counted twice, and the first request is thrown.
import { type CancelledError, createTask, getRunningLoop, type Task, withTaskGroup } from '../../lib';
import { hosted, outcomeOf, ticks } from '../tasks/support';

const sinks = (): number => getRunningLoop()._sinks.filter((sink) => sink !== null && sink !== undefined).length;

/** A task that awaits another one and says with what it was taken off. */
const leaving = (other: () => Task<unknown>) => async (): Promise<unknown> => {
  try {
    return await other();
  } catch (error) {
    return `left by ${String((error as CancelledError).reason)}`;
  }
};

test('regression: a second request in the same tick does not go round a ring again', hosted(function* () {
  const tasks: Task<unknown>[] = [];
  for (let i = 0; i < 2; i++) tasks.push(createTask(leaving(() => tasks[1 - i]!)));
  yield* ticks(3);
  tasks[0]!.cancel('first');
  tasks[0]!.cancel('second');
  expect(tasks.map((task) => task.cancelling())).toEqual([2, 1]);
  expect(yield* outcomeOf(tasks[1]!)).toEqual(['value', 'left by first']);
  expect(yield* outcomeOf(tasks[0]!)).toEqual(['value', 'left by first']);
}));

// While one wait of it is left, a part of the same async function may come to wait for the ring again.
test('regression: a wait that was left is not left again with a later one', hosted(function* () {
  const before = sinks();
  const tasks: Task<unknown>[] = [];
  let open = (): void => undefined;
  const gate = new Promise<void>((resolve) => (open = resolve));
  tasks.push(createTask(leaving(() => Promise.all([tasks[1]!, gate.then(() => tasks[1]!)]) as unknown as Task<unknown>)));
  tasks.push(createTask(leaving(() => tasks[0]!)));
  yield* ticks(3);
  yield* createTask(async () => {
    tasks[0]!.cancel('first');
    open();
    for (let i = 0; i < 3; i++) await Promise.resolve();
    tasks[0]!.cancel('second');
  });
  expect(yield* outcomeOf(tasks[0]!)).toEqual(['value', 'left by first']);
  yield* tasks[1]!.join();
  yield* ticks(3);
  expect(sinks()).toBe(before);
}));

test('regression: a scope that is cancelled in the same tick leaves the request first', hosted(function* () {
  const tasks: Task<unknown>[] = [];
  yield* withTaskGroup(function* (group) {
    tasks.push(group.createTask(leaving(() => tasks[1]!)), createTask(leaving(() => tasks[0]!)));
    yield* ticks(3);
    tasks[0]!.cancel('first');
    group.cancel('the group');
    expect(tasks.map((task) => task.cancelling())).toEqual([1, 1]);
  });
  expect(yield* outcomeOf(tasks[0]!)).toEqual(['value', 'left by first']);
  yield* tasks[1]!.join();
}));
