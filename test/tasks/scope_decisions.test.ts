// What the decisions say of scopes and groups where several things meet.
import {
  type CancelledError,
  CancelScope,
  checkpoint,
  createTask,
  currentTask,
  ExceptionGroup,
  failAfter,
  getRunningLoop,
  moveOnAfter,
  sleep,
  sleepForever,
  withTaskGroup,
} from '../../lib/index';
import { virtualTime } from '../../lib/testing';
import { codeOf, failing } from './support';

const ticks = (): number => getRunningLoop().metrics().ticks;

test("D27: a wait on a task that a scope cancels throws the scope's error", virtualTime(function* () {
  const scope = new CancelScope();
  const inner = createTask(function* () {
    yield* sleepForever();
  });
  let seen: unknown;
  yield* scope.run(function* () {
    getRunningLoop().callLater(5, () => scope.cancel('scope'));
    try {
      yield* inner;
    } catch (error) {
      seen = error;
      throw error;
    }
  });
  expect((seen as CancelledError).scope).toBe(scope);
  expect([scope.cancelledCaught, inner.cancelled()]).toEqual([true, true]);
}));

test('D29: a task that is asked while its timeout unwinds gets CancelledError, no TimeoutError', virtualTime(function* () {
  const task = createTask(function* () {
    yield* failAfter(10, function* () {
      try {
        yield* sleepForever();
      } finally {
        currentTask()?.cancel('asked');
      }
    });
  });
  yield* task.join();
  expect(task.cancelled()).toBe(true);
  expect(codeOf(() => task.result())).toBe('ERR_CANCELLED');
}));

test('D32, CK4: leaving an empty group takes no tick', virtualTime(function* () {
  yield* checkpoint();
  const before = ticks();
  yield* withTaskGroup(function* () {
    // Nothing to wait for.
  });
  expect(ticks() - before).toBe(0);
}));

test('D32: leaving an empty group looks for a cancellation', virtualTime(function* () {
  const log: string[] = [];
  const task = createTask(function* () {
    currentTask()?.cancel('asked');
    yield* withTaskGroup(function* () {
      log.push('body');
    });
    log.push('not reached');
  });
  yield* task.join();
  expect([task.cancelled(), log]).toEqual([true, ['body']]);
}));

test('D34: failAfter and scope.run give the value of the body', virtualTime(function* () {
  function* body() {
    yield* sleep(1);
    return 'value';
  }
  expect(yield* failAfter(10, body)).toBe('value');
  expect(yield* new CancelScope().run(body)).toBe('value');
  expect((yield* moveOnAfter(10, body)).value).toBe('value');
}));

test('E10: an eager child that has failed already does not throw out of createTask', virtualTime(function* () {
  const log: string[] = [];
  let error: unknown;
  try {
    yield* withTaskGroup(function* (group) {
      group.createTask(failing('eager'), { eager: true });
      log.push('after createTask');
      yield* checkpoint();
      log.push('not reached');
    });
  } catch (thrown) {
    error = thrown;
  }
  expect(log).toEqual(['after createTask']);
  expect((error as ExceptionGroup).errors.map((each) => each.message)).toEqual(['eager']);
}));

test('XG4: a scope takes its own cancellations out of a group, and lets the rest through', virtualTime(function* () {
  const scope = new CancelScope();
  let error: unknown;
  try {
    yield* scope.run(function* () {
      scope.cancel();
      let own: Error | null = null;
      try {
        yield* checkpoint();
      } catch (cancelled) {
        own = cancelled as Error;
      }
      throw new ExceptionGroup([own as Error, new Error('rest')], 'mixed');
    });
  } catch (thrown) {
    error = thrown;
  }
  expect((error as ExceptionGroup).errors.map((each) => each.message)).toEqual(['rest']);
}));

test('XG4: a group of nothing but its own cancellations is swallowed whole', virtualTime(function* () {
  const scope = new CancelScope();
  yield* scope.run(function* () {
    scope.cancel();
    try {
      yield* checkpoint();
    } catch (cancelled) {
      throw new ExceptionGroup([cancelled as Error], 'only ours');
    }
  });
  expect(scope.cancelledCaught).toBe(true);
}));
