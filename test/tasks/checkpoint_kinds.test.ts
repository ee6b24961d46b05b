// The two halves of a checkpoint by themselves, and the assertions of the test kit.
import {
  CancelScope,
  cancelShieldedCheckpoint,
  checkpoint,
  checkpointIfCancelled,
  createTask,
  getRunningLoop,
  type Operation,
  shielded,
  sleep,
} from '../../lib/index';
import { assertCheckpoints, assertNoCheckpoints, virtualTime } from '../../lib/testing';
import { withCode } from '../helpers/failures';
import { cancelledFrom, inTask, nestings, thrownFrom } from './scope_support';
import { codeOf, colours, hosted, outcomeOf, ticks } from './support';

const ticksTaken = (): number => getRunningLoop().metrics().ticks;

describe.each(colours)('$name tasks', (colour) => {
  test('CK2: checkpointIfCancelled: does nothing unless it is cancelled', inTask(colour, function* () {
    const log: string[] = [];
    getRunningLoop().callSoon(() => log.push('tick'));
    yield checkpointIfCancelled();
    expect(log).toEqual([]);
    const scope = new CancelScope();
    yield scope.run(colour.of(function* () {
      scope.cancel();
      expect((yield* cancelledFrom(checkpointIfCancelled())).scope).toBe(scope);
      yield shielded(colour.of(function* () {
        yield checkpointIfCancelled();
      }));
      yield checkpointIfCancelled();
    }));
    expect(scope.cancelledCaught).toBe(true);
  }));

  test('CK2: checkpointIfCancelled: sees a request to the task', hosted(function* () {
    const task = createTask(colour.of(function* () {
      task.cancel('asked');
      yield checkpointIfCancelled();
    }));
    expect(yield* outcomeOf(task)).toEqual(['cancelled', 'asked']);
  }));

  test('CK2: cancelShieldedCheckpoint: yields a tick', inTask(colour, function* () {
    const log: string[] = [];
    getRunningLoop().callSoon(() => log.push('tick'));
    yield cancelShieldedCheckpoint();
    expect(log).toEqual(['tick']);
  }));

  test('CK2: cancelShieldedCheckpoint: leaves a cancellation for the next checkpoint', inTask(colour, function* () {
    const log: string[] = [];
    const scope = new CancelScope();
    yield scope.run(colour.of(function* () {
      scope.cancel();
      for (let i = 0; i < 3; i++) yield cancelShieldedCheckpoint();
      log.push('passed');
      yield checkpoint();
      log.push('not reached');
    }));
    expect([log, scope.cancelledCaught]).toEqual([['passed'], true]);
  }));

  test('CK2: cancelShieldedCheckpoint: a request that comes meanwhile stays for the next one', hosted(function* () {
    const log: string[] = [];
    const task = createTask(colour.of(function* () {
      getRunningLoop().callSoon(() => task.cancel('asked'));
      yield cancelShieldedCheckpoint();
      log.push('passed');
      yield checkpoint();
    }));
    expect(yield* outcomeOf(task)).toEqual(['cancelled', 'asked']);
    expect(log).toEqual(['passed']);
  }));
});

test('CK2: cancelShieldedCheckpoint: driven by anything but a task it throws', virtualTime(function* () {
  const codes: unknown[] = [];
  const bare = cancelShieldedCheckpoint() as Operation<void> & Iterable<unknown>;
  getRunningLoop().callSoon(() => codes.push(codeOf(() => [...bare])));
  yield* ticks(2);
  expect(codes).toEqual(['ERR_NOT_IN_TASK']);
}));

test('CK2: cancelShieldedCheckpoint: it takes one tick', virtualTime(function* () {
  const before = ticksTaken();
  yield* cancelShieldedCheckpoint();
  expect(ticksTaken() - before).toBe(1);
}));

describe.each(nestings)('$name', ({ outer, inner }) => {
  const NONE = withCode('ERR_ASSERTION', /passed no checkpoint/);
  const SOME = withCode('ERR_ASSERTION', /looked for a cancellation/);
  const passing = inner.of(function* () {
    yield checkpoint();
    return 'passing';
  });
  const idle = inner.of(function* () {
    return 'idle';
  });

  test('CK8: assertCheckpoints: fails a body that made none', inTask(outer, function* () {
    expect(yield assertCheckpoints(passing)).toBe('passing');
    expect(yield* thrownFrom(assertCheckpoints(idle))).toEqual(NONE);
  }));

  test('CK8: assertNoCheckpoints: fails a body that made one', inTask(outer, function* () {
    expect(yield assertNoCheckpoints(idle)).toBe('idle');
    expect(yield* thrownFrom(assertNoCheckpoints(passing))).toEqual(SOME);
  }));

  test('CK8: assertCheckpoints: an error of the body goes through, and nothing stays behind', inTask(outer, function* () {
    const failing = inner.of<void>(function* () {
      throw new Error('own');
    });
    expect((yield* thrownFrom(assertCheckpoints(failing)))?.message).toBe('own');
    expect((yield* thrownFrom(assertNoCheckpoints(failing)))?.message).toBe('own');
    yield sleep(1);
    expect(yield* thrownFrom(assertCheckpoints(idle))).toEqual(NONE);
  }));

  test('CK8: assertCheckpoints: one around another counts for both', inTask(outer, function* () {
    yield assertCheckpoints(inner.of(function* () {
      yield assertCheckpoints(passing);
    }));
  }));
});

test('CK8: assertCheckpoints: refuses what is no function', () => {
  expect(codeOf(() => assertCheckpoints(5 as never))).toBe('ERR_INVALID_ARG_TYPE');
  expect(codeOf(() => assertNoCheckpoints(null as never))).toBe('ERR_INVALID_ARG_TYPE');
});
