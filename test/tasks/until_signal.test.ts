// untilSignal: the promise is told to stop by an AbortSignal, and waited for.
import { CancelledError, createTask, getRunningLoop, sleep, untilSignal } from '../../lib/index';
import { virtualTime } from '../../lib/testing';
import { withCode } from '../helpers/failures';
import { keepReports } from '../helpers/owned_loop';
import { codeOf, colours, hosted, outcomeOf, ticks } from './support';

/** A promise that is only ever rejected, by what `arm` is given. */
const rejecting = (arm: (reject: (error: Error) => void) => void): Promise<never> =>
  new Promise((...[, reject]) => arm(reject));

/** A promise that rejects as `fetch` does when the signal is aborted. */
const obedient = (signal: AbortSignal): Promise<never> =>
  rejecting((reject) => signal.addEventListener('abort', () => reject(signal.reason as Error)));

/** A promise that does not care about the signal. */
const deaf = (): Promise<never> => new Promise(() => {});

describe.each(colours)('$name tasks', ({ of }) => {
  test('untilSignal: it gives what the promise gives', hosted(function* () {
    const task = createTask(of(function* () {
      return yield untilSignal(() => Promise.resolve('value'));
    }));
    expect(yield* outcomeOf(task)).toEqual(['value', 'value']);
  }));

  test('untilSignal: it throws what the promise rejects with', hosted(function* () {
    const task = createTask(of(function* () {
      yield untilSignal(() => Promise.reject(new Error('rejected')));
    }));
    expect(yield* outcomeOf(task)).toEqual(['failed', new Error('rejected')]);
  }));

  test('untilSignal: a cancel aborts the signal with our error, and ends the wait as cancelled', hosted(function* () {
    let signal: AbortSignal | null = null;
    const task = createTask(of(function* () {
      yield untilSignal((given) => {
        signal = given;
        return obedient(given);
      });
    }));
    yield* ticks(2);

    task.cancel('why');
    expect(signal).toHaveProperty('aborted', true);
    expect(signal).toHaveProperty('reason', expect.any(CancelledError));
    expect(signal).toHaveProperty('reason.reason', 'why');
    expect(yield* outcomeOf(task)).toEqual(['cancelled', 'why']);
  }));

  test('untilSignal: after a cancel the wait goes on until the promise has settled', hosted(function* () {
    const loop = getRunningLoop();
    const task = createTask(of(function* () {
      yield untilSignal((signal) =>
        rejecting((reject) => {
          signal.addEventListener('abort', () => loop.callLater(30, () => reject(signal.reason as Error)));
        }));
    }));
    yield* ticks(2);

    task.cancel('slowly');
    yield* sleep(29);
    expect(task.done()).toBe(false);
    expect(yield* outcomeOf(task)).toEqual(['cancelled', 'slowly']);
    expect(loop.time()).toBe(30);
  }));

  test('untilSignal: a value that comes in spite of the abort is not lost', hosted(function* () {
    const task = createTask(of(function* () {
      return yield untilSignal((signal) =>
        new Promise((resolve) => {
          signal.addEventListener('abort', () => resolve('in spite'));
        }));
    }));
    yield* ticks(2);

    task.cancel();
    expect(yield* outcomeOf(task)).toEqual(['value', 'in spite']);
    expect(task.cancelling()).toBe(1);
  }));

  test('untilSignal: another failure after the abort is what the wait throws', hosted(function* () {
    const task = createTask(of(function* () {
      yield untilSignal((signal) =>
        rejecting((reject) => {
          signal.addEventListener('abort', () => reject(new Error('cleanup')));
        }));
    }));
    yield* ticks(2);

    task.cancel();
    expect(yield* outcomeOf(task)).toEqual(['failed', new Error('cleanup')]);
  }));

  test('untilSignal: graceMs after the abort it gives up on a promise that does not settle', hosted(function* () {
    const task = createTask(of(function* () {
      yield untilSignal(deaf, { graceMs: 100 });
    }));
    yield* ticks(2);

    task.cancel('enough');
    expect(yield* outcomeOf(task)).toEqual(['cancelled', 'enough']);
    expect(getRunningLoop().time()).toBe(100);
  }));

  test('untilSignal: a promise that settles in time ends the wait before graceMs, and its timer', hosted(function* () {
    const timers = getRunningLoop().metrics().timers;
    const task = createTask(of(function* () {
      yield untilSignal(obedient, { graceMs: 100 });
    }));
    yield* ticks(2);

    task.cancel();
    yield* outcomeOf(task);
    expect(getRunningLoop().time()).toBe(0);
    expect(getRunningLoop().metrics().timers).toBe(timers);
  }));

  test('untilSignal: with graceMs of 0 the wait ends at once', hosted(function* () {
    const task = createTask(of(function* () {
      yield untilSignal(deaf, { graceMs: 0 });
    }));
    yield* ticks(2);
    task.cancel();
    expect(yield* outcomeOf(task)).toEqual(['cancelled', undefined]);
    expect(getRunningLoop().time()).toBe(0);
  }));

  test('untilSignal: two cancels abort once, with the first reason', hosted(function* () {
    const reasons: unknown[] = [];
    const task = createTask(of(function* () {
      yield untilSignal((signal) => {
        signal.addEventListener('abort', () => reasons.push((signal.reason as CancelledError).reason));
        return obedient(signal);
      });
    }));
    yield* ticks(2);

    task.cancel('one');
    task.cancel('two');
    expect(yield* outcomeOf(task)).toEqual(['cancelled', 'one']);
    expect(reasons).toEqual(['one']);
  }));

  test('untilSignal: when cancelled already, the wait throws and the signal is aborted', hosted(function* () {
    let aborted = false;
    const task = createTask(of(function* () {
      task.cancel('already');
      yield untilSignal((signal) => {
        signal.addEventListener('abort', () => (aborted = true));
        return obedient(signal);
      });
    }));
    expect(yield* outcomeOf(task)).toEqual(['cancelled', 'already']);
    expect(aborted).toBe(true);
  }));
});

test('untilSignal: an AbortError of the promise counts as the cancellation', hosted(function* () {
  const task = createTask(function* () {
    yield* untilSignal((signal) =>
      rejecting((reject) => {
        signal.addEventListener('abort', () => reject(new DOMException('stopped', 'AbortError')));
      }));
  });
  yield* ticks(2);
  task.cancel('why');
  expect(yield* outcomeOf(task)).toEqual(['cancelled', 'why']);
}));

test('untilSignal: a rejection after the grace is dropped quietly', hosted(function* () {
  const reports = keepReports(getRunningLoop());
  let reject: (error: Error) => void = () => {};
  const task = createTask(function* () {
    yield* untilSignal(() => rejecting((given) => (reject = given)), { graceMs: 1 });
  });
  yield* ticks(2);
  task.cancel();
  yield* outcomeOf(task);
  reject(new Error('too late'));
  yield* ticks(3);
  expect(reports).toEqual([]);
}));

test('untilSignal: what the function throws is thrown at the call', hosted(function* () {
  expect(() => untilSignal(() => {
    throw new RangeError('at once');
  })).toThrow(new RangeError('at once'));
}));

test('untilSignal: bad arguments are refused at the call', hosted(function* () {
  expect(codeOf(() => untilSignal(Promise.resolve() as never))).toBe('ERR_INVALID_ARG_TYPE');
  expect(codeOf(() => untilSignal(null as never))).toBe('ERR_INVALID_ARG_TYPE');
  expect(codeOf(() => untilSignal((() => 5) as never))).toBe('ERR_INVALID_ARG_TYPE');
  expect(codeOf(() => untilSignal(deaf, { graceMs: NaN }))).toBe('ERR_OUT_OF_RANGE');
  expect(codeOf(() => untilSignal(deaf, { graceMs: '1' as never }))).toBe('ERR_INVALID_ARG_TYPE');
}));

test('untilSignal: outside a run it is refused, and the function is not called', () => {
  let called = false;
  expect(() => untilSignal(() => {
    called = true;
    return deaf();
  })).toThrow(withCode('ERR_NO_RUNNING_LOOP'));
  expect(called).toBe(false);
});

test('untilSignal: where promises cannot settle it is refused at the call', virtualTime(function* () {
  expect(codeOf(() => untilSignal(deaf))).toBe('ERR_ASYNC_FUNCTION_REFUSED');
}));
