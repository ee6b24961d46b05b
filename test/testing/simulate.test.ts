// simulate and replay: a program in a world of its own, and the same run once more.
import {
  allTasks,
  checkpoint,
  createTask,
  currentLoop,
  Event,
  getRunningLoop,
  Lock,
  openConnection,
  sleep,
  sleepForever,
  startServer,
  until,
} from '../../lib/index';
import { onHost, replay, simulate, simulationOf, type Simulation, type SimulationTrace } from '../../lib/testing';
import { rejectionOf } from '../helpers/failures';
import { codeOf, type Colour, colours, ticks } from '../tasks/support';

const HTTP = 80; // Of a host that exists only in the simulation.
/** Several tasks that meet at random, and a connection. */
function* busyScript(simulation: Simulation, log: string[]): Generator<any, string> {
  const server = yield onHost(simulation.network.host('api'), () =>
    startServer(function* (stream) {
      yield* stream.send((yield* stream.readLine()) ?? 'nothing');
    }, { port: HTTP }),
  );
  const workers = ['a', 'b', 'c'].map((name) =>
    createTask(function* () {
      for (let i = 0; i < 3; i++) {
        yield* checkpoint();
        log.push(name);
      }
    }, { name }),
  );
  for (const worker of workers) yield worker;
  const stream = yield openConnection({ host: 'api', port: HTTP });
  yield stream.send('ping\n');
  const answer = String(yield stream.readAll());
  yield stream.close();
  yield server.shutdown({ drain: 0 });
  return answer;
}

const busyIn = (colour: Colour, log: string[] = []) => (simulation: Simulation) =>
  colour.of(() => busyScript(simulation, log))();

describe.each(colours)('in a $name main', (colour) => {
  test('simulate: a seed gives the same trace each time, another seed another one', async () => {
    const options = { net: { latencyMs: [1, 20] as const } };
    const first = await simulate(busyIn(colour), { seed: 1, ...options });
    const again = await simulate(busyIn(colour), { seed: 1, ...options });
    const other = await simulate(busyIn(colour), { seed: 2, ...options });
    expect(first.result).toBe('ping');
    expect(JSON.stringify(again.trace)).toBe(JSON.stringify(first.trace));
    expect(JSON.stringify(other.trace)).not.toBe(JSON.stringify(first.trace));
    expect(first.trace.lines.join('\n')).toMatch(/a runs[^]*connected/);
    expect(first.elapsedMs).toBeGreaterThan(2);
  });

  test('simulate: without a seed tasks run first in, first out', async () => {
    const log: string[] = [];
    const { trace, elapsedMs } = await simulate(busyIn(colour, log));
    expect(log.join('')).toBe('abcabcabc');
    expect([trace.seed, trace.choices, elapsedMs]).toEqual([null, [], 0]);
  });

  test('simulate: a seed changes the order of tasks, unless they are not to be shuffled', async () => {
    const [mixed, straight]: [Set<string>, Set<string>] = [new Set(), new Set()];
    for (let seed = 0; seed < 20; seed++) {
      const [a, b]: [string[], string[]] = [[], []];
      await simulate(busyIn(colour, a), { seed });
      await simulate(busyIn(colour, b), { seed, shuffle: false });
      mixed.add(a.join(''));
      straight.add(b.join(''));
    }
    expect(mixed.size).toBeGreaterThan(10);
    expect([...straight]).toEqual(['abcabcabc']);
  });

  test('replay: a trace that was stored as JSON gives the same run', async () => {
    const first = await simulate(busyIn(colour), { seed: 5, net: { latencyMs: [0, 9] } });
    const stored = JSON.parse(JSON.stringify(first.trace)) as SimulationTrace;
    const again = await replay(busyIn(colour), stored, { net: { latencyMs: [0, 9] } });
    expect(again.trace).toEqual(first.trace);
  });

  test('replay: a program that asks for something else has diverged', async () => {
    const { trace } = await simulate(busyIn(colour), { seed: 5 });
    const changed = (simulation: Simulation) => colour.of(function* () {
      void createTask(() => ticks(5));
      return yield* busyScript(simulation, []);
    })();
    expect(await rejectionOf(replay(changed, trace))).toMatchObject({ code: 'ERR_REPLAY_DIVERGED' });
    const shorter = () => colour.of(function* () {
      yield checkpoint();
    })();
    expect(await rejectionOf(replay(shorter, trace))).toMatchObject({ code: 'ERR_REPLAY_DIVERGED' });
  });

  test('simulate: the failure of main is the rejection, with its run', async () => {
    const failure = new Error('main fails');
    const main = colour.of(function* () {
      yield sleep(10);
      throw failure;
    });
    expect(await rejectionOf(simulate(main, { seed: 9, timerJitterMs: 0 }))).toBe(failure);
    expect(simulationOf(failure)).toMatchObject({ elapsedMs: 10, trace: { seed: 9, failure: 'Error: main fails' } });
    expect(simulationOf(new Error('another one'))).toBeNull();
  });

  test('GC5: simulate: what nobody can wake is a DeadlockError with the circle, and finally blocks run', async () => {
    const log: string[] = [];
    const main = colour.of(function* () {
      const [lock, event] = [new Lock(), new Event()];
      const guard = yield lock.acquire();
      const holder = createTask(function* () {
        using _ = yield* lock.acquire();
        event.set();
      }, { name: 'holder' });
      void holder;
      try {
        yield holder;
      } finally {
        (guard as Disposable)[Symbol.dispose]();
        log.push('cleaned up');
      }
    });
    const error = await rejectionOf(simulate(main));
    expect(error).toMatchObject({
      code: 'ERR_DEADLOCK',
      cycle: [
        { task: 'main', waitsFor: 'task', heldBy: ['holder'] },
        { task: 'holder', waitsFor: 'Lock', heldBy: ['main'] },
      ],
    });
    expect(log).toEqual(['cleaned up']);
  });

  test('simulate: a run without an end fails after so many turns', async () => {
    const main = colour.of(function* () {
      for (;;) yield sleep(1);
    });
    const error = await rejectionOf(simulate(main, { maxTurns: 500 }));
    expect(error).toMatchObject({ code: 'ERR_SIMULATION_LIMIT' });
    expect(error.message).toMatch(/500 turns/);
  });
});

test('simulate: by seed timers are late by up to the jitter, never early, and without a seed they are exact', async () => {
  const main = async () => {
    const loop = getRunningLoop();
    const late: number[] = [];
    for (let i = 0; i < 20; i++) {
      const before = loop.time();
      await sleep(10);
      late.push(loop.time() - before - 10);
    }
    return late;
  };
  const drawn = (await simulate(main, { seed: 3 })).result;
  expect(Math.min(...drawn)).toBeGreaterThanOrEqual(0);
  expect(Math.max(...drawn)).toBeLessThanOrEqual(1.000_001);
  expect(new Set(drawn.map((ms) => ms.toFixed(3))).size).toBeGreaterThan(10);
  const wide = (await simulate(main, { seed: 3, timerJitterMs: 100 })).result;
  expect(Math.max(...wide)).toBeGreaterThan(50);
  for (const options of [{}, { timerJitterMs: 100 }, { seed: 3, timerJitterMs: 0 }]) {
    expect((await simulate(main, options)).result).toEqual(drawn.map(() => 0));
  }
});

test('simulate: a jitter lets timers that are close to each other be due together, in their order', async () => {
  const together = new Set<number>();
  for (let seed = 1; seed <= 30; seed++) {
    await simulate(async () => {
      const loop = getRunningLoop();
      const due: [string, number][] = [];
      loop.callLater(10, () => due.push(['first', loop.time()]));
      loop.callLater(10.4, () => due.push(['second', loop.time()]));
      await sleep(20);
      expect(due.map(([name]) => name)).toEqual(['first', 'second']);
      together.add(Number(due[0]![1] === due[1]![1]));
    }, { seed });
  }
  expect(together.size).toBe(2);
});

test('replay: the network is in the trace, also what is endless about it', async () => {
  const net = { latencyMs: [1, 9] as const, bufferBytes: Infinity, connectTimeoutMs: Infinity };
  const { trace, result } = await simulate(busyIn(colours[0]!), { seed: 2, net });
  const again = await replay(busyIn(colours[0]!), JSON.parse(JSON.stringify(trace)) as SimulationTrace);
  expect(again.result).toBe(result);
  expect(again.trace.lines).toEqual(trace.lines);
  expect(again.trace.net).toEqual(net);
});

describe('replay of a program that has changed', () => {
  const order = (names: string) => function* (): Generator<any, string> {
    for (const name of names) void createTask(() => ticks(2), { name });
    yield* sleep(1);
    return names;
  };

  test('replay: it says what is asked now, what was asked then, and up to where both are alike', async () => {
    const { trace } = await simulate(order('abc'), { seed: 4 });
    const error = await rejectionOf(replay(order('abcd'), trace));
    expect(error).toMatchObject({ code: 'ERR_REPLAY_DIVERGED', index: 0, asked: ['order of tasks', 4] });
    expect(error.message).toMatch(
      /^the program has changed since it was recorded: decision 0 is about order of tasks \(one of 4\) now, and then it was/,
    );
    expect(error.message).toContain('(both are alike up to "0 main runs")');
    expect(error.message).toMatch(/replay the program that was recorded, or record it again$/);
  });

  test('replay: the same decisions about other things are a change too', async () => {
    const { trace } = await simulate(order('abc'), { seed: 4 });
    const error = await rejectionOf(replay(order('abx'), trace));
    expect(error).toMatchObject({ code: 'ERR_REPLAY_DIVERGED' });
    expect(error.message).toMatch(/line \d+ of what happens is "0 x runs" now, and then it was "0 c runs"/);
  });

  test('replay: what the changed program fails with is the cause', async () => {
    const { trace } = await simulate(order('abc'), { seed: 4 });
    const failing = () => {
      throw new TypeError('too early');
    };
    const error = await rejectionOf(replay(failing, trace));
    expect(error).toMatchObject({ code: 'ERR_REPLAY_DIVERGED', cause: { message: 'too early' }, asked: null });
    expect(error.message).toMatch(/decision 0 is not asked for any more/);
  });

  test('replay: one without a seed is compared line by line', async () => {
    const { trace } = await simulate(order('abc'));
    await replay(order('abc'), trace);
    expect(await rejectionOf(replay(order('ab'), trace))).toMatchObject({ code: 'ERR_REPLAY_DIVERGED' });
  });
});

test('simulate: run twice, a program that does not do the same both times is told with the first difference', async () => {
  let runs = 0;
  const leaking = function* (simulation: Simulation) {
    yield* sleep(5);
    simulation.note(`run ${++runs}`);
  };
  const error = await rejectionOf(simulate(leaking, { seed: 6, timerJitterMs: 0, runTwice: true }));
  expect(error).toMatchObject({ code: 'ERR_NONDETERMINISM', seed: 6 });
  expect(error.message).toMatch(/line \d+ was "5 run 1" and then "5 run 2", after "5 main wakes"/);
  const drawing = async () => Math.random();
  const { result } = await simulate(drawing, { seed: 6, runTwice: true });
  expect(result).toBe((await simulate(drawing, { seed: 6 })).result);
  const returning = async () => ++runs;
  expect((await rejectionOf(simulate(returning, { runTwice: true }))).message).toMatch(/without a seed differ.*result: 3/);
});

test('simulate: a task that swallows its cancellation in a deadlock is ended by force', async () => {
  const error = await rejectionOf(simulate(function* () {
    for (;;) {
      try {
        yield* sleepForever();
      } catch {
        // It will not end.
      }
    }
  }));
  expect(error).toMatchObject({ code: 'ERR_DEADLOCK' });
  expect(currentLoop()).toBeNull();
});

test('simulate: a deadlock of tasks that main left behind is told too', async () => {
  const error = await rejectionOf(simulate(function* () {
    void createTask(function* () {
      try {
        yield* sleepForever();
      } finally {
        yield* sleepForever();
      }
    }, { name: 'stubborn' });
    yield* checkpoint();
  }));
  expect(error).toMatchObject({ code: 'ERR_DEADLOCK' });
  expect(error.message).toContain('stubborn waits for a future');
});

test('simulate: a failure that nobody looked at fails the run, unless it is to be reported', async () => {
  const main = function* () {
    void createTask(function* () {
      throw new Error('unseen');
    });
    yield* sleep(1);
    return 'ended';
  };
  expect((await rejectionOf(simulate(main))).message).toBe('unseen');
  const { result, reports } = await simulate(main, { unhandled: 'report' });
  expect(result).toBe('ended');
  expect(reports).toEqual([expect.stringContaining('unseen')]);
});

test('simulate: promises and helpers that are no tasks work as they do in a run', async () => {
  const { result } = await simulate(function* () {
    const helper = async () => {
      await Promise.resolve();
      await sleep(5); // Finds the loop, though no task of ours is on the stack.
      return getRunningLoop().time();
    };
    return yield* until(helper());
  });
  expect(result).toBe(5);
});

test('simulate: several at once do not disturb each other', async () => {
  const alone = await simulate(busyIn(colours[0]!), { seed: 3 });
  const together = await Promise.all([3, 4, 3].map((seed) => simulate(busyIn(colours[0]!), { seed })));
  expect(together[0]!.trace).toEqual(alone.trace);
  expect(together[2]!.trace).toEqual(alone.trace);
});

test('simulate: notes of the program stand in the trace, and lines can be left out', async () => {
  const main = function* (simulation: Simulation) {
    yield* sleep(2);
    simulation.note('half-way');
    yield* sleep(2);
  };
  expect((await simulate(main)).trace.lines).toContain('2 half-way');
  expect((await simulate(main, { lines: false })).trace.lines).toEqual([]);
});

test('simulate: the tasks of a simulation are gone after it', async () => {
  await simulate(function* () {
    void createTask(() => sleepForever());
    yield* checkpoint();
  });
  expect(currentLoop()).toBeNull();
  expect(allTasks().size).toBe(0);
});

test('simulate: one inside another, or inside a task, is refused', async () => {
  const nested = await simulate(async () => {
    await Promise.resolve();
    return codeOf(() => simulate(function* () {}));
  });
  expect(nested.result).toBe('ERR_LOOP_RUNNING');
  const inTask = await simulate(function* () {
    return codeOf(() => simulate(function* () {}));
  });
  expect(inTask.result).toBe('ERR_LOOP_RUNNING');
});

test('simulate, replay: what makes no sense is refused at the call', async () => {
  const main = function* () {};
  const refused = (options: object, code: string) =>
    expect([options, codeOf(() => simulate(main, options))]).toEqual([options, code]);
  refused({ seed: -1 }, 'ERR_OUT_OF_RANGE');
  refused({ seed: 0.5 }, 'ERR_OUT_OF_RANGE');
  refused({ maxTurns: 0 }, 'ERR_OUT_OF_RANGE');
  refused({ startDate: NaN }, 'ERR_OUT_OF_RANGE');
  refused({ realWorld: 'maybe' }, 'ERR_OUT_OF_RANGE');
  refused({ timerJitterMs: -1 }, 'ERR_OUT_OF_RANGE');
  refused({ timerJitterMs: NaN }, 'ERR_OUT_OF_RANGE');
  refused({ runTwice: 'yes' }, 'ERR_INVALID_ARG_TYPE');
  refused({ shuffle: 1 }, 'ERR_INVALID_ARG_TYPE');
  refused({ sead: 1 }, 'ERR_INVALID_ARG_TYPE');
  refused({ engine: null }, 'ERR_INVALID_ARG_TYPE');
  refused({ unhandled: 'drop' }, 'ERR_OUT_OF_RANGE');
  refused({ faults: [{ kind: 'fire' }] }, 'ERR_INVALID_ARG_TYPE');
  expect(codeOf(() => simulate('main' as any))).toBe('ERR_INVALID_ARG_TYPE');
  expect(codeOf(() => replay(main, {} as any))).toBe('ERR_INVALID_ARG_TYPE');
});
