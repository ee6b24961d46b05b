// Waits that nobody came back for stayed in the primitive: the next item, permit or lock went to nobody.
import {
  type Awaitable,
  CapacityLimiter,
  Condition,
  createTask,
  Event,
  EventLoop,
  getRunningLoop,
  type Guard,
  Lock,
  Queue,
  run,
  Semaphore,
  until,
} from '../../lib/index';
import { SimulatedEngine, virtualTime } from '../../lib/testing';
import { keepReports, runReady } from '../helpers/owned_loop';
import { colours, hosted, outcomeOf, ticks } from '../tasks/support';

/** Runs a body on a loop that is closed afterwards, with what still waits there. */
function onClosedLoop(body: () => unknown): void {
  const loop = new EventLoop({ engine: new SimulatedEngine() });
  keepReports(loop);
  loop.callSoon(body);
  runReady(loop);
  loop.close();
}

test('queue: an item does not go to a getter whose loop was closed', () => {
  const queue = new Queue<number>();
  onClosedLoop(() => createTask(function* () {
    yield* queue.get();
  }));
  expect(queue.statistics().waitingToGet).toBe(0);
  expect(queue.tryPut(1)).toBe(true);
  expect(queue.tryGet()).toBe(1);
});

test('queue: what a putter of a closed loop wanted to put is not put', () => {
  const queue = new Queue<number>(1, { items: [1] });
  onClosedLoop(() => void queue.put(2));
  expect([queue.tryGet(), queue.tryGet()]).toEqual([1, null]);
});

test('primitives: waits of a loop that was closed do not bind them to it', () => {
  const event = new Event();
  const semaphore = new Semaphore(0);
  const limiter = new CapacityLimiter(0);
  const borrower = {};
  onClosedLoop(() => {
    for (const wait of [event.wait(), semaphore.acquire(), limiter.acquireOnBehalfOf(borrower)]) void wait;
  });
  virtualTime(function* () {
    const waits = [event.wait(), semaphore.acquire(), limiter.acquireOnBehalfOf(borrower)];
    expect([event, semaphore, limiter].map((each) => each.statistics().tasksWaiting)).toEqual([1, 1, 1]);
    event.set();
    semaphore.release();
    limiter.totalTokens = 1;
    for (const wait of waits) yield* wait;
  })();
});

describe.each(colours)('a $name task that is abandoned', (colour) => {
  /** Abandons a task that goes on with `wait` whatever it is told, while another run keeps their loop open. */
  async function abandon(wait: () => Awaitable<unknown>): Promise<void> {
    let leave = (): void => undefined;
    const keeper = run(() => until(new Promise<void>((resolve) => (leave = resolve))));
    const ended = run(function* () {
      getRunningLoop().setExceptionHandler(() => undefined);
      createTask(colour.of(function* () {
        for (let attempts = 0; attempts < 1_000; attempts++) {
          try {
            yield wait();
          } catch {
            // It does not let itself be cancelled.
          }
        }
      }));
      yield* ticks(3);
    }, { shutdownTimeout: 0 });
    await ended;
    leave();
    await keeper;
  }

  test('queue: it leaves the queue, and takes no item from there', async () => {
    const queue = new Queue<number>();
    await abandon(() => queue.get());
    expect(queue.statistics().waitingToGet).toBe(0);
  });
});

test('condition: a task that is abandoned while it waits does not take the lock with it', virtualTime(function* () {
  const condition = new Condition();
  const loop = getRunningLoop();
  const task = createTask(function* () {
    yield* condition.acquire();
    yield* condition.wait();
  });
  yield* ticks(3);
  keepReports(loop);
  task._abandon();
  expect(condition.statistics()).toMatchObject({ tasksWaiting: 0, lock: { locked: false } });
}));

test.each(colours)('lock: it is not given to a $name task that asked and ended', async (colour) => hosted(function* () {
  const lock = new Lock();
  keepReports(getRunningLoop());
  const guard = yield* lock.acquire();
  yield* createTask(colour.of(function* () {
    void lock.acquire();
  }));
  const next = createTask(colour.of(function* () {
    return (yield lock.acquire()) as Guard;
  }));
  yield* ticks(3);
  guard.release();
  const [how] = yield* outcomeOf(next);
  expect(how).toBe('value');
  expect(lock.statistics().owner).toBe(next);
})());

test('semaphore: one without a bound can be released', virtualTime(function* () {
  const semaphore = new Semaphore(Infinity);
  (yield* semaphore.acquire()).release();
  expect(semaphore.value).toBe(Infinity);
}));
