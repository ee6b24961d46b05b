// Task.cancel: what the request itself does, before the task has seen it.
import { CancelledError, checkpoint, createTask, getRunningLoop, sleep, sleepForever } from '../../lib/index';
import { virtualTime } from '../../lib/testing';
import { thrownBy } from '../helpers/failures';
import { colours, hosted, outcomeOf, ticks, trivial } from './support';

describe.each(colours)('$name tasks', ({ of }) => {
  test('X1: cancel: a pending task counts each request, a done one answers false', hosted(function* () {
    const task = createTask(of(function* () {
      yield sleepForever();
    }));
    yield* ticks(2);

    expect(task.cancel()).toBe(true);
    expect(task.cancelling()).toBe(1);
    yield* outcomeOf(task);
    expect(task.cancel()).toBe(false);
    expect(task.cancelling()).toBe(1);
  }));

  test('X1: cancel: a task that ended with a result keeps it', hosted(function* () {
    const task = createTask(of(function* () {
      return 7;
    }));
    yield* outcomeOf(task);

    expect(task.cancel('late')).toBe(false);
    expect(task.cancelled()).toBe(false);
    expect(task.result()).toBe(7);
  }));

  test('X2: cancel: the task is cancelled only once its cleanup has ended', hosted(function* () {
    const log: string[] = [];
    const task = createTask(of(function* () {
      try {
        yield sleepForever();
      } finally {
        log.push('cleanup began');
        yield sleep(10);
        log.push('cleanup ended');
      }
    }));
    yield* ticks(2);

    task.cancel();
    expect(task.cancelled()).toBe(false);
    yield* sleep(5);
    expect([task.done(), task.cancelled(), log]).toEqual([false, false, ['cleanup began']]);
    yield* outcomeOf(task);
    expect([task.cancelled(), log]).toEqual([true, ['cleanup began', 'cleanup ended']]);
  }));

  test('X3: cancel: the future waited on is cancelled and its error arrives at the wait', hosted(function* () {
    const future = getRunningLoop().createFuture<number>();
    const seen: unknown[] = [];
    const task = createTask(of(function* () {
      try {
        yield future;
      } catch (error) {
        seen.push(error);
        throw error;
      }
    }));
    yield* ticks(2);

    task.cancel('enough');
    expect(future.cancelled()).toBe(true);
    expect(seen).toEqual([]);
    yield* outcomeOf(task);
    expect(seen).toEqual([expect.any(CancelledError)]);
    expect(seen[0]).toHaveProperty('reason', 'enough');
  }));

  test('X3: cancel: a task waited on is cancelled too', hosted(function* () {
    const inner = createTask(of(function* () {
      yield sleepForever();
    }));
    const outer = createTask(of(function* () {
      yield inner;
    }));
    yield* ticks(3);

    outer.cancel('both');
    expect(yield* outcomeOf(inner)).toEqual(['cancelled', 'both']);
    expect(yield* outcomeOf(outer)).toEqual(['cancelled', 'both']);
  }));

  test('X6: cancel: before the first step no line of the body runs', hosted(function* () {
    const log: string[] = [];
    const task = createTask(of(function* () {
      try {
        log.push('body');
        yield checkpoint();
      } finally {
        log.push('finally');
      }
    }));

    task.cancel('too late');
    expect(yield* outcomeOf(task)).toEqual(['cancelled', 'too late']);
    expect(log).toEqual([]);
  }));

  test('X9: cancel: two requests before delivery count twice and throw once', hosted(function* () {
    let thrown = 0;
    const task = createTask(of(function* () {
      for (let i = 0; i < 3; i++) {
        try {
          yield sleep(10);
        } catch {
          thrown++;
        }
      }
    }));
    yield* ticks(2);

    expect([task.cancel('one'), task.cancel('two')]).toEqual([true, true]);
    expect(task.cancelling()).toBe(2);
    expect(yield* outcomeOf(task)).toEqual(['value', undefined]);
    expect(thrown).toBe(1);
  }));

  test('X9: cancel: the first of two reasons is the one that arrives', hosted(function* () {
    const task = createTask(of(function* () {
      yield sleepForever();
    }));
    yield* ticks(2);

    task.cancel('one');
    task.cancel('two');
    expect(yield* outcomeOf(task)).toEqual(['cancelled', 'one']);
  }));

  test.each([
    ['a string', 'why'],
    ['an object', { because: 1 }],
    ['an error', new Error('cause')],
    ['null', null],
    ['nothing', undefined],
  ])('X14: cancel: %s as reason arrives unchanged inside and outside', (_what, reason) =>
    hosted(function* () {
      const seen: unknown[] = [];
      const inner = createTask(of(function* () {
        try {
          yield sleepForever();
        } catch (error) {
          seen.push((error as CancelledError).reason);
          throw error;
        }
      }));
      const outer = createTask(of(function* () {
        yield inner;
      }));
      yield* ticks(3);

      inner.cancel(reason);
      const [kind, outside] = yield* outcomeOf(outer);
      expect(kind).toBe('cancelled');
      expect(outside).toBe(reason);
      expect(seen).toEqual([reason]);
    })());

  test('X19: cancel: the request runs nothing, and its delivery takes one wake-up', hosted(function* () {
    const loop = getRunningLoop();
    const log: string[] = [];
    const task = createTask(of(function* () {
      try {
        yield sleepForever();
      } finally {
        log.push('thrown');
      }
    }));
    yield* ticks(2);

    const before = loop.metrics().ready;
    task.cancel();
    task.cancel();
    expect(log).toEqual([]);
    expect(loop.metrics().ready - before).toBe(1);
    yield* ticks(1);
    expect(log).toEqual(['thrown']);
  }));

  test('D17, X12: cancel: cancelling() can be read and nothing takes a request back', hosted(function* () {
    const task = createTask(of(function* () {
      try {
        yield sleepForever();
      } catch {
        yield sleep(1);
      }
    }));
    yield* ticks(2);
    expect(task.cancelling()).toBe(0);

    task.cancel();
    yield* outcomeOf(task);
    expect(task.cancelling()).toBe(1);
    expect('uncancel' in task).toBe(false);
  }));

  test('D2: cancel: a task is asked once, and its later waits are left alone', hosted(function* () {
    const log: unknown[] = [];
    const task = createTask(of(function* () {
      try {
        yield sleepForever();
      } catch (error) {
        log.push((error as CancelledError).code);
      }
      yield sleep(5);
      log.push('slept');
      yield checkpoint();
      return 'went on';
    }));
    yield* ticks(2);

    task.cancel();
    expect(yield* outcomeOf(task)).toEqual(['value', 'went on']);
    expect(log).toEqual(['ERR_CANCELLED', 'slept']);
  }));
});

test('X14: cancel: the error names the task that asked', virtualTime(function* () {
  const task = createTask(function* () {
    yield* sleepForever();
  });
  yield* ticks(1);
  yield* createTask(function* () {
    task.cancel('by name');
  }, { name: 'asker' });
  yield* outcomeOf(task);

  let origin: unknown;
  try {
    task.result();
  } catch (error) {
    origin = (error as CancelledError).origin;
  }
  expect(origin).toEqual({ task: 'asker' });
}));

test('X14: cancel: the error of a request from plain code names no task', virtualTime(function* () {
  const task = createTask(function* () {
    yield* sleepForever();
  });
  yield* ticks(1);
  getRunningLoop().callSoon(() => task.cancel());
  yield* ticks(2);

  expect(() => task.result()).toThrow(expect.objectContaining({ origin: null }));
}));

test('X20: task: closing its generator from inside its step is refused and the task goes on', virtualTime(function* () {
  const log: string[] = [];
  const task = createTask(function* () {
    try {
      yield* checkpoint();
      log.push(thrownBy(() => task.coroutine?.return()).name);
      yield* sleep(5);
      log.push('slept');
    } finally {
      log.push('finally');
    }
  });

  yield* task;
  expect(log).toEqual(['TypeError', 'slept', 'finally']);
}));

test('X1: cancel: a task created and ended is not resurrected by a request', virtualTime(function* () {
  const task = createTask(trivial('done'));
  yield* task;
  task.cancel();
  yield* ticks(2);
  expect(task.result()).toBe('done');
}));
