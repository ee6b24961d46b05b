// staggeredRace: who is started when, who wins, and cancellation.
import {
  type CoroutineFunction,
  createTask,
  ExceptionGroup,
  getRunningLoop,
  shielded,
  sleep,
  sleepForever,
  staggeredRace,
} from '../../lib/index';
import { virtualTime } from '../../lib/testing';
import { codeOf, type Colour, colours, hosted, outcomeOf } from './support';

const time = (): number => getRunningLoop().time();

describe.each(colours)('$name tasks', ({ of }: Colour) => {
  /** An attempt that notes when it began and how it ended. */
  const attempt = (log: string[], name: string, ms: number, fails = false): CoroutineFunction<string> =>
    of(function* () {
      log.push(`${name} at ${time()}`);
      try {
        yield sleep(ms);
        if (fails) throw new Error(name);
        log.push(`${name} done`);
      } catch (error) {
        if (!fails) log.push(`${name} cancelled`);
        throw error;
      }
      return name;
    });

  test('staggeredRace: the next one starts when the delay has passed, and the first success wins', hosted(function* () {
    const log: string[] = [];
    const caller = createTask(of(function* () {
      return yield staggeredRace([attempt(log, 'a', 100), attempt(log, 'b', 10), attempt(log, 'c', 1)], 20);
    }));
    expect(yield* caller).toBe('b');
    expect(log).toEqual(['a at 0', 'b at 20', 'b done', 'a cancelled']);
    expect(getRunningLoop().metrics().timers).toBe(0);
  }));

  test('staggeredRace: the next one starts at once when the one before it fails', hosted(function* () {
    const log: string[] = [];
    const caller = createTask(of(function* () {
      return yield staggeredRace([attempt(log, 'a', 5, true), attempt(log, 'b', 5, true), attempt(log, 'c', 1)], Infinity);
    }));
    expect(yield* caller).toBe('c');
    expect(log).toEqual(['a at 0', 'b at 5', 'c at 10', 'c done']);
  }));

  test('staggeredRace: an older one that fails does not start the next', hosted(function* () {
    const log: string[] = [];
    const caller = createTask(of(function* () {
      return yield staggeredRace([attempt(log, 'a', 15, true), attempt(log, 'b', 100), attempt(log, 'c', 1)], 10);
    }));
    expect(yield* caller).toBe('c');
    expect(log).toEqual(['a at 0', 'b at 10', 'c at 20', 'c done', 'b cancelled']);
  }));

  test('staggeredRace: if all fail, all failures are thrown in order', hosted(function* () {
    const caller = createTask(of(function* () {
      yield staggeredRace([attempt([], 'a', 5, true), attempt([], 'b', 1, true)], 1);
    }));
    const [, error] = yield* outcomeOf(caller);
    expect(error).toBeInstanceOf(ExceptionGroup);
    expect((error as ExceptionGroup).errors).toEqual([new Error('a'), new Error('b')]);
  }));

  test('staggeredRace: losers are awaited, and what they still give is given away', hosted(function* () {
    const orphans: unknown[] = [];
    const onOrphan = (value: unknown): unknown => orphans.push(value);
    const stubborn = of(function* () {
      try {
        yield sleepForever();
      } catch {
        yield shielded(of(function* () {
          yield sleep(7);
        }));
      }
      return 'socket';
    });
    const caller = createTask(of(function* () {
      return yield staggeredRace([stubborn, attempt([], 'b', 1)], 10, { onOrphan });
    }));
    expect(yield* caller).toBe('b');
    expect([orphans, time()]).toEqual([['socket'], 18]);
  }));

  test('staggeredRace: cancelled during a head start, it starts nobody else', hosted(function* () {
    const log: string[] = [];
    const caller = createTask(of(function* () {
      yield staggeredRace([attempt(log, 'a', 100), attempt(log, 'b', 1)], 20);
    }));
    yield* sleep(10);
    caller.cancel('outside');
    expect(yield* outcomeOf(caller)).toEqual(['cancelled', 'outside']);
    expect([log, getRunningLoop().metrics().timers]).toEqual([['a at 0', 'a cancelled'], 0]);
  }));
});

test('staggeredRace: without a delay all start at once', virtualTime(function* () {
  const starts: number[] = [];
  const fns = [1, 2, 3].map((n) =>
    function* () {
      starts.push(time());
      yield* sleep(n);
      return n;
    },
  );
  expect(yield* staggeredRace(fns, 0)).toBe(1);
  expect(starts).toEqual([0, 0, 0]);
}));

test('staggeredRace: bad arguments are refused at the call', () => {
  const fn = async (): Promise<number> => 1;
  expect(codeOf(() => staggeredRace([], 1))).toBe('ERR_OUT_OF_RANGE');
  expect(codeOf(() => staggeredRace([fn], NaN))).toBe('ERR_OUT_OF_RANGE');
  expect(codeOf(() => staggeredRace([fn], undefined as never))).toBe('ERR_INVALID_ARG_TYPE');
  expect(codeOf(() => staggeredRace(fn as never, 1))).toBe('ERR_INVALID_ARG_TYPE');
  expect(codeOf(() => staggeredRace([fn()] as never, 1))).toBe('ERR_INVALID_ARG_TYPE');
  expect(codeOf(() => staggeredRace([fn], 1, { onOrphan: 1 as never }))).toBe('ERR_INVALID_ARG_TYPE');
  expect(codeOf(() => staggeredRace([fn], 1, null as never))).toBe('ERR_INVALID_ARG_TYPE');
});
