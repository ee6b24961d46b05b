// run: what goes in, what comes out, and who may call it when.
import {
  allTasks,
  checkpoint,
  createTask,
  currentLoop,
  currentTask,
  type EventLoop,
  getRunningLoop,
  run,
  runBlocking,
  sleep,
  sleepForever,
  type Task,
  until,
} from '../../lib/index';
import { SimulatedEngine } from '../../lib/testing';
import { thrownBy, withCode } from '../helpers/failures';
import { codeOf, colours, hosted, outcomeOf, ticks, trivial } from './support';

const simulated = (): SimulatedEngine => new SimulatedEngine();
const nodeTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe.each(colours)('$name mains', ({ of }) => {
  test('RU2: run: it gives the result of main', async () => {
    expect(await run(of(function* () {
      yield sleep(5);
      return 'result';
    }), { engine: simulated() })).toBe('result');
  });

  test('RU2: run: it rejects with the very error that main failed with', async () => {
    const failure = new Error('main');
    await expect(run(of(function* () {
      yield checkpoint();
      throw failure;
    }), { engine: simulated() })).rejects.toBe(failure);
  });

  test('RU2: run: after a failure of main what it left behind is still ended first', async () => {
    const log: string[] = [];
    const promise = run(of(function* () {
      void createTask(of(function* () {
        try {
          yield sleepForever();
        } finally {
          yield sleep(10);
          log.push('left behind ended');
        }
      }));
      yield checkpoint();
      throw new Error('main');
    }), { engine: simulated() });

    await expect(promise).rejects.toThrow('main');
    expect(log).toEqual(['left behind ended']);
  });

  test('RU2: run: a main that ends cancelled rejects with its CancelledError', async () => {
    await expect(run(of(function* () {
      (currentTask() as Task<unknown>).cancel('itself');
      yield sleepForever();
    }), { engine: simulated() })).rejects.toThrow(withCode('ERR_CANCELLED', /itself/));
  });

  test('D37: run: aborting its signal cancels main, and the reason is the signal’s', async () => {
    const controller = new AbortController();
    const log: string[] = [];
    const promise = run(of(function* () {
      setImmediate(() => controller.abort('stop'));
      try {
        yield sleepForever();
      } finally {
        log.push('cleanup');
      }
    }), { engine: simulated(), signal: controller.signal });

    await expect(promise).rejects.toMatchObject({ code: 'ERR_CANCELLED', reason: 'stop' });
    expect(log).toEqual(['cleanup']);
  });

  test('D37: run: a signal that is aborted already lets no line of main run', async () => {
    const log: string[] = [];
    const reason = new Error('why');
    const promise = run(of(function* () {
      log.push('main');
    }), { engine: simulated(), signal: AbortSignal.abort(reason) });

    const error: unknown = await promise.catch((thrown: unknown) => thrown);
    expect(error).toHaveProperty('reason', reason);
    expect(log).toEqual([]);
  });

  test('D37: run: a main that swallows the abort gives its result', async () => {
    const controller = new AbortController();
    const promise = run(of(function* () {
      controller.abort();
      try {
        yield checkpoint();
      } catch {
        return 'swallowed';
      }
      return 'never';
    }), { engine: simulated(), signal: controller.signal });
    expect(await promise).toBe('swallowed');
  });

  test('D13, RU5: run: inside a step it is refused, and names what to do instead', hosted(function* () {
    const task = createTask(of(function* () {
      return thrownBy(() => void run(trivial(1)));
    }));
    expect(yield* outcomeOf(task)).toEqual(['value', withCode('ERR_LOOP_RUNNING', /createTask.*|yield\*/)]);
  }));

  test('D13: runBlocking: inside a step it is refused', hosted(function* () {
    const task = createTask(of(function* () {
      return thrownBy(() => runBlocking(trivial(1)));
    }));
    expect(yield* outcomeOf(task)).toEqual(['value', withCode('ERR_LOOP_RUNNING')]);
  }));

  test('RU2: run: the name given is main’s', async () => {
    expect(await run(of(function* () {
      return currentTask()?.name;
    }), { engine: simulated(), name: 'program' })).toBe('program');
  });
});

test('D13, RU5: run: inside a callback it is refused', hosted(function* () {
  const seen: unknown[] = [];
  getRunningLoop().callSoon(() => seen.push(thrownBy(() => void run(trivial(1)))));
  getRunningLoop().callSoon(() => seen.push(thrownBy(() => runBlocking(trivial(1)))));
  yield* ticks(2);
  expect(seen).toEqual([withCode('ERR_LOOP_RUNNING'), withCode('ERR_LOOP_RUNNING')]);
}));

test('RU5: run: a coroutine that is refused is closed', hosted(function* () {
  const coroutine = trivial(1);
  thrownBy(() => void run(coroutine));
  expect(coroutine.next()).toEqual({ done: true, value: undefined });
}));

test.each([5, null, undefined, 'main', {}, [], Promise.resolve(1)])('RU5: run: %p is no main', (bad) => {
  const engine = simulated();
  expect(codeOf(() => void run(bad as never, { engine }))).toBe('ERR_INVALID_ARG_TYPE');
  expect(codeOf(() => runBlocking(bad as never, { engine }))).toBe('ERR_INVALID_ARG_TYPE');
});

test('RU5: run: a coroutine that is driven already is refused', async () => {
  const coroutine = trivial(1);
  await run(coroutine, { engine: simulated() });
  expect(codeOf(() => void run(coroutine, { engine: simulated() }))).toBe('ERR_COROUTINE_REUSED');
});

test.each([
  ['unhandled', { unhandled: 'ignore' }, 'ERR_OUT_OF_RANGE'],
  ['asyncContext', { asyncContext: 'process' }, 'ERR_OUT_OF_RANGE'],
  ['signals', { signals: ['SIGNOTHING'] }, 'ERR_OUT_OF_RANGE'],
  ['signal', { signal: 'SIGINT' }, 'ERR_INVALID_ARG_TYPE'],
  ['shutdownTimeout', { shutdownTimeout: NaN }, 'ERR_OUT_OF_RANGE'],
  ['shutdownTimeout', { shutdownTimeout: '5' }, 'ERR_INVALID_ARG_TYPE'],
])('RU11: run: a bad %s is refused at the call, and main is not started', (_what, bad, code) => {
  const log: string[] = [];
  const main = function* (): Generator<never, void, unknown> {
    log.push('main');
  };
  expect(codeOf(() => void run(main, { engine: simulated(), ...bad } as never))).toBe(code);
  expect(codeOf(() => runBlocking(main, { engine: simulated(), ...bad } as never))).toBe(code);
  expect(log).toEqual([]);
});

test('RU11: run: debug is on for the run, and off again after it', async () => {
  const engine = simulated();
  const loop = await run(function* () {
    expect(getRunningLoop().debug).toBe(true);
    return getRunningLoop();
  }, { engine, debug: true });
  expect(loop.debug).toBe(false);
});

test('D13: run: many runs on one thread share its loop, each a root of its own tasks', async () => {
  const engine = simulated();
  const loops: EventLoop[] = [];
  const log: string[] = [];
  let left: Task<void> | null = null;
  const first = run(function* () {
    loops.push(getRunningLoop());
    left = createTask(function* () {
      yield* sleepForever();
    });
    yield* sleep(100);
    log.push('first');
  }, { engine });
  const second = run(function* () {
    loops.push(getRunningLoop());
    yield* sleep(10);
    log.push('second');
  }, { engine });

  await second;
  expect(log).toEqual(['second']);
  expect(left).toHaveProperty('done', expect.any(Function));
  expect((left as unknown as Task<void>).done()).toBe(false);
  await first;
  expect((left as unknown as Task<void>).cancelled()).toBe(true);
  expect(loops[0]).toBe(loops[1]);
});

test('D13: run: runs without an engine of their own share the thread’s loop', async () => {
  const loops = await Promise.all([1, 2].map(() => run(function* () {
    yield* checkpoint();
    return getRunningLoop();
  })));
  expect(loops[0]).toBe(loops[1]);
  expect(currentLoop()).toBeNull();
});

test('D13: run: Node’s own loop stays alive', async () => {
  expect(await run(function* () {
    yield* until(nodeTurn());
    yield* until(new Promise<void>((resolve) => process.nextTick(resolve)));
    return 'alive';
  })).toBe('alive');
});

test('D25: run: the code after an awaited run is outside', async () => {
  const engine = simulated();
  expect(await run(trivial(1), { engine })).toBe(1);
  expect(await run(trivial(2), { engine })).toBe(2);
  expect(runBlocking(trivial(3), { engine: simulated() })).toBe(3);
});

test('D25: run: an async function is outside again once it has awaited', async () => {
  const engine = simulated();
  expect(await run(async () => {
    await checkpoint();
    return run(trivial('nested'), { engine });
  }, { engine })).toBe('nested');
});

test('D23: createTask: from a plain callback of Node it works while a run is live', async () => {
  const tasks: Task<string>[] = [];
  await run(function* () {
    setImmediate(() => tasks.push(createTask(trivial('made'))));
    yield* until(nodeTurn());
    yield* until(nodeTurn());
    expect(yield* tasks[0]!).toBe('made');
  }, { engine: simulated() });
  expect(tasks).toHaveLength(1);
});

test('D23: run: the last one to end cancels what plain callbacks started', async () => {
  const engine = simulated();
  let orphan: Task<void> | null = null;
  let release: () => void = () => {};
  const second = run(function* () {
    yield* until(new Promise<void>((resolve) => (release = resolve)));
    expect(orphan?.done()).toBe(false);
  }, { engine });
  await run(function* () {
    setImmediate(() => {
      orphan = createTask(function* () {
        yield* sleepForever();
      });
    });
    yield* until(nodeTurn());
    yield* until(nodeTurn());
  }, { engine });
  expect(orphan).not.toBeNull();
  release();
  await second;
  expect((orphan as Task<void> | null)?.cancelled()).toBe(true);
});

test('D23: createTask: in an async task after a foreign await the task belongs to that task’s run', async () => {
  const engine = simulated();
  let made: Task<void> | null = null;
  let release: () => void = () => {};
  const other = run(function* () {
    yield* until(new Promise<void>((resolve) => (release = resolve)));
  }, { engine });
  await run(async () => {
    await nodeTurn();
    made = createTask(function* () {
      yield* sleepForever();
    });
    await nodeTurn();
  }, { engine });
  expect((made as Task<void> | null)?.cancelled()).toBe(true);
  release();
  await other;
});

test('D23: run: more than a hundred runs may each leave a task of a plain callback behind', async () => {
  const engine = simulated();
  const reports: unknown[] = [];
  for (let i = 0; i < 110; i++) {
    const cleaned = await run(function* () {
      getRunningLoop().setExceptionHandler((context) => reports.push(context.message));
      const log: string[] = [];
      setImmediate(() => {
        void createTask(function* () {
          try {
            yield* sleepForever();
          } finally {
            yield* checkpoint();
            log.push('cleaned');
          }
        });
      });
      yield* until(nodeTurn());
      yield* until(nodeTurn());
      return log;
    }, { engine });
    expect(cleaned).toEqual(['cleaned']);
  }
  expect(reports).toEqual([]);
});

test('D24: future: a done one can be awaited when no run is live', async () => {
  const future = await run(function* () {
    const done = getRunningLoop().createFuture<{ value: number }>();
    done.setResult({ value: 1 });
    return () => done;
  }, { engine: simulated() });
  expect(await future()).toEqual({ value: 1 });
});

test('D23: currentLoop and currentTask: without a run there is none', () => {
  expect([currentLoop(), currentTask(), allTasks().size]).toEqual([null, null, 0]);
  expect(codeOf(() => getRunningLoop())).toBe('ERR_NO_RUNNING_LOOP');
  expect(codeOf(() => createTask(trivial(1)))).toBe('ERR_NO_RUNNING_LOOP');
});
