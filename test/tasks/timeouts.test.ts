// Timeouts: when they throw, what they throw, and whom they leave alone.
import {
  CancelledError,
  type CancelScope,
  checkpoint,
  createTask,
  currentTask,
  ExceptionGroup,
  failAfter,
  failAt,
  getRunningLoop,
  moveOnAfter,
  moveOnAt,
  shielded,
  sleep,
  sleepForever,
  timeout,
  timeoutAt,
  TimeoutError,
  type ValuedScope,
  withTaskGroup,
} from '../../lib/index';
import { cancelledFrom, inGroup, inTask, nestings, now, thrownFrom } from './scope_support';
import { codeOf } from './support';

const timers = (): number => getRunningLoop().metrics().timers;

describe.each(nestings)('$name', ({ outer, inner }) => {
  const forever = inner.of(function* () {
    yield sleepForever();
  });
  const sleeping = (ms: number) => inner.of(function* () {
    yield sleep(ms);
    return 'value';
  });

  test('TO2, D14: failAfter: of Infinity never fires, and can be given a deadline later', inTask(outer, function* () {
    expect(yield failAfter(Infinity, sleeping(1e6))).toBe('value');
    const error = yield* thrownFrom(failAfter(Infinity, (scope: CancelScope) => inner.of(function* () {
      scope.relativeDeadline = 5;
      yield sleepForever();
    })()));
    expect([error instanceof TimeoutError, now()]).toEqual([true, 1e6 + 5]);
  }));

  test('TO3: failAfter: the time counts from the entry, not from the call', inTask(outer, function* () {
    const operation = failAfter(10, sleeping(8));
    yield sleep(50);
    expect(yield operation).toBe('value');
  }));

  test('TO4, D12: failAfter: throws TimeoutError, with the cancellation as its cause', inTask(outer, function* () {
    const error = (yield* thrownFrom(failAfter(500, forever))) as TimeoutError;
    expect([error.code, now(), currentTask()?.cancelling()]).toEqual(['ERR_TIMEOUT', 500, 0]);
    expect(error.message).toContain('500 ms');
    expect(error.cause).toEqual(expect.objectContaining({ code: 'ERR_CANCELLED', source: 'deadline' }));
    yield checkpoint();
  }));

  test('TO4: timeout, failAt, timeoutAt: are the same by another name, and at an instant', inTask(outer, function* () {
    expect([timeout, timeoutAt]).toEqual([failAfter, failAt]);
    yield sleep(3);
    expect(codeOfError(yield* thrownFrom(failAt(8, forever)))).toBe('ERR_TIMEOUT');
    expect(now()).toBe(8);
    expect(codeOfError(yield* thrownFrom(failAt(2, forever)))).toBe('ERR_TIMEOUT');
    expect(now()).toBe(8);
  }));

  test('TO5, D29: failAfter: a request to the task while it unwinds goes on instead', inTask(outer, function* () {
    const task = createTask(outer.of(function* () {
      yield failAfter(10, inner.of(function* () {
        try {
          yield sleepForever();
        } finally {
          currentTask()?.cancel('asked');
        }
      }));
    }));
    yield task.join();
    expect(() => task.result()).toThrow(expect.objectContaining({ code: 'ERR_CANCELLED', reason: 'asked' }));
  }));

  test('TO5, D29: failAfter: a request that came first is not turned into a timeout', inTask(outer, function* () {
    const task = createTask(outer.of(function* () {
      yield failAfter(10, inner.of(function* () {
        try {
          yield sleepForever();
        } finally {
          yield sleep(50);
        }
      }));
    }));
    yield sleep(5);
    task.cancel('asked');
    yield task.join();
    expect(now()).toBe(10);
    expect(() => task.result()).toThrow(expect.objectContaining({ code: 'ERR_CANCELLED', reason: 'asked' }));
  }));

  test('TO6: failAfter: a deadline in the past lets a body without a wait end', inTask(outer, function* () {
    let scope: CancelScope | undefined;
    const value = yield failAfter(0, (own: CancelScope) => inner.of(function* () {
      scope = own;
      return 'whole';
    })());
    expect([value, scope?.cancelledCaught]).toEqual(['whole', false]);
  }));

  test('TO7: failAfter: of 0 ends a body at sleep(0)', inTask(outer, function* () {
    expect(codeOfError(yield* thrownFrom(failAfter(0, sleeping(0))))).toBe('ERR_TIMEOUT');
  }));

  test('TO8: failAfter: a body that ends in spite of it is not failed', inTask(outer, function* () {
    let scope: CancelScope | undefined;
    const value = yield failAfter(5, (own: CancelScope) => inner.of(function* () {
      scope = own;
      yield* cancelledFrom(sleepForever());
      return 'in spite';
    })());
    expect([value, scope?.cancelCalled, scope?.cancelledCaught]).toEqual(['in spite', true, false]);
    yield checkpoint();
  }));

  test('TO9: failAfter: another error after it goes on as it is', inTask(outer, function* () {
    const own = new Error('own');
    const error = yield* thrownFrom(failAfter(5, inner.of(function* () {
      yield* cancelledFrom(sleepForever());
      throw own;
    })));
    expect(error).toBe(own);
  }));

  test('TO10: failAfter: of two at one instant the outer one throws', inTask(outer, function* () {
    const scopes: CancelScope[] = [];
    const error = yield* thrownFrom(failAfter(5, (wide: CancelScope) => inner.of(function* () {
      yield failAfter(5, (narrow: CancelScope) => outer.of(function* () {
        scopes.push(wide, narrow);
        yield sleepForever();
      })());
    })()));
    expect(codeOfError(error)).toBe('ERR_TIMEOUT');
    expect(scopes.map((scope) => [scope.cancelCalled, scope.cancelledCaught])).toEqual([[true, true], [true, false]]);
  }));

  test('TO11: failAfter: an inner one leaves the outer armed', inTask(outer, function* () {
    const instants: number[] = [];
    const error = yield* thrownFrom(failAfter(20, inner.of(function* () {
      const within = yield* thrownFrom(failAfter(5, outer.of(function* () {
        yield sleepForever();
      })));
      instants.push(now());
      expect(codeOfError(within)).toBe('ERR_TIMEOUT');
      yield sleepForever();
    })));
    expect([codeOfError(error), ...instants, now()]).toEqual(['ERR_TIMEOUT', 5, 20]);
  }));

  test('TO12: failAfter: the outer one fires while the inner one is handled', inTask(outer, function* () {
    const error = yield* thrownFrom(failAfter(20, inner.of(function* () {
      yield* thrownFrom(failAfter(5, outer.of(function* () {
        yield sleepForever();
      })));
      yield sleep(100);
    })));
    expect([codeOfError(error), now()]).toEqual(['ERR_TIMEOUT', 20]);
  }));

  test('TO13: failAfter: a request before its time goes through', inTask(outer, function* () {
    let scope: CancelScope | undefined;
    const task = createTask(outer.of(function* () {
      yield failAfter(100, (own: CancelScope) => inner.of(function* () {
        scope = own;
        yield sleepForever();
      })());
    }));
    yield sleep(5);
    task.cancel('asked');
    yield task.join();
    expect([task.cancelled(), scope?.cancelCalled, scope?.cancelledCaught, timers()]).toEqual([true, false, false, 0]);
  }));

  test('TO14: failAfter: works in the finally block of a task that was asked to end', inTask(outer, function* () {
    const codes: unknown[] = [];
    const task = createTask(outer.of(function* () {
      try {
        yield sleepForever();
      } finally {
        codes.push(codeOfError(yield* thrownFrom(failAfter(5, forever))), now());
      }
    }));
    yield sleep(1);
    task.cancel();
    yield task.join();
    expect([codes, task.cancelled()]).toEqual([['ERR_TIMEOUT', 6], true]);
  }));

  test('TO15: failAfter: a request that was pending before it survives', inTask(outer, function* () {
    const task = createTask(outer.of(function* () {
      currentTask()?.cancel('asked');
      yield failAfter(0, forever);
    }));
    yield task.join();
    expect(() => task.result()).toThrow(expect.objectContaining({ code: 'ERR_CANCELLED', reason: 'asked' }));
  }));

  test('TO16: failAfter: its deadline moves with its work', inTask(outer, function* () {
    const error = yield* thrownFrom(failAfter(10, (scope: CancelScope) => inner.of(function* () {
      for (let i = 0; i < 5; i++) {
        yield sleep(9);
        scope.relativeDeadline = 10;
      }
      yield sleepForever();
    })()));
    expect([codeOfError(error), now()]).toEqual(['ERR_TIMEOUT', 55]);
  }));

  test('TO17, TO18: failAfter: after its end the deadline stays readable and nothing fires', inTask(outer, function* () {
    let scope: CancelScope | undefined;
    yield failAfter(10, (own: CancelScope) => inner.of(function* () {
      scope = own;
      yield sleep(1);
    })());
    expect([scope?.deadline, timers()]).toEqual([10, 0]);
    yield sleep(20);
    if (scope !== undefined) scope.deadline = 22;
    yield sleep(20);
    expect([scope?.deadline, scope?.cancelCalled, timers()]).toEqual([22, false, 0]);
  }));

  test('TO19: failAfter: errors of children that it cancels go first', inTask(outer, function* () {
    const error = yield* thrownFrom(failAfter(5, inner.of(function* () {
      yield withTaskGroup(inGroup(outer, function* (group) {
        group.createTask(function* () {
          yield* sleepForever();
        });
        group.createTask(inner.of(function* () {
          yield* cancelledFrom(sleepForever());
          throw new Error('while cancelled');
        }));
        yield sleepForever();
      }));
    })));
    expect(error).toBeInstanceOf(ExceptionGroup);
    expect((error as ExceptionGroup).errors.map(({ message }) => message)).toEqual(['while cancelled']);
  }));

  test('TO19: failAfter: a group inside that ends quietly is a timeout', inTask(outer, function* () {
    const error = yield* thrownFrom(failAfter(5, inner.of(function* () {
      yield withTaskGroup(inGroup(outer, function* (group) {
        group.createTask(forever);
        yield checkpoint();
      }));
    })));
    expect([codeOfError(error), now()]).toEqual(['ERR_TIMEOUT', 5]);
  }));

  test('CS19, D12: failAfter: cancelled by hand it throws CancelledError', inTask(outer, function* () {
    const error = yield* thrownFrom(failAfter(500, (scope: CancelScope) => inner.of(function* () {
      scope.cancel('by hand');
      yield sleepForever();
    })()));
    expect(error).toBeInstanceOf(CancelledError);
    expect([(error as CancelledError).reason, now()]).toEqual(['by hand', 0]);
    yield checkpoint();
  }));

  test('CS19: moveOnAfter: swallows either', inTask(outer, function* () {
    const late = (yield moveOnAfter(5, forever)) as CancelScope;
    const byHand = (yield moveOnAfter(5, (scope: CancelScope) => inner.of(function* () {
      scope.cancel();
      yield sleepForever();
    })())) as CancelScope;
    expect([late.cancelledCaught, byHand.cancelledCaught, now()]).toEqual([true, true, 5]);
  }));

  test('D34: timeouts: give the value of the body, or the scope with it', inTask(outer, function* () {
    expect(yield failAfter(10, sleeping(1))).toBe('value');
    expect(yield shielded(sleeping(1))).toBe('value');
    const quick = (yield moveOnAfter(10, sleeping(1))) as ValuedScope<string>;
    const slow = (yield moveOnAt(now() + 10, sleeping(100))) as ValuedScope<string>;
    expect([quick.value, quick.cancelledCaught]).toEqual(['value', false]);
    expect([slow.value, slow.cancelledCaught]).toEqual([undefined, true]);
    expect(timers()).toBe(0);
  }));

  test('TO18: failAfter: a body that fails disarms it', inTask(outer, function* () {
    const error = yield* thrownFrom(failAfter(10, inner.of<void>(function* () {
      yield sleep(1);
      throw new Error('own');
    })));
    expect([error?.message, timers()]).toEqual(['own', 0]);
    yield sleep(20);
  }));
});

function codeOfError(error: Error | null): string | undefined {
  return error === null ? undefined : codeOf(() => {
    throw error;
  });
}
