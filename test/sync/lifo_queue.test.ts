// LifoQueue: what differs from Queue.
import { createTask, LifoQueue, Queue, wait } from '../../lib/index';
import { virtualTime } from '../../lib/testing';
import { codeOf, ticks } from '../tasks/support';

test('Q10: lifo queue: the newest item comes first', virtualTime(function* () {
  const queue = new LifoQueue<number>(0, { items: [1, 2] });
  yield* queue.put(3);
  expect([queue.peek(), queue.size]).toEqual([3, 3]);
  expect([yield* queue.get(), queue.tryGet(), queue.tryGet(), queue.tryGet()]).toEqual([3, 2, 1, null]);
}));

test('Q10, Q4: lifo queue: those who wait are served in the order of arrival', virtualTime(function* () {
  const queue = new LifoQueue<string>(1);
  const getters = [1, 2].map((n) => createTask(function* () {
    return `${n}: ${yield* queue.get()}`;
  }));
  yield* ticks(2);
  for (const item of ['a', 'b']) yield* queue.put(item);
  yield* wait(getters);
  expect(getters.map((task) => task.result())).toEqual(['1: a', '2: b']);
}));

test('Q10: lifo queue: the item of a waiting putter is the newest', virtualTime(function* () {
  const queue = new LifoQueue<string>(2, { items: ['a', 'b'] });
  const putter = createTask(function* () {
    yield* queue.put('c');
  });
  yield* ticks(2);
  expect([yield* queue.get(), yield* queue.get(), yield* queue.get()]).toEqual(['b', 'c', 'a']);
  yield* putter;
}));

test('Q14: lifo queue: an immediate shutdown empties it', () => {
  const queue = new LifoQueue<number>(0, { items: [1, 2] });
  queue.shutdown({ immediate: true });
  expect([queue.size, queue.statistics().unfinished]).toEqual([0, 0]);
});

test('lifo queue: it is a queue, and checks its bound as one', () => {
  expect(new LifoQueue()).toBeInstanceOf(Queue);
  expect(codeOf(() => new LifoQueue(NaN))).toBe('ERR_OUT_OF_RANGE');
});
