// until: promises enter. The wait is detached when it is cancelled, and the promise goes on.
import { createTask, getRunningLoop, runBlocking, until } from '../../lib/index';
import { SimulatedEngine, virtualTime } from '../../lib/testing';
import { withCode } from '../helpers/failures';
import { keepReports } from '../helpers/owned_loop';
import { codeOf, colours, hosted, outcomeOf, ticks } from './support';

interface Deferred {
  readonly promise: Promise<string>;
  resolve(value: string): void;
  reject(error: unknown): void;
}

function deferred(): Deferred {
  let resolve: Deferred['resolve'] = () => {};
  let reject: Deferred['reject'] = () => {};
  const promise = new Promise<string>((onValue, onError) => {
    resolve = onValue;
    reject = onError;
  });
  return { promise, resolve, reject };
}

describe.each(colours)('$name tasks', ({ of }) => {
  test('until: it gives what the promise gives', hosted(function* () {
    const task = createTask(of(function* () {
      return yield until(Promise.resolve('value'));
    }));
    expect(yield* outcomeOf(task)).toEqual(['value', 'value']);
  }));

  test('until: it throws the very error that the promise rejects with', hosted(function* () {
    const failure = new Error('rejected');
    const task = createTask(of(function* () {
      yield until(Promise.reject(failure));
    }));
    const [kind, error] = yield* outcomeOf(task);
    expect(kind).toBe('failed');
    expect(error).toBe(failure);
  }));

  test('until: cancelled while it waits, it calls onCancel with the reason and leaves the promise', hosted(function* () {
    const { promise, resolve } = deferred();
    const seen: unknown[] = [];
    const task = createTask(of(function* () {
      yield until(promise, { onCancel: (reason) => seen.push(reason) });
    }));
    yield* ticks(2);

    task.cancel('why');
    expect(seen).toEqual(['why']);
    expect(yield* outcomeOf(task)).toEqual(['cancelled', 'why']);
    resolve('later');
    expect(yield* until(promise)).toBe('later');
  }));

  test('until: a rejection after the cancel is dropped quietly', hosted(function* () {
    const reports = keepReports(getRunningLoop());
    const { promise, reject } = deferred();
    const task = createTask(of(function* () {
      yield until(promise);
    }));
    yield* ticks(2);
    task.cancel();
    yield* outcomeOf(task);

    reject(new Error('too late'));
    yield* ticks(3);
    expect(reports).toEqual([]);
  }));

  test('until: when cancelled already, the wait throws and onCancel is called', hosted(function* () {
    const seen: unknown[] = [];
    const task = createTask(of(function* () {
      task.cancel('already');
      yield until(deferred().promise, { onCancel: (reason) => seen.push(reason) });
    }));
    expect(yield* outcomeOf(task)).toEqual(['cancelled', 'already']);
    expect(seen).toEqual(['already']);
  }));

  test('until: an onCancel that throws goes to the exception handler and stops nothing', hosted(function* () {
    const reports = keepReports(getRunningLoop());
    const task = createTask(of(function* () {
      yield until(deferred().promise, {
        onCancel: () => {
          throw new Error('handler');
        },
      });
    }));
    yield* ticks(2);

    expect(task.cancel('why')).toBe(true);
    expect(yield* outcomeOf(task)).toEqual(['cancelled', 'why']);
    expect(reports.map(({ exception }) => exception)).toEqual([new Error('handler')]);
  }));
});

test('until: what a promise rejects with is an Error always', hosted(function* () {
  const wait = until(Promise.reject('text'));  
  const [, error] = yield* outcomeOf(wait);
  expect(error).toEqual(withCode('ERR_NON_ERROR_THROWN'));
  expect(error).toHaveProperty('value', 'text');
}));

test('until: onCancel is not called for a wait that ended by itself', hosted(function* () {
  const seen: unknown[] = [];
  const wait = until(Promise.resolve(1), { onCancel: (reason) => seen.push(reason) });
  yield* wait;
  expect(wait.cancel()).toBe(false);
  expect(seen).toEqual([]);
}));

test('until: any thenable will do', hosted(function* () {
  const thenable: PromiseLike<number> = {
    then: (onValue) => Promise.resolve(5).then(onValue),
  };
  expect(yield* until(thenable)).toBe(5);
}));

test('until: what is no promise is refused at the call', hosted(function* () {
  for (const bad of [1, null, undefined, 'text', {}, () => Promise.resolve()]) {
    expect(codeOf(() => until(bad as never))).toBe('ERR_INVALID_ARG_TYPE');
  }
  expect(codeOf(() => until(Promise.resolve(), { onCancel: 5 as never }))).toBe('ERR_INVALID_ARG_TYPE');
}));

test('until: outside a run it is refused at the call', () => {
  expect(codeOf(() => until(Promise.resolve()))).toBe('ERR_NO_RUNNING_LOOP');
});

test('until: where promises cannot settle it is refused at the call', virtualTime(function* () {
  expect(codeOf(() => until(Promise.resolve()))).toBe('ERR_ASYNC_FUNCTION_REFUSED');
}));

test('until: a loop that owns the thread from a timer of Node settles promises', async () => {
  const result = await new Promise<number>((resolve, reject) => {
    setImmediate(() => {
      try {
        resolve(runBlocking(function* () {
          return yield* until(Promise.resolve(7));
        }, { engine: new SimulatedEngine() }));
      } catch (error) {
        reject(error);
      }
    });
  });
  expect(result).toBe(7);
});
