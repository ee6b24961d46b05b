// How many ticks the combinators cost, from the awaiting statement on. The numbers are upper bounds that stay.
import {
  asCompleted,
  createTask,
  gather,
  getRunningLoop,
  shield,
  sleep,
  type Task,
  until,
  wait,
} from '../../lib/index';
import { type Coroutine } from '../../lib/index';
import { virtualTime } from '../../lib/testing';
import { hosted, trivial } from './support';

const ticksSoFar = (): number => getRunningLoop().metrics().ticks;

const made = (): Task<number> => createTask(trivial(1));

const costs: readonly (readonly [string, number, () => Coroutine<unknown>])[] = [
  ['createTask(trivial)', 2, function* () { yield* createTask(trivial(1)); }],
  ['gather(trivial)', 3, function* () { yield* gather(trivial(1)); }],
  ['gather(trivial, trivial, trivial)', 3, function* () { yield* gather(trivial(1), trivial(2), trivial(3)); }],
  ['wait([task])', 3, function* () { yield* wait([made()]); }],
  ['shield(trivial)', 3, function* () { yield* shield(trivial(1)); }],
  ['asCompleted([trivial])', 3, function* () { for (const next of asCompleted([trivial(1)])) void (yield* next); }],
  ['join()', 3, function* () { yield* made().join(); }],
  ['sleep(0)', 1, function* () { yield* sleep(0); }],
  ['a coroutine', 0, function* () { yield* trivial(1); }],
  ['gather()', 0, function* () { yield* gather(); }],
];

test.each(costs)('K19: ticks: %s takes %d at most', (_what, bound, body) =>
  virtualTime(function* () {
    const before = ticksSoFar();
    yield* body();
    expect(ticksSoFar() - before).toBeLessThanOrEqual(bound);
  })());

test('K19, CK7: ticks: a done future, task or gathering takes none', virtualTime(function* () {
  const task = made();
  yield* task;
  const gathering = gather(task);
  const before = ticksSoFar();
  yield* task;
  yield* gathering;
  yield* shield(task);
  yield* wait([task]);
  yield* task.join();
  expect(ticksSoFar() - before).toBe(0);
}));

test('K19: ticks: a promise that is settled takes no more than two turns of Node', hosted(function* () {
  const turns = getRunningLoop().metrics().turns;
  yield* until(Promise.resolve());
  expect(getRunningLoop().metrics().turns - turns).toBeLessThanOrEqual(2);
}));
