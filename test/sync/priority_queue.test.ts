// PriorityQueue: order, stability, and comparators that fail.
import { createTask, PriorityQueue, Queue } from '../../lib/index';
import { virtualTime } from '../../lib/testing';
import { withSeed } from '../helpers/seed';
import { codeOf, outcomeOf, ticks } from '../tasks/support';

interface Job {
  readonly rank: number;
  readonly name: string;
}

const byRank = (a: Job, b: Job): number => a.rank - b.rank;
const numerically = (a: number, b: number): number => a - b;

function drained<T>(queue: Queue<T>): T[] {
  const items: T[] = [];
  while (!queue.empty()) items.push(queue.tryGet() as T);
  return items;
}

test('Q9, D48: priority queue: the least item comes first, by the comparator', virtualTime(function* () {
  const queue = new PriorityQueue<number>(numerically, 0, { items: [3, 1] });
  yield* queue.put(2);
  expect([queue.peek(), queue.size]).toEqual([1, 3]);
  expect([yield* queue.get(), queue.tryGet(), queue.tryGet(), queue.tryGet()]).toEqual([1, 2, 3, null]);
}));

test('Q9: priority queue: equal items come out in the order in which they were put', () => {
  const queue = new PriorityQueue<Job>(byRank);
  for (let i = 0; i < 100; i++) queue.tryPut({ rank: i % 3, name: `job ${i}` });
  const names = drained(queue).filter((job) => job.rank === 1).map((job) => job.name);
  expect(names).toEqual(Array.from({ length: 33 }, (_, i) => `job ${3 * i + 1}`));
});

test('Q9: priority queue: a comparator that cannot tell leaves the order of putting', () => {
  const queue = new PriorityQueue<number>(() => NaN, 0, { items: [3, 1, 2] });
  expect(drained(queue)).toEqual([3, 1, 2]);
});

test('Q9: priority queue: agrees with a stable sort', () => {
  withSeed((random) => {
    const queue = new PriorityQueue<Job>(byRank);
    const model: Job[] = [];
    for (let step = 0; step < 5_000; step++) {
      if (random(5) < 3) {
        const job = { rank: random(8), name: `job ${step}` };
        queue.tryPut(job);
        model.push(job);
      } else {
        // The sort of arrays is stable.
        const least = [...model].sort(byRank)[0] ?? null;
        expect(queue.tryGet()).toBe(least);
        if (least !== null) model.splice(model.indexOf(least), 1);
      }
    }
    expect(drained(queue)).toEqual([...model].sort(byRank));
  });
});

test('priority queue: a comparator that throws leaves the queue as it was', () => {
  let isBroken = false;
  const queue = new PriorityQueue<number>((a, b) => {
    if (isBroken) throw new RangeError('cannot compare');
    return a - b;
  }, 0, { items: [4, 2, 5, 1, 3] });
  isBroken = true;
  expect(() => queue.tryPut(0)).toThrow('cannot compare');
  expect(() => queue.tryGet()).toThrow('cannot compare');
  isBroken = false;
  expect(queue.statistics()).toMatchObject({ size: 5, unfinished: 5 });
  expect(drained(queue)).toEqual([1, 2, 3, 4, 5]);
});

test('priority queue: a comparator that refuses a waiting putter’s item fails that putter alone', virtualTime(function* () {
  const queue = new PriorityQueue<number>((a, b) => {
    if (a < 0 || b < 0) throw new RangeError('negative');
    return a - b;
  }, 2, { items: [1, 2] });
  const putters = [-1, 0].map((n) => createTask(function* () {
    yield* queue.put(n);
  }));
  yield* ticks(2);
  expect(yield* queue.get()).toBe(1);
  expect(yield* outcomeOf(putters[0]!)).toMatchObject(['failed', { message: 'negative' }]);
  expect(yield* outcomeOf(putters[1]!)).toEqual(['value', undefined]);
  expect(drained(queue)).toEqual([0, 2]);
}));

test('priority queue: it is a queue, and needs a comparator', () => {
  expect(new PriorityQueue(numerically)).toBeInstanceOf(Queue);
  expect(codeOf(() => new PriorityQueue(5 as never))).toBe('ERR_INVALID_ARG_TYPE');
  expect(codeOf(() => new PriorityQueue(numerically, NaN))).toBe('ERR_OUT_OF_RANGE');
});
