import { Header, Kind, KIND_BITS, RECORD_WORDS } from '../../lib/engine/abi';
import { ReadyRing, recordWord } from '../../lib/engine/ready_ring';
import { withCode } from '../helpers/failures';
import { type Random, withSeed } from '../helpers/seed';

type Record = readonly [slot: number, word: number, a: number, b: number];

function takeOne(ring: ReadyRing): Record | null {
  const at = ring.take();
  if (at === -1) return null;
  return [ring.words[at]!, ring.words[at + 1]!, ring.words[at + 2]!, ring.words[at + 3]!];
}

function takeSlots(ring: ReadyRing): number[] {
  const slots: number[] = [];
  for (let record = takeOne(ring); record !== null; record = takeOne(ring)) slots.push(record[0]);
  return slots;
}

function fillWith(ring: ReadyRing, from: number, count: number): void {
  for (let slot = from; slot < from + count; slot++) ring.append(slot, 1);
}

const upTo = (end: number): number[] => Array.from({ length: end }, (_, i) => i);

test('ready ring: records come out in the order in which they went in', () => {
  const ring = new ReadyRing(8);
  fillWith(ring, 0, 5);
  expect(ring.size).toBe(5);
  expect(takeSlots(ring)).toEqual(upTo(5));
  expect([ring.size, ring.take()]).toEqual([0, -1]);
});

test('ready ring: a record carries its payload', () => {
  const ring = new ReadyRing(8);
  ring.appendWith(3, recordWord(9, Kind.ready), 5, -6);
  expect(takeOne(ring)).toEqual([3, (9 << KIND_BITS) | Kind.ready, 5, -6]);
});

test('ready ring: the word holds the largest generation', () => {
  const last = 2 ** (32 - KIND_BITS) - 1;
  const word = recordWord(last, Kind.handle);
  expect([word >>> KIND_BITS, word & Kind.mask]).toEqual([last, Kind.handle]);
});

test('ready ring: what does not fit waits behind and keeps its order', () => {
  const ring = new ReadyRing(4);
  fillWith(ring, 0, 20);
  expect([ring.size, ring.words[Header.jsOverflow]]).toEqual([20, 16]);
  expect(takeSlots(ring)).toEqual(upTo(20));
  expect(ring.words[Header.jsOverflow]).toBe(0);
});

test('ready ring: while records wait outside, new ones go behind them although the ring has room', () => {
  const ring = new ReadyRing(4);
  fillWith(ring, 0, 6);
  expect([takeOne(ring)?.[0], takeOne(ring)?.[0]]).toEqual([0, 1]);
  fillWith(ring, 6, 1);
  expect(ring.words[Header.jsOverflow]).toBe(3);
  expect(takeSlots(ring)).toEqual([2, 3, 4, 5, 6]);
});

test('ready ring: records kept by the native side come behind everything that waits here', () => {
  const ring = new ReadyRing(4);
  fillWith(ring, 0, 6);
  ring.adopt(Int32Array.from([6, 1, 0, 0, 7, 1, 8, 9]));
  ring.append(8, 1);
  expect(ring.size).toBe(9);
  const records = upTo(9).map(() => takeOne(ring));
  expect(records.map((record) => record?.[0])).toEqual(upTo(9));
  expect(records[7]).toEqual([7, 1, 8, 9]);
});

test('ready ring: somebody who waits for an append is told once, before the record stands there', () => {
  const ring = new ReadyRing(4);
  const sizes: number[] = [];
  ring.notifyAppend(() => sizes.push(ring.size));
  ring.appendWith(1, 1, 2, 3);
  ring.append(2, 1);
  expect(sizes).toEqual([0]);
  expect(takeOne(ring)).toEqual([1, 1, 2, 3]);
  expect(takeSlots(ring)).toEqual([2]);
});

test('ready ring: clearing forgets what waits, in both places', () => {
  const ring = new ReadyRing(4);
  fillWith(ring, 0, 10);
  ring.clear();
  expect([ring.size, ring.take()]).toEqual([0, -1]);
  ring.append(42, 1);
  expect(takeSlots(ring)).toEqual([42]);
});

test.each([0, -4, 3, 12, 1.5, NaN])('ready ring: a capacity of %p is refused', (capacity) => {
  expect(() => new ReadyRing(capacity)).toThrow(withCode('ERR_OUT_OF_RANGE', /power of two/));
});

/** Appends, takes and adopts at random, beside a plain array. */
function exercise(ring: ReadyRing, random: Random, steps: number): void {
  const model: Record[] = [];
  let next = 0;
  const make = (): Record => [next++, random(2 ** 31), random(100), random(100)];
  for (let step = 0; step < steps; step++) {
    const action = random(8);
    // Phases of growth and of shrinking, so that the overflow fills up and runs empty again and again.
    const burst = random(step % 200 < 100 ? 7 : 3);
    if (action < 3) {
      for (const record of upTo(burst).map(make)) {
        ring.appendWith(...record);
        model.push(record);
      }
    } else if (action === 3) {
      const batch = upTo(burst).map(make);
      ring.adopt(Int32Array.from(batch.flat()));
      model.push(...batch);
    } else {
      for (let i = 0; i < random(7); i++) expect(takeOne(ring)).toEqual(model.shift() ?? null);
    }
    expect(ring.size).toBe(model.length);
  }
  while (model.length > 0) expect(takeOne(ring)).toEqual(model.shift());
  expect(ring.take()).toBe(-1);
}

test.each([1, 2, 8, 64])('ready ring: with room for %i it agrees with a naive model', (capacity) => {
  withSeed((random) => exercise(new ReadyRing(capacity), random, 5_000));
});

// -40: the unsigned counters pass 2^32; 2^31 - 40: the words they stand in change sign.
test.each([-40, 2 ** 31 - 40])('ready ring: counters that begin at %i wrap without losing a record', (start) => {
  withSeed((random) => {
    const ring = new ReadyRing(8);
    ring.words[Header.head] = ring.words[Header.tail] = start;
    exercise(ring, random, 2_000);
    expect((ring.words[Header.head] - start) >>> 0).toBeGreaterThan(80);
  });
});

test('ready ring: a long wait outside costs no memory once it is over', () => {
  const ring = new ReadyRing(4);
  for (let round = 0; round < 3; round++) {
    fillWith(ring, 0, 10_000);
    expect(takeSlots(ring)).toEqual(upTo(10_000));
  }
  expect(ring.buffer.byteLength).toBe((Header.words + 4 * RECORD_WORDS) * 4);
});
