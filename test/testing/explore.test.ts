// explore: many seeds, and the smallest failure of them.
import { type ByteStream, checkpoint, createTask, openConnection, sleep, startServer } from '../../lib/index';
import { type ExplorationError, explore, type Fault, onHost, replay } from '../../lib/testing';
import { type Simulation, simulate, simulationOf } from '../../lib/testing';
import { rejectionOf } from '../helpers/failures';
import { codeOf, colours, ticks } from '../tasks/support';

const HTTP = 80; // Of a host that exists only in the simulation.
const failureOf = async (promise: Promise<unknown>) => (await rejectionOf(promise)) as ExplorationError;
const decidedOf = ({ trace }: ExplorationError) =>
  (trace as { choices: [string, number, number][] }).choices.filter(([, , picked]) => picked > 0).length;

describe.each(colours)('in a $name main', (colour) => {
  // Fails if c overtakes both others in their first tick.
  const racing = () => colour.of(function* () {
    const order: string[] = [];
    const tasks = ['a', 'b', 'c', 'd', 'e', 'f'].map((name) =>
      createTask(function* () {
        yield* checkpoint();
        order.push(name);
      }, { name }),
    );
    for (const task of tasks) yield task;
    if (order.indexOf('c') < order.indexOf('a') && order.indexOf('e') < order.indexOf('b')) throw new Error(order.join(''));
  })();

  test('explore: it finds the first seed that fails, makes it small, and tells how to have it again', async () => {
    const error = await failureOf(explore(racing, { seeds: 500 }));
    expect(error).toMatchObject({ code: 'ERR_EXPLORATION', cause: { message: expect.stringMatching(/^[a-f]{6}$/) } });
    expect(error.message).toContain(`simulate(main, { seed: ${error.seed} })`);
    expect(error.message).toMatch(/c runs\n/);
    const asFound = await rejectionOf(simulate(racing, { seed: error.seed }));
    expect(asFound.message).toMatch(/^[a-f]{6}$/);
    for (let seed = 1; seed < error.seed; seed++) await simulate(racing, { seed });
    const large = await failureOf(explore(racing, { seeds: 500, minimize: false }));
    expect(large.seed).toBe(error.seed);
    expect(decidedOf(error)).toBeLessThan(decidedOf(large));
  });

  test('replay: the smallest failure is played again exactly, also from JSON', async () => {
    const error = await failureOf(explore(racing, { seeds: 500 }));
    const again = await rejectionOf(replay(racing, JSON.parse(JSON.stringify(error.trace))));
    expect(again.message).toBe((error.cause as Error).message);
    expect(JSON.stringify(simulationOf(again)?.trace)).toBe(JSON.stringify(error.trace));
  });

  test('explore: a program that never fails is tried with every seed', async () => {
    const seen: number[] = [];
    const main = colour.of(function* () {
      yield sleep(1);
      seen.push(Math.random());
    });
    expect(await explore(main, { seeds: 30, firstSeed: 100 })).toEqual({ seeds: 30, turns: 60 });
    expect(new Set(seen).size).toBe(30);
  });
});

/** Fails if the third connection is not there, whatever else happens. */
function* needsThird({ network }: Simulation) {
  const server = yield* onHost(network.host('api'), () => startServer((stream) => stream.send('ok'), { port: HTTP }));
  for (let i = 1; i <= 4; i++) {
    try {
      const stream = yield* openConnection({ host: 'api', port: HTTP });
      yield* stream.readAll();
      yield* stream.close();
    } catch (error) {
      if (i === 3) throw error;
    }
  }
  yield* server.shutdown({ drain: 0 });
}

test('explore: faults are left out that the failure does not need', async () => {
  const faults: Fault[] = [1, 2, 3, 4, 5, 6, 7].map((connect) => ({ kind: 'refuse', connect }));
  const error = await failureOf(explore(needsThird, { seeds: 3, faults }));
  expect(error.trace).toMatchObject({ faults: [{ kind: 'refuse', connect: 3 }] });
  expect(error.message).toContain('"connect":3}]');
});

test('explore: faults can be drawn for each seed', async () => {
  const drawn: string[] = [];
  const faults = (below: (count: number) => number): Fault[] => {
    const list = Array.from({ length: below(3) }, (): Fault => ({ kind: 'refuse', connect: 1 + below(6) }));
    drawn.push(JSON.stringify(list));
    return list;
  };
  const error = await failureOf(explore(needsThird, { seeds: 100, faults }));
  expect(error.trace).toMatchObject({ faults: [{ kind: 'refuse', connect: 3 }] });
  drawn.length = 0;
  await explore(function* () {}, { seeds: 30, faults });
  expect(new Set(drawn).size).toBeGreaterThan(10);
});

test('explore: a failure of another kind is not taken for the one that was found', async () => {
  const main = async () => {
    const log: string[] = [];
    const tasks = ['x', 'y', 'z'].map((name) => createTask(function* () {
      yield* ticks(2);
      log.push(name);
    }));
    for (const task of tasks) await task;
    if (log[0] === 'z') throw new TypeError('z is first');
    if (log.join('') === 'xyz') throw new RangeError('nothing is mixed');
  };
  for (let firstSeed = 1; firstSeed < 30; firstSeed++) {
    const asFound = await simulate(main, { seed: firstSeed }).catch((error: unknown) => error as Error);
    if (!(asFound instanceof TypeError)) continue;
    const error = await failureOf(explore(main, { seeds: 1, firstSeed }));
    expect(error.cause).toBeInstanceOf(TypeError);
    return;
  }
  throw new Error('no seed made z the first');
});

test('explore: a failure that does not come again is said to be none of the seed’s', async () => {
  let runs = 0;
  const once = function* () {
    yield* checkpoint();
    if (++runs === 3) throw new Error('only once');
  };
  const error = await failureOf(explore(once, { seeds: 10 }));
  expect(error).toMatchObject({ seed: 3, recurs: false, cause: { message: 'only once' } });
  expect(error.message).toContain('decided outside of the simulation; { runTwice: true } finds where');
  expect(error.runs).toBeLessThan(10);
  runs = 0;
  const noticed = await failureOf(explore(once, { seeds: 10, runTwice: true }));
  expect(noticed).toMatchObject({ code: 'ERR_NONDETERMINISM', seed: 2 });
});

test('explore: the kinds of fault that a failure needs are kept, and no others', async () => {
  const main = function* ({ network }: Simulation) {
    const handler = (stream: ByteStream) => stream.send('x'.repeat(100));
    const server = yield* onHost(network.host('api'), () => startServer(handler, { port: HTTP }));
    const stream = yield* openConnection({ host: 'api', port: HTTP });
    const got = yield* stream.readAll();
    yield* stream.close();
    yield* server.shutdown({ drain: 0 });
    if (got.length < 100) throw new Error('cut short');
  };
  const faults: Fault[] = [
    { kind: 'partition', groups: [['api'], ['localhost']], fromMs: 500, untilMs: 600 },
    { kind: 'delay', connect: 1, ms: 5 },
    { kind: 'drop', datagram: 1 },
    { kind: 'reset', connect: 1, afterBytes: 50 },
    { kind: 'full', host: 'api', fromMs: 900, untilMs: 901 },
    { kind: 'vanish', host: 'elsewhere', atMs: 3 },
  ];
  const error = await failureOf(explore(main, { seeds: 1, faults }));
  expect(error.trace).toMatchObject({ faults: [{ kind: 'reset', connect: 1, afterBytes: 50 }] });
});

test('explore: what makes no sense is refused at the call', () => {
  const main = function* () {};
  for (const options of [{ seeds: -1 }, { firstSeed: 0.5 }, { minimizeRuns: NaN }, { maxTurns: 0 }]) {
    expect([options, codeOf(() => explore(main, options))]).toEqual([options, 'ERR_OUT_OF_RANGE']);
  }
  expect(codeOf(() => explore(main, { seed: 5 } as object))).toBe('ERR_INVALID_ARG_TYPE');
  expect(codeOf(() => explore(main, { sedes: 5 } as object))).toBe('ERR_INVALID_ARG_TYPE');
  expect(codeOf(() => explore(5 as any))).toBe('ERR_INVALID_ARG_TYPE');
});
