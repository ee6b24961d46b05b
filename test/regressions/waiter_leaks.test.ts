// What waits for a long-lived future must leave its list when the wait is over.
import { asCompleted, createTask, type Future, getRunningLoop, gather, shield, sleep, wait } from '../../lib';
import { virtualTime } from '../../lib/testing';
import { withCode } from '../helpers/failures';
import { keepReports } from '../helpers/owned_loop';

const TIMES = 1_000;

function waitersOf(future: Future<unknown>): number {
  const waiters = future._waiters;
  return Array.isArray(waiters) ? waiters.length : Number(waiters !== null);
}

test('shield: many cancelled on one future leave one waiter, and one report of its failure', virtualTime(function* () {
  const reports = keepReports(getRunningLoop());
  const inner = getRunningLoop().createFuture();
  for (let i = 0; i < TIMES; i++) shield(inner).cancel();
  expect(waitersOf(inner)).toBe(1);

  const failure = new Error('late');
  inner.setException(failure);
  yield* sleep(1);
  expect(reports.map(({ exception }) => exception)).toEqual([failure]);
}));

test('shield: cancelling one leaves the others of its future in place', virtualTime(function* () {
  const inner = getRunningLoop().createFuture<number>();
  const [kept, cancelled] = [shield(inner), shield(inner)];
  cancelled.cancel();
  inner.setResult(1);
  expect(yield* kept).toBe(1);
}));

test('wait: a future that was not the first one keeps no waiter', virtualTime(function* () {
  const long = getRunningLoop().createFuture();
  for (let i = 0; i < TIMES; i++) yield* wait([long, sleep(1)], { returnWhen: 'FIRST_COMPLETED' });
  expect(waitersOf(long)).toBe(0);
}));

test('gather: many that have failed leave one waiter on a sibling, whose own failure is dropped', virtualTime(function* () {
  const reports = keepReports(getRunningLoop());
  const long = getRunningLoop().createFuture();
  for (let i = 0; i < TIMES; i++) {
    const failing = getRunningLoop().createFuture();
    const gathering = gather([long, failing]);
    failing.setException(new Error('first'));
    const [error] = yield* gather([gathering], { returnExceptions: true });
    expect(error).toEqual(new Error('first'));
  }
  expect(waitersOf(long)).toBe(1);

  long.setException(new Error('late'));
  yield* sleep(1);
  expect(reports).toEqual([]);
}));

test('gather: one that has failed leaves another of the same sibling in place', virtualTime(function* () {
  const sibling = getRunningLoop().createFuture<number>();
  const failing = getRunningLoop().createFuture();
  const kept = gather([sibling]);
  const failed = gather([sibling, failing]);
  failing.setException(new Error('first'));
  yield* gather([failed], { returnExceptions: true });
  sibling.setResult(1);
  expect(yield* kept).toEqual([1]);
}));

test('asCompleted: closing it takes it off the futures it was given', virtualTime(function* () {
  const long = getRunningLoop().createFuture();
  for (let i = 0; i < TIMES; i++) {
    const completions = asCompleted([long, sleep(1)]);
    const [next] = completions;
    yield* next!;
    completions.close();
  }
  expect(waitersOf(long)).toBe(0);
}));

test('asCompleted: a closed one has no items, and one that is waited for throws', virtualTime(function* () {
  const completions = asCompleted([getRunningLoop().createFuture(), getRunningLoop().createFuture()]);
  const [waited, unasked] = completions;
  const waiter = createTask(function* () {
    return yield* waited!;
  });
  yield* sleep(1);
  completions.close();
  expect([...completions]).toEqual([]);
  yield* wait([waiter]);
  expect(waiter.exception()).toEqual(withCode('ERR_CLOSED'));
  const [error] = yield* gather([unasked!], { returnExceptions: true });
  expect(error).toEqual(withCode('ERR_CLOSED'));
}));

test('asCompleted: it takes as many done futures as there are', virtualTime(function* () {
  const count = 200_000;
  const futures = Array.from({ length: count }, () => {
    const future = getRunningLoop().createFuture<number>();
    future.setResult(1);
    return future;
  });
  let sum = 0;
  for (const next of asCompleted(futures)) sum += (yield* next).result();
  expect(sum).toBe(count);
}));
