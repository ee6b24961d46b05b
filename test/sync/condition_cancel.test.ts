// Condition: cancellations at the edges of a wait, by a task and by a scope.
import {
  type CancelledError,
  CancelScope,
  Condition,
  createTask,
  currentTask,
  type Guard,
  sleep,
  type Task,
} from '../../lib/index';
import { colours, hosted, outcomeOf } from '../tasks/support';

const owns = ({ lock }: Condition): boolean => lock.statistics().owner === currentTask();

/** A task that takes the lock as soon as it can, and keeps it for a while. */
function lockedBy(condition: Condition): Task<void> {
  return createTask(function* () {
    using _ = yield* condition.acquire();
    yield* sleep(5);
  }, { eager: true });
}

describe.each(colours)('$name tasks', ({ of }) => {
  test('EV8, D30: condition: cancelled before the await begins, it throws with the lock held', hosted(function* () {
    const condition = new Condition();
    const log: string[] = [];
    const task: Task<void> = createTask(of(function* () {
      const guard = (yield condition.acquire()) as Guard;
      const wait = condition.wait();
      const thief = lockedBy(condition);
      task.cancel('between');
      try {
        yield wait;
      } catch (error) {
        log.push(`cancelled, ${owns(condition)}, thief done: ${thief.done()}`);
        throw error;
      } finally {
        guard.release();
      }
    }));
    expect(yield* outcomeOf(task)).toEqual(['cancelled', 'between']);
    expect(log).toEqual(['cancelled, true, thief done: true']);
  }));

  test('EV7, EV8: condition: a scope’s error is thrown with the lock held too', hosted(function* () {
    for (const isBefore of [true, false]) {
      const condition = new Condition();
      const scope = new CancelScope();
      const log: unknown[] = [];
      const task = createTask(of(function* () {
        yield scope.run(of(function* () {
          const guard = (yield condition.acquire()) as Guard;
          const wait = condition.wait();
          const thief = lockedBy(condition);
          if (isBefore) scope.cancel('scope');
          try {
            yield wait;
          } catch (error) {
            log.push(owns(condition), thief.done(), (error as CancelledError).reason);
            throw error;
          } finally {
            guard.release();
          }
        }));
        return scope.cancelledCaught;
      }));
      yield* sleep(1);
      if (!isBefore) scope.cancel('scope');
      expect(yield* outcomeOf(task)).toEqual(['value', true]);
      expect(log).toEqual([true, true, 'scope']);
      expect(condition.locked()).toBe(false);
    }
  }));

  test('EV9: condition: notified before its scope is cancelled, it returns, and the next wait throws', hosted(function* () {
    const condition = new Condition();
    const scope = new CancelScope();
    const log: unknown[] = [];
    const task = createTask(of(function* () {
      yield scope.run(of(function* () {
        const guard = (yield condition.acquire()) as Guard;
        yield condition.wait();
        log.push(owns(condition));
        guard.release();
        yield condition.acquire();
        log.push('never');
      }));
    }));
    yield* sleep(1);
    yield* condition.acquire();
    condition.notify();
    scope.cancel();
    yield* sleep(5);
    condition.release();
    expect(yield* outcomeOf(task)).toEqual(['value', undefined]);
    expect([scope.cancelledCaught, condition.locked(), ...log]).toEqual([true, false, true]);
  }));
});
