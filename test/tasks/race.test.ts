// race and any: who wins, what becomes of the others, and cancellation.
import {
  any,
  type CoroutineFunction,
  createTask,
  ExceptionGroup,
  getRunningLoop,
  moveOnAfter,
  race,
  shield,
  shielded,
  sleep,
  sleepForever,
  type Task,
} from '../../lib/index';
import { virtualTime } from '../../lib/testing';
import { withCode } from '../helpers/failures';
import { keepReports } from '../helpers/owned_loop';
import { codeOf, colours, failing, failureOf, hosted, outcomeOf, ticks, trivial } from './support';

const time = (): number => getRunningLoop().time();

describe.each(colours)('$name tasks', ({ of }) => {
  const after = <T>(ms: number, value: T): CoroutineFunction<T> =>
    of(function* () {
      yield sleep(ms);
      return value;
    });
  const failingAfter = (ms: number, message: string): CoroutineFunction<never> =>
    of(function* () {
      yield sleep(ms);
      throw new Error(message);
    });
  // Ends `ms` after it was cancelled, with the failure given, if any.
  const tidying = (ms: number, message?: string): CoroutineFunction<void> =>
    of(function* () {
      try {
        yield sleepForever();
      } finally {
        yield shielded(after(ms, 0));
        if (message !== undefined) throw new Error(message);
      }
    });
  const stubborn = <T>(value: T): CoroutineFunction<T> =>
    of(function* () {
      try {
        yield sleepForever();
      } catch {
        return value;
      }
      return value;
    });

  test('race: the first to end wins, and the others are cancelled and awaited', hosted(function* () {
    const task = createTask(tidying(7));
    const caller = createTask(of(function* () {
      return yield race([after(20, 'slow'), after(10, 'quick'), tidying(5), task]);
    }));
    expect(yield* caller).toBe('quick');
    expect([task.cancelled(), time()]).toEqual([true, 17]);
  }));

  test('race: a failure that comes first is thrown when the others have ended', hosted(function* () {
    const caller = createTask(of(function* () {
      yield race(after(20, 'slow'), failingAfter(10, 'first'), tidying(5));
    }));
    expect(yield* outcomeOf(caller)).toEqual(['failed', new Error('first')]);
    expect(time()).toBe(15);
  }));

  test('race: what a loser fails with is told', hosted(function* () {
    const reports = keepReports(getRunningLoop());
    const caller = createTask(of(function* () {
      return yield race([after(1, 'won'), tidying(1, 'broken')]);
    }));
    expect(yield* caller).toBe('won');
    expect(reports.map(({ exception }) => exception)).toEqual([new Error('broken')]);
  }));

  test('race: a value that comes too late is given away', hosted(function* () {
    const orphans: unknown[] = [];
    const onOrphan = (value: unknown): unknown => orphans.push(value);
    const caller = createTask(of(function* () {
      return yield race([after(1, 'won'), stubborn('lost'), createTask(stubborn('mine'))], { onOrphan });
    }));
    expect(yield* caller).toBe('won');
    expect(orphans).toEqual(['lost']);
  }));

  test('race: cancelled from outside, everything is cancelled and awaited', hosted(function* () {
    const caller = createTask(of(function* () {
      yield race([tidying(3), tidying(5)]);
    }));
    yield* sleep(1);
    caller.cancel('outside');
    expect(yield* outcomeOf(caller)).toEqual(['cancelled', 'outside']);
    expect(time()).toBe(6);
  }));

  test('D1, DV2: race: a cancel that comes after the winner leaves it its value', hosted(function* () {
    const seen: unknown[] = [];
    const winner = getRunningLoop().createFuture<string>();
    const caller = createTask(of(function* () {
      seen.push(yield race([winner, tidying(5)]));
      yield sleepForever();
    }));
    yield* sleep(1);
    winner.setResult('won');
    caller.cancel('late');
    yield* sleep(2);
    caller.cancel('later');
    expect(yield* outcomeOf(caller)).toEqual(['cancelled', 'late']);
    expect([seen, time()]).toEqual([['won'], 6]);
  }));

  test('D1, DV3: race: a cancel that comes before the winner wins', hosted(function* () {
    const winner = getRunningLoop().createFuture<string>();
    const caller = createTask(of(function* () {
      return yield race([winner, tidying(1)]);
    }));
    yield* sleep(1);
    caller.cancel('first');
    expect(winner.cancelled()).toBe(true);
    expect(yield* outcomeOf(caller)).toEqual(['cancelled', 'first']);
  }));

  test('DV2: race: a value that comes in spite of a cancel is given, and the next wait throws', hosted(function* () {
    const seen: unknown[] = [];
    const caller = createTask(of(function* () {
      seen.push(yield race([stubborn('item'), tidying(1)]));
      yield sleepForever();
    }));
    yield* sleep(1);
    caller.cancel('outside');
    expect(yield* outcomeOf(caller)).toEqual(['cancelled', 'outside']);
    expect(seen).toEqual(['item']);
  }));

  test('race: in a scope that is cancelled it ends with the scope', hosted(function* () {
    const caller = createTask(of(function* () {
      return yield moveOnAfter(5, of(function* () {
        return yield race([tidying(2), tidying(3)]);
      }));
    }));
    expect(yield* caller).toMatchObject({ cancelledCaught: true });
    expect(time()).toBe(8);
  }));

  test('any: the first success wins, whoever failed before', hosted(function* () {
    const reports = keepReports(getRunningLoop());
    const caller = createTask(of(function* () {
      return yield any([failingAfter(1, 'no'), after(20, 'slow'), after(10, 'quick'), tidying(5)]);
    }));
    expect([yield* caller, time(), reports]).toEqual(['quick', 15, []]);
  }));

  test('any: if all fail, all failures are thrown in the order of the arguments', hosted(function* () {
    const caller = createTask(of(function* () {
      yield any([failingAfter(2, 'a'), failingAfter(1, 'b')]);
    }));
    const [, error] = yield* outcomeOf(caller);
    expect(error).toBeInstanceOf(ExceptionGroup);
    expect(error).toBeInstanceOf(AggregateError);
    expect((error as ExceptionGroup).errors).toEqual([new Error('a'), new Error('b')]);
  }));

  test('any: cancelled from outside, everything is cancelled and awaited', hosted(function* () {
    const caller = createTask(of(function* () {
      yield any([failingAfter(0, 'early'), tidying(5)]);
    }));
    yield* sleep(1);
    caller.cancel('outside');
    expect(yield* outcomeOf(caller)).toEqual(['cancelled', 'outside']);
    expect(time()).toBe(6);
  }));
});

test('race any: with a value there already nothing is started', virtualTime(function* () {
  const log: string[] = [];
  const coroutine = (function* () {
    log.push('started');
  })();
  const done = createTask(trivial('done'));
  yield* done;
  expect(yield* race([coroutine, done])).toBe('done');
  expect(yield* any([failing('no'), done])).toBe('done');
  expect([log, coroutine.next().done]).toEqual([[], true]);
}));

test('race: of what is done already the first argument wins', virtualTime(function* () {
  const tasks = [createTask(trivial(1)), createTask(trivial(2))];
  yield* ticks(2);
  expect(yield* race({ b: tasks[1] as Task<number>, a: tasks[0] as Task<number> })).toBe(2);
}));

test('race: what is shielded goes on', virtualTime(function* () {
  const task = createTask(function* () {
    yield* sleep(10);
    return 'went on';
  });
  expect(yield* race([shield(task), sleep(1)])).toBeUndefined();
  expect(yield* task).toBe('went on');
}));

test('race: a promise that loses is left to itself, also one that fails', async () => {
  const body = hosted(function* () {
    const done = createTask(trivial('done'));
    yield* done;
    expect(yield* race([done, Promise.reject(new Error('nobody hears this'))])).toBe('done');
  });
  await body();
});

test('race: a child that somebody cancels ends it', virtualTime(function* () {
  const child = createTask(function* () {
    yield* sleepForever();
  });
  const caller = createTask(function* () {
    yield* race([child, sleepForever()]);
  });
  yield* ticks(3);
  child.cancel('alone');
  expect(yield* outcomeOf(caller)).toEqual(['cancelled', 'alone']);
}));

test('race any: of nothing, and of what cannot be awaited, they are refused at the call', virtualTime(function* () {
  for (const combine of [race, any]) {
    expect(codeOf(() => combine())).toBe('ERR_OUT_OF_RANGE');
    expect(codeOf(() => combine([]))).toBe('ERR_OUT_OF_RANGE');
    expect(codeOf(() => combine({}))).toBe('ERR_OUT_OF_RANGE');
    const task = createTask(trivial(1));
    expect(codeOf(() => combine([task, 5 as never]))).toBe('ERR_INVALID_ARG_TYPE');
    expect(codeOf(() => combine([task], { onOrphan: 5 as never }))).toBe('ERR_INVALID_ARG_TYPE');
    yield* task.join();
    expect(task.cancelled()).toBe(true);
  }
}));

test('race: what cannot be started fails it', virtualTime(function* () {
  const error = yield* failureOf(race([sleepForever(), Promise.resolve(1)]));
  expect(error).toEqual(withCode('ERR_ASYNC_FUNCTION_REFUSED'));
}));

test('race: an onOrphan that throws is told', virtualTime(function* () {
  const reports = keepReports(getRunningLoop());
  const late = function* () {
    try {
      yield* sleepForever();
    } catch {
      return 'late';
    }
    return 'never';
  };
  const onOrphan = (): void => {
    throw new Error('onOrphan');
  };
  expect(yield* race([late, sleep(1)], { onOrphan })).toBeUndefined();
  expect(reports.map(({ exception }) => exception)).toEqual([new Error('onOrphan')]);
}));
