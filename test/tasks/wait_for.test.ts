// waitFor: results, timeouts, and who wins when things come together.
import {
  type Coroutine,
  type CoroutineFunction,
  CancelledError,
  createTask,
  currentTask,
  getRunningLoop,
  shield,
  sleep,
  sleepForever,
  type Task,
  TimeoutError,
  waitFor,
} from '../../lib/index';
import { virtualTime } from '../../lib/testing';
import { withCode } from '../helpers/failures';
import { codeOf, colours, failing, failureOf, hosted, outcomeOf, ticks, trivial } from './support';

const time = (): number => getRunningLoop().time();
const timeout = withCode('ERR_TIMEOUT');

describe.each(colours)('$name tasks', ({ of }) => {
  const after = <T>(ms: number, value: T): CoroutineFunction<T> =>
    of(function* () {
      yield sleep(ms);
      return value;
    });
  /** Catches the first cancellation, and ends `ms` later in its own way. */
  const refusing = <T>(ms: number, end: () => T): CoroutineFunction<T> =>
    of(function* () {
      try {
        yield sleepForever();
      } catch {
        yield sleep(ms);
      }
      return end();
    });
  const fail = (): never => {
    throw new Error('its own');
  };

  test('WF1: waitFor: Infinity is a plain await', hosted(function* () {
    const caller = createTask(of(function* () {
      return [yield waitFor(after(60_000, 1), Infinity), yield waitFor(sleep(1), Infinity)];
    }));
    expect(yield* caller).toEqual([1, undefined]);
    expect(getRunningLoop().metrics().timers).toBe(0);
  }));

  test('WF2: waitFor: without time only what is done gives its result', hosted(function* () {
    const done = createTask(trivial('done'));
    const broken = createTask(failing('broken'));
    yield* ticks(2);
    const caller = createTask(of(function* () {
      expect(yield waitFor(done, 0)).toBe('done');
      expect(yield waitFor(done, -1)).toBe('done');
      yield waitFor(broken, 0);
    }));
    expect(yield* outcomeOf(caller)).toEqual(['failed', new Error('broken')]);
  }));

  test('WF2, D33: waitFor: without time a coroutine or function is never started', hosted(function* () {
    const log: string[] = [];
    const fn = of(function* () {
      log.push('ran');
    });
    const coroutine = (function* () {
      log.push('ran');
    })();
    const unheard = (): Promise<void> => Promise.reject(new Error('unheard'));
    for (const [waitable, ms] of [[() => fn, 0], [() => coroutine, -5], [unheard, 0]] as const) {
      const caller = createTask(of(function* () {
        yield waitFor(waitable() as CoroutineFunction<void>, ms);
      }));
      const [, error] = yield* outcomeOf(caller);
      expect(error).toEqual(timeout);
      expect((error as Error).cause).toBeInstanceOf(CancelledError);
    }
    expect([log, coroutine.next().done, time()]).toEqual([[], true, 0]);
  }));

  test('WF2, WF4: waitFor: without time a task is cancelled and waited for', hosted(function* () {
    const task = createTask(of(function* () {
      try {
        yield sleepForever();
      } finally {
        yield sleep(20);
      }
    }));
    yield* ticks(3);
    const caller = createTask(of(function* () {
      yield waitFor(task, 0);
    }));
    expect(yield* outcomeOf(caller)).toEqual(['failed', timeout]);
    expect([task.cancelled(), time()]).toEqual([true, 20]);
  }));

  test('WF4: waitFor: the timeout is thrown when what was waited for has ended', hosted(function* () {
    const task = createTask(of(function* () {
      try {
        yield sleepForever();
      } finally {
        yield sleep(1_000);
      }
    }));
    const caller = createTask(of(function* () {
      yield waitFor(task, 10);
    }));
    const [, error] = yield* outcomeOf(caller);
    expect(error).toBeInstanceOf(TimeoutError);
    expect((error as Error).cause).toBeInstanceOf(CancelledError);
    expect(time()).toBe(1_010);
  }));

  test.each([10, 0])('WF5: waitFor: what the task fails with meanwhile is thrown (%d ms)', (ms) =>
    hosted(function* () {
      const task = createTask(refusing(5, fail));
      yield* ticks(3);
      const caller = createTask(of(function* () {
        yield waitFor(task, ms);
      }));
      expect(yield* outcomeOf(caller)).toEqual(['failed', new Error('its own')]);
      expect(time()).toBe(ms + 5);
    })(),
  );

  test.each([10, 0])('WF6: waitFor: a value that is given all the same is the result (%d ms)', (ms) =>
    hosted(function* () {
      const task = createTask(refusing(5, () => 'late'));
      yield* ticks(3);
      const caller = createTask(of(function* () {
        return yield waitFor(task, ms);
      }));
      expect(yield* caller).toBe('late');
    })(),
  );

  test('WF6: waitFor: so is the value of a function that catches the cancellation', hosted(function* () {
    const catching = of(function* () {
      try {
        yield sleepForever();
      } catch {
        return 'late';
      }
      return 'never';
    });
    const caller = createTask(of(function* () {
      return yield waitFor(catching, 10);
    }));
    expect([yield* caller, time()]).toEqual(['late', 10]);
  }));

  test.each([1_000, 0])('WF7: waitFor: cancelled from outside, the task is cancelled and waited for (%d ms)', (ms) =>
    hosted(function* () {
      const task = createTask(of(function* () {
        try {
          yield sleepForever();
        } finally {
          yield sleep(20);
        }
      }));
      yield* ticks(3);
      const caller = createTask(of(function* () {
        yield waitFor(task, ms);
      }));
      yield* sleep(5);
      caller.cancel('outside');
      // Without time the task was cancelled before, and nothing is to be undone any more.
      expect(yield* outcomeOf(caller)).toEqual(['cancelled', 'outside']);
      expect([task.cancelled(), time()]).toEqual([true, ms === 0 ? 20 : 25]);
    })(),
  );

  test('WF8, DV2: waitFor: a cancel that comes with the result is for the next wait', hosted(function* () {
    const future = getRunningLoop().createFuture<string>();
    const seen: unknown[] = [];
    const caller = createTask(of(function* () {
      seen.push(yield waitFor(future, 1_000));
      yield sleepForever();
    }));
    yield* ticks(4);
    future.setResult('result');
    caller.cancel('late');
    expect(yield* outcomeOf(caller)).toEqual(['cancelled', 'late']);
    expect(seen).toEqual(['result']);
  }));

  test('WF10: waitFor: around a shield the timeout spares the task', hosted(function* () {
    const task = createTask(after(50, 'went on'));
    const caller = createTask(of(function* () {
      yield waitFor(shield(task), 10);
    }));
    expect(yield* outcomeOf(caller)).toEqual(['failed', timeout]);
    expect(time()).toBe(10);
    expect(yield* task).toBe('went on');
  }));

  test('WF11: waitFor: without time, around a shield, the task is spared too', hosted(function* () {
    const task = createTask(after(50, 'went on'));
    const guarded = shield(task);
    const caller = createTask(of(function* () {
      yield waitFor(guarded, 0);
    }));
    expect(yield* outcomeOf(caller)).toEqual(['failed', timeout]);
    expect(guarded.cancelled()).toBe(true);
    expect(yield* task).toBe('went on');
  }));

  test('waitFor: a function of either colour runs as the caller', hosted(function* () {
    const who = of(function* () {
      yield sleep(1);
      return currentTask()?.name;
    });
    const caller = createTask(of(function* () {
      return yield waitFor(who, 10);
    }));
    expect(yield* caller).toBe(caller.name);
  }));
});

test('WF3: waitFor: a coroutine runs in the task of its caller, and takes no tick', virtualTime(function* () {
  const ready = getRunningLoop().metrics().ready;
  const caller = currentTask();
  const who = function* () {
    return currentTask();
  };
  expect((yield* waitFor(who(), 1)) === caller).toBe(true);
  expect((yield* waitFor(who, 1)) === caller).toBe(true);
  expect(getRunningLoop().metrics().ready).toBe(ready);
}));

test('WF9: waitFor: a result that comes before the timeout in the same tick wins', virtualTime(function* () {
  const task = createTask(function* () {
    yield* sleep(10);
    return 'result';
  });
  yield* ticks(2);
  expect(yield* waitFor(sleep(10), 10)).toBeUndefined();
  expect(yield* waitFor(task, 0)).toBe('result');
  const other = createTask(function* () {
    yield* sleep(10);
    return 'result';
  });
  yield* ticks(2);
  expect(yield* waitFor(other, 10)).toBe('result');
}));

test('waitFor: a coroutine that was awaited is refused', virtualTime(function* () {
  const coroutine = trivial(1);
  expect(yield* waitFor(coroutine, 1)).toBe(1);
  expect(codeOf(() => waitFor(coroutine, 1))).toBe('ERR_COROUTINE_REUSED');
}));

test('CK5: waitFor: a cancel that waits is thrown before anything is started', virtualTime(function* () {
  const caller: Task<unknown> = createTask(function* () {
    yield* ticks(1);
    caller.cancel('before');
    yield* waitFor(sleepForever(), 0);
  });
  expect(yield* outcomeOf(caller)).toEqual(['cancelled', 'before']);
}));

test('D14: waitFor: bad arguments are refused, and what was given is closed or cancelled', virtualTime(function* () {
  const bad = [[NaN, 'ERR_OUT_OF_RANGE'], [null, 'ERR_INVALID_ARG_TYPE'], [undefined, 'ERR_INVALID_ARG_TYPE']];
  for (const [ms, code] of bad) {
    const coroutine: Coroutine<void> = (function* () {
      yield* sleep(1);
    })();
    const task = createTask(trivial(1));
    expect(codeOf(() => waitFor(coroutine, ms as number))).toBe(code);
    expect(codeOf(() => waitFor(task, ms as number))).toBe(code);
    yield* task.join();
    expect([coroutine.next().done, task.cancelled()]).toEqual([true, true]);
  }
  expect(codeOf(() => waitFor(5 as never, 1))).toBe('ERR_INVALID_ARG_TYPE');
}));

test('waitFor: its failures are those of what is awaited', virtualTime(function* () {
  expect(yield* failureOf(waitFor(failing('no'), 1))).toEqual(new Error('no'));
  expect(getRunningLoop().metrics().timers).toBe(0);
}));
