// asCompleted: the tasks themselves, in the order in which they are done.
import {
  allTasks,
  asCompleted,
  checkpoint,
  type CoroutineFunction,
  createTask,
  type Future,
  getRunningLoop,
  sleep,
  sleepForever,
  type Task,
} from '../../lib/index';
import { virtualTime } from '../../lib/testing';
import { withCode } from '../helpers/failures';
import { codeOf, colours, hosted, outcomeOf, ticks, trivial } from './support';

/** `for await` over the tasks; stops when `visit` answers false. */
async function forEach<T>(tasks: AsyncIterable<unknown>, visit: (task: Future<T>) => unknown): Promise<void> {
  for await (const task of tasks) if (visit(task as Future<T>) === false) break;
}

describe.each(colours)('$name tasks', ({ of }) => {
  const after = (ms: number): CoroutineFunction<number> =>
    of(function* () {
      yield sleep(ms);
      return ms;
    });

  test('AC1: asCompleted: async iteration gives the very tasks, done, in order of completion', hosted(async () => {
    const tasks = [createTask(after(30)), createTask(after(10)), createTask(after(20))];
    const order: number[] = [];
    await forEach(asCompleted(tasks), (task: Future<number>) => {
      expect(task.done()).toBe(true);
      order.push(tasks.indexOf(task as Task<number>));
    });
    expect(order).toEqual([1, 2, 0]);
  }));

  test('AC1, D36: asCompleted: plain iteration gives them too, in coroutines', hosted(function* () {
    const tasks = [createTask(after(30)), createTask(after(10)), createTask(after(20))];
    const order: Future<number>[] = [];
    for (const next of asCompleted(tasks)) order.push(yield* next);
    expect(order.map((task) => task.result())).toEqual([10, 20, 30]);
    expect(order[0]).toBe(tasks[1]);
  }));

  test('AC1: asCompleted: for coroutines it gives the tasks that it made', hosted(async () => {
    const results: number[] = [];
    await forEach(asCompleted([after(2), after(1)]), (task: Future<number>) => results.push(task.result()));
    expect(results).toEqual([1, 2]);
  }));

  test('AC3: asCompleted: after the timeout each item throws, and the tasks go on', hosted(function* () {
    const slow = createTask(after(50));
    const completions = asCompleted([after(5), slow, createTask(after(60))], { timeout: 20 });
    const results: unknown[] = [];
    for (const next of completions) {
      try {
        results.push((yield* next).result());
      } catch (error) {
        results.push((error as { code: string }).code);
      }
    }

    expect(results).toEqual([5, 'ERR_TIMEOUT', 'ERR_TIMEOUT']);
    expect(getRunningLoop().time()).toBe(20);
    expect(slow.cancelling()).toBe(0);
    expect(yield* slow).toBe(50);
  }));

  test('AC3: asCompleted: what is done in time is given later as well, what is done later is not', hosted(function* () {
    const results: unknown[] = [];
    const completions = asCompleted([after(5), after(30), after(40)], { timeout: 20 });
    yield* sleep(50);
    for (const next of completions) {
      results.push(yield* outcomeOf(createTask(function* () {
        return (yield* next).result();
      })));
    }
    const late = ['failed', withCode('ERR_TIMEOUT')];
    expect(results).toEqual([['value', 5], late, late]);
  }));

  test('AC3: asCompleted: the timeout ends an async iteration with the error', hosted(async () => {
    const slow = createTask(after(50));
    const seen: number[] = [];
    const iterating = forEach(asCompleted([after(5), slow], { timeout: 20 }), (task: Future<number>) => {
      seen.push(task.result());
    });
    await expect(iterating).rejects.toThrow(withCode('ERR_TIMEOUT'));
    expect(seen).toEqual([5]);
    expect(slow.cancelling()).toBe(0);
  }));

  test('AC5: asCompleted: the loop can be left and taken up again', hosted(function* () {
    const completions = asCompleted([after(10), after(20), after(30)]);
    const [first] = completions;
    const results = [(yield* first!).result()];
    yield* sleep(30);
    for (const next of completions) results.push((yield* next).result());
    expect(results).toEqual([10, 20, 30]);
  }));

  test('AC5: asCompleted: an async iteration can be left and taken up again', hosted(async () => {
    const completions = asCompleted([after(10), after(20), after(30)]);
    const results: number[] = [];
    await forEach(completions, (task: Future<number>) => {
      results.push(task.result());
      return false;
    });
    await forEach(completions, (task: Future<number>) => results.push(task.result()));
    expect(results).toEqual([10, 20, 30]);
  }));

  test('AC5, D36: asCompleted: close() cancels the tasks it made and leaves alone what it was given', hosted(function* () {
    const given = createTask(after(50));
    const completions = asCompleted([given, after(100), after(10)]);
    const [first] = completions;
    const made = yield* first!;
    completions.close();
    yield* ticks(3);

    expect(made.result()).toBe(10);
    expect(given.cancelling()).toBe(0);
    expect(yield* given).toBe(50);
    expect(getRunningLoop().time()).toBe(50);
  }));
});

test('AC5: asCompleted: disposing of it is closing it', virtualTime(function* () {
  const log: string[] = [];
  const completions = asCompleted([(function* () {
    try {
      yield* sleepForever();
    } finally {
      log.push('cancelled');
    }
  })()]);
  yield* ticks(1);
  completions[Symbol.dispose]();
  yield* ticks(1);
  expect(log).toEqual(['cancelled']);
}));

test('AC2: asCompleted: whichever item is awaited first gets the next completed', virtualTime(function* () {
  const loop = getRunningLoop();
  const [first, second] = [loop.createFuture<string>(), loop.createFuture<string>()];
  const [early, late] = [...asCompleted([first, second])];
  const awaitItem = (item: typeof early): Task<Future<string>> =>
    createTask(function* () {
      return yield* item!;
    });
  const lateTask = awaitItem(late);
  yield* ticks(1);
  const earlyTask = awaitItem(early);
  yield* ticks(1);

  second.setResult('second');
  yield* ticks(2);
  expect([lateTask.done(), earlyTask.done()]).toEqual([true, false]);
  expect(lateTask.result()).toBe(second);
  first.setResult('first');
  expect(yield* earlyTask).toBe(first);
}));

test('AC2: asCompleted: an item awaited twice gives the same task', virtualTime(function* () {
  const tasks = [createTask(trivial(1)), createTask(trivial(2))];
  const [item] = [...asCompleted(tasks)];
  const once = yield* item!;
  expect(yield* item!).toBe(once);
}));

test('AC4: asCompleted: nothing given is over at once', hosted(async () => {
  expect([...asCompleted([])]).toEqual([]);
  await forEach(asCompleted([]), () => {
    throw new Error('unreachable');
  });
}));

test('AC4: asCompleted: duplicates are one', virtualTime(function* () {
  const task = createTask(trivial(1));
  expect([...asCompleted([task, task])]).toHaveLength(1);
  const coroutine = trivial(2);
  expect([...asCompleted([coroutine, coroutine])]).toHaveLength(1);
}));

test('AC4: asCompleted: a single awaitable or what is no collection is refused', virtualTime(function* () {
  for (const bad of [sleep(1), trivial(1), null, undefined, 5, 'text', {}, checkpoint()]) {
    expect(codeOf(() => asCompleted(bad as never))).toBe('ERR_INVALID_ARG_TYPE');
  }
  expect(codeOf(() => asCompleted([5 as never]))).toBe('ERR_INVALID_ARG_TYPE');
  const before = allTasks().size;
  expect(codeOf(() => asCompleted([trivial(1), 5 as never]))).toBe('ERR_INVALID_ARG_TYPE');
  expect(allTasks().size).toBe(before);
  expect(codeOf(() => asCompleted([sleep(1)], { timeout: NaN }))).toBe('ERR_OUT_OF_RANGE');
  expect(codeOf(() => asCompleted([sleep(1)], { timeout: 'x' as never }))).toBe('ERR_INVALID_ARG_TYPE');
}));

test('AC6: asCompleted: those done in one tick come in the order in which they were done', virtualTime(function* () {
  const loop = getRunningLoop();
  const futures = [1, 2, 3].map(() => loop.createFuture<number>());
  loop.callSoon(() => {
    for (const i of [2, 0, 1]) futures[i]!.setResult(i);
  });
  const order: number[] = [];
  for (const next of asCompleted(futures)) order.push((yield* next).result());
  expect(order).toEqual([2, 0, 1]);
}));

test('AC6: asCompleted: what was done already comes first, in the order given', virtualTime(function* () {
  const loop = getRunningLoop();
  const futures = [1, 2, 3].map(() => loop.createFuture<number>());
  futures[2]!.setResult(2);
  futures[1]!.setResult(1);
  loop.callSoon(() => futures[0]!.setResult(0));
  const order: number[] = [];
  for (const next of asCompleted(futures)) order.push((yield* next).result());
  expect(order).toEqual([1, 2, 0]);
}));

test('AC3: asCompleted: the timer is gone once the last one is done', virtualTime(function* () {
  for (const next of asCompleted([trivial(1)], { timeout: 1_000 })) void (yield* next);
  expect(getRunningLoop().metrics().timers).toBe(0);
}));

test('AC3: asCompleted: with everything done on return no timer is left behind', virtualTime(function* () {
  const task = createTask(trivial(1));
  yield* task;
  for (const next of asCompleted([task], { timeout: 1_000 })) void (yield* next);
  expect(getRunningLoop().metrics().timers).toBe(0);
}));

test('AC1: asCompleted: an item whose wait is cancelled leaves its completion to the next', virtualTime(function* () {
  const future = getRunningLoop().createFuture<string>();
  const [first, second] = [...asCompleted([future, sleepForever()])];
  const waiter = createTask(function* () {
    void (yield* first!);
  });
  yield* ticks(1);
  waiter.cancel();
  yield* outcomeOf(waiter);

  future.setResult('kept');
  expect(yield* second!).toBe(future);
}));

test('AC5, DV3: asCompleted: a wait that is cancelled gives its place in the iteration back', hosted(function* () {
  const futures = [1, 2].map(() => getRunningLoop().createFuture<number>());
  const completions = asCompleted(futures);
  const waiters = [
    createTask(async () => {
      await forEach(completions, () => undefined);
    }),
    createTask(function* () {
      for (const next of completions) void (yield* next);
    }),
  ];
  yield* ticks(2);
  for (const waiter of waiters) waiter.cancel();
  for (const waiter of waiters) yield* outcomeOf(waiter);

  futures.forEach((future, i) => future.setResult(i));
  const results: number[] = [];
  for (const next of completions) results.push((yield* next).result());
  expect(results).toEqual([0, 1]);
}));
