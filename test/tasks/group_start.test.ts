// group.start(): waiting for a child until it says that it is ready, in both colours.
import {
  type Awaitable,
  type CancelledError,
  CancelScope,
  checkpoint,
  createTask,
  currentTask,
  getRunningLoop,
  moveOnAfter,
  sleep,
  sleepForever,
  type Task,
  type TaskStatus,
  withTaskGroup,
} from '../../lib/index';
import { virtualTime } from '../../lib/testing';
import { codeOf, type Colour, colours, groupIn, hosted, messagesOf, outcomeOf, thrownByGroup } from './support';

const now = (): number => getRunningLoop().time();

type StartScript<V> = (status: TaskStatus<V>) => Generator<Awaitable<unknown>, unknown, unknown>;

describe.each(colours)('$name: group.start', (colour: Colour) => {
  // A child that is started, in this colour.
  const service =
    <V>(script: StartScript<V>) =>
    (status: TaskStatus<V>) =>
      colour.of(() => script(status))();

  test('NU7, NU8: gives what the child passes to started(), and the child goes on in the group', hosted(function* () {
    const log: unknown[] = [];
    yield* groupIn(colour, function* (group) {
      const value = yield group.start(
        service<string>(function* (status) {
          yield sleep(5);
          status.started('ready');
          yield sleep(5);
          log.push('child has ended');
        }),
      );
      log.push(value, now());
    });
    expect([log, now()]).toEqual([['ready', 5, 'child has ended'], 10]);
  }));

  test('NU7: a failure before started() is thrown as it is, and is none of the group', hosted(function* () {
    const value = yield* groupIn(colour, function* (group) {
      try {
        yield group.start(
          service<void>(function* () {
            yield sleep(1);
            throw new Error('cannot listen');
          }),
        );
      } catch (error) {
        yield checkpoint();
        return (error as Error).message;
      }
      return 'nothing was thrown';
    });
    expect(value).toBe('cannot listen');
  }));

  test('NU8: a failure after started() is one of the group', hosted(function* () {
    const error = yield* thrownByGroup(
      groupIn(colour, function* (group) {
        yield group.start(
          service<void>(function* (status) {
            status.started();
            yield sleep(1);
            throw new Error('later');
          }),
        );
        yield sleepForever();
      }),
    );
    expect([messagesOf(error), now()]).toEqual([['later'], 1]);
  }));

  test('NU8: what the child has opened before started() goes on, and is cancelled with the group', hosted(function* () {
    const log: string[] = [];
    yield* groupIn(colour, function* (group) {
      const starter = new CancelScope();
      yield starter.run(
        colour.of(function* () {
          yield group.start(
            service<void>(function* (status) {
              yield moveOnAfter(
                100,
                colour.of(function* () {
                  status.started();
                  yield sleep(10);
                  log.push('survived its starter');
                  yield sleepForever();
                }),
              );
              log.push(`moved on at ${now()}`);
              yield checkpoint();
            }),
          );
        }),
      );
      // It is no longer in there.
      starter.cancel();
      yield sleep(20);
      group.cancel();
    });
    expect(log).toEqual(['survived its starter']);
  }));

  test('NU9: a child that ends without started() is an InvalidStateError', hosted(function* () {
    const code = yield* groupIn(colour, function* (group) {
      try {
        yield group.start(
          service<void>(function* () {
            yield sleep(1);
          }),
        );
      } catch (error) {
        return (error as { code: string }).code;
      }
      return 'nothing was thrown';
    });
    expect(code).toBe('ERR_INVALID_STATE');
  }));

  test('NU9: started() twice, or after the end, is an InvalidStateError', hosted(function* () {
    const codes: unknown[] = [];
    let kept = null as TaskStatus<number> | null;
    yield* groupIn(colour, function* (group) {
      const value = yield group.start(
        service<number>(function* (status) {
          kept = status;
          status.started(1);
          codes.push(codeOf(() => status.started(2)));
        }),
      );
      codes.push(value);
    });
    codes.push(codeOf(() => kept?.started(3)));
    expect(codes).toEqual(['ERR_INVALID_STATE', 1, 'ERR_INVALID_STATE']);
  }));

  test('NU7: cancelling the caller before started() cancels the child and waits for it', hosted(function* () {
    const log: unknown[] = [];
    yield* groupIn(colour, function* (group) {
      const caller = createTask(
        colour.of(function* () {
          yield group.start(
            service<void>(function* () {
              try {
                yield sleepForever();
              } catch (error) {
                log.push((error as CancelledError).reason, (error as CancelledError).origin);
                throw error;
              }
            }),
          );
        }),
      );
      yield sleep(1);
      caller.cancel('not needed');
      yield caller.join();
      log.push(caller.cancelled(), group.scope.cancelCalled);
    });
    expect(log).toEqual(['not needed', { task: currentTask()?.name }, true, false]);
  }));

  test('NU7: a scope around the caller cancels the child before started()', hosted(function* () {
    const log: string[] = [];
    yield* groupIn(colour, function* (group) {
      const scope = (yield moveOnAfter(
        5,
        colour.of(function* () {
          yield group.start(
            service<void>(function* () {
              try {
                yield sleepForever();
              } finally {
                log.push(`child ends at ${now()}`);
              }
            }),
          );
        }),
      )) as CancelScope;
      log.push(`caught: ${scope.cancelledCaught}`);
      yield checkpoint();
    });
    expect(log).toEqual(['child ends at 5', 'caught: true']);
  }));

  test('NU10: started() of a child whose caller is cancelled already does not move it', hosted(function* () {
    const log: unknown[] = [];
    yield* groupIn(colour, function* (group) {
      const scope = new CancelScope();
      getRunningLoop().callLater(5, () => scope.cancel());
      yield scope.run(
        colour.of(function* () {
          yield group.start(
            service<string>(function* (status) {
              try {
                yield sleepForever();
              } catch {
                status.started('too late');
              }
              log.push(group.children.size);
              yield sleepForever();
            }),
          );
          log.push('not reached');
        }),
      );
      log.push(scope.cancelledCaught, group.scope.cancelCalled);
      yield checkpoint();
    });
    expect([log, now()]).toEqual([[0, true, false], 5]);
  }));

  test('NU10: a caller that was asked itself does not get the value any more', hosted(function* () {
    const log: unknown[] = [];
    yield* groupIn(colour, function* (group) {
      const caller = createTask(
        colour.of(function* () {
          yield group.start(
            service<string>(function* (status) {
              try {
                yield sleepForever();
              } catch {
                status.started('too late');
              }
            }),
          );
        }),
      );
      yield sleep(1);
      caller.cancel('asked');
      yield caller.join();
      log.push(caller.cancelled());
    });
    expect(log).toEqual([true]);
  }));

  test('NU11: the group stays open while a start is pending', hosted(function* () {
    const order: string[] = [];
    yield* withTaskGroup(function* (around) {
      yield* groupIn(colour, function* (group) {
        around.createTask(
          colour.of(function* () {
            yield group.start(
              service<void>(function* (status) {
                yield sleep(10);
                status.started();
                yield sleep(10);
              }),
            );
            order.push(`started at ${now()}`);
          }),
        );
        // So that the start has begun when the body ends.
        yield sleep(1);
      });
      order.push(`ended at ${now()}`);
    });
    expect(order).toEqual(['started at 10', 'ended at 20']);
  }));

  test('NU12: children and parents say the truth before and after started()', hosted(function* () {
    const seen: unknown[] = [];
    const host = createTask(
      colour.of(function* () {
        yield groupIn(colour, function* (group) {
          let child = null as Task<unknown> | null;
          const starting = group.start(
            service<void>(function* (status) {
              child = currentTask();
              yield sleep(5);
              status.started();
              yield sleep(5);
            }),
          );
          yield sleep(1);
          seen.push(group.children.size, group.parentTask === currentTask(), child?.parent?._nominal === currentTask());
          yield starting;
          seen.push([...group.children][0] === child);
          yield child?.join() as Awaitable<void>;
          seen.push(group.children.size, child?.parent);
        });
      }),
    );
    yield* host;
    expect(seen).toEqual([0, true, true, true, 0, null]);
  }));
});

test('NU7: group.start: a child that is cancelled by itself before started() cancels the wait', virtualTime(function* () {
  yield* withTaskGroup(function* (group) {
    const starting = group.start(function* () {
      currentTask()?.cancel('by itself');
      yield* checkpoint();
    });
    expect(yield* outcomeOf(starting)).toEqual(['cancelled', 'by itself']);
  });
}));

test('group.start: an eager child may have started when it returns', virtualTime(function* () {
  yield* withTaskGroup(function* (group) {
    const starting = group.start<number>(
      function* (status) {
        status.started(7);
        yield* sleep(1);
      },
      { eager: true, name: 'eager' },
    );
    expect([starting.result(), [...group.children].map(({ name }) => name)]).toEqual([7, ['eager']]);
  });
}));

test('group.start: the group that is cancelled cancels a child that started already', virtualTime(function* () {
  yield* withTaskGroup(function* (group) {
    yield* group.start(function* (status: TaskStatus<void>) {
      status.started();
      yield* sleepForever();
    });
    group.cancel();
  });
  expect(now()).toBe(0);
}));

test('group.start: a child that moves into a group that is cancelled is cancelled there', virtualTime(function* () {
  const log: string[] = [];
  yield* withTaskGroup(function* (around) {
    yield* withTaskGroup(function* (group) {
      const starting = around.createTask(function* () {
        yield* group.start(function* (status: TaskStatus<void>) {
          yield* sleep(5);
          log.push('ready');
          status.started();
          yield* checkpoint();
          log.push('not reached');
        });
      });
      yield* checkpoint();
      group.cancel();
      yield* starting.join();
    });
  });
  expect(log).toEqual(['ready']);
}));

test('group.start: from a callback the child stands in the group from the beginning', virtualTime(function* () {
  const outcomes: unknown[] = [];
  yield* withTaskGroup(function* (group) {
    getRunningLoop().callLater(1, () => {
      group
        .start(function* () {
          yield* sleepForever();
        })
        .addDoneCallback((future) => outcomes.push(future.cancelled()));
    });
    yield* sleep(2);
    group.cancel();
  });
  yield* checkpoint();
  expect(outcomes).toEqual([true]);
}));

test('group.start: is refused for what is no function, and after the end of the group', virtualTime(function* () {
  const group = yield* withTaskGroup(function* (ended) {
    expect(codeOf(() => ended.start('text' as never))).toBe('ERR_INVALID_ARG_TYPE');
    return ended;
  });
  expect(codeOf(() => group.start(function* () {}))).toBe('ERR_CLOSED');
}));
