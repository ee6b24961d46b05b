// Task.cancel: how far a request goes. Awaiting owns; join, wait and shield do not.
import { checkpoint, createTask, type Future, getRunningLoop, shield, sleepForever, type Task, wait } from '../../lib/index';
import { virtualTime } from '../../lib/testing';
import { asyncColour, type Colour, colours, generatorColour, hosted, outcomeOf, ticks } from './support';

const CHAIN = 10_000;

describe.each(colours)('$name tasks', ({ of }) => {
  const waitingFor = (operation: () => Future<unknown>): Task<unknown> =>
    createTask(of(function* () {
      return yield operation();
    }));
  const endless = (): Task<unknown> => waitingFor(sleepForever);

  test('X17: cancel: one awaiter of a shared future cancels it for all', hosted(function* () {
    const shared = getRunningLoop().createFuture<void>();
    const [first, second] = [waitingFor(() => shared), waitingFor(() => shared)];
    yield* ticks(2);

    first.cancel('one');
    expect(shared.cancelled()).toBe(true);
    expect(yield* outcomeOf(first)).toEqual(['cancelled', 'one']);
    expect(yield* outcomeOf(second)).toEqual(['cancelled', 'one']);
    expect(second.cancelling()).toBe(0);
  }));

  test('X17: cancel: one awaiter of a shared task cancels it for all', hosted(function* () {
    const shared = endless();
    const [first, second] = [waitingFor(() => shared), waitingFor(() => shared)];
    yield* ticks(3);

    first.cancel('one');
    expect(yield* outcomeOf(second)).toEqual(['cancelled', 'one']);
    expect(shared.cancelled()).toBe(true);
  }));

  test('X17: cancel: a task that waits by join() does not own what it waits for', hosted(function* () {
    const shared = endless();
    const [first, second] = [waitingFor(() => shared.join()), waitingFor(() => shared.join())];
    yield* ticks(3);

    first.cancel('one');
    expect(yield* outcomeOf(first)).toEqual(['cancelled', 'one']);
    expect([shared.done(), shared.cancelling(), second.done()]).toEqual([false, 0, false]);
  }));

  test('X17: join: it is done whatever the outcome, and gives nothing', hosted(function* () {
    const failed = createTask(of(function* () {
      throw new Error('not told by join');
    }));
    const joiner = waitingFor(() => failed.join());

    expect(yield* outcomeOf(joiner)).toEqual(['value', undefined]);
    expect(failed.exception()).toHaveProperty('message', 'not told by join');
    const after = waitingFor(() => failed.join());
    expect(yield* outcomeOf(after)).toEqual(['value', undefined]);
  }));

  test('X18: cancel: a task blocked in wait() is cancelled, and what it waits for goes on', hosted(function* () {
    const inner = endless();
    const waiter = waitingFor(() => wait([inner]));
    yield* ticks(3);

    waiter.cancel('only me');
    expect(yield* outcomeOf(waiter)).toEqual(['cancelled', 'only me']);
    expect([inner.done(), inner.cancelling()]).toEqual([false, 0]);
  }));

  test('X18: cancel: a task blocked in shield() is cancelled, and what is inside goes on', hosted(function* () {
    const inner = endless();
    const waiter = waitingFor(() => shield(inner));
    yield* ticks(3);

    waiter.cancel('only me');
    expect(yield* outcomeOf(waiter)).toEqual(['cancelled', 'only me']);
    expect([inner.done(), inner.cancelling()]).toEqual([false, 0]);
  }));
});

const pairs: readonly (readonly [Colour, Colour])[] = [
  [generatorColour, asyncColour],
  [asyncColour, generatorColour],
];

describe.each(pairs)('$name tasks awaiting the other colour', (outerColour, innerColour) => {
  test('D35: task: its value goes to an awaiter of the other colour', hosted(function* () {
    const inner = createTask(innerColour.of(function* () {
      yield checkpoint();
      return 'value';
    }));
    const outer = createTask(outerColour.of(function* () {
      return yield inner;
    }));

    expect(yield* outcomeOf(outer)).toEqual(['value', 'value']);
  }));

  test('D35: task: its failure goes to an awaiter of the other colour', hosted(function* () {
    const failure = new Error('inner');
    const outer = createTask(outerColour.of(function* () {
      yield createTask(innerColour.of(function* () {
        yield checkpoint();
        throw failure;
      }));
    }));

    expect(yield* outcomeOf(outer)).toEqual(['failed', failure]);
  }));

  test('X3: cancel: it goes down to a task of the other colour and comes back up', hosted(function* () {
    const log: string[] = [];
    const inner = createTask(innerColour.of(function* () {
      try {
        yield sleepForever();
      } finally {
        log.push('inner');
      }
    }));
    const outer = createTask(outerColour.of(function* () {
      try {
        yield inner;
      } finally {
        log.push('outer');
      }
    }));
    yield* ticks(3);

    outer.cancel('down');
    expect(yield* outcomeOf(outer)).toEqual(['cancelled', 'down']);
    expect(inner.cancelled()).toBe(true);
    expect(log).toEqual(['inner', 'outer']);
  }));

  test('X4: cancel: swallowed in the other colour, its value comes back', hosted(function* () {
    const inner = createTask(innerColour.of(function* () {
      try {
        yield sleepForever();
      } catch {
        return 'kept';
      }
      return 'never';
    }));
    const outer = createTask(outerColour.of(function* () {
      return yield inner;
    }));
    yield* ticks(3);

    outer.cancel();
    expect(yield* outcomeOf(outer)).toEqual(['value', 'kept']);
  }));
});

test('X3: cancel: a chain of ten thousand tasks is cancelled without deep recursion', virtualTime(function* () {
  let innermost = 0;
  const bottom = createTask(function* () {
    try {
      yield* sleepForever();
    } finally {
      innermost++;
    }
  });
  let top: Task<unknown> = bottom;
  for (let i = 0; i < CHAIN; i++) {
    const below = top;
    top = createTask(function* () {
      yield* below;
    });
  }
  yield* ticks(2);

  expect(top.cancel('all')).toBe(true);
  expect(yield* outcomeOf(top)).toEqual(['cancelled', 'all']);
  expect([innermost, bottom.cancelled()]).toEqual([1, true]);
}));

test('X3: cancel: a chain of ten thousand tasks of alternating colours is cancelled', hosted(function* () {
  let top: Task<unknown> = createTask(function* () {
    yield* sleepForever();
  });
  const bottom = top;
  for (let i = 0; i < CHAIN; i++) {
    const below = top;
    const colour = colours[i % 2] as Colour;
    top = createTask(colour.of(function* () {
      yield below;
    }));
  }
  yield* ticks(4);

  expect(top.cancel('all')).toBe(true);
  expect(yield* outcomeOf(top)).toEqual(['cancelled', 'all']);
  expect(bottom.cancelled()).toBe(true);
}));
