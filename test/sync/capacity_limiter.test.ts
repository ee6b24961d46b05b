// CapacityLimiter: tokens with borrowers, and a bound that can move.
import { CapacityLimiter, createTask, currentTask, getRunningLoop, type Guard, sleep, type Task } from '../../lib/index';
import { virtualTime } from '../../lib/testing';
import { withCode } from '../helpers/failures';
import { codeOf, type Colour, colours, hosted, outcomeOf, ticks } from '../tasks/support';
import { named, onTwoLoops } from './support';

function borrower(of: Colour['of'], limiter: CapacityLimiter, log: string[], name: string, ms = 10): Task<void> {
  return createTask(
    of(function* () {
      const guard = (yield limiter.acquire()) as Guard;
      log.push(`${name} at ${getRunningLoop().time()}`);
      try {
        yield sleep(ms);
      } finally {
        guard.release();
      }
    }),
    { name },
  );
}

describe.each(colours)('$name tasks', ({ of }) => {
  test('SE8: limiter: tokens are lent to tasks in order', hosted(function* () {
    const limiter = new CapacityLimiter(2);
    const log: string[] = [];
    const tasks = ['a', 'b', 'c', 'd'].map((name) => borrower(of, limiter, log, name));
    yield* ticks(3);
    expect(named(limiter.statistics())).toEqual({
      totalTokens: 2,
      borrowedTokens: 2,
      borrowers: ['a', 'b'],
      tasksWaiting: 2,
    });
    for (const task of tasks) yield* task;
    expect(log).toEqual(['a at 0', 'b at 0', 'c at 10', 'd at 10']);
    expect(limiter.availableTokens).toBe(2);
  }));

  test('SE8: limiter: a borrower has one token, or one wait for one, and gives back only its own', hosted(function* () {
    const limiter = new CapacityLimiter(1);
    const task = createTask(of(function* () {
      const codes = [codeOf(() => limiter.release())];
      yield limiter.acquire();
      codes.push(codeOf(() => void limiter.acquire()), codeOf(() => limiter.tryAcquire()));
      const file = {};
      const wait = limiter.acquireOnBehalfOf(file);
      codes.push(codeOf(() => void limiter.acquireOnBehalfOf(file)), codeOf(() => limiter.releaseOnBehalfOf(file)));
      limiter.release();
      codes.push(codeOf(() => limiter.release()));
      yield wait;
      expect(limiter.statistics().borrowers).toEqual([file]);
      limiter.releaseOnBehalfOf(file);
      return codes;
    }));
    expect(yield* task).toEqual(Array(6).fill('ERR_INVALID_STATE'));
    expect(limiter.borrowedTokens).toBe(0);
  }));

  test('SE9: limiter: more tokens wake as many waiters at once', hosted(function* () {
    const limiter = new CapacityLimiter(0);
    const log: string[] = [];
    const tasks = ['a', 'b', 'c', 'd'].map((name) => borrower(of, limiter, log, name));
    yield* ticks(3);
    expect(limiter.statistics()).toMatchObject({ borrowedTokens: 0, tasksWaiting: 4 });
    limiter.totalTokens = 2;
    expect(limiter.statistics()).toMatchObject({ borrowedTokens: 2, tasksWaiting: 2 });
    yield* sleep(5);
    limiter.totalTokens = Infinity;
    for (const task of tasks) yield* task;
    expect(log).toEqual(['a at 0', 'b at 0', 'c at 5', 'd at 5']);
  }));

  test('SE9: limiter: fewer tokens than are lent take none away', hosted(function* () {
    const limiter = new CapacityLimiter(3);
    const log: string[] = [];
    const tasks = [10, 20, 30, 10].map((ms, i) => borrower(of, limiter, log, 'abcd'[i]!, ms));
    yield* sleep(5);
    limiter.totalTokens = 1;
    expect([limiter.borrowedTokens, limiter.availableTokens]).toEqual([3, -2]);
    for (const task of tasks) yield* task;
    expect(log.at(-1)).toBe('d at 30');
    expect(limiter.availableTokens).toBe(1);
  }));

  test('SE10, SE11: limiter: a token that comes back is the waiter’s before that one runs', hosted(function* () {
    const limiter = new CapacityLimiter(1);
    const guard = yield* limiter.acquire();
    const waiter = borrower(of, limiter, [], 'waiter');
    yield* ticks(3);
    expect(limiter.tryAcquireOnBehalfOf('barger')).toBeNull();
    guard.release();
    expect(named(limiter.statistics())).toMatchObject({ borrowedTokens: 1, borrowers: ['waiter'] });
    expect(limiter.tryAcquire()).toBeNull();
    yield* waiter;
    expect(limiter.tryAcquire()).not.toBeNull();
  }));

  test('SE5, D31, DV2: limiter: who was lent a token and then cancelled has it', hosted(function* () {
    const limiter = new CapacityLimiter(1);
    const log: string[] = [];
    const guard = yield* limiter.acquire();
    const [chosen, next] = [borrower(of, limiter, log, 'chosen'), borrower(of, limiter, log, 'next')];
    yield* ticks(3);
    guard.release();
    chosen.cancel('late');
    expect(yield* outcomeOf(chosen)).toEqual(['cancelled', 'late']);
    yield* next;
    expect(log).toEqual(['chosen at 0', 'next at 0']);
  }));

  test('SE12, DV3: limiter: a cancelled waiter is forgotten, and may come again', hosted(function* () {
    const limiter = new CapacityLimiter(1);
    const guard = yield* limiter.acquireOnBehalfOf('first');
    const task = createTask(of(function* () {
      const wait = limiter.acquire();
      wait.cancel();
      expect(limiter.statistics().tasksWaiting).toBe(0);
      yield limiter.acquire();
      return limiter.statistics().borrowers[0] === currentTask();
    }));
    yield* ticks(3);
    guard.release();
    expect(yield* task).toBe(true);
  }));

  test('D30: limiter: a pending cancel comes before a token is lent', hosted(function* () {
    const limiter = new CapacityLimiter(1);
    const task: Task<void> = createTask(of(function* () {
      task.cancel('already');
      yield limiter.acquire();
    }));
    expect(yield* outcomeOf(task)).toEqual(['cancelled', 'already']);
    expect(limiter.borrowedTokens).toBe(0);
  }));
});

test('SE12: limiter: a hundred thousand cancelled waits leave nothing behind', virtualTime(function* () {
  const limiter = new CapacityLimiter(0);
  const borrowers = Array.from({ length: 100_000 }, (_, i) => ({ i }));
  for (const one of borrowers) limiter.acquireOnBehalfOf(one).cancel();
  expect(limiter.statistics().tasksWaiting).toBe(0);
  // Nothing is remembered of them: each may wait again.
  expect(borrowers.every((one) => limiter.acquireOnBehalfOf(one).cancel())).toBe(true);
}));

test.each([
  [-1, 'ERR_OUT_OF_RANGE'],
  [-Infinity, 'ERR_OUT_OF_RANGE'],
  [1.5, 'ERR_INVALID_ARG_TYPE'],
  [NaN, 'ERR_INVALID_ARG_TYPE'],
  ['3', 'ERR_INVALID_ARG_TYPE'],
  [undefined, 'ERR_INVALID_ARG_TYPE'],
])('SE9: limiter: it refuses %p tokens, then and later', (count, code) => {
  expect(codeOf(() => new CapacityLimiter(count as number))).toBe(code);
  const limiter = new CapacityLimiter(2);
  expect(codeOf(() => (limiter.totalTokens = count as number))).toBe(code);
  expect(limiter.totalTokens).toBe(2);
});

test('SE8: limiter: nobody cannot borrow, and a task is needed for its own', virtualTime(function* () {
  const limiter = new CapacityLimiter(1);
  expect(codeOf(() => void limiter.acquireOnBehalfOf(null))).toBe('ERR_INVALID_ARG_TYPE');
  expect(codeOf(() => limiter.tryAcquireOnBehalfOf(undefined))).toBe('ERR_INVALID_ARG_TYPE');
  const code = getRunningLoop().createFuture<string | undefined>();
  getRunningLoop().callSoon(() => code.setResult(codeOf(() => void limiter.acquire())));
  expect(yield* code).toBe('ERR_NOT_IN_TASK');
}));

test('SE8, D48: limiter: a guard gives back once, and only its own token', virtualTime(function* () {
  const limiter = new CapacityLimiter(1);
  const stale = limiter.tryAcquire()!;
  stale.release();
  {
    using _ = yield* limiter.acquire();
    stale.release();
    expect(limiter.statistics().borrowers[0]).toBe(currentTask());
  }
  expect(limiter.borrowedTokens).toBe(0);
}));

test('LK11: limiter: it is bound to a loop only while somebody waits', onTwoLoops((onFirst, onSecond) => {
  const limiter = new CapacityLimiter(1);
  limiter.tryAcquireOnBehalfOf('a');
  const wait = onFirst(() => limiter.acquireOnBehalfOf('b'));
  const code = onSecond(() => codeOf(() => void limiter.acquireOnBehalfOf('c')));
  expect(code).toBe('ERR_WRONG_LOOP');
  limiter.releaseOnBehalfOf('a');
  expect(wait.result()).toEqual(withShape('b'));
  expect(onSecond(() => limiter.acquireOnBehalfOf('c')).done()).toBe(false);
}));

const withShape = (of: string): unknown => expect.objectContaining({ borrower: of });

test('limiter: outside a run nobody can wait', () => {
  expect(() => new CapacityLimiter(1).acquireOnBehalfOf('a')).toThrow(withCode('ERR_NO_RUNNING_LOOP'));
});
