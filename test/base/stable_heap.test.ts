import { StableHeap } from '../../lib/base/stable_heap';
import { withSeed } from '../helpers/seed';

interface Model {
  slot: number;
  word: number;
  deadline: number;
}

/** The first by deadline, then by insertion: a list is searched from its front. */
function firstOf(model: Model[]): Model | null {
  return model.reduce<Model | null>((best, entry) => {
    return best === null || entry.deadline < best.deadline ? entry : best;
  }, null);
}

function remove(model: Model[], slot: number): boolean {
  const index = model.findIndex((entry) => entry.slot === slot);
  if (index !== -1) model.splice(index, 1);
  return index !== -1;
}

function drain(heap: StableHeap): number[] {
  const slots: number[] = [];
  for (let entry = heap.pop(); entry !== null; entry = heap.pop()) slots.push(entry.slot);
  return slots;
}

test('stable heap: gives entries by deadline', () => {
  const heap = new StableHeap();
  [30, 10, 20].forEach((deadline, slot) => heap.set(slot, 0, deadline));
  expect(drain(heap)).toEqual([1, 2, 0]);
});

test('D7: stable heap: equal deadlines come out in the order of insertion', () => {
  const heap = new StableHeap();
  for (let slot = 0; slot < 50; slot++) heap.set(slot, 0, 10);
  expect(drain(heap)).toEqual(Array.from({ length: 50 }, (_, slot) => slot));
});

test('stable heap: setting a slot again moves it behind its new equals', () => {
  const heap = new StableHeap();
  for (const slot of [0, 1, 2]) heap.set(slot, 0, 10);
  heap.set(0, 0, 10);
  expect(heap.size).toBe(3);
  expect(drain(heap)).toEqual([1, 2, 0]);
});

test('stable heap: deleting says whether there was something', () => {
  const heap = new StableHeap();
  heap.set(7, 70, 10);
  expect([heap.delete(8), heap.delete(7), heap.delete(7)]).toEqual([false, true, false]);
  expect([heap.size, heap.peek(), heap.pop()]).toEqual([0, null, null]);
});

test('stable heap: infinite deadlines are kept behind all others', () => {
  const heap = new StableHeap();
  heap.set(0, 0, Infinity);
  heap.set(1, 0, Number.MAX_VALUE);
  heap.set(2, 0, -Infinity);
  expect(drain(heap)).toEqual([2, 1, 0]);
});

test('stable heap: agrees with a naive model', () => {
  withSeed((random) => {
    const heap = new StableHeap();
    const model: Model[] = [];
    for (let step = 0; step < 20_000; step++) {
      const slot = random(60);
      const action = random(10);
      if (action < 5) {
        // Few deadlines, so that ties are common.
        const entry = { slot, word: step, deadline: random(12) };
        remove(model, slot);
        model.push(entry);
        heap.set(slot, entry.word, entry.deadline);
      } else if (action < 8) {
        expect(heap.delete(slot)).toBe(remove(model, slot));
      } else {
        const first = firstOf(model);
        const taken = heap.pop();
        expect(taken && { slot: taken.slot, word: taken.word, deadline: taken.deadline }).toEqual(first);
        if (first !== null) remove(model, first.slot);
      }
      expect(heap.size).toBe(model.length);
      expect(heap.peek()?.slot).toBe(firstOf(model)?.slot);
    }
  });
});
