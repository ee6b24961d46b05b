// DeadlockError: who waits for whom when nothing can happen any more.
import {
  all,
  CapacityLimiter,
  createTask,
  type Coroutine,
  type CoroutineFunction,
  type DeadlockError,
  Event,
  getRunningLoop,
  Lock,
  Queue,
  runBlocking,
  shield,
  type Task,
  wait,
  withTaskGroup,
} from '../../lib/index';
import { SimulatedEngine } from '../../lib/testing';
import { thrownBy } from '../helpers/failures';
import { ticks } from '../tasks/support';

function deadlockOf(main: CoroutineFunction<unknown>): DeadlockError {
  const error: unknown = thrownBy(() => runBlocking(main, { engine: new SimulatedEngine(), name: 'main' }));
  expect(error).toMatchObject({ code: 'ERR_DEADLOCK' });
  return error as DeadlockError;
}

const chainOf = (error: DeadlockError): string[] =>
  error.cycle.map(({ task, waitsFor, heldBy }) => [task, waitsFor, ...heldBy].join(' > '));

test('GC5: two tasks that hold what the other one wants are named with their locks', () => {
  const error = deadlockOf(function* () {
    const [left, right] = [new Lock(), new Lock()];
    function* both(first: Lock, second: Lock): Coroutine<void> {
      using _first = yield* first.acquire();
      yield* ticks(1);
      using _second = yield* second.acquire();
    }
    yield* withTaskGroup(function* (group) {
      group.createTask(both(left, right), { name: 'a' });
      group.createTask(both(right, left), { name: 'b' });
    });
  });
  expect(chainOf(error)).toEqual(['a > Lock > b', 'b > Lock > a']);
  expect(error.message).toContain('a waits for Lock held by b; b waits for Lock held by a');
  expect(error.waits).toContainEqual({ task: 'main', waitsFor: 'children', heldBy: ['a', 'b'] });
});

test('GC5: without a circle it tells the way from main to the wait that nobody ends', () => {
  const error = deadlockOf(function* () {
    const lock = new Lock();
    const owner = createTask(function* () {
      using _ = yield* lock.acquire();
      yield* new Queue().get();
    }, { name: 'b' });
    void owner;
    yield* ticks(1);
    using _ = yield* lock.acquire();
  });
  expect(chainOf(error)).toEqual(['main > Lock > b', 'b > Queue.get']);
});

test('GC5: tasks are followed through combinators, shields and waits', () => {
  const error = deadlockOf(function* () {
    const event = new Event();
    const last = createTask(() => event.wait(), { name: 'last' });
    const third = createTask(() => wait([last]), { name: 'third' });
    const second = createTask(() => shield(third), { name: 'second' });
    yield* all([second]);
  });
  expect(chainOf(error)).toEqual([
    'main > children > second', 'second > a future > third', 'third > a future > last', 'last > Event.wait',
  ]);
});

test('GC5: a circle is found wherever it is, also behind branches that end', () => {
  const error = deadlockOf(function* () {
    const tasks: Task<unknown>[] = [];
    tasks.push(createTask(() => new Event().wait(), { name: 'dead end' }));
    tasks.push(createTask(() => wait([tasks[0]!, tasks[2]!]), { name: 'x' }));
    tasks.push(createTask(() => wait([tasks[1]!]), { name: 'y' }));
    yield* new Event().wait();
  });
  expect(chainOf(error)).toEqual(['x > a future > y', 'y > a future > x']);
});

test('GC5: borrowers of a limiter and bare futures are told', () => {
  const error = deadlockOf(function* () {
    const limiter = new CapacityLimiter(1);
    const borrower = createTask(function* () {
      using _ = yield* limiter.acquire();
      yield* new Event().wait();
    }, { name: 'borrower' });
    yield* ticks(1);
    void createTask(() => getRunningLoop().createFuture<void>(), { name: 'other' });
    void borrower;
    using _ = yield* limiter.acquire();
  });
  expect(chainOf(error)).toEqual(['main > CapacityLimiter > borrower', 'borrower > Event.wait']);
  expect(error.waits).toContainEqual({ task: 'other', waitsFor: 'a future', heldBy: [] });
});

test('GC5: an async function is told with what it awaits', async () => {
  // Promises settle only where no microtask is on the stack.
  const error = await new Promise<DeadlockError>((resolve) => setImmediate(() => resolve(deadlockOf(async () => {
    const lock = new Lock();
    const guard = await lock.acquire();
    await withTaskGroup(async (group) => {
      group.createTask(async () => {
        using _ = await lock.acquire();
      }, { name: 'child' });
    });
    guard.release();
  }))));
  expect(chainOf(error)).toEqual(['main > children > child', 'child > Lock > main']);
});

test('GC5: many who could end a wait are counted, and a chain of ten thousand tasks is followed', () => {
  const many = deadlockOf(function* () {
    yield* all(Array.from({ length: 8 }, (_, i) => createTask(() => new Event().wait(), { name: `t${i}` })));
  });
  expect(many.cycle[0]?.heldBy).toEqual(['t0', 't1', 't2', 't3', 't4', '3 more']);
  const long = deadlockOf(function* () {
    let last: Task<unknown> = createTask(() => new Event().wait());
    for (let i = 0; i < 10_000; i++) {
      const awaited = last;
      last = createTask(() => awaited);
    }
    yield* last;
  });
  expect(long.cycle).toHaveLength(10_002);
});
