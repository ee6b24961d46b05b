// A coroutine that was closed by force while it waited in a combinator that was still starting things left them running.
import {
  all,
  type Coroutine,
  createTask,
  getRunningLoop,
  mapConcurrent,
  type ScopedOperation,
  shielded,
  sleep,
  sleepForever,
  staggeredRace,
} from '../../lib/index';
import { virtualTime } from '../../lib/testing';
import { keepReports } from '../helpers/owned_loop';
import { ticks } from '../tasks/support';

/** Awaits an operation for a few ticks and closes it by force. Returns: what its children did. */
function* closedByForce(
  make: (child: () => Coroutine<never>, log: string[]) => ScopedOperation<unknown>,
): Coroutine<string[]> {
  const log: string[] = [];
  const child = function* (): Coroutine<never> {
    try {
      log.push('begun');
      return yield* sleepForever();
    } finally {
      log.push('ended');
    }
  };
  const steps = make(child, log)[Symbol.iterator]() as Coroutine<unknown>;
  const task = createTask(function* () {
    yield* steps;
  });
  yield* ticks(5);
  steps.return(undefined);
  yield* ticks(5);
  task.cancel();
  return log;
}

test('regression: staggeredRace ends its attempts when it is closed by force in a head start', virtualTime(function* () {
  const log = yield* closedByForce((child) => staggeredRace([child, child], 1_000));
  expect(log).toEqual(['begun', 'ended']);
}));

// The wait for the children is another one's then: were it forgotten, nothing would ever end it, no request either.
test('forced closing: who awaited a combinator that is closed by force goes on when its children have ended', virtualTime(
  function* () {
    const log: string[] = [];
    const slow = function* (): Coroutine<void> {
      try {
        yield* sleepForever();
      } finally {
        yield* shielded(() => sleep(5));
        log.push('child');
      }
    };
    const steps = all([slow, slow])[Symbol.iterator]() as Coroutine<unknown>;
    const task = createTask(function* () {
      yield* steps;
      log.push('awaiter');
    });
    yield* ticks(5);
    steps.return(undefined);
    yield* sleep(10);
    expect([log, task.done()]).toEqual([['child', 'child', 'awaiter'], true]);
  },
));

test('regression: mapConcurrent ends its calls and closes its items when it is closed by force', virtualTime(function* () {
  const items = function* (log: string[]): Generator<number> {
    try {
      yield* [1, 2, 3];
    } finally {
      log.push('closed');
    }
  };
  const log = yield* closedByForce((child, log) => mapConcurrent(items(log), child, { limit: 2 }));
  expect(log).toEqual(['begun', 'begun', 'closed', 'ended', 'ended']);
}));

test('regression: mapConcurrent closes an async iterator as well when it is closed by force', virtualTime(function* () {
  const reports = keepReports(getRunningLoop());
  const items = async function* (log: string[]): AsyncGenerator<number> {
    try {
      yield 1;
      await sleepForever();
    } finally {
      log.push('closed');
      await sleep(1);
    }
  };
  const log = yield* closedByForce((child, log) => mapConcurrent(items(log), child));
  expect(log.sort()).toEqual(['begun', 'closed', 'ended']);
  yield* sleep(5);
  expect(reports).toEqual([]);
}, { hosted: true }));
