// all: results, failures, cancellation, and what becomes of what it was given.
import {
  all,
  CancelScope,
  type Coroutine,
  type CoroutineFunction,
  createTask,
  currentEffectiveDeadline,
  ExceptionGroup,
  getRunningLoop,
  moveOnAfter,
  shield,
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
      const ended = new CancelScope({ shield: true });
      try {
        yield sleepForever();
      } finally {
        yield ended.run(after(ms, 0));
        if (message !== undefined) throw new Error(message);
      }
    });

  test('G15: all: results stand in the order of the arguments, in the shape given', hosted(function* () {
    const caller = createTask(of(function* () {
      return [
        yield all(after(3, 'a'), after(1, 'b'), Promise.resolve('c')),
        yield all([after(2, 1), after(1, 2)]),
        yield all({ x: after(2, 1), y: after(1, 2) }),
      ];
    }));
    expect(yield* caller).toEqual([['a', 'b', 'c'], [1, 2], { x: 1, y: 2 }]);
    expect(time()).toBe(7);
  }));

  test('G15: all: the first failure cancels the others, and is thrown when they have ended', hosted(function* () {
    const task = createTask(after(1_000, 0));
    const caller = createTask(of(function* () {
      yield all([failingAfter(10, 'first'), tidying(5), task]);
    }));
    expect(yield* outcomeOf(caller)).toEqual(['failed', new Error('first')]);
    expect(time()).toBe(15);
    expect(task.cancelled()).toBe(true);
  }));

  test('G15: all: what the others fail with while they are cancelled is told', hosted(function* () {
    const reports = keepReports(getRunningLoop());
    const caller = createTask(of(function* () {
      yield all([failingAfter(1, 'first'), tidying(1, 'second')]);
    }));
    expect(yield* outcomeOf(caller)).toEqual(['failed', new Error('first')]);
    expect(reports.map(({ exception }) => exception)).toEqual([new Error('second')]);
  }));

  test('G15: all: with groupFailures all failures are thrown, one alone too', hosted(function* () {
    const reports = keepReports(getRunningLoop());
    const errorsOf = function* (work: CoroutineFunction<void>[]): Coroutine<Error[]> {
      const [, error] = yield* outcomeOf(createTask(of(function* () {
        yield all(work, { groupFailures: true });
      })));
      expect(error).toBeInstanceOf(ExceptionGroup);
      return (error as ExceptionGroup).errors;
    };
    const both = yield* errorsOf([tidying(1, 'second'), failingAfter(1, 'first')]);
    expect(both).toEqual([new Error('first'), new Error('second')]);
    expect(yield* errorsOf([failingAfter(1, 'alone'), tidying(1)])).toEqual([new Error('alone')]);
    expect(reports).toEqual([]);
  }));

  test('G15: all: cancelling the awaiter cancels everything and waits for it', hosted(function* () {
    const task = createTask(tidying(3));
    const caller = createTask(of(function* () {
      yield all([tidying(5), task, shield(sleepForever())]);
    }));
    yield* sleep(1);
    caller.cancel('enough');
    expect(yield* outcomeOf(caller)).toEqual(['cancelled', 'enough']);
    expect(time()).toBe(6);
    expect(task.cancelled()).toBe(true);
  }));

  test('G15: all: a scope around it insists on what it started', hosted(function* () {
    const log: string[] = [];
    const stubborn = of(function* () {
      for (const name of ['first', 'second']) {
        try {
          yield sleepForever();
        } catch {
          log.push(name);
        }
      }
      return 'ended';
    });
    const caller = createTask(of(function* () {
      return yield moveOnAfter(5, of(function* () {
        return yield all([stubborn, tidying(2)]);
      }));
    }));
    expect(yield* caller).toMatchObject({ cancelledCaught: true, value: undefined });
    expect([log, time()]).toEqual([['first', 'second'], 7]);
  }));

  test('G15: all: what it starts sees the deadline of its caller', hosted(function* () {
    const deadline = of(function* () {
      return currentEffectiveDeadline();
    });
    const caller = createTask(of(function* () {
      return yield moveOnAfter(50, of(function* () {
        return yield all([deadline, deadline]);
      }));
    }));
    expect(yield* caller).toMatchObject({ value: [50, 50] });
  }));

  test('D1, DV2: all: once the last result is there, a cancel is for the next wait', hosted(function* () {
    const future = getRunningLoop().createFuture<string>();
    const seen: unknown[] = [];
    const caller = createTask(of(function* () {
      seen.push(yield all([future]));
      yield sleepForever();
    }));
    yield* ticks(4);
    future.setResult('value');
    caller.cancel('late');
    expect(yield* outcomeOf(caller)).toEqual(['cancelled', 'late']);
    expect(seen).toEqual([['value']]);
  }));

  test('DV2: all: results that come in spite of a cancel are given, and the next wait throws', hosted(function* () {
    const item = getRunningLoop().createFuture<string>();
    const seen: unknown[] = [];
    const caller = createTask(of(function* () {
      seen.push(yield all([of(function* () {
        return yield item;
      })]));
      yield sleepForever();
    }));
    yield* ticks(4);
    item.setResult('item');
    caller.cancel('late');
    expect(yield* outcomeOf(caller)).toEqual(['cancelled', 'late']);
    expect(seen).toEqual([['item']]);
  }));

  test('all: a failure while it is cancelled from outside is thrown, and the next wait too', hosted(function* () {
    const seen: unknown[] = [];
    const caller = createTask(of(function* () {
      try {
        yield all([tidying(1, 'broken')]);
      } catch (error) {
        seen.push(error);
      }
      yield sleepForever();
    }));
    yield* sleep(1);
    caller.cancel('outside');
    expect(yield* outcomeOf(caller)).toEqual(['cancelled', 'outside']);
    expect(seen).toEqual([new Error('broken')]);
  }));

  test('CK5: all: a cancel that waits is thrown before anything is started', hosted(function* () {
    const log: string[] = [];
    const caller: Task<unknown> = createTask(of(function* () {
      caller.cancel('before');
      yield all([of(function* () {
        log.push('started');
      })]);
    }));
    expect(yield* outcomeOf(caller)).toEqual(['cancelled', 'before']);
    expect(log).toEqual([]);
  }));
});

test('CK5: all: a cancel that waits cancels what was given, and waits for it', virtualTime(function* () {
  const task = createTask(function* () {
    try {
      yield* sleepForever();
    } finally {
      yield* sleep(5);
    }
  });
  const caller: Task<unknown> = createTask(function* () {
    yield* ticks(1);
    caller.cancel('before');
    yield* all([task]);
  });
  expect(yield* outcomeOf(caller)).toEqual(['cancelled', 'before']);
  expect([task.cancelled(), time()]).toEqual([true, 5]);
}));

test('G15: all: of nothing gives nothing, and looks for a cancellation', virtualTime(function* () {
  expect([yield* all(), yield* all([]), yield* all({})]).toEqual([[], [], {}]);
  const scope = new CancelScope();
  yield* scope.run(function* () {
    scope.cancel();
    yield* all([]);
  });
  expect(scope.cancelledCaught).toBe(true);
}));

test('G15: all: nothing starts before it is awaited', virtualTime(function* () {
  const log: string[] = [];
  const both = all([function* () {
    log.push('ran');
  }]);
  yield* ticks(3);
  expect(log).toEqual([]);
  yield* both;
  expect(log).toEqual(['ran']);
}));

test('G15: all: a child that is cancelled by somebody else is a failure', virtualTime(function* () {
  const child = createTask(() => sleepForever());
  const other = createTask(function* () {
    yield* sleepForever();
  });
  const caller = createTask(function* () {
    yield* all([child, other]);
  });
  yield* ticks(2);
  child.cancel('alone');
  expect(yield* outcomeOf(caller)).toEqual(['cancelled', 'alone']);
  expect(other.cancelled()).toBe(true);
}, { hosted: true }));

test('G15: all: with a failure among what is done nothing is started', virtualTime(function* () {
  const log: string[] = [];
  const failed = createTask(failing('early'));
  yield* failed.join();
  const coroutine = (function* () {
    log.push('started');
  })();
  expect(yield* failureOf(all([coroutine, failed]))).toEqual(new Error('early'));
  expect([log, coroutine.next().done]).toEqual([[], true]);
}));

test('G15: all: one awaitable given twice is one child', virtualTime(function* () {
  let runs = 0;
  const coroutine = (function* () {
    yield* sleep(1);
    return ++runs;
  })();
  expect(yield* all([coroutine, coroutine])).toEqual([1, 1]);
}));

test('G15: all: nested, each part cancels its own', virtualTime(function* () {
  const caught: unknown[] = [];
  const inner = function* () {
    try {
      yield* all([failing('inner'), sleepForever()]);
    } catch (error) {
      caught.push(error);
    }
    return 'went on';
  };
  expect(yield* all([inner, sleep(5), all([trivial(1), trivial(2)])])).toEqual(['went on', undefined, [1, 2]]);
  expect(caught).toEqual([new Error('inner')]);
}));

test('G15: all: what cannot be awaited is refused at the call, and the rest closed or cancelled', virtualTime(function* () {
  const fresh = (): [Coroutine<void>, Task<void>] => [sleepThen(), createTask(sleepThen())];
  for (const bad of [1, 'text', null, undefined, {}, []]) {
    const [coroutine, task] = fresh();
    expect(codeOf(() => all([coroutine, task, bad as never]))).toBe('ERR_INVALID_ARG_TYPE');
    expect(coroutine.next().done).toBe(true);
    yield* task.join();
    expect(task.cancelled()).toBe(true);
  }
  expect(codeOf(() => all([], { groupFailures: 1 as never }))).toBe('ERR_INVALID_ARG_TYPE');
  expect(codeOf(() => all(new Map() as never))).toBe('ERR_INVALID_ARG_TYPE');
  const driven = sleepThen();
  const driver = createTask(driven);
  expect(codeOf(() => all([driven]))).toBe('ERR_COROUTINE_REUSED');
  yield* driver;
}));

test('G15: all: it awaits nobody who awaits it', virtualTime(function* () {
  const self: Task<unknown> = createTask(function* () {
    yield* all([self]);
  });
  expect(yield* outcomeOf(self)).toEqual(['failed', withCode('ERR_SELF_AWAIT')]);
}));

function* sleepThen(): Coroutine<void> {
  yield* sleep(1);
}
