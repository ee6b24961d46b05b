// Cancel scopes and timeouts, in both colours and nested in each other.
import {
  CancelledError,
  CancelScope,
  checkpoint,
  checkpointIfCancelled,
  createTask,
  currentEffectiveDeadline,
  currentTask,
  failAfter,
  getRunningLoop,
  moveOnAfter,
  ScopeNestingError,
  shielded,
  sleep,
  sleepForever,
} from '../../lib/index';
import { virtualTime } from '../../lib/testing';
import { codeOf } from './support';

const now = (): number => getRunningLoop().time();

test('moveOnAfter: cancels its body when the deadline passes', virtualTime(function* () {
  const log: string[] = [];
  const scope = yield* moveOnAfter(1_000, function* () {
    try {
      yield* sleep(60_000);
    } finally {
      log.push('released');
    }
  });
  expect([scope.cancelledCaught, now(), log]).toEqual([true, 1_000, ['released']]);
}));

test('D34: moveOnAfter: gives the value of a body that ends in time, and disarms', virtualTime(function* () {
  const scope = yield* moveOnAfter(1_000, function* () {
    yield* sleep(10);
    return 'value';
  });
  expect([scope.value, scope.cancelledCaught, scope.cancelCalled]).toEqual(['value', false, false]);
  expect(getRunningLoop().metrics().timers).toBe(0);
}));

test('moveOnAfter: of 0 runs the body to its first checkpoint', virtualTime(function* () {
  const log: string[] = [];
  const scope = yield* moveOnAfter(0, function* () {
    log.push('begun');
    yield* checkpoint();
    log.push('not reached');
  });
  expect([scope.cancelledCaught, log]).toEqual([true, ['begun']]);
}));

test('D12: failAfter: throws TimeoutError when the deadline was the cause', virtualTime(function* () {
  let code: unknown;
  try {
    yield* failAfter(500, function* () {
      yield* sleepForever();
    });
  } catch (error) {
    code = (error as { code: unknown }).code;
  }
  expect([code, now()]).toEqual(['ERR_TIMEOUT', 500]);
}));

test('D12: failAfter: throws CancelledError when its scope was cancelled by hand', virtualTime(function* () {
  let error: unknown;
  try {
    yield* failAfter(500, function* (scope) {
      scope.cancel('by hand');
      yield* sleepForever();
    });
  } catch (thrown) {
    error = thrown;
  }
  expect(error).toBeInstanceOf(CancelledError);
  expect((error as CancelledError).reason).toBe('by hand');
}));

test('CancelScope: insists: every checkpoint inside throws its error', virtualTime(function* () {
  const scope = new CancelScope();
  const scopes: unknown[] = [];
  yield* scope.run(function* () {
    scope.cancel('over');
    for (let i = 0; i < 3; i++) {
      try {
        yield* sleep(5);
      } catch (error) {
        scopes.push((error as CancelledError).scope);
      }
    }
    yield* checkpoint();
  });
  expect(scopes).toEqual([scope, scope, scope]);
  expect([scope.cancelledCaught, now()]).toEqual([true, 0]);
}));

test('D28: CancelScope: of two that are cancelled the outer one wins', virtualTime(function* () {
  const inner = new CancelScope();
  const outer = yield* moveOnAfter(10, function* () {
    yield* inner.run(function* () {
      inner.cancel();
      try {
        yield* sleepForever();
      } finally {
        yield* shielded(function* () {
          yield* sleep(50);
        });
      }
    });
  });
  expect([outer.cancelledCaught, inner.cancelledCaught]).toEqual([true, false]);
}));

test('CancelScope: a value that came first is delivered, the cancellation comes next', virtualTime(function* () {
  const future = getRunningLoop().createFuture<string>();
  const log: unknown[] = [];
  const scope = new CancelScope();
  const task = createTask(function* () {
    yield* scope.run(function* () {
      log.push(yield* future);
      yield* checkpoint();
      log.push('not reached');
    });
  });
  yield* checkpoint();
  future.setResult('value');
  scope.cancel();
  yield* task;
  expect([log, scope.cancelledCaught]).toEqual([['value'], true]);
}));

test('CancelScope: another error passes through', virtualTime(function* () {
  const scope = new CancelScope();
  let error: unknown;
  try {
    yield* scope.run(function* () {
      scope.cancel();
      try {
        yield* checkpoint();
      } catch {
        throw new Error('own');
      }
    });
  } catch (thrown) {
    error = thrown;
  }
  expect((error as Error).message).toBe('own');
  expect([scope.cancelCalled, scope.cancelledCaught]).toEqual([true, false]);
}));

test('CancelScope: a shield keeps the outer cancellation out until it is lifted', virtualTime(function* () {
  const log: number[] = [];
  const outer = yield* moveOnAfter(10, function* () {
    const scope = new CancelScope({ shield: true });
    yield* scope.run(function* () {
      yield* sleep(30);
      log.push(now());
      scope.shield = false;
      yield* sleepForever();
    });
  });
  expect([outer.cancelledCaught, log, now()]).toEqual([true, [30], 30]);
}));

test('CancelScope: task.cancel() passes through every scope', virtualTime(function* () {
  const scope = new CancelScope();
  const task = createTask(function* () {
    yield* scope.run(function* () {
      yield* sleepForever();
    });
  });
  yield* checkpoint();
  yield* checkpoint();
  task.cancel('asked');
  yield* task.join();
  expect([task.cancelled(), scope.cancelledCaught]).toEqual([true, false]);
}));

test('CancelScope: the signal is aborted before the tasks wake, and not at a normal end', virtualTime(function* () {
  const log: string[] = [];
  const quiet = new CancelScope();
  const quietSignal = quiet.signal;
  yield* quiet.run(function* () {
    yield* checkpoint();
  });
  const scope = new CancelScope();
  scope.signal.addEventListener('abort', () => log.push('aborted'));
  yield* scope.run(function* () {
    getRunningLoop().callLater(5, () => scope.cancel('stop'));
    try {
      yield* sleepForever();
    } finally {
      log.push('woken');
    }
  });
  expect([log, quietSignal.aborted]).toEqual([['aborted', 'woken'], false]);
}));

test('CancelScope.fromSignal: is cancelled with the reason of the signal', virtualTime(function* () {
  const controller = new AbortController();
  const scope = CancelScope.fromSignal(controller.signal);
  let reason: unknown;
  yield* scope.run(function* () {
    getRunningLoop().callSoon(() => controller.abort('gone'));
    try {
      yield* sleepForever();
    } catch (error) {
      reason = (error as CancelledError).reason;
      throw error;
    }
  });
  expect([reason, scope.cancelledCaught]).toEqual(['gone', true]);
}));

test('currentEffectiveDeadline: is the earliest visible one, and -Infinity when cancelled', virtualTime(function* () {
  expect(currentEffectiveDeadline()).toBe(Infinity);
  yield* moveOnAfter(100, function* (outer) {
    yield* moveOnAfter(500, function* () {
      expect(currentEffectiveDeadline()).toBe(100);
      outer.cancel();
      expect(currentEffectiveDeadline()).toBe(-Infinity);
      yield* shielded(function* () {
        expect(currentEffectiveDeadline()).toBe(Infinity);
        yield* checkpointIfCancelled();
      });
      yield* checkpointIfCancelled();
    });
  });
}));

test('CancelScope: entered twice is a ScopeNestingError, and the scope stays usable', virtualTime(function* () {
  const scope = new CancelScope();
  const code = yield* scope.run(function* () {
    try {
      yield* scope.run(function* () {
        yield* checkpoint();
      });
    } catch (error) {
      return error instanceof ScopeNestingError ? error.code : 'other';
    }
    return 'none';
  });
  expect(code).toBe('ERR_SCOPE_NESTING');
}));

test('CancelScope: NaN deadlines and shields that are no booleans are refused', () => {
  expect(codeOf(() => new CancelScope({ deadline: NaN }))).toBe('ERR_OUT_OF_RANGE');
  expect(codeOf(() => new CancelScope({ shield: 1 as never }))).toBe('ERR_INVALID_ARG_TYPE');
  expect(codeOf(() => moveOnAfter(NaN, sleepForever as never))).toBe('ERR_OUT_OF_RANGE');
  expect(codeOf(() => failAfter(1, 5 as never))).toBe('ERR_INVALID_ARG_TYPE');
  expect(codeOf(() => CancelScope.fromSignal({} as never))).toBe('ERR_INVALID_ARG_TYPE');
});

test('async: a body is cut short, its task is still the current one', virtualTime(async () => {
  const outside = currentTask();
  const scope = await moveOnAfter(100, async () => {
    expect(currentTask()).toBe(outside);
    await sleep(1e6);
  });
  expect([scope.cancelledCaught, now()]).toEqual([true, 100]);
}));

test('async: scopes that interleave in one function do not mix', virtualTime(async () => {
  const [short, long] = await Promise.all([
    moveOnAfter(10, async () => {
      await sleep(1e6);
    }),
    moveOnAfter(30, async () => {
      await sleep(20);
      return 'kept';
    }),
  ]);
  expect([short.cancelledCaught, long.cancelledCaught, long.value]).toEqual([true, false, 'kept']);
}));

test('async: an outer scope ends an inner one, across colours', virtualTime(async () => {
  const log: string[] = [];
  const outer = await moveOnAfter(10, function* () {
    yield* moveOnAfter(1_000, async () => {
      try {
        await failAfter(5_000, async () => {
          await sleep(1e6);
        });
      } finally {
        log.push('unwound');
      }
    });
    log.push('not reached');
  });
  expect([outer.cancelledCaught, log]).toEqual([true, ['unwound']]);
}));
