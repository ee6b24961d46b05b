// shield: a wait that does not own.
import {
  type CoroutineFunction,
  createTask,
  getRunningLoop,
  run,
  shield,
  sleep,
  sleepForever,
  type Task,
} from '../../lib/index';
import { SimulatedEngine, virtualTime } from '../../lib/testing';
import { collect } from '../helpers/garbage';
import { keepReports } from '../helpers/owned_loop';
import { codeOf, colours, failing, hosted, outcomeOf, ticks, trivial } from './support';

test('SH1: shield: a done future is given back as it is', virtualTime(function* () {
  const task = createTask(trivial(1));
  yield* task;
  expect(shield(task)).toBe(task);
}));

test('SH1: shield: what cannot be awaited is refused', virtualTime(function* () {
  for (const bad of [1, null, undefined, {}]) expect(codeOf(() => shield(bad as never))).toBe('ERR_INVALID_ARG_TYPE');
}));

describe.each(colours)('$name tasks', ({ of }) => {
  const endless: CoroutineFunction<void> = of(function* () {
    yield sleepForever();
  });

  test('SH2: shield: its awaiter is cancelled at once, and what is inside goes on', hosted(function* () {
    const inner = createTask(of(function* () {
      yield sleep(20);
      return 'inner';
    }));
    const awaiter = createTask(of(function* () {
      yield shield(inner);
    }));
    yield* ticks(3);

    awaiter.cancel('outer');
    expect(yield* outcomeOf(awaiter)).toEqual(['cancelled', 'outer']);
    expect(getRunningLoop().time()).toBe(0);
    expect(yield* inner).toBe('inner');
  }));

  test('SH2: shield: cancelling the shield itself spares what is inside', hosted(function* () {
    const inner = createTask(endless);
    const outer = shield(inner);
    yield* ticks(2);

    expect(outer.cancel('outer')).toBe(true);
    expect([outer.cancelled(), inner.cancelling()]).toEqual([true, 0]);
  }));

  test('SH3: shield: the inner value comes out', hosted(function* () {
    const outer = shield(of(function* () {
      yield sleep(1);
      return 'value';
    }));
    expect(yield* outcomeOf(outer)).toEqual(['value', 'value']);
  }));

  test('SH3: shield: the inner failure comes out, the same object', hosted(function* () {
    const failure = new Error('inner');
    const awaiter = createTask(of(function* () {
      yield shield(of(function* () {
        yield sleep(1);
        throw failure;
      }));
    }));
    const [kind, error] = yield* outcomeOf(awaiter);
    expect(kind).toBe('failed');
    expect(error).toBe(failure);
  }));

  test('SH3: shield: an inner cancellation cancels it, with its reason', hosted(function* () {
    const inner = createTask(endless);
    const outer = shield(inner);
    const awaiter = createTask(of(function* () {
      yield outer;
    }));
    yield* ticks(3);

    inner.cancel('inner');
    expect(yield* outcomeOf(awaiter)).toEqual(['cancelled', 'inner']);
    expect(outer.cancelled()).toBe(true);
  }));

  test('SH4: shield: a failure after its waiter was cancelled is reported once', hosted(function* () {
    const reports = keepReports(getRunningLoop());
    const awaiter = createTask(of(function* () {
      yield shield(of(function* () {
        yield sleep(10);
        throw new Error('nobody waits');
      }));
    }));
    yield* ticks(3);

    awaiter.cancel();
    yield* outcomeOf(awaiter);
    yield* sleep(20);
    expect(reports.map(({ exception }) => exception)).toEqual([new Error('nobody waits')]);
  }));

  test('SH5: shield: a coroutine given is held by the loop alone', hosted(function* () {
    const log: string[] = [];
    const awaiter = createTask(of(function* () {
      yield shield(of(function* () {
        yield sleep(10);
        log.push('ended');
      }));
    }));
    yield* ticks(3);
    awaiter.cancel();
    yield* outcomeOf(awaiter);

    collect();
    yield* sleep(20);
    expect(log).toEqual(['ended']);
  }));

  test('SH6: shield: the end of a run cancels what is inside', async () => {
    let inner: Task<void> | null = null;
    await run(of(function* () {
      inner = createTask(endless);
      const waiter = createTask(of(function* () {
        yield shield(inner as Task<void>);
      }));
      yield sleep(1);
      waiter.cancel();
    }), { engine: new SimulatedEngine() });
    expect((inner as Task<void> | null)?.cancelled()).toBe(true);
  });
});

test('SH4: shield: no report when somebody else looks at the failure first', virtualTime(function* () {
  const reports = keepReports(getRunningLoop());
  const inner = createTask(failing('seen'));
  const outer = shield(inner);
  expect(yield* outcomeOf(outer)).toEqual(['failed', new Error('seen')]);
  yield* ticks(2);
  expect(reports).toEqual([]);
}));

// The exception handler is code that runs while those who wait for a failure are being told of it, one after the other.
test('SH3: shield: a failure that was there before its cancellation is its outcome, whoever is told first', virtualTime(
  function* () {
    const loop = getRunningLoop();
    const inner = loop.createFuture<number>();
    shield(inner).cancel();
    const second = shield(inner);
    const answers: unknown[] = [];
    loop.setExceptionHandler(({ exception }) => answers.push([exception, second.cancel('too late')]));
    inner.setException(new Error('inner'));
    expect(answers).toEqual([[new Error('inner'), false]]);
    expect(yield* outcomeOf(second)).toEqual(['failed', new Error('inner')]);
    yield* ticks(2);
    expect(answers).toHaveLength(1);
  },
));
