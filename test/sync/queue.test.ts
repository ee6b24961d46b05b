// Queue: hand-over in order of arrival, cancels and joins. Its end is in queue_shutdown.test.ts.
import { checkpoint, createTask, END, EventLoop, getRunningLoop, Queue, shield, sleep, type Task, wait } from '../../lib/index';
import { SimulatedEngine, virtualTime } from '../../lib/testing';
import { runReady } from '../helpers/owned_loop';
import { codeOf, colours, hosted, outcomeOf, ticks } from '../tasks/support';
import { getterOf, putterOf } from './support_items';

describe.each(colours)('$name tasks', (colour) => {
  test('Q2: queue: a get on an empty one waits, a put on a full one too', hosted(function* () {
    const queue = new Queue<string>(1);
    const getter = getterOf(colour, queue);
    yield* ticks(3);
    expect([getter.done(), queue.statistics().waitingToGet]).toEqual([false, 1]);
    yield* queue.put('a');
    expect(yield* outcomeOf(getter)).toEqual(['value', 'a']);

    yield* queue.put('b');
    const putter = putterOf(colour, queue, 'c');
    yield* ticks(3);
    expect([putter.done(), queue.statistics().waitingToPut, queue.size]).toEqual([false, 1, 1]);
    expect(yield* queue.get()).toBe('b');
    expect(yield* outcomeOf(putter)).toEqual(['value', 'put c']);
    expect(yield* queue.get()).toBe('c');
  }));

  test('Q3: queue: a put wakes one getter, a get wakes one putter', hosted(function* () {
    const queue = new Queue<number>(1);
    const getters = [1, 2, 3].map(() => getterOf(colour, queue));
    yield* ticks(3);
    yield* queue.put(1);
    yield* ticks(3);
    expect(getters.map((task) => task.done())).toEqual([true, false, false]);
    for (const n of [2, 3]) yield* queue.put(n);

    yield* queue.put(0);
    const putters = [1, 2, 3].map((n) => putterOf(colour, queue, n));
    yield* ticks(3);
    yield* queue.get();
    yield* ticks(3);
    expect(putters.map((task) => task.done())).toEqual([true, false, false]);
    for (let i = 0; i < 3; i++) yield* queue.get();
    for (const putter of putters) yield* putter;
  }));

  test('Q4: queue: an item is the first getter’s when it is put, and a newcomer stands behind', hosted(function* () {
    const queue = new Queue<string>();
    const first = getterOf(colour, queue);
    yield* ticks(3);
    yield* queue.put('a');
    // The first getter has not run yet.
    const newcomer = getterOf(colour, queue);
    expect([queue.empty(), queue.tryGet()]).toEqual([true, null]);
    yield* ticks(3);
    expect([first.result(), newcomer.done()]).toEqual(['a', false]);
    yield* queue.put('b');
    expect(yield* outcomeOf(newcomer)).toEqual(['value', 'b']);
  }));

  test('Q4: queue: room is the first putter’s when it appears, and a newcomer stands behind', hosted(function* () {
    const queue = new Queue<string>(1, { items: ['a'] });
    const first = putterOf(colour, queue, 'b');
    yield* ticks(3);
    expect(queue.tryGet()).toBe('a');
    expect([queue.tryPut('late'), queue.peek()]).toEqual([false, 'b']);
    expect(yield* outcomeOf(first)).toEqual(['value', 'put b']);
  }));

  test('Q5, Q8, DV3: queue: a cancelled getter leaves the line at once and takes nothing', hosted(function* () {
    const queue = new Queue<string>();
    const [doomed, next] = [getterOf(colour, queue), getterOf(colour, queue)];
    yield* ticks(3);
    doomed.cancel('enough');
    expect(queue.statistics().waitingToGet).toBe(1);
    yield* queue.put('a');
    expect(yield* outcomeOf(doomed)).toEqual(['cancelled', 'enough']);
    expect(yield* outcomeOf(next)).toEqual(['value', 'a']);
    expect(queue.statistics()).toMatchObject({ size: 0, waitingToGet: 0, waitingToPut: 0 });
  }));

  test('Q6, D1, DV1: queue: cancelled before the put of its tick, it leaves the item to the next', hosted(function* () {
    const queue = new Queue<string>();
    const [doomed, next] = [getterOf(colour, queue), getterOf(colour, queue)];
    yield* ticks(3);
    doomed.cancel();
    yield* queue.put('a');
    yield* ticks(3);
    expect([doomed.cancelled(), next.result()]).toEqual([true, 'a']);
  }));

  test('Q6, D1, DV2: queue: cancelled in the tick of the put but after it, the getter has its item', hosted(function* () {
    const queue = new Queue<string>();
    const log: unknown[] = [];
    const getter = createTask(colour.of(function* () {
      log.push(yield queue.get());
      yield checkpoint();
      yield sleep(1);
      log.push('never');
    }));
    yield* ticks(3);
    yield* queue.put('a');
    getter.cancel('late');
    expect(yield* outcomeOf(getter)).toEqual(['cancelled', 'late']);
    expect([log, queue.size]).toEqual([['a'], 0]);
  }));

  test('Q7, Q8: queue: a cancelled putter’s item is not put, and the room goes to the next', hosted(function* () {
    const queue = new Queue<string>(1, { items: ['a'] });
    const [doomed, next] = [putterOf(colour, queue, 'x'), putterOf(colour, queue, 'b')];
    yield* ticks(3);
    doomed.cancel();
    expect(queue.tryGet()).toBe('a');
    expect(yield* outcomeOf(doomed)).toEqual(['cancelled', undefined]);
    expect(yield* outcomeOf(next)).toEqual(['value', 'put b']);
    expect([queue.tryGet(), queue.tryGet(), queue.statistics().waitingToPut]).toEqual(['b', null, 0]);
  }));

  test('Q7, DV2: queue: a putter cancelled after its item was taken in has put it', hosted(function* () {
    const queue = new Queue<string>(1, { items: ['a'] });
    const putter = putterOf(colour, queue, 'b');
    yield* ticks(3);
    expect(queue.tryGet()).toBe('a');
    putter.cancel();
    expect(yield* outcomeOf(putter)).toEqual(['value', 'put b']);
    expect(queue.tryGet()).toBe('b');
  }));

  test('CK5, D30: queue: a cancel that is pending comes before the effect of a put and a get', hosted(function* () {
    const queue = new Queue<string>(2, { items: ['a'] });
    for (const operation of [() => queue.put('b'), () => queue.get(), () => queue.next()]) {
      const task: Task<void> = createTask(colour.of(function* () {
        task.cancel('already');
        yield operation();
      }));
      expect(yield* outcomeOf(task)).toEqual(['cancelled', 'already']);
    }
    expect([queue.size, queue.peek()]).toEqual([1, 'a']);
  }));

  test('Q9: queue: items come out in the order in which they went in', hosted(function* () {
    const queue = new Queue<number>(2);
    const putters = [1, 2, 3, 4, 5].map((n) => putterOf(colour, queue, n));
    const seen: number[] = [];
    yield* ticks(3);
    for (let i = 0; i < 5; i++) seen.push(yield* queue.get());
    expect(seen).toEqual([1, 2, 3, 4, 5]);
    for (const task of putters) yield* task;
  }));

  test('Q11, Q12: queue: a join waits for every item put, also for those put meanwhile', hosted(function* () {
    const queue = new Queue<string>();
    yield* queue.join();
    yield* queue.put('a');
    const joiners = [1, 2].map(() => createTask(colour.of(function* () {
      yield queue.join();
      return getRunningLoop().metrics().ticks;
    })));
    yield* ticks(3);
    yield* queue.get();
    yield* ticks(3);
    expect(joiners.map((task) => task.done())).toEqual([false, false]);
    yield* queue.put('b');
    queue.taskDone();
    yield* ticks(3);
    expect(joiners.map((task) => task.done())).toEqual([false, false]);
    queue.taskDone();
    yield* wait(joiners);
    expect(joiners[0]?.result()).toBe(joiners[1]?.result());
    expect(queue.statistics()).toMatchObject({ unfinished: 0, joining: 0 });
  }));
});

test('Q1: queue: without a positive bound it is never full', virtualTime(function* () {
  for (const queue of [new Queue<number>(), new Queue<number>(0), new Queue<number>(-3), new Queue<number>(Infinity)]) {
    for (let i = 0; i < 100; i++) yield* queue.put(i);
    expect([queue.size, queue.full(), queue.maxSize]).toEqual([100, false, Infinity]);
  }
}));

test('Q1: queue: a fractional bound holds by comparison', () => {
  const queue = new Queue<number>(1.3);
  expect([queue.tryPut(1), queue.full(), queue.tryPut(2), queue.full(), queue.tryPut(3)]).toEqual([
    true, false, true, true, false,
  ]);
});

test('Q1: queue: what is no bound is refused at the call', () => {
  expect(codeOf(() => new Queue(NaN))).toBe('ERR_OUT_OF_RANGE');
  for (const bad of ['1', null, {}, 1n]) expect(codeOf(() => new Queue(bad as never))).toBe('ERR_INVALID_ARG_TYPE');
});

test('Q2: queue: the forms that do not wait say that they would', () => {
  const queue = new Queue<string>(1);
  expect(queue.tryGet()).toBeNull();
  expect([queue.tryPut('a'), queue.tryPut('b')]).toEqual([true, false]);
  expect([queue.tryGet(), queue.tryGet()]).toEqual(['a', null]);
});

test('D5, CK7: queue: puts and gets that need not wait take no tick', virtualTime(function* () {
  const queue = new Queue<number>();
  const before = getRunningLoop().metrics().ticks;
  for (let i = 0; i < 10; i++) {
    yield* queue.put(i);
    expect(yield* queue.get()).toBe(i);
  }
  expect(getRunningLoop().metrics().ticks).toBe(before);
}));

test('D5, CK6: queue: an endless loop over items that are there starves nobody', virtualTime(function* () {
  const queue = new Queue<number>(0, { items: [0] });
  const busy = createTask(function* () {
    for (;;) yield* queue.put(yield* queue.get());
  });
  // A clock that stands still while anything is ready would never reach a timer; a tick is what a timer needs.
  yield* ticks(5);
  busy.cancel();
  yield* wait([busy]);
  expect(busy.cancelled()).toBe(true);
}));

test('Q11: queue: taskDone more often than items were put is an error', () => {
  const queue = new Queue<string>(0, { items: ['a'] });
  queue.taskDone();
  expect(codeOf(() => queue.taskDone())).toBe('ERR_INVALID_STATE');
});

test('Q17: queue: it begins with items, which count as put, and shows the next', () => {
  const queue = new Queue<string>(3, { items: ['a', 'b'] });
  expect([queue.peek(), queue.size, queue.statistics().unfinished]).toEqual(['a', 2, 2]);
  expect(new Queue().peek()).toBeNull();
  expect(codeOf(() => new Queue(1, { items: [1, 2] }))).toBe('ERR_OUT_OF_RANGE');
});

test('Q3: queue: a getter that a combinator gave up is skipped', virtualTime(function* () {
  const queue = new Queue<string>();
  const { pending } = yield* wait([queue.get()], { timeout: 5 });
  for (const future of pending) future.cancel();
  yield* queue.put('kept');
  expect([queue.size, queue.statistics().waitingToGet]).toEqual([1, 0]);
}));

test('queue: a shielded get goes on and its item is not lost', virtualTime(function* () {
  const queue = new Queue<string>();
  const getting = queue.get();
  const task = createTask(function* () {
    yield* shield(getting);
  });
  yield* ticks(2);
  task.cancel();
  yield* wait([task]);
  yield* queue.put('a');
  expect(getting.result()).toBe('a');
}));

test('queue: it is made and filled before any run, where nothing can wait', virtualTime(function* () {
  expect(yield* prepared.get()).toBe('early');
}));
const prepared = new Queue<string>();
prepared.tryPut('early');

test('queue: put and get outside a run are refused before they have an effect', () => {
  const queue = new Queue<string>(0, { items: ['a'] });
  expect(codeOf(() => queue.put('b'))).toBe('ERR_NO_RUNNING_LOOP');
  expect(codeOf(() => queue.get())).toBe('ERR_NO_RUNNING_LOOP');
  expect([queue.size, queue.peek()]).toEqual([1, 'a']);
});

test('queue: a second loop is refused while tasks of the first one wait', () => {
  const queue = new Queue<string>();
  const loops = [1, 2].map(() => new EventLoop({ engine: new SimulatedEngine() })) as [EventLoop, EventLoop];
  const [first, second] = loops.map((loop) => loop.createTask(function* () {
    return yield* queue.get();
  })) as [Task<string>, Task<string>];
  loops.forEach(runReady);
  expect(second.exception()).toMatchObject({ code: 'ERR_WRONG_LOOP' });
  expect(queue.statistics().waitingToGet).toBe(1);
  expect(queue.tryPut('a')).toBe(true);
  runReady(loops[0]);
  expect(first.result()).toBe('a');
  loops.forEach((loop) => loop.close());
});

test('queue: where null is an item, tryGet tells an empty queue by another value', () => {
  const queue = new Queue<string | null>(2, { items: [null] });
  expect([queue.tryGet(END), queue.tryGet(END), queue.tryGet()]).toEqual([null, END, null]);
});

test.each([
  ['options', () => new Queue(1, null as never)],
  ['items', () => new Queue(1, { items: 5 as never })],
  ['shutdown', () => new Queue().shutdown(true as never)],
])('queue: %s that are none are refused', (_what, call) => {
  expect(codeOf(call)).toBe('ERR_INVALID_ARG_TYPE');
});
