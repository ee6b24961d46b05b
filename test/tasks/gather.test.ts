// gather: results, forms of arguments, and failures.
import { type CoroutineFunction, createTask, gather, getRunningLoop, sleep, sleepForever, until } from '../../lib/index';
import { virtualTime } from '../../lib/testing';
import { withCode } from '../helpers/failures';
import { keepReports } from '../helpers/owned_loop';
import { codeOf, colours, failing, hosted, outcomeOf, ticks, trivial } from './support';

test('G1: gather: nothing gives an empty list, done at once', virtualTime(function* () {
  for (const gathering of [gather(), gather([])]) {
    expect([gathering.done(), gathering.result()]).toEqual([true, []]);
  }
  expect(gather({}).result()).toEqual({});
}));

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

  test('G2: gather: results stand in the order of the arguments, whoever ends first', hosted(function* () {
    expect(yield* gather(after(30, 'a'), after(10, 'b'), after(20, 'c'))).toEqual(['a', 'b', 'c']);
    expect(getRunningLoop().time()).toBe(30);
  }));

  test('G2: gather: children take their first steps in the order of the arguments', hosted(function* () {
    const log: number[] = [];
    const logging = (n: number): CoroutineFunction<void> =>
      of(function* () {
        log.push(n);
      });
    yield* gather(logging(1), logging(2), logging(3));
    expect(log).toEqual([1, 2, 3]);
  }));

  test('G2: gather: a record gives a record, an array an array', hosted(function* () {
    expect(yield* gather({ a: after(2, 1), b: after(1, 2) })).toEqual({ a: 1, b: 2 });
    expect(yield* gather([after(2, 1), after(1, 2)])).toEqual([1, 2]);
  }));

  test('G5: gather: the first failure goes out at once and siblings go on', hosted(function* () {
    const slow = createTask(after(50, 'slow'));
    const awaiting = createTask(of(function* () {
      yield gather(slow, failingAfter(20, 'second'), failingAfter(10, 'first'));
    }));

    expect(yield* outcomeOf(awaiting)).toEqual(['failed', new Error('first')]);
    expect(getRunningLoop().time()).toBe(10);
    expect([slow.done(), slow.cancelling()]).toEqual([false, 0]);
    expect(yield* slow).toBe('slow');
  }));

  test('G6: gather: a cancelled child is a failure of the gathering, which is not itself cancelled', hosted(function* () {
    const child = createTask(after(100, 1));
    const sibling = createTask(after(100, 2));
    const gathering = gather(child, sibling);
    yield* ticks(2);

    child.cancel('child');
    yield* ticks(3);
    expect([gathering.done(), gathering.cancelled()]).toEqual([true, false]);
    expect(() => gathering.result()).toThrow(withCode('ERR_CANCELLED', /child/));
    expect(yield* sibling).toBe(2);
  }));

  test('G7: gather: returnExceptions puts failures and cancellations among the results', hosted(function* () {
    const cancelled = createTask(after(100, 1));
    const gathering = gather([after(1, 'ok'), failingAfter(2, 'broken'), cancelled], { returnExceptions: true });
    yield* ticks(2);
    cancelled.cancel('no');

    expect(yield* gathering).toEqual(['ok', new Error('broken'), withCode('ERR_CANCELLED')]);
  }));

  test('G14: gather: failures of children that nobody awaits otherwise count as seen', hosted(function* () {
    const reports = keepReports(getRunningLoop());
    const awaiting = createTask(of(function* () {
      yield gather(failingAfter(1, 'first'), failingAfter(2, 'second'), failingAfter(3, 'third'));
    }));

    expect(yield* outcomeOf(awaiting)).toEqual(['failed', new Error('first')]);
    yield* sleep(10);
    expect(reports).toEqual([]);
  }));
});

test('G14: gather: a failure counts as seen for a child with a callback of its own', virtualTime(function* () {
  const reports = keepReports(getRunningLoop());
  const child = createTask(failing('seen'));
  child.addDoneCallback(() => undefined);
  expect(yield* outcomeOf(gather(child))).toEqual(['failed', new Error('seen')]);
  const early = createTask(failing('seen too'));
  early.addDoneCallback(() => undefined);
  yield* ticks(2);
  yield* gather([early], { returnExceptions: true });
  expect(reports).toEqual([]);
}, { unhandled: 'throw' }));

test('G3: gather: one awaitable given several times is one child, its result at each place', hosted(function* () {
  let runs = 0;
  const coroutine = (function* () {
    runs++;
    yield* sleep(1);
    return 'once';
  })();
  const promise = Promise.resolve('promised');

  expect(yield* gather(coroutine, coroutine, promise, promise)).toEqual(['once', 'once', 'promised', 'promised']);
  expect(runs).toBe(1);
}));

test('G4: gather: what cannot be awaited is refused at the call', virtualTime(function* () {
  for (const bad of [1, 'text', null, undefined, Symbol('s'), true]) {
    expect(codeOf(() => gather(bad as never, bad as never))).toBe('ERR_INVALID_ARG_TYPE');
    expect(codeOf(() => gather([bad as never]))).toBe('ERR_INVALID_ARG_TYPE');
    expect(codeOf(() => gather({ key: bad as never }))).toBe('ERR_INVALID_ARG_TYPE');
  }
  expect(codeOf(() => gather(new Date() as never))).toBe('ERR_INVALID_ARG_TYPE');
  expect(codeOf(() => gather(new Map() as never))).toBe('ERR_INVALID_ARG_TYPE');
}));

test('G4: gather: tasks made of earlier arguments go on after a refusal', virtualTime(function* () {
  const log: string[] = [];
  const coroutine = (function* () {
    yield* sleep(1);
    log.push('ran');
  })();
  expect(codeOf(() => gather([coroutine, 5 as never]))).toBe('ERR_INVALID_ARG_TYPE');

  yield* sleep(2);
  expect(log).toEqual(['ran']);
}));

test('G4: gather: a coroutine that a task drives already is refused', virtualTime(function* () {
  const coroutine = trivial(1);
  void createTask(coroutine);
  expect(codeOf(() => gather(coroutine))).toBe('ERR_COROUTINE_REUSED');
}));

test('G13: gather: done arguments count at once', virtualTime(function* () {
  const done = getRunningLoop().createFuture<number>();
  done.setResult(1);
  const gathering = gather(done, done);
  expect([gathering.done(), gathering.result()]).toEqual([true, [1, 1]]);
}));

test('G13: gather: a failed argument fails it on return', virtualTime(function* () {
  const failed = getRunningLoop().createFuture<number>();
  failed.setException(new Error('already'));
  const gathering = gather(failed, sleepForever());
  expect(gathering.done()).toBe(true);
  expect(gathering.exception()).toHaveProperty('message', 'already');
}));

test('G2: gather: every kind of awaitable can be gathered', hosted(function* () {
  const future = getRunningLoop().createFuture<string>();
  getRunningLoop().callSoon(() => future.setResult('future'));
  const results = yield* gather(
    trivial('coroutine'),
    function* () {
      return 'generator function';
    },
    async () => 'async function',
    future,
    createTask(trivial('task')),
    Promise.resolve('promise'),
    until(Promise.resolve('until')),
    gather(trivial('nested')),
  );

  expect(results).toEqual([
    'coroutine', 'generator function', 'async function', 'future', 'task', 'promise', 'until', ['nested'],
  ]);
}));

test('G5: gather: a promise that rejects fails it', hosted(function* () {
  const gathering = gather(Promise.reject(new Error('rejected')), sleep(5));
  expect(yield* outcomeOf(gathering)).toEqual(['failed', new Error('rejected')]);
}));

test('G5: gather: later failures are told to the exception handler in debug mode only', virtualTime(function* () {
  const loop = getRunningLoop();
  const reports = keepReports(loop);
  loop.debug = true;
  yield* outcomeOf(gather(failing('first'), failing('second')));
  yield* ticks(2);
  expect(reports.map(({ exception }) => exception)).toEqual([new Error('second')]);
}));

test('G1: gather: awaiting it from an async function gives the results', hosted(async () => {
  expect(await gather(trivial(1), sleep(1), async () => 3)).toEqual([1, undefined, 3]);
}));
