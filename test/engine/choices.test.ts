// Decisions by seed: repeatable on every version of Node, recorded, and played again.
import { createHash } from 'node:crypto';
import { Choices } from '../../lib/testing';
import { thrownBy, withCode } from '../helpers/failures';

test('choices: without a seed the first is taken and nothing happens by chance', () => {
  const choices = new Choices();
  expect([choices.pick(5, 'a'), choices.between(3, 9, 'b'), choices.chance(1, 1, 'c')]).toEqual([0, 3, false]);
  expect([choices.isSeeded, choices.length, choices.taken]).toEqual([false, 0, []]);
});

test('choices: a seed decides, another seed otherwise, and every answer is within the question', () => {
  const draw = (seed: number): number[] => {
    const choices = new Choices(seed);
    return Array.from({ length: 1000 }, (_, i) => choices.pick(i + 2, 'x'));
  };
  expect(draw(7)).toEqual(draw(7));
  expect(draw(7)).not.toEqual(draw(8));
  expect(draw(2 ** 40 + 7)).not.toEqual(draw(7));
  draw(1).forEach((picked, i) => {
    expect(picked).toBeGreaterThanOrEqual(0);
    expect(picked).toBeLessThan(i + 2);
  });
});

test('choices: a seed gives the same numbers in every version of Node', () => {
  const choices = new Choices(20_261_124);
  expect(Array.from({ length: 8 }, () => choices.pick(1000, 'x'))).toEqual([591, 275, 829, 600, 383, 836, 588, 646]);
  const hash = createHash('sha256');
  for (let i = 0; i < 10_000; i++) hash.update(`${choices.pick(2 ** 32, 'x')},`);
  expect(hash.digest('hex').slice(0, 16)).toBe('f9a3f6627a188cc0');
});

test('choices: all answers come about as often as they should', () => {
  const choices = new Choices(3);
  const counts = [0, 0, 0, 0, 0];
  for (let i = 0; i < 10_000; i++) counts[choices.pick(5, 'x')]!++;
  for (const count of counts) expect(Math.abs(count - 2000)).toBeLessThan(200);
  let hits = 0;
  for (let i = 0; i < 10_000; i++) hits += Number(choices.chance(1, 10, 'x'));
  expect(Math.abs(hits - 1000)).toBeLessThan(150);
  expect([choices.chance(0, 10, 'never'), choices.chance(10, 10, 'always')]).toEqual([false, true]);
});

test('choices: what was taken can be taken again, and a question of one answer is none', () => {
  const choices = new Choices(11);
  const ask = (of: Choices): unknown[] => [
    of.pick(10, 'a'), of.pick(1, 'nobody asks'), of.between(-5, 5, 'b'), of.chance(1, 2, 'c'),
  ];
  const answers = ask(choices);
  expect(choices.taken.map(([label, count]) => [label, count])).toEqual([['a', 10], ['b', 11], ['c', 2]]);
  expect(choices.length).toBe(3);
  const replayed = Choices.replaying(JSON.parse(JSON.stringify(choices.taken)) as typeof choices.taken);
  expect(ask(replayed)).toEqual(answers);
  expect(replayed.taken).toEqual(choices.taken);
});

test('choices: a replay that asks something else says what and where', () => {
  const replay = (): Choices => Choices.replaying([['a', 10, 3], ['b', 4, 1]]);
  const other = replay();
  other.pick(10, 'a');
  const error = thrownBy(() => other.pick(5, 'b'));
  expect(error).toEqual(withCode('ERR_REPLAY_DIVERGED', /decision 1 is about b \(one of 5\).*b \(one of 4\)/));
  expect(error).toMatchObject({ index: 1, expected: ['b', 4, 1], asked: ['b', 5] });
  const longer = replay();
  longer.pick(10, 'a');
  longer.pick(4, 'b');
  expect(thrownBy(() => longer.pick(2, 'c'))).toMatchObject({ code: 'ERR_REPLAY_DIVERGED', index: 2, expected: null });
});

test('choices: somebody else can decide', () => {
  const asked: [number, string][] = [];
  const choices = new Choices({ next: (count, label) => asked.push([count, label]) - 1 });
  expect([choices.pick(3, 'a'), choices.between(10, 20, 'b')]).toEqual([0, 11]);
  expect(asked).toEqual([[3, 'a'], [11, 'b']]);
});

test.each([-1, 0.5, NaN, Infinity, 2 ** 60])('choices: %p is no seed', (seed) => {
  expect(() => new Choices(seed)).toThrow(withCode('ERR_OUT_OF_RANGE'));
});
