// The end of a queue: shutdown, and the loops that end with it.
import { checkpoint, createTask, END, getRunningLoop, Queue, run, sleep, type Task, wait } from '../../lib/index';
import { SimulatedEngine, virtualTime } from '../../lib/testing';
import { withCode } from '../helpers/failures';
import { codeOf, colours, hosted, outcomeOf, ticks } from '../tasks/support';
import { getterOf, putterOf } from './support_items';

describe.each(colours)('$name tasks', (colour) => {
  test('Q13: queue: at shutdown putters fail, and getters go on until it is empty', hosted(function* () {
    const queue = new Queue<string>(1, { items: ['a'] });
    const putter = putterOf(colour, queue, 'b');
    yield* ticks(3);
    queue.shutdown();
    expect(yield* outcomeOf(putter)).toEqual(['failed', withCode('ERR_QUEUE_SHUT_DOWN')]);
    expect(yield* outcomeOf(putterOf(colour, queue, 'c'))).toEqual(['failed', withCode('ERR_QUEUE_SHUT_DOWN')]);
    expect(codeOf(() => queue.tryPut('d'))).toBe('ERR_QUEUE_SHUT_DOWN');
    expect(yield* outcomeOf(getterOf(colour, queue))).toEqual(['value', 'a']);
    expect(yield* outcomeOf(getterOf(colour, queue))).toEqual(['failed', withCode('ERR_QUEUE_SHUT_DOWN')]);
    expect(codeOf(() => queue.tryGet())).toBe('ERR_QUEUE_SHUT_DOWN');
  }));

  test('Q13, Q16: queue: at shutdown all who wait are woken in one tick', hosted(function* () {
    const queue = new Queue<string>();
    const woken: number[] = [];
    const getters = [1, 2, 3].map(() => createTask(colour.of(function* () {
      try {
        yield queue.get();
      } finally {
        woken.push(getRunningLoop().metrics().ticks);
      }
    })));
    yield* ticks(3);
    queue.shutdown();
    for (const getter of getters) expect(yield* outcomeOf(getter)).toEqual(['failed', withCode('ERR_QUEUE_SHUT_DOWN')]);
    expect([woken.length, new Set(woken).size]).toEqual([3, 1]);
  }));

  test('Q14: queue: an immediate shutdown drops the items, and a join still waits for what was taken', hosted(function* () {
    const queue = new Queue<string>(0, { items: ['a', 'b', 'c'] });
    yield* queue.get();
    const joiner = createTask(colour.of(function* () {
      yield queue.join();
    }));
    yield* ticks(3);
    queue.shutdown({ immediate: true });
    yield* ticks(3);
    expect([queue.size, queue.statistics().unfinished, joiner.done()]).toEqual([0, 1, false]);
    queue.taskDone();
    expect(yield* outcomeOf(joiner)).toEqual(['value', undefined]);
  }));

  test('Q14: queue: an immediate shutdown of untouched items ends a join', hosted(function* () {
    const queue = new Queue<string>(0, { items: ['a', 'b'] });
    const joiner = createTask(colour.of(function* () {
      yield queue.join();
    }));
    yield* ticks(3);
    queue.shutdown({ immediate: true });
    expect(yield* outcomeOf(joiner)).toEqual(['value', undefined]);
  }));

  test('Q18: queue: a loop over it ends at shutdown without an error', hosted(function* () {
    const queue = new Queue<number>(0, { items: [1, 2] });
    const seen: unknown[] = [];
    const reader = createTask(colour.of(function* () {
      for (let item = yield queue.next(); item !== END; item = yield queue.next()) seen.push(item);
      return 'end';
    }));
    yield* ticks(3);
    yield* queue.put(3);
    yield* ticks(3);
    queue.shutdown();
    expect(yield* outcomeOf(reader)).toEqual(['value', 'end']);
    expect(seen).toEqual([1, 2, 3]);
  }));
});

test('Q15: queue: shutdown may be repeated, and sharpened', virtualTime(function* () {
  const queue = new Queue<string>(0, { items: ['a', 'b'] });
  expect(queue.isShutDown()).toBe(false);
  queue.shutdown();
  queue.shutdown();
  expect([queue.size, queue.isShutDown()]).toEqual([2, true]);
  queue.shutdown({ immediate: true });
  queue.shutdown({ immediate: true });
  expect([queue.size, queue.isShutDown()]).toEqual([0, true]);
  yield* queue.join();
}));

test('Q18, CK3: queue: for await ends at shutdown, and takes nothing ahead', async () => {
  await run(async () => {
    const queue = new Queue<number>(0, { items: [1, 2, 3] });
    const seen: number[] = [];
    for await (const item of queue) {
      seen.push(item);
      if (item === 2) break;
    }
    expect([seen, queue.size]).toEqual([[1, 2], 1]);
    const rest = createTask(async () => {
      for await (const item of queue) seen.push(item);
      return 'end';
    });
    await queue.put(4);
    await checkpoint();
    queue.shutdown();
    expect(await rest).toBe('end');
    expect(seen).toEqual([1, 2, 3, 4]);
  }, { engine: new SimulatedEngine() });
});

test('Q18, CK3: queue: a task is cancelled in its for await, an empty one too', async () => {
  await run(async () => {
    const queue = new Queue<number>();
    const log: string[] = [];
    const reader = createTask(async () => {
      for await (const item of queue) log.push(`item ${item}`);
    });
    await sleep(1);
    reader.cancel('stop');
    await wait([reader]);
    expect([reader.cancelled(), log, queue.statistics().waitingToGet]).toEqual([true, [], 0]);

    queue.shutdown();
    const late: Task<void> = createTask(async () => {
      late.cancel();
      for await (const item of queue) log.push(`item ${item}`);
    });
    await wait([late]);
    expect(late.cancelled()).toBe(true);
  }, { engine: new SimulatedEngine() });
});

test('Q18: queue: for await gives promises and tasks as they are', async () => {
  await run(async () => {
    const task = createTask(async () => 'result');
    const queue = new Queue<Task<string>>(0, { items: [task] });
    queue.shutdown();
    for await (const item of queue) expect((item as unknown) === task).toBe(true);
    await task;
  }, { engine: new SimulatedEngine() });
});
