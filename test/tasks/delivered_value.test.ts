// Every wait ends once, as a value or as a cancellation, by whichever came first. One row per wait of the library.
import {
  asCompleted,
  checkpoint,
  createTask,
  type Future,
  gather,
  getRunningLoop,
  notifyClosing,
  type Operation,
  shield,
  sleep,
  sleepForever,
  sleepUntil,
  type Task,
  until,
  untilSignal,
  wait,
  waitReadable,
  waitWritable,
} from '../../lib/index';
import { type SimulatedEngine } from '../../lib/testing';
import { asyncColour, type Colour, generatorColour, hosted, outcomeOf, ticks } from './support';

/** A wait that has begun: how to end it with a value, and how to hear of that before its awaiter does. */
interface Begun {
  readonly operation: Operation<unknown>;
  finish(): void;
  /** Calls back when the wait is done, before its awaiter goes on. To be called before the wait is awaited. */
  whenDone(fn: () => void): void;
  /** True if a wait that was cancelled has left no trace: what it waited for can still be had. */
  isUntouched?(): boolean;
}

type Begin = (engine: SimulatedEngine) => Begun;

const aFuture = (): Future<unknown> => getRunningLoop().createFuture<unknown>();

const telling = (future: Future<unknown>) => (fn: () => void) => future.addDoneCallback(fn);

function over(make: (inner: Future<unknown>) => Future<unknown>): Begin {
  return () => {
    const inner = aFuture();
    const operation = make(inner);
    return {
      operation,
      whenDone: telling(operation),
      finish: () => inner.setResult('inner'),
      isUntouched: () => !inner.done(),
    };
  };
}

function ready(waitFor: (fd: number) => Future<unknown>): Begin {
  return (engine) => {
    const fd = engine.openDescriptor();
    const operation = waitFor(fd);
    return {
      operation,
      whenDone: telling(operation),
      finish: () => engine.setReady(fd, 3),
      isUntouched: () => {
        const again = waitFor(fd);
        notifyClosing(fd);
        return again.exception() !== null;
      },
    };
  };
}

function timed(make: () => Future<unknown>): Begin {
  return (engine) => {
    const timers = engine.timers();
    const operation = make();
    return { operation, whenDone: telling(operation), finish: () => {}, isUntouched: () => engine.timers() === timers };
  };
}

const beginFuture: Begin = () => {
  const operation = aFuture();
  return { operation, whenDone: telling(operation), finish: () => operation.setResult('value') };
};

const beginJoin: Begin = () => {
  const inner = aFuture();
  const task = createTask(function* () {
    yield* shield(inner);
  });
  const operation = task.join();
  return {
    operation,
    whenDone: telling(operation),
    finish: () => inner.setResult('value'),
    isUntouched: () => !task.done() && task.cancelling() === 0,
  };
};

const beginUntil: Begin = () => {
  let settle: (value: string) => void = () => {};
  const operation = until(new Promise<string>((resolve) => (settle = resolve)));
  return { operation, whenDone: telling(operation), finish: () => settle('value') };
};

const beginUntilSignal: Begin = () => {
  let settle: (value: string) => void = () => {};
  const operation = untilSignal(
    (signal) =>
      new Promise<string>((resolve, reject) => {
        settle = resolve;
        signal.addEventListener('abort', () => reject(signal.reason as Error));
      }),
  );
  return { operation, whenDone: telling(operation), finish: () => settle('value') };
};

const beginItem: Begin = () => {
  const source = aFuture();
  let hook = (): void => {};
  source.addDoneCallback(() => hook());
  const completions = asCompleted([source, aFuture()]);
  const [operation, next] = [...completions] as [Operation<unknown>, Operation<unknown>];
  return {
    operation,
    whenDone: (fn) => (hook = fn),
    finish: () => source.setResult('value'),
    isUntouched: () => {
      source.setResult('kept');
      return (next[Symbol.iterator]() as unknown as Future<unknown>).done();
    },
  };
};

type Row = readonly [what: string, begin: Begin, only?: readonly Colour[]];

const waits: readonly Row[] = [
  ['a future', beginFuture],
  ['a task', over((inner) => createTask(() => inner))],
  ['sleep', timed(() => sleep(5))],
  ['sleepUntil', timed(() => sleepUntil(5))],
  ['waitReadable', ready(waitReadable)],
  ['waitWritable', ready(waitWritable)],
  ['until', beginUntil],
  ['untilSignal', beginUntilSignal],
  ['gather', over((inner) => gather(shield(inner)))],
  ['wait', over((inner) => wait([inner]))],
  ['shield', over((inner) => shield(inner))],
  ['join', beginJoin],
  // An item of plain iteration is for coroutines; async functions use `for await`.
  ['an item of asCompleted', beginItem, [generatorColour]],
];

const rows = waits.flatMap(([what, begin, only = [generatorColour, asyncColour]]) =>
  only.map((colour) => [what, colour.name, begin, colour] as const),
);

/** A task that waits once, notes that it came through, and waits again. */
function waiterOf(colour: Colour, operation: Operation<unknown>, log: string[]): Task<string> {
  return createTask(colour.of(function* () {
    yield operation;
    log.push('delivered');
    yield sleepForever();
    return 'never';
  }));
}

describe('every wait', () => {
  test.each(rows)('D1, DV1, DV2: %s in a %s task: a value before the cancel is delivered', (...[, , begin, colour]) =>
    hosted(function* (engine) {
      const log: string[] = [];
      const begun = begin(engine);
      begun.whenDone(() => log.push(`cancelled: ${waiter.cancel('late')}`));
      const waiter = waiterOf(colour, begun.operation, log);
      yield* ticks(3);

      begun.finish();
      expect(yield* outcomeOf(waiter)).toEqual(['cancelled', 'late']);
      expect(log).toEqual(['cancelled: true', 'delivered']);
    })());

  test.each(rows)('D1, DV2: %s in a %s task: a value before the cancel lets the result stand', (...[, , begin, colour]) =>
    hosted(function* (engine) {
      const begun = begin(engine);
      begun.whenDone(() => waiter.cancel('late'));
      const waiter = createTask(colour.of(function* () {
        yield begun.operation;
        return 'result';
      }));
      yield* ticks(3);

      begun.finish();
      expect(yield* outcomeOf(waiter)).toEqual(['value', 'result']);
      expect(waiter.cancelling()).toBe(1);
    })());

  test.each(rows)('D1, DV1, DV3: %s in a %s task: a cancel before the value takes nothing', (...[what, , begin, colour]) =>
    hosted(function* (engine) {
      const log: string[] = [];
      const begun = begin(engine);
      const waiter = waiterOf(colour, begun.operation, log);
      yield* ticks(3);

      waiter.cancel('first');
      // The task that is waited for is owned, so it ends with its awaiter.
      if (what !== 'a task') expect(begun.isUntouched?.() ?? true).toBe(true);
      expect(yield* outcomeOf(waiter)).toEqual(['cancelled', 'first']);
      expect(log).toEqual([]);
    })());

  test.each(rows)('D30: %s in a %s task: a pending cancel comes before the wait', (...[, , begin, colour]) =>
    hosted(function* (engine) {
      const log: string[] = [];
      const begun = begin(engine);
      const waiter: Task<void> = createTask(colour.of(function* () {
        waiter.cancel('already');
        try {
          yield begun.operation;
        } catch (error) {
          log.push('thrown');
          throw error;
        }
      }));

      expect(yield* outcomeOf(waiter)).toEqual(['cancelled', 'already']);
      expect(log).toEqual(['thrown']);
    })());
});

describe.each([generatorColour, asyncColour])('$name tasks', ({ of }) => {
  test('DV2: checkpoint: a cancel during it is thrown there, as there is no value to lose', hosted(function* () {
    const log: string[] = [];
    const waiter = createTask(of(function* () {
      log.push('before');
      yield checkpoint();
      log.push('after');
    }));
    yield* ticks(1);
    expect(log).toEqual(['before']);

    waiter.cancel('now');
    expect(yield* outcomeOf(waiter)).toEqual(['cancelled', 'now']);
    expect(log).toEqual(['before']);
  }));

  test('DV1: sleep: of two timers of one instant, the first armed decides (value first)', hosted(function* () {
    const waiter = createTask(of(function* () {
      yield sleep(5);
      return 'slept';
    }));
    yield* ticks(2);
    getRunningLoop().callLater(5, () => waiter.cancel());

    expect(yield* outcomeOf(waiter)).toEqual(['value', 'slept']);
  }));

  test('DV1: sleep: of two timers of one instant, the first armed decides (cancel first)', hosted(function* () {
    getRunningLoop().callLater(5, () => waiter.cancel('first'));
    const waiter = createTask(of(function* () {
      yield sleep(5);
      return 'slept';
    }));

    expect(yield* outcomeOf(waiter)).toEqual(['cancelled', 'first']);
  }));
});
