// Node's AsyncLocalStorage: a task sees the stores of its creation, in both colours, and does not hand on what it sets.
import { AsyncLocalStorage } from 'node:async_hooks';
import { checkpoint, type CoroutineFunction, createTask, type EventLoop, getRunningLoop, run, sleep, type Task } from '../../lib';
import { ReadyBits } from '../../lib/engine/abi';
import { SimulatedEngine, virtualTime, type VirtualTimeOptions } from '../../lib/testing';
import { nodeTurn } from '../helpers/garbage';
import { ownedLoop, runReady } from '../helpers/owned_loop';

let storage: AsyncLocalStorage<string>;
beforeEach(() => {
  storage = new AsyncLocalStorage();
});
afterEach(() => storage.disable());

/** Runs a body whose every `yield 'pause'` waits a moment of virtual time, as either colour. */
const colours: [string, (body: () => Generator<'pause', unknown>) => CoroutineFunction<unknown>][] = [
  ['a generator', (body) => function* () {
    const steps = body();
    for (let step = steps.next(); ; step = steps.next()) {
      if (step.done === true) return step.value;
      yield* sleep(1);
    }
  }],
  ['an async function', (body) => async () => {
    const steps = body();
    for (let step = steps.next(); ; step = steps.next()) {
      if (step.done === true) return step.value;
      await sleep(1);
    }
  }],
];

function hosted(body: () => Promise<void>, options: VirtualTimeOptions = {}): () => Promise<void> {
  return async () => virtualTime(body, { hosted: true, ...options })();
}

describe.each(colours)('%s', (_name, coloured) => {
  test('CV7, D21: a store that is active around createTask is seen in the task, after waits too', hosted(async () => {
    const task = storage.run('outer', () =>
      createTask(coloured(function* () {
        const seen = [storage.getStore()];
        yield 'pause';
        seen.push(storage.getStore());
        return seen;
      })),
    );
    expect(await task).toEqual(['outer', 'outer']);
    expect(storage.getStore()).toBeUndefined();
  }));

  test('CV7, D21: what a task enters stays with it, over waits, and reaches no sibling', hosted(async () => {
    const task = (name: string): Task<unknown> =>
      createTask(coloured(function* () {
        const seen = [storage.getStore()];
        storage.enterWith(name);
        yield 'pause';
        seen.push(storage.getStore());
        yield 'pause';
        seen.push(storage.getStore());
        return seen;
      }));
    const tasks = storage.run('outer', () => [task('a'), task('b')]);
    expect([await tasks[0], await tasks[1]]).toEqual([['outer', 'a', 'a'], ['outer', 'b', 'b']]);
  }));

  test('CV7, D21: what a task enters does not reach its creator', hosted(async () => {
    await storage.run('outer', async () => {
      await createTask(coloured(function* () {
        storage.enterWith('inner');
        yield 'pause';
        return undefined;
      }));
      expect(storage.getStore()).toBe('outer');
    });
  }));

  test('D21: a child sees the stores that its parent had at its creation', hosted(async () => {
    const parent = storage.run('outer', () =>
      createTask(coloured(function* () {
        storage.enterWith('parent');
        const child = createTask(coloured(function* () {
          yield 'pause';
          return storage.getStore();
        }));
        storage.enterWith('changed');
        yield 'pause';
        yield 'pause';
        return child.result();
      })),
    );
    expect(await parent).toBe('parent');
  }));

  test('D21: with asyncContext run, all tasks of the run share one context', hosted(
    async () => {
      const seen: unknown[] = [];
      const spawn = (): Task<unknown> =>
        createTask(coloured(function* () {
          seen.push(storage.getStore());
          yield 'pause';
          return undefined;
        }));
      await storage.run('of a child', spawn);
      await spawn();
      expect(new Set(seen).size).toBe(1);
    },
    { asyncContext: 'run' },
  ));
});

test('D21: with asyncContext run, tasks see the stores of the run, not those of their creation', async () => {
  const engine = new SimulatedEngine();
  const seen = await storage.run('of the run', () =>
    run(
      function* () {
        const child = storage.run('of the child', () => createTask(function* () {
          yield* checkpoint();
          return storage.getStore();
        }));
        return [storage.getStore(), yield* child];
      },
      { engine, asyncContext: 'run' },
    ),
  );
  expect(seen).toEqual(['of the run', 'of the run']);
});

test('CV7: a task that was created outside every store sees none, whoever started the loop', async () => {
  const engine = new SimulatedEngine();
  let loop: EventLoop | null = null;
  const first = storage.run('first run', () =>
    run(
      function* () {
        loop = getRunningLoop();
        yield* sleep(10);
        return storage.getStore();
      },
      { engine },
    ),
  );
  await nodeTurn();
  const second = run(
    function* () {
      yield* sleep(1);
      return storage.getStore();
    },
    { engine },
  );
  expect([await second, await first, loop === null]).toEqual([undefined, 'first run', false]);
});

test('CV7: a store does not leak from one task into the next one that is stepped', virtualTime(function* () {
  const seen: unknown[] = [];
  const inside = storage.run('inside', () => createTask(function* () {
    yield* checkpoint();
    yield* checkpoint();
  }));
  const outside = createTask(function* () {
    for (let i = 0; i < 3; i++) {
      seen.push(storage.getStore());
      yield* checkpoint();
    }
  });
  yield* inside;
  yield* outside;
  expect(seen).toEqual([undefined, undefined, undefined]);
}));

test('CV2, CV7: callbacks, timers, done callbacks and readers see the stores of their registration', () => {
  const { loop, engine } = ownedLoop();
  const seen: Record<string, unknown> = {};
  const note = (where: string): void => void (seen[where] = storage.getStore());
  const fd = engine.openDescriptor();
  const future = loop.createFuture<void>();
  storage.run('registered', () => {
    loop.callSoon(note, 'soon');
    loop.callLater(0, note, 'timer');
    future.addDoneCallback(() => note('done'));
    loop.addReader(fd, note, 'reader');
  });
  loop.callSoon(note, 'outside');
  engine.setReady(fd, ReadyBits.readable);
  future.setResult();
  runReady(loop);
  expect(seen).toEqual({
    soon: 'registered',
    timer: 'registered',
    done: 'registered',
    reader: 'registered',
    outside: undefined,
  });
});
