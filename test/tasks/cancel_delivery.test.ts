// Task.cancel: what reaches the coroutine, when, and what its awaiters see.
import {
  CancelledError,
  checkpoint,
  createTask,
  currentTask,
  type Future,
  getRunningLoop,
  sleep,
  sleepForever,
  type Task,
} from '../../lib/index';
import { colours, hosted, outcomeOf, ticks } from './support';

const cancelOwn = (reason: unknown): boolean => (currentTask() as Task<unknown>).cancel(reason);

describe.each(colours)('$name tasks', ({ of }) => {
  test('X4: cancel: an inner task that swallows it gives its value to the outer one', hosted(function* () {
    const inner = createTask(of(function* () {
      try {
        yield sleepForever();
      } catch {
        yield sleep(1);
      }
      return 'kept';
    }));
    const outer = createTask(of(function* () {
      return yield inner;
    }));
    yield* ticks(3);

    outer.cancel();
    expect(yield* outcomeOf(outer)).toEqual(['value', 'kept']);
    expect(outer.cancelling()).toBe(1);
  }));

  test('X5, D31: cancel: after the value came, it is delivered and the next wait is cancelled', hosted(function* () {
    const future = getRunningLoop().createFuture<string>();
    const log: unknown[] = [];
    const task = createTask(of(function* () {
      log.push(yield future);
      yield sleepForever();
    }));
    yield* ticks(2);

    future.setResult('value');
    task.cancel('after');
    expect(yield* outcomeOf(task)).toEqual(['cancelled', 'after']);
    expect(log).toEqual(['value']);
  }));

  test('X9: cancel: of two requests after the value came, the first reason arrives', hosted(function* () {
    const future = getRunningLoop().createFuture<string>();
    const task = createTask(of(function* () {
      yield future;
      yield sleepForever();
    }));
    yield* ticks(2);

    future.setResult('value');
    task.cancel('one');
    task.cancel('two');
    expect(yield* outcomeOf(task)).toEqual(['cancelled', 'one']);
    expect(task.cancelling()).toBe(2);
  }));

  test('X5: cancel: after the last value came, the task ends with its result', hosted(function* () {
    const future = getRunningLoop().createFuture<string>();
    const task = createTask(of(function* () {
      return yield future;
    }));
    yield* ticks(2);

    future.setResult('value');
    task.cancel();
    expect(yield* outcomeOf(task)).toEqual(['value', 'value']);
    expect(task.cancelling()).toBe(1);
  }));

  test('X7, D30: cancel: a task that cancels itself is cancelled at its next wait', hosted(function* () {
    const log: unknown[] = [];
    const future = getRunningLoop().createFuture<void>();
    const task = createTask(of(function* () {
      log.push(cancelOwn('me'));
      log.push('still running');
      yield future;
      log.push('never');
    }));

    expect(yield* outcomeOf(task)).toEqual(['cancelled', 'me']);
    expect(log).toEqual([true, 'still running']);
    expect(future.cancelled()).toBe(true);
  }));

  test('X7: cancel: a task that cancels itself and returns ends with its result', hosted(function* () {
    const task = createTask(of(function* () {
      cancelOwn('me');
      return 'result';
    }));

    expect(yield* outcomeOf(task)).toEqual(['value', 'result']);
    expect(task.cancelling()).toBe(1);
  }));

  test('X7: cancel: a task that cancels itself and throws ends with what it throws', hosted(function* () {
    const failure = new Error('other');
    const task = createTask(of(function* () {
      cancelOwn('me');
      throw failure;
    }));

    expect(yield* outcomeOf(task)).toEqual(['failed', failure]);
  }));

  test('X8: cancel: a task that cancels itself cancels the task it awaits next', hosted(function* () {
    const inner = createTask(of(function* () {
      yield sleepForever();
    }));
    yield* ticks(2);
    const outer = createTask(of(function* () {
      cancelOwn('down');
      yield inner;
    }));

    expect(yield* outcomeOf(outer)).toEqual(['cancelled', 'down']);
    expect(yield* outcomeOf(inner)).toEqual(['cancelled', 'down']);
  }));

  test('D30: cancel: a pending request is seen before the operation has an effect', hosted(function* () {
    const loop = getRunningLoop();
    const timersBefore = loop.metrics().timers;
    const task = createTask(of(function* () {
      cancelOwn('me');
      yield sleep(1_000);
    }));

    yield* outcomeOf(task);
    expect(task.cancelled()).toBe(true);
    expect(loop.metrics().timers).toBe(timersBefore);
  }));

  test('D30: cancel: a done future still gives its value, the request waits for a pending one', hosted(function* () {
    const done = getRunningLoop().createFuture<string>();
    done.setResult('value');
    const log: unknown[] = [];
    const task = createTask(of(function* () {
      cancelOwn('me');
      log.push(yield done);
      log.push(yield done);
      yield sleepForever();
    }));

    expect(yield* outcomeOf(task)).toEqual(['cancelled', 'me']);
    expect(log).toEqual(['value', 'value']);
  }));

  test('D30: cancel: a bare checkpoint sees a pending request', hosted(function* () {
    const log: string[] = [];
    const task = createTask(of(function* () {
      cancelOwn('me');
      yield checkpoint();
      log.push('never');
    }));

    expect(yield* outcomeOf(task)).toEqual(['cancelled', 'me']);
    expect(log).toEqual([]);
  }));

  test('X10: cancel: a CancelledError thrown by hand ends the task cancelled, no request counted', hosted(function* () {
    const task = createTask(of(function* () {
      yield checkpoint();
      throw new CancelledError('by hand');
    }));

    expect(yield* outcomeOf(task)).toEqual(['cancelled', 'by hand']);
    expect(task.cancelling()).toBe(0);
  }));

  test('X11: cancel: a task that swallows it goes on, and its next wait works', hosted(function* () {
    const task = createTask(of(function* () {
      try {
        yield sleepForever();
      } catch {
        // Swallowed on purpose.
      }
      yield sleep(10);
      return getRunningLoop().time();
    }));
    yield* ticks(2);

    task.cancel();
    expect(yield* outcomeOf(task)).toEqual(['value', 10]);
    expect(task.cancelling()).toBe(1);
  }));

  test('X15: cancel: a failure that came first is delivered, the request waits for the next wait', hosted(function* () {
    const failure = new Error('first');
    const future: Future<void> = getRunningLoop().createFuture();
    const log: unknown[] = [];
    const task = createTask(of(function* () {
      try {
        yield future;
      } catch (error) {
        log.push(error);
      }
      yield sleepForever();
    }));
    yield* ticks(2);

    future.setException(failure);
    task.cancel('second');
    expect(yield* outcomeOf(task)).toEqual(['cancelled', 'second']);
    expect(log[0]).toBe(failure);
  }));

  test('X16: cancel: every awaiter of a cancelled task gets the error that ended it', hosted(function* () {
    const own: unknown[] = [];
    const seen: unknown[] = [];
    const inner = createTask(of(function* () {
      try {
        yield sleepForever();
      } catch (error) {
        own.push(error);
        throw error;
      }
    }));
    const awaiter = of(function* () {
      try {
        yield inner;
      } catch (error) {
        seen.push(error);
      }
    });
    const awaiters = [createTask(awaiter), createTask(awaiter)];
    yield* ticks(3);

    inner.cancel('shared');
    for (const task of awaiters) yield* outcomeOf(task);
    expect(own).toEqual([expect.any(CancelledError)]);
    expect(seen).toHaveLength(2);
    expect(seen[0]).toBe(own[0]);
    expect(seen[1]).toBe(own[0]);
  }));

  test('X16: cancel: what cleanup throws instead is what the awaiter gets', hosted(function* () {
    const failure = new Error('cleanup');
    const inner = createTask(of(function* () {
      try {
        yield sleepForever();
      } finally {
        throw failure;  
      }
    }));
    const outer = createTask(of(function* () {
      yield inner;
    }));
    yield* ticks(3);

    outer.cancel();
    expect(yield* outcomeOf(outer)).toEqual(['failed', failure]);
    expect(inner.cancelled()).toBe(false);
  }));
});
