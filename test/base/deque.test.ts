import { Deque } from '../../lib/base/deque';
import { collectUntil } from '../helpers/garbage';
import { withSeed } from '../helpers/seed';

const filled = (...items: number[]): Deque<number> => {
  const deque = new Deque<number>();
  for (const item of items) deque.push(item);
  return deque;
};

test('deque: gives items from the front in the order in which they came', () => {
  const deque = filled(1, 2, 3);
  expect([deque.shift(), deque.shift(), deque.shift(), deque.shift()]).toEqual([1, 2, 3, undefined]);
  expect(deque.size).toBe(0);
});

test('deque: gives items from the back in the reverse order', () => {
  const deque = filled(1, 2, 3);
  expect([deque.pop(), deque.pop(), deque.pop(), deque.pop()]).toEqual([3, 2, 1, undefined]);
  expect(deque.size).toBe(0);
});

test('deque: shows both ends without taking', () => {
  const deque = filled(1, 2, 3);
  deque.unshift(0);
  expect([deque.first(), deque.last(), deque.size]).toEqual([0, 3, 4]);
  expect([new Deque().first(), new Deque().last()]).toEqual([undefined, undefined]);
});

test('deque: undefined is an item like any other', () => {
  const deque = new Deque<undefined>();
  deque.push(undefined);
  expect([deque.size, deque.shift(), deque.size]).toEqual([1, undefined, 0]);
});

test('deque: keeps nothing alive that was taken', async () => {
  const deque = new Deque<object>();
  const taken = (() => {
    deque.push({});
    deque.push({});
    return [new WeakRef(deque.shift() as object), new WeakRef(deque.pop() as object)];
  })();
  await collectUntil(() => taken.every((item) => item.deref() === undefined));
  expect(taken.map((item) => item.deref())).toEqual([undefined, undefined]);
  expect(deque.size).toBe(0);
});

test('deque: works on after a large burst has run through it', () => {
  const deque = new Deque<number>();
  for (let round = 0; round < 3; round++) {
    for (let i = 0; i < 5_000; i++) deque.push(i);
    for (let i = 0; i < 5_000; i++) if (deque.shift() !== i) throw new Error(`round ${round}: ${i} is out of order`);
    expect([deque.size, deque.first(), deque.last()]).toEqual([0, undefined, undefined]);
  }
});

test('deque: agrees with a naive model', () => {
  withSeed((random) => {
    const deque = new Deque<number>();
    let model: number[] = [];
    for (let step = 0; step < 20_000; step++) {
      // Periods of growth and of shrinking, so that the buffer wraps at several sizes.
      const grows = random(10) < (step % 2_000 < 1_000 ? 7 : 3);
      const atFront = random(2) === 0;
      if (grows) {
        if (atFront) deque.unshift(step);
        else deque.push(step);
        if (atFront) model.unshift(step);
        else model.push(step);
      } else if (random(500) === 0) {
        deque.clear();
        model = [];
      } else {
        expect(atFront ? deque.shift() : deque.pop()).toBe(atFront ? model.shift() : model.pop());
      }
      if (deque.size !== model.length || deque.first() !== model[0] || deque.last() !== model.at(-1)) {
        throw new Error(`step ${step}: ${deque.toArray().join()} is not ${model.join()}`);
      }
      if (step % 100 === 0) expect(deque.toArray()).toEqual(model);
    }
  });
});
