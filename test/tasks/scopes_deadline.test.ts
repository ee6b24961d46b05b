// Deadlines of scopes: absolute and relative ones, moved ones, passed ones, and the earliest that can be seen.
import {
  CancelScope,
  checkpoint,
  checkpointIfCancelled,
  createTask,
  currentEffectiveDeadline,
  getRunningLoop,
  moveOnAfter,
  moveOnAt,
  shielded,
  sleep,
  sleepForever,
} from '../../lib/index';
import { inTask, nestings, now } from './scope_support';
import { codeOf } from './support';

describe.each(nestings)('$name', ({ outer, inner }) => {
  const forever = inner.of(function* () {
    yield sleepForever();
  });

  test('CS14: CancelScope: a deadline may be moved before the entry and inside', inTask(outer, function* () {
    const scope = new CancelScope();
    expect(scope.deadline).toBe(Infinity);
    scope.deadline = 5;
    yield scope.run(inner.of(function* () {
      yield sleep(4);
      scope.deadline = 20;
      yield sleep(10);
      scope.deadline = 16;
      yield sleepForever();
    }));
    expect([scope.cancelledCaught, now(), scope.deadline]).toEqual([true, 16, 16]);
  }));

  test('CS14, TO16: CancelScope: another task moves the deadline of one that sleeps', inTask(outer, function* () {
    const scope = new CancelScope({ deadline: 10 });
    const task = createTask(outer.of(function* () {
      yield scope.run(forever);
    }));
    yield sleep(5);
    scope.deadline = Infinity;
    yield sleep(50);
    scope.deadline = 1;
    yield task;
    expect([scope.cancelledCaught, now()]).toEqual([true, 55]);
  }));

  test('CS14: CancelScope: once cancelled it stays so, whatever its deadline', inTask(outer, function* () {
    const scope = new CancelScope({ deadline: 0 });
    yield scope.run(inner.of(function* () {
      scope.deadline = Infinity;
      scope.relativeDeadline = 100;
      yield checkpoint();
      throw new Error('not reached');
    }));
    expect([scope.cancelledCaught, scope.deadline]).toEqual([true, 100]);
  }));

  test.each([0, -1, -Infinity])('CS15, CS20: moveOnAfter: of %d runs to its first checkpoint', (ms) =>
    inTask(outer, function* () {
      const log: string[] = [];
      const scope = (yield moveOnAfter(ms, inner.of(function* () {
        log.push('begun');
        yield checkpoint();
        log.push('not reached');
      }))) as CancelScope;
      expect([log, scope.cancelledCaught]).toEqual([['begun'], true]);
    })());

  test('CS15: moveOnAt: a deadline that is now has passed', inTask(outer, function* () {
    yield sleep(7);
    const scope = (yield moveOnAt(7, forever)) as CancelScope;
    expect([scope.cancelledCaught, now()]).toEqual([true, 7]);
  }));

  test('CS16: CancelScope: a relative deadline counts from the entry', inTask(outer, function* () {
    const scope = new CancelScope({ relativeDeadline: 10 });
    expect([scope.relativeDeadline, codeOf(() => scope.deadline)]).toEqual([10, 'ERR_INVALID_STATE']);
    yield sleep(100);
    yield scope.run(inner.of(function* () {
      expect([scope.deadline, scope.relativeDeadline]).toEqual([110, 10]);
      yield sleep(4);
      expect([scope.deadline, scope.relativeDeadline]).toEqual([110, 6]);
      scope.relativeDeadline = 20;
      expect(scope.deadline).toBe(124);
      yield sleepForever();
    }));
    expect([scope.cancelledCaught, now(), scope.deadline]).toEqual([true, 124, 124]);
  }));

  test('CS16: CancelScope: the one that is set last before the entry counts', inTask(outer, function* () {
    yield sleep(50);
    const scope = new CancelScope({ deadline: 60 });
    expect(codeOf(() => scope.relativeDeadline)).toBe('ERR_INVALID_STATE');
    scope.relativeDeadline = 5;
    yield scope.run(forever);
    const other = new CancelScope({ relativeDeadline: 5 });
    other.deadline = 70;
    yield other.run(forever);
    expect([scope.deadline, other.deadline, now()]).toEqual([55, 70, 70]);
  }));

  test('CS17: CancelScope: cancelCalled is true as soon as the deadline has passed', inTask(outer, function* () {
    const scope = new CancelScope({ deadline: 5 });
    expect(scope.cancelCalled).toBe(false);
    yield sleep(5);
    expect(scope.cancelCalled).toBe(true);
    scope.deadline = 50;
    yield scope.run(forever);
    expect([scope.cancelledCaught, now()]).toEqual([true, 5]);
  }));

  test('CS17: CancelScope: of one that ended in time it stays false', inTask(outer, function* () {
    const scope = new CancelScope({ deadline: 5 });
    yield scope.run(inner.of(function* () {
      yield sleep(1);
    }));
    yield sleep(10);
    expect([scope.cancelCalled, getRunningLoop().metrics().timers]).toEqual([false, 0]);
  }));

  test('CS18: currentEffectiveDeadline: the earliest that can be seen', inTask(outer, function* () {
    expect(currentEffectiveDeadline()).toBe(Infinity);
    yield moveOnAfter(100, inner.of(function* () {
      yield moveOnAfter(500, outer.of(function* () {
        expect(currentEffectiveDeadline()).toBe(100);
        yield shielded(inner.of(function* () {
          expect(currentEffectiveDeadline()).toBe(Infinity);
          yield checkpointIfCancelled();
        }), { timeout: Infinity });
        yield shielded(inner.of(function* () {
          expect(currentEffectiveDeadline()).toBe(300);
          yield checkpointIfCancelled();
        }), { timeout: 300 });
      }));
      yield moveOnAfter(50, outer.of(function* () {
        expect(currentEffectiveDeadline()).toBe(50);
        yield sleepForever();
      }));
    }));
  }));

  test('CS18: currentEffectiveDeadline: -Infinity in what is cancelled', inTask(outer, function* () {
    const scope = new CancelScope({ deadline: 10 });
    yield scope.run(inner.of(function* () {
      scope.cancel();
      expect(currentEffectiveDeadline()).toBe(-Infinity);
      yield checkpoint();
    }));
    expect(currentEffectiveDeadline()).toBe(Infinity);
  }));
});

test('CS16: CancelScope: two deadlines at once are refused, and one is enough', () => {
  expect(codeOf(() => new CancelScope({ deadline: 1, relativeDeadline: 1 }))).toBe('ERR_INVALID_ARG_TYPE');
  expect(new CancelScope({ relativeDeadline: Infinity }).relativeDeadline).toBe(Infinity);
  expect(new CancelScope().relativeDeadline).toBe(Infinity);
});

test('CS18: currentEffectiveDeadline: outside tasks there is none', () => {
  expect(currentEffectiveDeadline()).toBe(Infinity);
});
