// Debug mode: the reports of swallowed cancellations, of what was never awaited, and of scopes that were left open.
import {
  type Awaitable,
  CancelScope,
  checkpoint,
  type Coroutine,
  coroutine,
  createTask,
  currentTask,
  failAfter,
  gather,
  getRunningLoop,
  Lock,
  moveOnAfter,
  run,
  sleep,
  type Task,
  TaskGroup,
  until,
  withTaskGroup,
} from '../../lib';
import { SimulatedEngine } from '../../lib/testing';
import { thrownBy } from '../helpers/failures';
import { collectUntil } from '../helpers/garbage';
import { colours, type Script, trivial } from '../tasks/support';

type Refusal = [what: string, act: (error: unknown) => Generator<Awaitable<unknown>>];

interface Warning {
  readonly code: string;
  readonly message: string;
  readonly detail: string;
}

let warnings: Warning[];
beforeEach(() => {
  warnings = [];
  jest.spyOn(process, 'emitWarning').mockImplementation(((message: string, { code, detail }: Warning) => {
    if (code !== 'READYLOOP_SLOW_CALLBACK') warnings.push({ code, message, detail });
  }) as typeof process.emitWarning);
});
afterEach(() => jest.restoreAllMocks());

const SWALLOWED = 'READYLOOP_SWALLOWED_CANCELLATION';
const NEVER_AWAITED = 'READYLOOP_NEVER_AWAITED';
const LEFT_OPEN = 'READYLOOP_SCOPE_LEFT_OPEN';
const codes = (): string[] => warnings.map(({ code }) => code);
const only = (): Warning => {
  expect(warnings).toHaveLength(1);
  return warnings[0]!;
};

describe.each(colours)('in the colour $name', ({ of }) => {
  /** Runs a script on a virtual clock, in debug mode unless told. */
  const runScript = (script: Script<unknown>, debug = true): Promise<unknown> =>
    run(of(script), { debug, engine: new SimulatedEngine(), name: 'main' });
  const start = (script: Script<unknown>, name = 'worker'): Task<unknown> => createTask(of(script), { name });
  function* swallow(wait: () => Awaitable<unknown>): Generator<Awaitable<unknown>, string, unknown> {
    try {
      yield wait();
    } catch {
      // The mistake.
    }
    return 'went on';
  }

  test('D2: a request that a task swallows is reported at its end, with both stacks', async () => {
    await runScript(function* () {
      const task = start(() => swallow(function theWait() { return sleep(60_000); }));
      yield sleep(1);
      (function theCanceller() { task.cancel('enough'); })();
      expect(yield task).toBe('went on');
      expect(codes()).toEqual([SWALLOWED]);
    });
    const { message, detail } = only();
    expect(message).toMatch(/^worker was cancelled and ended with a value/);
    expect(detail).toMatch(/cancelled, by main, at:\n.*theCanceller[^]*thrown at:\n[^]*/);
  });

  test('D2: a request swallowed at a checkpoint, and before further waits, is reported', async () => {
    await runScript(function* () {
      const task = start(function* () {
        yield* swallow(() => checkpoint());
        // An async function has passed its checkpoint already when it is asked.
        yield* swallow(() => sleep(5));
        yield sleep(5);
      });
      yield checkpoint();
      task.cancel();
      yield task;
    });
    expect(codes()).toEqual([SWALLOWED]);
  });

  test('D2: outside debug mode nothing is reported', async () => {
    await runScript(function* () {
      sleep(1) as unknown;
      const task = start(() => swallow(() => sleep(60_000)));
      yield sleep(1);
      task.cancel();
      yield task;
    }, false);
    expect(warnings).toEqual([]);
  });

  test.each([
    ['rethrows it', function* (error: unknown) { throw error; }],
    ['throws another error', function* () { throw new Error('stopped'); }],
    ['rethrows it after a wait', function* (error: unknown) { yield sleep(1); throw error; }],
    ['asks how often it was asked', function* () { return currentTask()?.cancelling(); }],
  ] as Refusal[])('D2: a task that %s is left alone', async (_what, act) => {
    await runScript(function* () {
      const task = start(function* () {
        try {
          yield sleep(60_000);
        } catch (error) {
          yield* act(error);
        }
      });
      yield sleep(1);
      task.cancel();
      yield task.join();
      if (!task.cancelled()) task.exception();
    });
    expect(warnings).toEqual([]);
  });

  test('D2: the end of somebody else, and a request that never arrived, are not reported', async () => {
    await runScript(function* () {
      const other = start(function* () {
        yield sleep(60_000);
      });
      const parent = start(() => swallow(() => other));
      const late = start(function* () {
        currentTask()?.cancel();
      });
      yield sleep(1);
      other.cancel();
      expect(yield parent).toBe('went on');
      yield late;
    });
    expect(warnings).toEqual([]);
  });

  test('D2: a request that goes down to an awaited task is reported for the one that swallows it', async () => {
    await runScript(function* () {
      const inner = start(() => swallow(() => sleep(60_000)), 'inner');
      const outer = start(function* () {
        return yield inner;
      }, 'outer');
      yield sleep(1);
      outer.cancel();
      expect(yield outer).toBe('went on');
    });
    expect(only().message).toMatch(/^inner was cancelled/);
  });

  test('D2: a scope whose body swallows its cancellation is reported once, however often that was thrown', async () => {
    await runScript(function* () {
      yield moveOnAfter(5, of(function* () {
        for (let i = 0; i < 3; i++) yield* swallow(() => sleep(60_000));
      }));
      expect(codes()).toEqual([SWALLOWED]);
    });
    expect(only().message).toMatch(/^a cancel scope in main was cancelled/);
    expect(only().detail).toMatch(/^cancelled by a deadline\nthrown at:\n/);
  });

  test('D2: the report of a scope says where it was cancelled', async () => {
    await runScript(function* () {
      const scope = new CancelScope();
      getRunningLoop().callLater(5, function theCanceller() {
        scope.cancel();
      });
      yield scope.run(of(() => swallow(() => sleep(60_000))));
    });
    expect(only().detail).toMatch(/^cancelled, at:\n.*theCanceller/);
  });

  test('D2: a child that swallows the cancellation of its group is reported', async () => {
    await runScript(function* () {
      yield withTaskGroup(of(function* () {
        yield sleep(0);
      }));
      const group = new TaskGroup();
      group.createTask(of(() => swallow(() => sleep(60_000))), { name: 'child' });
      yield sleep(1);
      group.cancel();
      yield group.close();
    });
    expect(only().message).toMatch(/^child was cancelled/);
  });

  test('D2: timeouts that end their body, convert, or meet no wait are not reported', async () => {
    await runScript(function* () {
      yield moveOnAfter(1, of(function* () { yield sleep(60_000); }));
      yield* swallow(() => failAfter(1, of(function* () { yield sleep(60_000); })));
      const scope = new CancelScope();
      yield scope.run(of(function* () { scope.cancel(); }));
      const asking = new CancelScope({ relativeDeadline: 1 });
      yield asking.run(of(function* () {
        yield* swallow(() => sleep(60_000));
        return asking.cancelCalled;
      }));
      yield moveOnAfter(1, of(function* () {
        yield moveOnAfter(60_000, of(function* () { yield sleep(60_000); }));
      }));
    });
    expect(warnings).toEqual([]);
  });

  test.each([
    ['sleep()', () => sleep(5)],
    ['until()', () => until(Promise.resolve())],
    ['lock.acquire()', () => new Lock().acquire()],
    ['checkpoint()', () => checkpoint()],
    ['a scope, group or other operation', () => moveOnAfter(5, () => trivial(1))],
    ['task.join()', () => currentTask()?.join()],
  ])('DB6: %s that is never awaited is reported at the end of the run, with its place', async (what, make) => {
    await runScript(function* () {
      make();
      yield sleep(10);
      expect(warnings).toEqual([]);
    });
    expect(only()).toMatchObject({ code: NEVER_AWAITED, message: expect.stringContaining(`${what} was made in main`) });
    expect(only().detail).toMatch(/^made at:\n.*debug_reports\.test/);
  });

  test('DB6: what was given on, awaited late, or asked is not reported', async () => {
    await runScript(function* () {
      const [late, asked] = [sleep(1), sleep(60_000)];
      yield gather(sleep(1), sleep(2));
      yield late;
      asked.cancel();
      yield moveOnAfter(5, of(function* () {}));
    });
    expect(warnings).toEqual([]);
  });

  test('DB6: a task that fails before it awaits what it made is not blamed', async () => {
    const failing = runScript(function* () {
      sleep(5);
      throw new Error('first');
    });
    await expect(failing).rejects.toThrow('first');
    expect(warnings).toEqual([]);
  });

  test('DB6: what is lost in a long run is reported when it is collected', async () => {
    let isOver = false;
    const running = run(
      of(function* () {
        (() => void moveOnAfter(5, () => trivial(1)))();
        yield until(collectUntil(() => warnings.length > 0));
        isOver = warnings.length > 0;
      }),
      { debug: true },
    );
    await running;
    expect([isOver, ...codes()]).toEqual([true, NEVER_AWAITED]);
  });

  test('CS21: a scope that a task leaves open is reported and ended: no timer, no listener, no status stays', async () => {
    await runScript(function* () {
      const loop = getRunningLoop();
      const timers = loop.metrics().timers;
      const controller = new AbortController();
      const scope = CancelScope.fromSignal(controller.signal, { relativeDeadline: 60_000 });
      const open = of(function* () {
        const byHand = scope.run(function* (): Coroutine<void> {
          yield* checkpoint();
        });
        const steps = byHand[Symbol.iterator]();
        // A task that drives the coroutine by hand, drops it inside of its scope, and ends.
        createTask(
          function* () {
            steps.next();
          },
          { name: 'hand' },
        );
        yield checkpoint();
      });
      yield createTask(open);
      yield checkpoint();
      expect(loop.metrics().timers).toBe(timers);
      controller.abort('late');
      expect(scope.cancelCalled).toBe(true);
      expect(loop._tasks().every((task) => task._status.host !== task)).toBe(true);
    });
    expect(only()).toMatchObject({ code: LEFT_OPEN, message: expect.stringMatching(/^hand has ended inside of a cancel scope/) });
    expect(only().detail).toMatch(/^entered at:\n.*debug_reports\.test/);
  });

  test('CS21: a group without a body that nobody closes is reported, with the scopes inside of it', async () => {
    await runScript(function* () {
      const task = start(function* () {
        new TaskGroup().createTask(of(function* () { yield sleep(60_000); }));
        yield sleep(1);
      });
      yield task;
    });
    expect(codes()).toEqual([LEFT_OPEN]);
  });
});

test('CS21: scopes left inside of one that ends too early stay armed no longer, without debug mode too', async () => {
  await run(
    function* () {
      const loop = getRunningLoop();
      const outer = new CancelScope();
      const early = outer.run(function* () {
        const steps = moveOnAfter(60_000, function* () {
          yield* checkpoint();
        })[Symbol.iterator]();
        steps.next();
        currentTask()!._waiting = null;
      });
      const caught = yield* (function* () {
        try {
          yield* early;
        } catch (error) {
          return error as { code?: string };
        }
        return null;
      })();
      expect(caught?.code).toBe('ERR_SCOPE_NESTING');
      expect(loop.metrics().timers).toBe(0);
    },
    { engine: new SimulatedEngine() },
  );
});

describe('coroutine', () => {
  const double = coroutine(function* double(this: unknown, n: number) {
    yield* checkpoint();
    return n * 2;
  });
  const inDebug = <T>(main: () => Coroutine<T>): Promise<T> =>
    run(main, { debug: true, engine: new SimulatedEngine(), name: 'main' });

  test('DB6: one that is never driven is reported, with the place where it was made', async () => {
    await inDebug(function* () {
      double(1);
      yield* checkpoint();
    });
    expect(only()).toMatchObject({ code: NEVER_AWAITED, message: expect.stringMatching(/^the coroutine double\(\)/) });
    expect(only().detail).toMatch(/^made at:\n.*debug_reports\.test/);
  });

  test('DB6: those that are awaited, given to tasks, or closed are not reported', async () => {
    await inDebug(function* () {
      expect(yield* double(2)).toBe(4);
      expect(yield* createTask(double(3))).toBe(6);
      expect(yield* gather(double(4), createTask(() => double(5)))).toEqual([8, 10]);
      double(6).return(0);
      const unstarted = createTask(double(7));
      unstarted.cancel();
      yield* unstarted.join();
    });
    expect(warnings).toEqual([]);
  });

  test('DB6: a marked function is still what it was', () => {
    expect([double.name, double.length, Object.prototype.toString.call(double)]).toEqual([
      'double',
      1,
      '[object GeneratorFunction]',
    ]);
    expect(double(1)).toBeInstanceOf(double);
    expect(thrownBy(() => coroutine((() => 1) as never)).code).toBe('ERR_INVALID_ARG_TYPE');
  });
});
