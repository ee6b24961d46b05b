// sleep, sleepUntil and sleepForever, under a virtual clock.
import { createTask, getRunningLoop, sleep, sleepForever, sleepUntil } from '../../lib/index';
import { virtualTime } from '../../lib/testing';
import { codeOf, colours, hosted, outcomeOf, ticks } from './support';

const ticksSoFar = (): number => getRunningLoop().metrics().ticks;

describe.each(colours)('$name tasks', ({ of }) => {
  test('D6: sleep: it waits the given milliseconds, fractions too', hosted(function* () {
    const task = createTask(of(function* () {
      yield sleep(1_500);
      yield sleep(0.25);
      return getRunningLoop().time();
    }));
    expect(yield* outcomeOf(task)).toEqual(['value', 1_500.25]);
  }));

  test('sleepUntil: it waits for an instant of the clock', hosted(function* () {
    const task = createTask(of(function* () {
      yield sleepUntil(40);
      return getRunningLoop().time();
    }));
    expect(yield* outcomeOf(task)).toEqual(['value', 40]);
  }));

  test.each([0, -1, -Infinity])('D14: sleep: of %d ms it is a checkpoint', (ms) =>
    hosted(function* () {
      const log: string[] = [];
      void createTask(of(function* () {
        log.push('other');
      }));
      const task = createTask(of(function* () {
        yield sleep(ms);
        return [getRunningLoop().time(), ...log];
      }));
      expect(yield* outcomeOf(task)).toEqual(['value', [0, 'other']]);
    })());

  test('D14: sleepUntil: of the past it is a checkpoint', hosted(function* () {
    yield* sleep(100);
    const log: string[] = [];
    const task = createTask(of(function* () {
      yield sleepUntil(50);
      return [getRunningLoop().time(), ...log];
    }));
    void createTask(of(function* () {
      log.push('other');
    }));
    expect(yield* outcomeOf(task)).toEqual(['value', [100, 'other']]);
  }));

  test.each([
    ['sleep(Infinity)', () => sleep(Infinity)],
    ['sleepUntil(Infinity)', () => sleepUntil(Infinity)],
    ['sleepForever()', () => sleepForever()],
  ])('D14: sleep: %s waits until it is cancelled', (_what, operation) =>
    hosted(function* () {
      const task = createTask(of(function* () {
        yield operation();
      }));
      yield* sleep(1e12);
      expect(task.done()).toBe(false);
      task.cancel('enough');
      expect(yield* outcomeOf(task)).toEqual(['cancelled', 'enough']);
    })());

  test('sleep: cancelled while it waits, it takes its timer back', hosted(function* () {
    const timers = getRunningLoop().metrics().timers;
    const task = createTask(of(function* () {
      yield sleep(1_000);
    }));
    yield* ticks(2);
    expect(getRunningLoop().metrics().timers).toBe(timers + 1);

    task.cancel();
    expect(getRunningLoop().metrics().timers).toBe(timers);
    yield* outcomeOf(task);
    expect(getRunningLoop().time()).toBe(0);
  }));

  test('D7: sleep: equal deadlines wake in the order of arming', hosted(function* () {
    const log: number[] = [];
    const tasks = [1, 2, 3, 4].map((n) =>
      createTask(of(function* () {
        yield sleep(10);
        log.push(n);
      })),
    );
    for (const task of tasks) yield* task;
    expect(log).toEqual([1, 2, 3, 4]);
  }));
});

test('K19: sleep: of zero it takes one tick', virtualTime(function* () {
  const before = ticksSoFar();
  yield* sleep(0);
  expect(ticksSoFar() - before).toBe(1);
}));

test('D14: sleep: NaN is refused at the call', virtualTime(function* () {
  expect(codeOf(() => sleep(NaN))).toBe('ERR_OUT_OF_RANGE');
  expect(codeOf(() => sleepUntil(NaN))).toBe('ERR_OUT_OF_RANGE');
}));

test.each([null, undefined, '5', {}, 5n])('D14: sleep: %p is refused at the call', (bad) =>
  virtualTime(function* () {
    expect(codeOf(() => sleep(bad as never))).toBe('ERR_INVALID_ARG_TYPE');
    expect(codeOf(() => sleepUntil(bad as never))).toBe('ERR_INVALID_ARG_TYPE');
  })());

test('sleep: outside a run it is refused at the call', () => {
  for (const call of [() => sleep(1), () => sleepUntil(1), () => sleepForever()]) {
    expect(codeOf(call)).toBe('ERR_NO_RUNNING_LOOP');
  }
});

test('sleep: two tasks that await one sleep both wake', virtualTime(function* () {
  const shared = sleep(5);
  const tasks = [1, 2].map((n) =>
    createTask(function* () {
      yield* shared;
      return n;
    }),
  );
  for (const task of tasks) yield* task;
  expect(tasks.map((task) => task.result())).toEqual([1, 2]);
}));

test('sleep: the clock does not move while something is ready', virtualTime(function* () {
  void createTask(function* () {
    yield* sleep(5);
  });
  yield* ticks(100);
  expect(getRunningLoop().time()).toBe(0);
}));

test('sleep: a callback on it is called when it is over', virtualTime(function* () {
  const log: number[] = [];
  const sleeping = sleep(5);
  sleeping.addDoneCallback(() => log.push(getRunningLoop().time()));
  yield* sleeping;
  yield* ticks(1);
  expect(log).toEqual([5]);
}));
