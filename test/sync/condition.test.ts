// Condition: waiting without the lock for a change made under it. What counts is that the lock is held whenever `wait`
// is over, and that no notification is lost.
import { Condition, createTask, currentTask, type Guard, Lock, RLock, sleep, type Task } from '../../lib/index';
import { virtualTime } from '../../lib/testing';
import { withCode } from '../helpers/failures';
import { codeOf, type Colour, colours, hosted, outcomeOf, ticks } from '../tasks/support';
import { onTwoLoops } from './support';

const owns = ({ lock }: Condition): boolean => lock.statistics().owner === currentTask();

/** A task that waits once; it notes how its wait ended and whether it had the lock then. */
function waiter(of: Colour['of'], condition: Condition, log: string[], name: string): Task<void> {
  return createTask(
    of(function* () {
      const guard = (yield condition.acquire()) as Guard;
      try {
        yield condition.wait();
        log.push(`${name}: notified, ${owns(condition)}`);
      } catch (error) {
        log.push(`${name}: cancelled, ${owns(condition)}`);
        throw error;
      } finally {
        guard.release();
      }
    }),
    { name },
  );
}

describe.each(colours)('$name tasks', ({ of }) => {
  test('EV6: condition: waiting and notifying need the lock', hosted(function* () {
    const condition = new Condition();
    const task = createTask(of(function* () {
      return [
        codeOf(() => void condition.wait()),
        codeOf(() => void condition.waitFor(() => true)),
        codeOf(() => condition.notify()),
        codeOf(() => condition.notifyAll()),
      ];
    }));
    expect(yield* task).toEqual(Array(4).fill('ERR_INVALID_STATE'));
    using _ = yield* condition.acquire();
    const other = createTask(of(function* () {
      condition.notify();
    }));
    expect(yield* outcomeOf(other)).toEqual(['failed', withCode('ERR_INVALID_STATE', /held by/)]);
  }));

  test('EV7: condition: a wait gives the lock away, and has it back when it returns', hosted(function* () {
    const condition = new Condition();
    const log: string[] = [];
    const task = waiter(of, condition, log, 'a');
    yield* ticks(3);
    expect(condition.locked()).toBe(false);
    expect(condition.statistics().tasksWaiting).toBe(1);

    yield* condition.acquire();
    condition.notify();
    yield* ticks(3);
    expect(log).toEqual([]);
    condition.release();
    yield* task;
    expect(log).toEqual(['a: notified, true']);
    expect(condition.locked()).toBe(false);
  }));

  test('EV7: condition: cancelled while the lock is free, it throws with the lock held', hosted(function* () {
    const condition = new Condition();
    const log: string[] = [];
    const task = waiter(of, condition, log, 'a');
    yield* ticks(3);
    task.cancel('enough');
    expect(condition.lock.statistics().owner).toBe(task);
    expect(yield* outcomeOf(task)).toEqual(['cancelled', 'enough']);
    expect(log).toEqual(['a: cancelled, true']);
    expect(condition.statistics()).toEqual({ tasksWaiting: 0, lock: { locked: false, owner: null, tasksWaiting: 0 } });
  }));

  test('EV7, EV8: condition: cancelled while another has the lock, it throws once it has it back', hosted(function* () {
    const condition = new Condition();
    const log: string[] = [];
    const task = waiter(of, condition, log, 'a');
    yield* ticks(3);
    const guard = yield* condition.acquire();
    task.cancel('first');
    yield* sleep(5);
    task.cancel('last');
    yield* sleep(5);
    expect(log).toEqual([]);
    expect(condition.lock.statistics().tasksWaiting).toBe(1);
    expect(condition.notify()).toBe(0);

    guard.release();
    expect(yield* outcomeOf(task)).toEqual(['cancelled', 'last']);
    expect(log).toEqual(['a: cancelled, true']);
  }));

  test('D30: condition: a pending cancel is thrown before the lock is given away', hosted(function* () {
    const condition = new Condition();
    const log: unknown[] = [];
    const task: Task<void> = createTask(of(function* () {
      const guard = (yield condition.acquire()) as Guard;
      task.cancel('already');
      try {
        yield condition.wait();
      } finally {
        log.push(owns(condition));
        guard.release();
      }
    }));
    expect(yield* outcomeOf(task)).toEqual(['cancelled', 'already']);
    expect(log).toEqual([true]);
  }));

  test('EV9, D31, DV2: condition: who is notified and then cancelled returns', hosted(function* () {
    const condition = new Condition();
    const log: string[] = [];
    const [a, b] = [waiter(of, condition, log, 'a'), waiter(of, condition, log, 'b')];
    yield* ticks(3);
    yield* condition.acquire();
    condition.notify();
    a.cancel('late');
    yield* ticks(3);
    condition.release();
    expect(yield* outcomeOf(a)).toEqual(['value', undefined]);
    expect(log).toEqual(['a: notified, true']);
    b.cancel();
    yield* outcomeOf(b);
  }));

  test('EV9, DV3: condition: who is cancelled first leaves the notification to the next', hosted(function* () {
    const condition = new Condition();
    const log: string[] = [];
    const [a, b] = [waiter(of, condition, log, 'a'), waiter(of, condition, log, 'b')];
    yield* ticks(3);
    yield* condition.acquire();
    a.cancel('first');
    expect(condition.notify()).toBe(1);
    condition.release();
    expect(yield* outcomeOf(a)).toEqual(['cancelled', 'first']);
    yield* b;
    expect(log).toEqual(['a: cancelled, true', 'b: notified, true']);
  }));

  test('EV10: condition: notify wakes as many as asked for, in order, and is not remembered', hosted(function* () {
    const condition = new Condition();
    const log: string[] = [];
    yield* condition.acquire();
    expect([condition.notify(), condition.notifyAll()]).toEqual([0, 0]);
    condition.release();
    const tasks = ['a', 'b', 'c', 'd', 'e'].map((name) => waiter(of, condition, log, name));
    yield* ticks(10);
    expect([log, condition.statistics().tasksWaiting]).toEqual([[], 5]);

    yield* condition.acquire();
    expect([condition.notify(2), condition.notify(0)]).toEqual([2, 0]);
    condition.release();
    yield* ticks(10);
    expect(log).toEqual(['a: notified, true', 'b: notified, true']);
    yield* condition.acquire();
    expect(condition.notifyAll()).toBe(3);
    condition.release();
    for (const task of tasks) yield* task;
    expect(log.map((line) => line[0]).join('')).toBe('abcde');
  }));

  test('EV11: condition: waitFor asks at once and after each notification, and gives the answer', hosted(function* () {
    const condition = new Condition();
    const items: string[] = [];
    let asked = 0;
    const task = createTask(of(function* () {
      const guard = (yield condition.acquire()) as Guard;
      const item = yield condition.waitFor(() => {
        asked++;
        expect(owns(condition)).toBe(true);
        return items[0];
      });
      guard.release();
      return item;
    }));
    for (const arriving of [[], [], ['item']]) {
      yield* sleep(5);
      yield* condition.acquire();
      items.push(...arriving);
      condition.notify();
      condition.release();
    }
    expect(yield* task).toBe('item');
    expect(asked).toBe(4);
  }));

  test('EV11: condition: waitFor of what is true already does not wait', hosted(function* () {
    const condition = new Condition();
    const task = createTask(of(function* () {
      yield condition.acquire();
      const wait = condition.waitFor(() => 'answer');
      const answer = yield wait;
      expect(owns(condition)).toBe(true);
      condition.release();
      return answer;
    }));
    expect(yield* task).toBe('answer');
  }));

  test('EV11, EV7: condition: waitFor that is cancelled, or whose predicate throws, keeps the lock', hosted(function* () {
    const condition = new Condition();
    const log: unknown[] = [];
    const asking = (predicate: () => boolean): Task<void> =>
      createTask(of(function* () {
        const guard = (yield condition.acquire()) as Guard;
        try {
          yield condition.waitFor(predicate);
        } finally {
          log.push(owns(condition));
          guard.release();
        }
      }));
    const cancelled = asking(() => false);
    yield* sleep(5);
    cancelled.cancel('enough');
    expect(yield* outcomeOf(cancelled)).toEqual(['cancelled', 'enough']);
    const failing = asking(() => {
      throw new Error('no answer');
    });
    expect(yield* outcomeOf(failing)).toEqual(['failed', new Error('no answer')]);
    expect(log).toEqual([true, true]);
  }));

  test('EV12: condition: who is notified stands in the lock’s queue, behind who waits there', hosted(function* () {
    const condition = new Condition();
    const log: string[] = [];
    const task = waiter(of, condition, log, 'a');
    yield* ticks(3);
    yield* condition.acquire();
    const earlier = createTask(of(function* () {
      const guard = (yield condition.acquire()) as Guard;
      log.push('earlier');
      guard.release();
    }));
    yield* ticks(3);
    condition.notify();
    expect(condition.statistics()).toMatchObject({ tasksWaiting: 0, lock: { tasksWaiting: 2 } });
    condition.release();
    expect(condition.tryAcquire()).toBeNull();
    yield* earlier;
    yield* task;
    expect(log).toEqual(['earlier', 'a: notified, true']);
  }));

  test('EV13: condition: two conditions can share one lock', hosted(function* () {
    const lock = new Lock();
    const [full, empty] = [new Condition(lock), new Condition(lock)];
    const log: string[] = [];
    const [a, b] = [waiter(of, full, log, 'full'), waiter(of, empty, log, 'empty')];
    yield* ticks(3);
    using guard = yield* lock.acquire();
    empty.notifyAll();
    full.notifyAll();
    guard.release();
    yield* a;
    yield* b;
    expect(log).toEqual(['empty: notified, true', 'full: notified, true']);
  }));

  test('LK10: condition: of an RLock all levels are given away and come back', hosted(function* () {
    const condition = new Condition(new RLock());
    const task = createTask(of(function* () {
      const outer = (yield condition.acquire()) as Guard;
      const inner = (yield condition.acquire()) as Guard;
      yield condition.wait();
      const depths = [(condition.lock as RLock).statistics().depth];
      inner.release();
      depths.push((condition.lock as RLock).statistics().depth);
      outer.release();
      return depths;
    }));
    yield* ticks(3);
    yield* condition.acquire();
    condition.notify();
    condition.release();
    expect(yield* task).toEqual([2, 1]);
    expect(condition.locked()).toBe(false);
  }));

  test('LK7: condition: a waiter cannot have the lock back from an owner that ended', hosted(function* () {
    const condition = new Condition();
    const task = createTask(of(function* () {
      yield condition.acquire();
      yield condition.wait();
    }));
    yield* ticks(3);
    const careless = createTask(
      of(function* () {
        yield condition.acquire();
        condition.notify();
      }),
      { name: 'careless' },
    );
    yield* careless;
    expect(yield* outcomeOf(task)).toEqual(['failed', withCode('ERR_BROKEN', /careless/)]);
  }));
});

test('condition: it refuses what is no lock and what is no predicate', virtualTime(function* () {
  expect(codeOf(() => new Condition({} as Lock))).toBe('ERR_INVALID_ARG_TYPE');
  const condition = new Condition();
  using _ = yield* condition.acquire();
  expect(codeOf(() => void condition.waitFor(function* () {}))).toBe('ERR_INVALID_ARG_TYPE');
  expect(codeOf(() => void condition.waitFor(async () => {}))).toBe('ERR_INVALID_ARG_TYPE');
  expect(codeOf(() => void condition.waitFor(true as unknown as () => boolean))).toBe('ERR_INVALID_ARG_TYPE');
  expect(codeOf(() => condition.notify(-1))).toBe('ERR_OUT_OF_RANGE');
  expect(codeOf(() => condition.notify(0.5))).toBe('ERR_INVALID_ARG_TYPE');
}));

test('EV13: condition: waiters of another loop cannot be joined or notified', onTwoLoops((onFirst, onSecond) => {
  const condition = new Condition();
  const wait = onFirst(() => {
    condition.tryAcquire();
    return condition.wait();
  });
  expect(condition.locked()).toBe(false);
  const codes = onSecond(() => {
    using _ = condition.tryAcquire()!;
    return [codeOf(() => void condition.wait()), codeOf(() => condition.notify())];
  });
  expect(codes).toEqual(['ERR_WRONG_LOOP', 'ERR_WRONG_LOOP']);
  expect([condition.locked(), wait.done()]).toEqual([false, false]);
}));
