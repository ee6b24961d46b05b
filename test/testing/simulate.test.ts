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
    expect(await rejectionOf(simulate(main, { seed: 9 }))).toBe(failure);
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
  refused({ shuffle: 1 }, 'ERR_INVALID_ARG_TYPE');
  refused({ sead: 1 }, 'ERR_INVALID_ARG_TYPE');
  refused({ engine: null }, 'ERR_INVALID_ARG_TYPE');
  refused({ unhandled: 'drop' }, 'ERR_OUT_OF_RANGE');
  refused({ faults: [{ kind: 'fire' }] }, 'ERR_INVALID_ARG_TYPE');
  expect(codeOf(() => simulate('main' as any))).toBe('ERR_INVALID_ARG_TYPE');
  expect(codeOf(() => replay(main, {} as any))).toBe('ERR_INVALID_ARG_TYPE');
});
