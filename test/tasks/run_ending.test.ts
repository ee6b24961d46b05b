// run: its end. What main left behind is cancelled in creation order and awaited, in rounds, until nothing is left.
import {
  checkpoint,
  type Coroutine,
  createTask,
  type ExceptionContext,
  type ExceptionGroup,
  getRunningLoop,
  run,
  runBlocking,
  sleep,
  sleepForever,
  until,
} from '../../lib/index';
import { SimulatedEngine } from '../../lib/testing';
import { keepReports } from '../helpers/owned_loop';
import { type Colour, colours, failing, type Script, ticks } from './support';

const simulated = (): SimulatedEngine => new SimulatedEngine();

/** Tasks that log how they are ended. */
function endlessLogging(of: Colour['of'], log: string[], name: string, cleanupMs = 0): void {
  void createTask(of(function* () {
    try {
      yield until(new Promise(() => {}), { onCancel: () => log.push(`cancel ${name}`) });
    } finally {
      if (cleanupMs > 0) yield sleep(cleanupMs);
      log.push(`cleanup ${name}`);
    }
  }));
}

describe.each(colours)('$name tasks', ({ of }) => {
  const running = <T>(script: Script<T>, options: Parameters<typeof run>[1] = {}): Promise<T> =>
    run(of(script), { engine: simulated(), ...options });

  test('RU1, D15: run: all that is left is cancelled in creation order, then awaited', async () => {
    const log: string[] = [];
    await running(function* () {
      endlessLogging(of, log, 'A', 20);
      endlessLogging(of, log, 'B', 10);
      endlessLogging(of, log, 'C');
      yield sleep(1);
      log.push('main');
    });
    expect(log).toEqual(['main', 'cancel A', 'cancel B', 'cancel C', 'cleanup C', 'cleanup B', 'cleanup A']);
  });

  test('RU1: run: a failure while ending goes to the exception handler, not to the result', async () => {
    let reports: ExceptionContext[] = [];
    const result = await running(function* () {
      reports = keepReports(getRunningLoop());
      void createTask(of(function* () {
        try {
          yield sleepForever();
        } finally {
          throw new Error('cleanup');  
        }
      }));
      yield sleep(1);
      return 'result';
    });
    expect(result).toBe('result');
    expect(reports.map(({ exception }) => exception)).toEqual([new Error('cleanup')]);
  });

  test('RU3: run: a task that swallows the cancel and goes on holds the run until it ends', async () => {
    const engine = simulated();
    const log: string[] = [];
    await running(function* () {
      void createTask(of(function* () {
        try {
          yield sleepForever();
        } catch {
          yield sleep(50);
        }
        log.push(`ended at ${getRunningLoop().time()}`);
      }));
      yield sleep(1);
    }, { engine });
    expect(log).toEqual(['ended at 51']);
  });

  test('RU3: run: after shutdownTimeout a task is cancelled at each of its waits', async () => {
    const engine = simulated();
    const log: number[] = [];
    await running(function* () {
      void createTask(of(function* () {
        for (let i = 0; i < 5; i++) {
          try {
            yield sleep(1_000);
          } catch {
            log.push(getRunningLoop().time());
          }
        }
      }));
      yield sleep(1);
    }, { engine, shutdownTimeout: 30 });
    expect(log).toEqual([1, 31, 31, 31, 31]);
  });

  test('RU3: run: a task that never ends is abandoned and reported after the timeout', async () => {
    const engine = simulated();
    let reports: ExceptionContext[] = [];
    let isOver = false;
    await running(function* () {
      reports = keepReports(getRunningLoop());
      void createTask(of(function* () {
        while (!isOver) {
          try {
            yield sleep(1_000);
          } catch {
            // Refuses to end.
          }
        }
      }), { name: 'refuser' });
      yield sleep(1);
    }, { engine, shutdownTimeout: 30 });
    isOver = true;
    expect(engine.now()).toBe(31);
    expect(reports.map(({ message }) => message)).toEqual([expect.stringMatching(/refuser.*abandoned/)]);
  });

  test('RU4, D15: run: a task that is created while ending is cancelled as well', async () => {
    const log: string[] = [];
    await running(function* () {
      void createTask(of(function* () {
        try {
          yield sleepForever();
        } finally {
          endlessLogging(of, log, 'late');
          yield sleep(1);
          log.push('early');
        }
      }));
      yield sleep(1);
    });
    expect(log).toEqual(['early', 'cancel late', 'cleanup late']);
  });

  test('RU4: run: tasks that create tasks without end are abandoned after a bounded number of rounds', async () => {
    let reports: ExceptionContext[] = [];
    let made = 0;
    const respawning = of(function* (): ReturnType<Script<void>> {
      made++;
      try {
        yield sleepForever();
      } finally {
        void createTask(respawning);
        yield checkpoint();
      }
    });
    await running(function* () {
      reports = keepReports(getRunningLoop());
      void createTask(respawning);
      yield sleep(1);
    });
    expect(made).toBeGreaterThanOrEqual(100);
    expect(made).toBeLessThanOrEqual(102);
    expect(reports.length).toBeGreaterThanOrEqual(1);
  });

  test('D8: run: a failure that nobody looked at is reported once, by the end of the run', async () => {
    let reports: ExceptionContext[] = [];
    const failure = new Error('unseen');
    const result = await running(function* () {
      reports = keepReports(getRunningLoop());
      void createTask(of(function* () {
        throw failure;
      }), { name: 'careless' });
      yield sleep(1);
      return 'result';
    });
    expect(result).toBe('result');
    expect(reports).toHaveLength(1);
    expect(reports[0]).toMatchObject({ message: expect.stringMatching(/careless/) as unknown });
    expect(reports[0]?.exception).toBe(failure);
  });

  test('D37: run: with unhandled "throw" a failure that nobody looked at is what it rejects with', async () => {
    const failure = new Error('unseen');
    const promise = running(function* () {
      void createTask(of(function* () {
        throw failure;
      }));
      yield sleep(1);
      return 'result';
    }, { unhandled: 'throw' });
    await expect(promise).rejects.toBe(failure);
  });

  test('D37: run: with unhandled "throw" several make an ExceptionGroup, in their order', async () => {
    const promise = running(function* () {
      for (const n of [1, 2, 3]) {
        void createTask(of(function* () {
          throw new Error(`unseen ${n}`);
        }));
      }
      yield sleep(1);
    }, { unhandled: 'throw' });
    const group = (await promise.catch((error: unknown) => error)) as ExceptionGroup;
    expect(group.code).toBe('ERR_EXCEPTION_GROUP');
    expect(group.errors.map(({ message }) => message)).toEqual(['unseen 1', 'unseen 2', 'unseen 3']);
  });

  test('D37: run: with unhandled "throw" main’s own failure comes first', async () => {
    const promise = running(function* () {
      void createTask(of(function* () {
        throw new Error('unseen');
      }));
      yield sleep(1);
      throw new Error('main');
    }, { unhandled: 'throw' });
    await expect(promise).rejects.toThrow('main');
  });

  test('D42: run: what was awaited, asked for or gathered is no unseen failure', async () => {
    const fail = of(function* () {
      throw new Error('seen');
    });
    const promise = running(function* () {
      const tasks = [createTask(fail), createTask(fail)] as const;
      const awaited = createTask(fail);
      try {
        yield awaited;
      } catch {
        // Looked at.
      }
      yield sleep(1);
      tasks[0].exception();
      try {
        tasks[1].result();
      } catch {
        // Looked at.
      }
      return 'quiet';
    }, { unhandled: 'throw' });
    expect(await promise).toBe('quiet');
  });

  test('D42: run: join and a done callback are no look', async () => {
    const promise = running(function* () {
      const task = createTask(of(function* () {
        throw new Error('unseen');
      }));
      task.addDoneCallback(() => undefined);
      yield task.join();
    }, { unhandled: 'throw' });
    await expect(promise).rejects.toThrow('unseen');
  });
});

test('RU1: runBlocking: the order of ending is the same', () => {
  const log: string[] = [];
  const endless = (name: string): (() => Coroutine<void>) =>
    function* (): Coroutine<void> {
      try {
        yield* sleepForever();
      } finally {
        log.push(name);
      }
    };
  runBlocking(function* () {
    void createTask(endless('A'));
    void createTask(endless('B'));
    yield* ticks(2);
    log.push('main');
  }, { engine: simulated() });
  expect(log).toEqual(['main', 'A', 'B']);
});

test('D37: runBlocking: with unhandled "throw" it throws what nobody looked at', () => {
  expect(() => runBlocking(function* () {
    void createTask(failing('unseen'));
    yield* ticks(2);
  }, { engine: simulated(), unhandled: 'throw' })).toThrow('unseen');
});

test('RU2: run: the cancellation that ends a left-behind task is not reported', async () => {
  let reports: ExceptionContext[] = [];
  await run(function* () {
    reports = keepReports(getRunningLoop());
    void createTask(function* () {
      yield* sleepForever();
    });
    yield* ticks(2);
  }, { engine: simulated() });
  expect(reports).toEqual([]);
});
