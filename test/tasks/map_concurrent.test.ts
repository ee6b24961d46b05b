// mapConcurrent: results, the limit, failures, cancellation, and the ends of iterators.
import {
  type CoroutineFunction,
  createTask,
  type ExceptionGroup,
  getRunningLoop,
  type ItemFunction,
  mapConcurrent,
  openChannel,
  Queue,
  shielded,
  sleep,
  sleepForever,
  until,
} from '../../lib/index';
import { virtualTime } from '../../lib/testing';
import { withCode } from '../helpers/failures';
import { keepReports } from '../helpers/owned_loop';
import { codeOf, type Colour, colours, failureOf, hosted, outcomeOf, ticks } from './support';

/** A script whose waits have any type: the colours await them. */
type Steps = Generator<never, string | void, unknown>;

const time = (): number => getRunningLoop().time();

/** An iterable that notes what is asked of it. */
function* watched<T>(items: readonly T[], log: string[]): Generator<T, void, unknown> {
  try {
    for (const item of items) {
      log.push(`take ${String(item)}`);
      yield item;
    }
  } finally {
    log.push('closed');
  }
}

describe.each(colours)('$name tasks', ({ of }: Colour) => {
  const mapping = (fn: (item: number, index: number) => Steps): ItemFunction<number, unknown> =>
    of === colours[0]?.of
      ? function* (item, index) {
          return yield* (of(() => fn(item, index)) as () => Steps)();
        }
      : async (item, index) => await (of(() => fn(item, index)) as () => Promise<unknown>)();
  const sleeping = mapping(function* (ms): Steps {
    yield sleep(ms) as never;
    return `${ms} ms`;
  });
  const running = (body: () => Generator<unknown, unknown, unknown>): CoroutineFunction<unknown> =>
    of(body as Parameters<typeof of>[0]);

  test('mapConcurrent: results stand in the order of the items', hosted(function* () {
    const caller = createTask(running(function* () {
      return yield mapConcurrent([30, 10, 20], sleeping);
    }));
    expect(yield* caller).toEqual(['30 ms', '10 ms', '20 ms']);
    expect(time()).toBe(30);
  }));

  test('mapConcurrent: unordered, they stand in the order in which they came', hosted(function* () {
    const caller = createTask(running(function* () {
      return yield mapConcurrent(new Set([30, 10, 20]), sleeping, { ordered: false });
    }));
    expect(yield* caller).toEqual(['10 ms', '20 ms', '30 ms']);
  }));

  test('mapConcurrent: an item is taken when there is room for it', hosted(function* () {
    const log: string[] = [];
    const noting = mapping(function* (ms, index): Steps {
      log.push(`begin ${index} at ${time()}`);
      yield sleep(ms) as never;
      log.push(`end ${index} at ${time()}`);
    });
    const caller = createTask(running(function* () {
      yield mapConcurrent(watched([10, 30, 5], log), noting, { limit: 2 });
    }));
    yield* caller;
    const first = ['take 10', 'take 30', 'begin 0 at 0', 'begin 1 at 0', 'end 0 at 10', 'take 5', 'begin 2 at 10'];
    expect(log).toEqual([...first, 'end 2 at 15', 'closed', 'end 1 at 30']);
  }));

  test('mapConcurrent: the first failure cancels the others, closes the items and is thrown then', hosted(function* () {
    const log: string[] = [];
    const working = mapping(function* (ms): Steps {
      if (ms === 5) {
        yield sleep(5) as never;
        throw new Error('five');
      }
      try {
        yield sleepForever() as never;
      } finally {
        yield shielded(of(function* () {
          yield sleep(ms);
        })) as never;
        log.push(`ended ${ms} at ${time()}`);
      }
    });
    const caller = createTask(running(function* () {
      yield mapConcurrent(watched([10, 20, 5, 7], log), working, { limit: 3 });
    }));
    expect(yield* outcomeOf(caller)).toEqual(['failed', new Error('five')]);
    expect(log).toEqual(['take 10', 'take 20', 'take 5', 'closed', 'ended 10 at 15', 'ended 20 at 25']);
  }));

  test('mapConcurrent: with groupFailures all failures are thrown', hosted(function* () {
    const caller = createTask(running(function* () {
      yield mapConcurrent([1, 2], mapping(function* (n): Steps {
        throw new Error(String(n));
      }), { groupFailures: true });
    }));
    const [, error] = yield* outcomeOf(caller);
    expect((error as ExceptionGroup).errors).toEqual([new Error('1'), new Error('2')]);
  }));

  test('mapConcurrent: cancelled from outside, calls are cancelled and awaited, and the items closed', hosted(function* () {
    const log: string[] = [];
    const caller = createTask(running(function* () {
      yield mapConcurrent(watched([1, 2, 3], log), mapping(function* (): Steps {
        try {
          yield sleepForever() as never;
        } finally {
          yield shielded(of(function* () {
            yield sleep(5);
          })) as never;
        }
      }), { limit: 2 });
    }));
    yield* sleep(1);
    caller.cancel('outside');
    expect(yield* outcomeOf(caller)).toEqual(['cancelled', 'outside']);
    expect([log, time()]).toEqual([['take 1', 'take 2', 'closed'], 6]);
  }));

  test('mapConcurrent: of nothing it gives nothing, and looks for a cancellation', hosted(function* () {
    const caller = createTask(running(function* () {
      const nothing = yield mapConcurrent([], sleeping);
      caller.cancel('now');
      yield mapConcurrent([], sleeping);
      return nothing;
    }));
    expect(yield* outcomeOf(caller)).toEqual(['cancelled', 'now']);
  }));
});

const double = function* (n: number) {
  yield* sleep(1);
  return 2 * n;
};

test('AG5: mapConcurrent: an async generator is closed with its waits before the failure is thrown', hosted(function* () {
  const log: string[] = [];
  async function* numbers(): AsyncGenerator<number> {
    try {
      for (let n = 0; ; n++) yield n;
    } finally {
      await sleep(10);
      log.push(`closed at ${time()}`);
    }
  }
  const failing = function* (n: number) {
    yield* sleep(5);
    if (n === 1) throw new Error('one');
    yield* sleepForever();
  };
  expect(yield* failureOf(mapConcurrent(numbers(), failing, { limit: 2 }))).toEqual(new Error('one'));
  expect([log, time()]).toEqual([['closed at 15'], 15]);
}));

test('AG5: mapConcurrent: an async generator that waits for something of ours is cancelled there', hosted(function* () {
  const log: string[] = [];
  async function* numbers(): AsyncGenerator<number> {
    yield 1;
    try {
      await sleepForever();
    } finally {
      log.push('finally');
    }
  }
  const failing = function* () {
    yield* sleep(5);
    throw new Error('no');
  };
  expect(yield* failureOf(mapConcurrent(numbers(), failing))).toEqual(new Error('no'));
  expect([log, time()]).toEqual([['finally'], 5]);
}));

test('mapConcurrent: an iterator that waits for a promise is told to close and left to itself', hosted(function* () {
  const log: string[] = [];
  const never = new Promise<IteratorResult<number>>(() => undefined);
  const items: AsyncIterable<number> = {
    [Symbol.asyncIterator]: () => ({
      next: () => (log.push('next') === 1 ? Promise.resolve({ done: false, value: 1 }) : never),
      return: () => {
        log.push('return');
        return never;
      },
    }),
  };
  const failing = function* () {
    yield* sleep(5);
    throw new Error('no');
  };
  expect(yield* failureOf(mapConcurrent(items, failing))).toEqual(new Error('no'));
  yield* until(Promise.resolve());
  expect(log).toEqual(['next', 'next', 'return']);
}));

test('mapConcurrent: an async iterable is asked for one item at a time, when there is room', hosted(function* () {
  let waiting = 0;
  let working = 0;
  let most = 0;
  async function* numbers(): AsyncGenerator<number> {
    for (let n = 0; n < 10; n++) {
      waiting++;
      expect([waiting, working]).toEqual([1, expect.any(Number)]);
      await sleep(1);
      waiting--;
      yield n;
    }
  }
  const work = function* (n: number) {
    most = Math.max(most, ++working);
    yield* sleep(10);
    working--;
    return n;
  };
  expect(yield* mapConcurrent(numbers(), work, { limit: 3 })).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  expect(most).toBe(3);
}));

test.each([false, true])('mapConcurrent: items come from channels and queues (hosted: %s)', async (isHosted) => {
  const body = function* () {
    const [sender, receiver] = openChannel<number>(0);
    const queue = new Queue<number>();
    const producer = createTask(function* () {
      for (let n = 0; n < 3; n++) {
        yield* sender.send(n);
        queue.tryPut(n);
      }
      sender.close();
      queue.shutdown();
    });
    expect(yield* mapConcurrent(receiver, double)).toEqual([0, 2, 4]);
    expect(yield* mapConcurrent(queue, double, { limit: 1 })).toEqual([0, 2, 4]);
    yield* producer;
  };
  await (isHosted ? hosted(body)() : virtualTime(body)());
});

test('mapConcurrent: a failure leaves the channel to others', virtualTime(function* () {
  const [sender, receiver] = openChannel<number>(10);
  sender.trySend(1);
  const failing = function* () {
    yield* sleep(5);
    throw new Error('no');
  };
  expect(yield* failureOf(mapConcurrent(receiver, failing))).toEqual(new Error('no'));
  sender.trySend(2);
  expect(yield* receiver.receive()).toBe(2);
}));

test('DV2: mapConcurrent: an item that was there before a cancel is worked on', virtualTime(function* () {
  const [sender, receiver] = openChannel<number>(0);
  const begun: number[] = [];
  const caller = createTask(function* () {
    yield* mapConcurrent(receiver, function* (n: number) {
      begun.push(n);
      yield* sleep(1);
    });
  });
  yield* ticks(2);
  sender.trySend(7);
  caller.cancel('late');
  expect(yield* outcomeOf(caller)).toEqual(['cancelled', 'late']);
  expect(begun).toEqual([7]);
}));

test('mapConcurrent: what the items throw is a failure, and they are not closed again', hosted(function* () {
  const broken = function* (): Generator<number, void, unknown> {
    yield 1;
    throw new Error('items');
  };
  async function* asyncBroken(): AsyncGenerator<number> {
    yield 1;
    throw new Error('items');
  }
  for (const items of [broken(), asyncBroken()]) {
    expect(yield* failureOf(mapConcurrent(items, double))).toEqual(new Error('items'));
  }
  const unopened: Iterable<number> = {
    [Symbol.iterator]: () => {
      throw new Error('items');
    },
  };
  expect(yield* failureOf(mapConcurrent(unopened, double))).toEqual(new Error('items'));
}));

test('mapConcurrent: what closing the items fails with is told, if something failed before', virtualTime(function* () {
  const reports = keepReports(getRunningLoop());
  const items: Iterable<number> = {
    [Symbol.iterator]: () => ({
      next: () => ({ done: false, value: 1 }),
      return: () => {
        throw new Error('closing');
      },
    }),
  };
  const failing = function* () {
    throw new Error('first');
  };
  expect(yield* failureOf(mapConcurrent(items, failing, { limit: 1 }))).toEqual(new Error('first'));
  expect(reports.map(({ exception }) => exception)).toEqual([new Error('closing')]);
  const caller = createTask(function* () {
    yield* mapConcurrent(items, function* () {
      yield* sleepForever();
    }, { limit: 1 });
  });
  yield* ticks(2);
  caller.cancel();
  expect(yield* outcomeOf(caller)).toEqual(['failed', new Error('closing')]);
}));

test('mapConcurrent: items that are there at once do not keep the others from running', virtualTime(function* () {
  let hasRun = false;
  getRunningLoop().callSoon(() => (hasRun = true));
  const seen: boolean[] = [];
  const items = function* (): Generator<number, void, unknown> {
    for (let n = 0; n < 1_000; n++) {
      seen.push(hasRun);
      yield n;
    }
  };
  expect(yield* mapConcurrent(items(), double, { limit: Infinity })).toHaveLength(1_000);
  expect([seen[0], seen[200]]).toEqual([false, true]);
}));

test('mapConcurrent: by default at most 16 run at a time', virtualTime(function* () {
  yield* mapConcurrent(Array.from({ length: 33 }), function* () {
    yield* sleep(10);
  });
  expect(time()).toBe(30);
}));

test('mapConcurrent: a function* that awaits is no iterable', virtualTime(function* () {
  const items = function* () {
    yield* sleep(1);
    yield 1 as never;
  };
  const error = yield* failureOf(mapConcurrent(items() as unknown as Iterable<number>, double));
  expect(error).toEqual(withCode('ERR_INVALID_ARG_TYPE', /async function\*/));
}));

test('mapConcurrent: promises are refused where nobody can settle them', virtualTime(function* () {
  async function* numbers(): AsyncGenerator<number> {
    yield 1;
  }
  expect(yield* failureOf(mapConcurrent(numbers(), double))).toEqual(withCode('ERR_ASYNC_FUNCTION_REFUSED'));
}));

test('mapConcurrent: bad arguments are refused at the call, and a generator given is closed', () => {
  for (const limit of [0, -1, 1.5, NaN, -Infinity]) {
    expect(codeOf(() => mapConcurrent([1], double, { limit }))).toBe('ERR_OUT_OF_RANGE');
  }
  for (const limit of ['2', null, {}]) {
    expect(codeOf(() => mapConcurrent([1], double, { limit: limit as never }))).toBe('ERR_INVALID_ARG_TYPE');
  }
  for (const items of [null, undefined, 5, {}, double]) {
    expect(codeOf(() => mapConcurrent(items as never, double))).toBe('ERR_INVALID_ARG_TYPE');
  }
  expect(codeOf(() => mapConcurrent([1], undefined as never))).toBe('ERR_INVALID_ARG_TYPE');
  expect(codeOf(() => mapConcurrent([1], double, { ordered: 1 as never }))).toBe('ERR_INVALID_ARG_TYPE');
  expect(codeOf(() => mapConcurrent([1], double, null as never))).toBe('ERR_INVALID_ARG_TYPE');
  const log: string[] = [];
  const items = watched([1], log);
  items.next();
  expect(codeOf(() => mapConcurrent(items, double, { limit: 0 }))).toBe('ERR_OUT_OF_RANGE');
  expect(log).toEqual(['take 1', 'closed']);
});
