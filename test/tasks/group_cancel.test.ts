// Cancelling task groups and their tasks, in both colours.
import {
  type CancelledError,
  checkpoint,
  type Coroutine,
  createTask,
  currentTask,
  getRunningLoop,
  moveOnAfter,
  sleep,
  sleepForever,
  withTaskGroup,
} from '../../lib/index';
import { virtualTime } from '../../lib/testing';
import { type Colour, colours, groupIn, hosted, messagesOf, type Script, slowToEnd, thrownByGroup } from './support';

const now = (): number => getRunningLoop().time();

function* thrownBy(script: () => Coroutine<unknown>): Coroutine<unknown> {
  try {
    yield* script();
  } catch (error) {
    return error;
  }
  throw new Error('nothing was thrown');
}

describe.each(colours)('$name: a group', (colour: Colour) => {
  const child = <T>(script: Script<T>) => colour.of(script);
  const failIn = (ms: number, message: string) =>
    child(function* () {
      yield sleep(ms);
      throw new Error(message);
    });

  test('TG9: a task cancelled in the body cancels the children, awaits them, and is cancelled', hosted(function* () {
    const causes: CancelledError[] = [];
    const task = createTask(
      child(function* () {
        yield groupIn(colour, function* (group) {
          group.createTask(() => slowToEnd(10, causes));
          yield sleepForever();
        });
      }),
    );
    yield* sleep(1);
    task.cancel('why');
    const error = yield* thrownBy(() => task as unknown as Coroutine<unknown>);
    expect([(error as CancelledError).reason, causes.map(({ reason }) => reason)]).toEqual(['why', ['why']]);
    expect([now(), task.cancelling()]).toEqual([11, 1]);
  }));

  test('TG9, TG10, NU4: cancelled again and again while it waits, it goes on waiting', hosted(function* () {
    const causes: CancelledError[] = [];
    const task = createTask(
      child(function* () {
        yield groupIn(colour, function* (group) {
          group.createTask(() => slowToEnd(10, causes));
        });
      }),
    );
    for (const reason of ['first', 'second', 'third']) {
      yield* sleep(1);
      task.cancel(reason);
    }
    const error = yield* thrownBy(() => task as unknown as Coroutine<unknown>);
    expect([(error as CancelledError).reason, causes.map(({ reason }) => reason)]).toEqual(['first', ['first']]);
    expect([now(), task.cancelling()]).toEqual([11, 3]);
  }));

  test('TG9, TG11: errors go before a request to the task, which it sees at its next wait', hosted(function* () {
    const log: unknown[] = [];
    const task = createTask(
      child(function* () {
        try {
          yield groupIn(colour, function* (group) {
            group.createTask(function* () {
              try {
                yield* sleepForever();
              } finally {
                throw new Error('clean-up');
              }
            });
            yield sleepForever();
          });
        } catch (error) {
          log.push(messagesOf(error), currentTask()?.cancelling());
        }
        yield sleep(1);
        log.push('not reached');
      }),
    );
    yield* sleep(1);
    task.cancel('asked');
    const error = yield* thrownBy(() => task as unknown as Coroutine<unknown>);
    expect([log, (error as CancelledError).reason]).toEqual([[['clean-up'], 1], 'asked']);
  }));

  test('TG11: a request that comes after the failure of a child is not lost', hosted(function* () {
    const log: unknown[] = [];
    const task = createTask(
      child(function* () {
        try {
          yield groupIn(colour, function* (group) {
            group.createTask(failIn(5, 'child'));
            group.createTask(() => slowToEnd(10));
          });
        } catch (error) {
          log.push(messagesOf(error), currentTask()?.cancelling());
        }
        yield sleep(1);
        log.push('not reached');
      }),
    );
    yield* sleep(7);
    task.cancel('asked');
    const error = yield* thrownBy(() => task as unknown as Coroutine<unknown>);
    expect([log, (error as CancelledError).reason]).toEqual([[['child'], 1], 'asked']);
  }));

  test('TG11: a request while the body is being cut short by a child is not lost', hosted(function* () {
    const log: unknown[] = [];
    const task = createTask(
      child(function* () {
        try {
          yield groupIn(colour, function* (group) {
            group.createTask(function* () {
              yield* sleep(5);
              // After the failure, and before the body has seen it.
              getRunningLoop().callSoon(() => task.cancel('asked'));
              throw new Error('child');
            });
            yield sleepForever();
          });
        } catch (error) {
          log.push(messagesOf(error), currentTask()?.cancelling());
        }
        yield sleep(1);
        log.push('not reached');
      }),
    );
    const error = yield* thrownBy(() => task as unknown as Coroutine<unknown>);
    expect([log, (error as CancelledError).reason]).toEqual([[['child'], 1], 'asked']);
  }));

  test('TG20, NU3: group.cancel() ends body and children quietly, and once is enough', hosted(function* () {
    const reasons: unknown[] = [];
    const value = yield* groupIn(colour, function* (group) {
      group.createTask(function* () {
        try {
          yield* sleepForever();
        } catch (error) {
          reasons.push((error as CancelledError).reason);
          throw error;
        }
      });
      yield sleep(1);
      group.cancel('enough');
      group.cancel('again');
      yield sleepForever();
      return 'not reached';
    });
    expect([value, reasons, currentTask()?.cancelling()]).toEqual([undefined, ['enough'], 0]);
  }));

  test('TG20: group.cancel() does not swallow a request to the task', hosted(function* () {
    const task = createTask(
      child(function* () {
        yield groupIn(colour, function* (group) {
          group.createTask(() => slowToEnd(10));
          group.cancel();
        });
        yield checkpoint();
      }),
    );
    yield* sleep(3);
    task.cancel('from outside');
    const error = yield* thrownBy(() => task as unknown as Coroutine<unknown>);
    expect([(error as CancelledError).reason, now()]).toEqual(['from outside', 10]);
  }));

  test('TG20: group.cancel() does not swallow a timeout around it', hosted(function* () {
    const scope = yield* moveOnAfter(5, () =>
      child(function* () {
        yield groupIn(colour, function* (group) {
          group.createTask(() => slowToEnd(10));
          group.cancel();
        });
        yield checkpoint();
      })() as Coroutine<void>,
    );
    expect([scope.cancelledCaught, now()]).toEqual([true, 10]);
  }));
});

test('TG20: group.cancel() after the end does nothing', virtualTime(function* () {
  const group = yield* withTaskGroup(function* (ended) {
    return ended;
  });
  group.cancel();
  yield* checkpoint();
  expect([group.scope.cancelCalled, group.scope.cancelledCaught]).toEqual([true, false]);
}));

test('TG9: the cancelled child that a body awaits is no request to its task', virtualTime(function* () {
  const error = yield* thrownByGroup(
    withTaskGroup(function* (group) {
      const child = group.createTask(function* () {
        yield* sleepForever();
      });
      group.createTask(function* () {
        try {
          yield* sleepForever();
        } finally {
          throw new Error('clean-up');
        }
      });
      yield* checkpoint();
      child.cancel('only this one');
      yield* child;
    }),
  );
  expect(messagesOf(error)).toEqual(['clean-up']);
  yield* checkpoint();
  expect(currentTask()?.cancelling()).toBe(0);
}));

test('TG9: a task that a scope cancels through its waiter hands the request on', virtualTime(function* () {
  // The scope is around the waiter, so for the group's own task it is a request like any other.
  const task = createTask(function* () {
    yield* withTaskGroup(function* (group) {
      group.createTask(() => slowToEnd(1));
    });
  });
  const scope = yield* moveOnAfter(5, function* () {
    yield* task;
  });
  expect([scope.cancelledCaught, task.cancelled(), task.cancelling()]).toEqual([true, true, 1]);
}));

test('TG6: an error that the body throws while errors of children are on the way is not lost', virtualTime(function* () {
  const task = createTask(function* () {
    yield* withTaskGroup(function* (group) {
      group.createTask(() => slowToEnd(10));
      throw new Error('body');
    });
  });
  yield* sleep(1);
  task.cancel('meanwhile');
  yield* task.join();
  expect(messagesOf(task.exception())).toEqual(['body']);
}));
