// gather: cancelling it, its awaiter, or its children.
import {
  type CoroutineFunction,
  createTask,
  gather,
  getRunningLoop,
  shield,
  sleep,
  sleepForever,
  type Task,
} from '../../lib/index';
import { virtualTime } from '../../lib/testing';
import { withCode } from '../helpers/failures';
import { colours, hosted, outcomeOf, ticks, trivial } from './support';

describe.each(colours)('$name tasks', ({ of }) => {
  const endless: CoroutineFunction<void> = of(function* () {
    yield sleepForever();
  });
  const stubborn: CoroutineFunction<string> = of(function* () {
    try {
      yield sleepForever();
    } catch {
      return 'refused';
    }
    return 'never';
  });
  const tidying = (ms: number): CoroutineFunction<void> =>
    of(function* () {
      try {
        yield sleepForever();
      } finally {
        yield sleep(ms);
      }
    });

  test('G8: gather: cancelling it cancels every unfinished child', hosted(function* () {
    const children = [createTask(endless), createTask(endless)];
    const gathering = gather(children);
    yield* ticks(3);

    expect(gathering.cancel('all')).toBe(true);
    for (const child of children) expect(yield* outcomeOf(child)).toEqual(['cancelled', 'all']);
  }));

  test('G8: gather: it is not done at once when cancelled, and its awaiter gets the reason', hosted(function* () {
    const gathering = gather(endless, endless);
    const awaiter = createTask(of(function* () {
      yield gathering;
    }));
    yield* ticks(3);

    gathering.cancel('why');
    expect(gathering.done()).toBe(false);
    expect(yield* outcomeOf(awaiter)).toEqual(['cancelled', 'why']);
    expect([gathering.done(), gathering.cancelled()]).toEqual([true, false]);
  }));

  test('G8: gather: cancelled twice, it ends with the first reason', hosted(function* () {
    const gathering = gather([tidying(1), tidying(2)], { returnExceptions: true });
    yield* ticks(3);
    gathering.cancel('one');
    yield* ticks(1);
    expect(gathering.cancel('two')).toBe(true);
    expect(yield* outcomeOf(gathering)).toEqual(['failed', withCode('ERR_CANCELLED', /one/)]);
  }));

  test('G8: gather: when cancelled it ends with the first child that was cancelled', hosted(function* () {
    const gathering = gather(endless, tidying(50));
    yield* ticks(3);

    gathering.cancel();
    yield* ticks(4);
    expect(gathering.done()).toBe(true);
    expect(getRunningLoop().time()).toBe(0);
  }));

  test('G8: gather: when cancelled with returnExceptions it waits for every child', hosted(function* () {
    const gathering = gather([endless, tidying(50)], { returnExceptions: true });
    yield* ticks(3);

    gathering.cancel('why');
    yield* sleep(49);
    expect(gathering.done()).toBe(false);
    expect(yield* outcomeOf(gathering)).toEqual(['failed', withCode('ERR_CANCELLED', /why/)]);
    expect(getRunningLoop().time()).toBe(50);
  }));

  test.each([false, true])(
    'G9: gather: cancelled while a child refuses, it still ends cancelled (returnExceptions: %s)',
    (returnExceptions) =>
      hosted(function* () {
        const child = createTask(stubborn);
        const gathering = gather([child], { returnExceptions });
        yield* ticks(3);

        gathering.cancel('why');
        expect(yield* outcomeOf(gathering)).toEqual(['failed', withCode('ERR_CANCELLED', /why/)]);
        expect(child.result()).toBe('refused');
      })(),
  );

  test('G12: gather: cancelling the task that awaits it is cancelling it', hosted(function* () {
    const child = createTask(endless);
    const awaiter = createTask(of(function* () {
      yield gather(child, endless);
    }));
    yield* ticks(3);

    awaiter.cancel('through');
    expect(yield* outcomeOf(awaiter)).toEqual(['cancelled', 'through']);
    expect(child.cancelled()).toBe(true);
  }));

  test('SH7: gather: around shields, a cancel spares what is inside them', hosted(function* () {
    const [first, second] = [createTask(endless), createTask(endless)];
    const awaiter = createTask(of(function* () {
      yield gather(shield(first), shield(second));
    }));
    yield* ticks(3);

    awaiter.cancel('outer');
    expect(yield* outcomeOf(awaiter)).toEqual(['cancelled', 'outer']);
    expect([first, second].map((task) => task.cancelling())).toEqual([0, 0]);
  }));

  test('SH7: shield: around a gathering, a cancel spares the gathering', hosted(function* () {
    const children = [createTask(endless), createTask(endless)];
    const gathering = gather(children);
    const awaiter = createTask(of(function* () {
      yield shield(gathering);
    }));
    yield* ticks(3);

    awaiter.cancel('outer');
    expect(yield* outcomeOf(awaiter)).toEqual(['cancelled', 'outer']);
    expect([gathering.done(), ...children.map((task) => task.cancelling())]).toEqual([false, 0, 0]);
  }));
});

test('G10: gather: one that is finished cannot be cancelled, even while children run', virtualTime(function* () {
  const child: Task<void> = createTask(function* () {
    yield* sleepForever();
  });
  const gathering = gather(child, (function* (): Generator<never, void, unknown> {
    throw new Error('first');
  })());
  yield* outcomeOf(gathering);

  expect(gathering.cancel()).toBe(false);
  expect(child.cancelling()).toBe(0);
}));

test('G11: gather: after all children have ended a cancel changes nothing', virtualTime(function* () {
  const future = getRunningLoop().createFuture<number>();
  const gathering = gather(future, trivial(2));
  yield* ticks(2);

  future.setResult(1);
  expect(gathering.cancel()).toBe(false);
  expect(yield* gathering).toEqual([1, 2]);
}));

test('G8: gather: a child given twice is asked once', virtualTime(function* () {
  const child = createTask(function* () {
    yield* sleepForever();
  });
  const gathering = gather(child, child);
  yield* ticks(1);

  gathering.cancel();
  expect(child.cancelling()).toBe(1);
  yield* outcomeOf(gathering);
}));

test('G8: gather: the children are asked in the order of the arguments', virtualTime(function* () {
  const log: string[] = [];
  const logging = (name: string): CoroutineFunction<void> =>
    function* () {
      try {
        yield* sleepForever();
      } finally {
        log.push(name);
      }
    };
  const gathering = gather(logging('a'), logging('b'), logging('c'));
  yield* ticks(2);

  gathering.cancel();
  yield* ticks(2);
  expect(log).toEqual(['a', 'b', 'c']);
  expect(gathering.exception()).toEqual(withCode('ERR_CANCELLED'));
}));

test('G8: gather: cancelled, it fails with the failure of a child that ends first', virtualTime(function* () {
  const gathering = gather(
    function* () {
      try {
        yield* sleepForever();
      } finally {
        throw new Error('cleaning up failed');
      }
    },
    function* () {
      yield* sleepForever();
    },
  );
  yield* ticks(2);

  gathering.cancel();
  expect(yield* outcomeOf(gathering)).toEqual(['failed', expect.objectContaining({ message: 'cleaning up failed' })]);
}));
