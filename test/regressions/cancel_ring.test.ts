// Tasks that await each other can never end; a request to cancel went round among them for ever.
import {
  all,
  type Awaitable,
  type Coroutine,
  createTask,
  failAfter,
  gather,
  getRunningLoop,
  moveOnAfter,
  race,
  runBlocking,
  sleep,
  type Task,
  until,
  untilSignal,
  withTaskGroup,
} from '../../lib';
import { SimulatedEngine, virtualTime } from '../../lib/testing';
import { thrownBy, withCode } from '../helpers/failures';
import { colours, hosted, outcomeOf, ticks } from '../tasks/support';

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

// How one task of a ring may wait for the next one.
const ways: readonly (readonly [string, (next: Task<unknown>) => Awaitable<unknown>])[] = [
  ['itself', (next) => next],
  ['a gather', (next) => gather(next)],
  ['a gather in a gather', (next) => gather(gather(next))],
  ['all', (next) => all(next)],
  ['a race', (next) => race(next)],
  ['a timeout', (next) => failAfter(60_000, function* () {
    yield* next;
  })],
  ['an async body', (next) => failAfter(60_000, async () => {
    await next;
  })],
  ['a child', (next) => withTaskGroup(function* (group) {
    group.createTask(function* () {
      yield* next;
    });
  })],
  ['a promise', (next) => Promise.all([next]).then()],
];

describe.each(colours)('$name tasks', ({ name, of }) => {
  const known = ways.filter(([way]) => name === 'async' || way !== 'a promise');
  const waitingBy = (way: (next: Task<unknown>) => Awaitable<unknown>, next: () => Task<unknown>): Task<unknown> =>
    createTask(of(function* () {
      yield way(next());
    }));

  test.each(known)('regression: a request ends a ring that is closed by %s', async (_, way) => hosted(function* () {
    for (const asked of [0, 1]) {
      const tasks: Task<unknown>[] = [];
      for (let i = 0; i < 2; i++) tasks.push(waitingBy(i === 0 ? way : (next) => next, () => tasks[1 - i]!));
      yield* sleep(1);
      tasks[asked]!.cancel('enough');
      yield* sleep(1);
      expect(tasks.map((task) => task.cancelled())).toEqual([true, true]);
    }
  })());

  // The middle one waits for a promise that gives a value when its signal is aborted; the first awaits the middle one.
  test.each([0, 1, 2])('regression: a listener that cancels task %i again takes nobody off its wait', async (again) =>
    hosted(function* () {
      const heard: string[] = [];
      const tasks: Task<unknown>[] = [];
      const stubborn = (signal: AbortSignal): Promise<string> => new Promise((resolve) => {
        signal.addEventListener('abort', () => {
          tasks[again]!.cancel('again');
          setImmediate(() => resolve('a value'));
        });
      });
      tasks.push(waitingBy((next) => next, () => tasks[1]!));
      tasks.push(createTask(of(function* () {
        heard.push((yield untilSignal(stubborn)) as string);
        return 'kept';
      })));
      tasks.push(waitingBy((next) => next, () => tasks[0]!));
      yield* sleep(1);
      tasks[0]!.cancel('first');
      yield* tasks[2]!.join();
      expect([heard, tasks[1]!.result(), tasks[0]!.cancelled()]).toEqual([['a value'], 'kept', false]);
    })());

  test('regression: a task whose onCancel cancels it again hears of the first request', hosted(function* () {
    const task: Task<unknown> = createTask(of(function* () {
      yield until(new Promise(() => {}), { onCancel: () => task.cancel('again') });
    }));
    yield* sleep(1);
    task.cancel('first');
    expect(yield* outcomeOf(task)).toEqual(['cancelled', 'first']);
  }));

  test('regression: the timeout of one who waits in a ring is caught by it', hosted(function* () {
    const outcomes: unknown[] = [];
    const tasks: Task<unknown>[] = [createTask(of(function* () {
      const scope = (yield moveOnAfter(5, of(function* () {
        yield tasks[1]!;
      }))) as { cancelledCaught: boolean };
      outcomes.push(scope.cancelledCaught);
    }))];
    tasks.push(waitingBy((next) => next, () => tasks[0]!));
    yield* sleep(10);
    expect([outcomes, tasks.map((task) => task.done())]).toEqual([[true], [true, true]]);
  }));

  test('regression: two requests in one tick leave nothing of a ring behind', hosted(function* () {
    const sinks = (): number => getRunningLoop()._sinks.filter((sink) => sink !== null && sink !== undefined).length;
    const before = sinks();
    const tasks: Task<unknown>[] = [];
    for (let i = 0; i < 2; i++) {
      tasks.push(waitingBy((next) => (i === 0 ? next : moveOnAfter(60_000, of(function* () {
        yield next;
      }))), () => tasks[1 - i]!));
    }
    yield* sleep(1);
    for (const task of tasks) task.cancel('enough');
    yield* sleep(1);
    expect([tasks.map((task) => task.cancelled()), sinks()]).toEqual([[true, true], before]);
  }));

  test('regression: a scope over a ring ends all of it', hosted(function* () {
    const scope = yield* moveOnAfter(5, function* () {
      yield* withTaskGroup(function* (group) {
        const tasks: Task<unknown>[] = [];
        for (let i = 0; i < 3; i++) {
          tasks.push(group.createTask(of(function* () {
            yield i === 0 ? gather(tasks[1]!) : tasks[(i + 1) % 3]!;
          })));
        }
        yield* ticks(2);
      });
    });
    expect(scope.cancelledCaught).toBe(true);
  }));
});
