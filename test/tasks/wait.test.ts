// wait: sorts futures into done and pending, and leaves them alone.
import {
  type CoroutineFunction,
  createTask,
  type Future,
  getRunningLoop,
  type ReturnWhen,
  sleep,
  sleepForever,
  type Task,
  wait,
} from '../../lib/index';
import { virtualTime } from '../../lib/testing';
import { codeOf, colours, failing, hosted, outcomeOf, ticks, trivial } from './support';

const namesOf = (tasks: ReadonlySet<Future<unknown>>): string[] => [...tasks].map((task) => (task as Task<unknown>).name);

test('W1: wait: an empty collection is refused', virtualTime(function* () {
  expect(codeOf(() => wait([]))).toBe('ERR_OUT_OF_RANGE');
}));

test('W1: wait: a coroutine among the futures is refused', virtualTime(function* () {
  expect(codeOf(() => wait([trivial(1) as never]))).toBe('ERR_INVALID_ARG_TYPE');
  expect(codeOf(() => wait([(() => trivial(1)) as never]))).toBe('ERR_INVALID_ARG_TYPE');
  expect(codeOf(() => wait([Promise.resolve() as never]))).toBe('ERR_INVALID_ARG_TYPE');
}));

test('W1: wait: a single future instead of several is refused', virtualTime(function* () {
  expect(codeOf(() => wait(sleep(1) as never))).toBe('ERR_INVALID_ARG_TYPE');
}));

test('W1: wait: what is no collection is refused', virtualTime(function* () {
  for (const bad of [null, undefined, 5, {}]) expect(codeOf(() => wait(bad as never))).toBe('ERR_INVALID_ARG_TYPE');
}));

test('W1, D36: wait: an unknown returnWhen is refused', virtualTime(function* () {
  expect(codeOf(() => wait([sleep(1)], { returnWhen: 'LAST' as ReturnWhen }))).toBe('ERR_OUT_OF_RANGE');
}));

test('W1: wait: a timeout that is no number or NaN is refused', virtualTime(function* () {
  expect(codeOf(() => wait([sleep(1)], { timeout: '5' as never }))).toBe('ERR_INVALID_ARG_TYPE');
  expect(codeOf(() => wait([sleep(1)], { timeout: null as never }))).toBe('ERR_INVALID_ARG_TYPE');
  expect(codeOf(() => wait([sleep(1)], { timeout: NaN }))).toBe('ERR_OUT_OF_RANGE');
}));

describe.each(colours)('$name tasks', ({ of }) => {
  const after = (ms: number): CoroutineFunction<number> =>
    of(function* () {
      yield sleep(ms);
      return ms;
    });
  const failingAfter = (ms: number): CoroutineFunction<never> =>
    of(function* () {
      yield sleep(ms);
      throw new Error(`after ${ms}`);
    });

  test('W2: wait: it gives both halves and throws nothing of theirs', hosted(function* () {
    const failed = createTask(failingAfter(1), { name: 'failed' });
    const ended = createTask(after(2), { name: 'ended' });
    const { done, pending } = yield* wait([failed, ended]);

    expect([namesOf(done), namesOf(pending)]).toEqual([['failed', 'ended'], []]);
    expect(failed.exception()).toHaveProperty('message', 'after 1');
  }));

  test('W2: wait: a timeout throws nothing and cancels nothing', hosted(function* () {
    const fast = createTask(after(5), { name: 'fast' });
    const slow = createTask(after(50), { name: 'slow' });
    const { done, pending } = yield* wait([fast, slow], { timeout: 10 });

    expect([namesOf(done), namesOf(pending)]).toEqual([['fast'], ['slow']]);
    expect(slow.cancelling()).toBe(0);
    expect(getRunningLoop().time()).toBe(10);
    expect(yield* slow).toBe(50);
  }));

  test('W3: wait: FIRST_COMPLETED ends with the first of them, whatever its outcome', hosted(function* () {
    const tasks = [createTask(after(20), { name: 'a' }), createTask(failingAfter(10), { name: 'b' })];
    const { done, pending } = yield* wait(tasks, { returnWhen: 'FIRST_COMPLETED' });

    expect([namesOf(done), namesOf(pending)]).toEqual([['b'], ['a']]);
    expect(getRunningLoop().time()).toBe(10);
    yield* outcomeOf(tasks[1]!);
  }));

  test('W3: wait: FIRST_COMPLETED counts all that are done when its waiter wakes', hosted(function* () {
    const [first, second] = [getRunningLoop().createFuture<void>(), getRunningLoop().createFuture<void>()];
    getRunningLoop().callLater(1, () => {
      first.setResult();
      second.setResult();
    });
    const { done } = yield* wait([first, second], { returnWhen: 'FIRST_COMPLETED' });
    expect(done.size).toBe(2);
  }));

  test('W4: wait: FIRST_EXCEPTION ends with the first failure', hosted(function* () {
    const tasks = [createTask(after(5)), createTask(failingAfter(10)), createTask(after(50))] as Task<unknown>[];
    const { done, pending } = yield* wait(tasks, { returnWhen: 'FIRST_EXCEPTION' });

    expect([done.size, pending.size, getRunningLoop().time()]).toEqual([2, 1, 10]);
    tasks[1]!.exception();
  }));

  test('W4: wait: for FIRST_EXCEPTION a cancelled one is no failure', hosted(function* () {
    const cancelled = createTask(after(100));
    const other = createTask(after(30));
    getRunningLoop().callLater(10, () => cancelled.cancel());
    const { done } = yield* wait([cancelled, other], { returnWhen: 'FIRST_EXCEPTION' });

    expect([done.size, getRunningLoop().time()]).toEqual([2, 30]);
  }));

  test('W4: wait: FIRST_EXCEPTION without a failure is ALL_COMPLETED', hosted(function* () {
    const tasks = [createTask(after(5)), createTask(after(15))];
    const { pending } = yield* wait(tasks, { returnWhen: 'FIRST_EXCEPTION' });
    expect([pending.size, getRunningLoop().time()]).toEqual([0, 15]);
  }));

  test('W7: wait: a cancelled wait leaves the tasks running and forgets them', hosted(function* () {
    const task = createTask(after(20));
    const waiting = wait([task], { timeout: 1_000 });
    const waiter = createTask(of(function* () {
      yield waiting;
    }));
    yield* ticks(3);
    const timers = getRunningLoop().metrics().timers;

    waiter.cancel('enough');
    expect(yield* outcomeOf(waiter)).toEqual(['cancelled', 'enough']);
    expect(getRunningLoop().metrics().timers).toBe(timers - 1);
    expect(yield* task).toBe(20);
    expect(waiting.cancelled()).toBe(true);
  }));
});

test('W2, D36: wait: ALL_COMPLETED is what it does by default', virtualTime(function* () {
  const tasks = [createTask(trivial(1)), createTask(trivial(2))];
  const { done, pending } = yield* wait(tasks);
  expect([done.size, pending.size]).toEqual([2, 0]);
}));

test('W2: wait: the halves stand in the order given', virtualTime(function* () {
  const loop = getRunningLoop();
  const futures = [1, 2, 3, 4].map(() => loop.createFuture<void>());
  for (const i of [3, 1]) loop.callSoon(() => futures[i]!.setResult());
  const { done, pending } = yield* wait(futures, { timeout: 1 });
  const indicesOf = (half: Set<Future<void>>): number[] => [...half].map((future) => futures.indexOf(future));
  expect([indicesOf(done), indicesOf(pending)]).toEqual([[1, 3], [0, 2]]);
}));

test('W5: wait: duplicates are one', virtualTime(function* () {
  const task = createTask(trivial(1));
  const { done } = yield* wait([task, task, task]);
  expect([done.size, done.has(task)]).toEqual([1, true]);
}));

test('W6: wait: a timeout of zero still lets ready tasks run one round', virtualTime(function* () {
  const [ready, slow] = [createTask(trivial(1)), createTask(function* () {
    yield* sleepForever();
  })];
  const { done, pending } = yield* wait([ready, slow] as Future<unknown>[], { timeout: 0 });
  expect([done.has(ready), pending.has(slow), done.size]).toEqual([true, true, 1]);
}));

test('W2: wait: it is over on return when nothing is left to wait for', virtualTime(function* () {
  const task = createTask(trivial(1));
  yield* task;
  expect(wait([task]).done()).toBe(true);
  expect(wait([task, sleepForever()], { returnWhen: 'FIRST_COMPLETED' }).done()).toBe(true);
}));

test('D42: wait: it is no look at a failure', async () => {
  const reports: unknown[] = [];
  await hosted(function* () {
    getRunningLoop().setExceptionHandler(({ exception }) => reports.push(exception));
    yield* wait([createTask(failing('nobody looked'))]);
  })();
  expect(reports).toEqual([new Error('nobody looked')]);
});

test('W2: wait: a wait that went on past its timeout takes its timer with it', virtualTime(function* () {
  const loop = getRunningLoop();
  yield* wait([createTask(trivial(1))], { timeout: 1_000 });
  expect(loop.metrics().timers).toBe(0);
}));

test('W3: wait: async functions can await it', hosted(async () => {
  const task = createTask(trivial(1));
  const { done } = await wait([task]);
  expect([done.size, done.has(task)]).toEqual([1, true]);
}));
