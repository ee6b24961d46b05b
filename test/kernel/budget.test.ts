// Awaits that need not wait: no tick, but a cancel check and a budget, so that no loop starves the others.
import { CancelledError, checkpoint, type Coroutine, createTask, type Future, getRunningLoop } from '../../lib';
import { AWAITS_PER_STEP } from '../../lib/kernel/current';
import { virtualTime } from '../../lib/testing';

function doneFuture(): Future<number> {
  const future = getRunningLoop().createFuture<number>();
  future.setResult(7);
  return future;
}
const ticks = (): number => getRunningLoop().metrics().ticks;

test('D5: the budget is 128 awaits', () => {
  expect(AWAITS_PER_STEP).toBe(128);
});

test('D5, CK6: after 128 awaits that did not suspend the next one takes a tick', virtualTime(function* () {
  const future = doneFuture();
  yield* checkpoint();
  const before = ticks();
  for (let i = 0; i < AWAITS_PER_STEP; i++) yield* future;
  expect(ticks() - before).toBe(0);
  expect(yield* future).toBe(7);
  expect(ticks() - before).toBe(1);
}));

test('D5, CK6: each further 128 awaits cost one more tick', virtualTime(function* () {
  const future = doneFuture();
  yield* checkpoint();
  const before = ticks();
  for (let i = 0; i < 10 * AWAITS_PER_STEP; i++) yield* future;
  expect(ticks() - before).toBeGreaterThanOrEqual(8);
  expect(ticks() - before).toBeLessThanOrEqual(10);
}));

test('D5: a suspension in between gives a new budget', virtualTime(function* () {
  const future = doneFuture();
  yield* checkpoint();
  const before = ticks();
  for (let round = 0; round < 3; round++) {
    for (let i = 0; i < AWAITS_PER_STEP; i++) yield* future;
    yield* checkpoint();
  }
  expect(ticks() - before).toBe(3);
}));

test('D5: a failed future that uses up the budget throws after the tick', virtualTime(function* () {
  const failed = getRunningLoop().createFuture();
  failed.setException(new Error('failure'));
  yield* checkpoint();
  const before = ticks();
  let caught = 0;
  for (let i = 0; i < AWAITS_PER_STEP + 1; i++) {
    try {
      yield* failed;
    } catch {
      caught++;
    }
  }
  expect([caught, ticks() - before]).toEqual([AWAITS_PER_STEP + 1, 1]);
}));

test('CK6: an endless loop over ready futures starves neither timers nor other tasks', virtualTime(function* () {
  const log: string[] = [];
  const future = doneFuture();
  let isTimeUp = false;
  let awaits = 0;
  const greedy = createTask(function* () {
    while (!isTimeUp && awaits++ < 1_000_000) yield* future;
  });
  void createTask(function* () {
    log.push('other task');
  });
  getRunningLoop().callLater(0, () => {
    log.push('timer');
    isTimeUp = true;
  });
  yield* greedy;
  expect([log.sort(), isTimeUp]).toEqual([['other task', 'timer'], true]);
}));

test('CK6: an endless async loop over ready futures starves no timer either', virtualTime(async () => {
  const future = doneFuture();
  let isTimeUp = false;
  getRunningLoop().callLater(0, () => (isTimeUp = true));
  let awaits = 0;
  while (!isTimeUp && awaits < 100_000) {
    awaits++;
    await future;
  }
  expect(isTimeUp).toBe(true);
}));

test('D5: an await that need not wait checks for a cancel at the next one that must', virtualTime(function* () {
  const log: unknown[] = [];
  const task = createTask(function* (): Coroutine<void> {
    task.cancel('why');
    log.push(yield* doneFuture());
    try {
      yield* getRunningLoop().createFuture();
    } catch (error) {
      log.push((error as CancelledError).reason);
    }
  });
  yield* task;
  expect(log).toEqual([7, 'why']);
}));

test('CK2: a checkpoint schedules first and then looks for a cancel', virtualTime(function* () {
  const log: string[] = [];
  const task = createTask(function* (): Coroutine<void> {
    getRunningLoop().callSoon(() => {
      log.push('others ran');
      task.cancel();
    });
    try {
      yield* checkpoint();
      log.push('passed');
    } catch (error) {
      log.push((error as Error).name);
    }
  });
  yield* task;
  expect(log).toEqual(['others ran', 'CancelledError']);
}));

test('CK2: a checkpoint of a task that was asked before does not pass', virtualTime(function* () {
  const task = createTask(function* (): Coroutine<string> {
    task.cancel();
    try {
      yield* checkpoint();
    } catch (error) {
      return (error as Error).name;
    }
    return 'passed';
  });
  expect(yield* task).toBe(CancelledError.name);
}));
