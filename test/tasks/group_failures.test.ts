// Failures and cancellations of task groups, in both colours.
import {
  CancelledError,
  checkpoint,
  createTask,
  currentTask,
  ExceptionGroup,
  getRunningLoop,
  sleep,
  sleepForever,
} from '../../lib/index';
import { type Colour, colours, groupIn, hosted, messagesOf, type Script, slowToEnd, thrownByGroup } from './support';

const now = (): number => getRunningLoop().time();

describe.each(colours)('$name: a group', (colour: Colour) => {
  const child = <T>(script: Script<T>) => colour.of(script);
  const forever = child(function* () {
    yield sleepForever();
  });
  const failIn = (ms: number, message: string) =>
    child(function* () {
      yield sleep(ms);
      throw new Error(message);
    });

  test('TG4, NU2, D3: cancels siblings and body at each checkpoint when a child fails', hosted(function* () {
    const log: string[] = [];
    const error = yield* thrownByGroup(
      groupIn(colour, function* (group) {
        group.createTask(failIn(5, 'first'));
        group.createTask(
          child(function* () {
            for (let i = 0; i < 2; i++) {
              try {
                yield sleepForever();
              } catch (cancelled) {
                log.push(`sibling ${((cancelled as CancelledError).reason as Error).message}`);
              }
            }
          }),
        );
        for (let i = 0; i < 2; i++) {
          try {
            yield sleepForever();
          } catch (cancelled) {
            log.push(`body ${((cancelled as CancelledError).reason as Error).message}`);
          }
        }
      }),
    );
    expect(messagesOf(error)).toEqual(['first']);
    expect([...log].sort()).toEqual(['body first', 'body first', 'sibling first', 'sibling first']);
    expect([now(), currentTask()?.cancelling()]).toEqual([5, 0]);
  }));

  test('TG4: names the failed child and its failure in the CancelledError of each sibling', hosted(function* () {
    const causes: CancelledError[] = [];
    yield* thrownByGroup(
      groupIn(colour, function* (group) {
        for (let i = 0; i < 2; i++) group.createTask(() => slowToEnd(1, causes));
        group.createTask(failIn(5, 'cause'), { name: 'culprit' });
        yield sleepForever();
      }),
    );
    expect(causes.map(({ reason, origin }) => [(reason as Error).message, origin])).toEqual([
      ['cause', { task: 'culprit', source: 'group' }],
      ['cause', { task: 'culprit', source: 'group' }],
    ]);
    expect(causes.every(({ cause, reason }) => cause === reason)).toBe(true);
    expect(causes[0]).not.toBe(causes[1]);
  }));

  test('TG4, TG13: names the failed child of an outer group in an inner one', hosted(function* () {
    const causes: CancelledError[] = [];
    const error = yield* thrownByGroup(
      groupIn(colour, function* (outer) {
        outer.createTask(failIn(5, 'outer'), { name: 'culprit' });
        yield groupIn(colour, function* (inner) {
          inner.createTask(() => slowToEnd(1, causes));
          yield sleepForever();
        });
      }),
    );
    expect(messagesOf(error)).toEqual(['outer']);
    const told = causes.map(({ reason, origin }) => [(reason as Error).message, origin]);
    expect(told).toEqual([['outer', { task: 'culprit', source: 'group' }]]);
  }));

  test('TG4, TG12: tells outer siblings of the errors of an inner group, and the task they came from', hosted(function* () {
    const causes: CancelledError[] = [];
    const error = yield* thrownByGroup(
      groupIn(colour, function* (outer) {
        outer.createTask(() => slowToEnd(1, causes));
        outer.createTask(
          child(function* () {
            yield groupIn(colour, function* (inner) {
              inner.createTask(failIn(5, 'deep'));
              yield sleepForever();
            });
          }),
          { name: 'inner' },
        );
      }),
    );
    expect(messagesOf(error)).toEqual([['deep']]);
    const told = causes.map(({ reason, origin }) => [messagesOf(reason), origin]);
    expect(told).toEqual([[['deep'], { task: 'inner', source: 'group' }]]);
  }));

  test('TG5: goes on when a child is cancelled by itself or throws CancelledError', hosted(function* () {
    const value = yield* groupIn(colour, function* (group) {
      const cancelled = group.createTask(forever);
      group.createTask(
        child(function* () {
          throw new CancelledError('my own');
        }),
      );
      yield sleep(1);
      cancelled.cancel();
      yield sleep(5);
      return [cancelled.cancelled(), group.scope.cancelCalled];
    });
    expect(value).toEqual([true, false]);
  }));

  test('TG6: keeps errors in the order in which they happened, the one of the body last', hosted(function* () {
    const error = yield* thrownByGroup(
      groupIn(colour, function* (group) {
        group.createTask(function* () {
          try {
            yield* sleepForever();
          } finally {
            throw new Error('second');
          }
        });
        group.createTask(failIn(5, 'first'));
        try {
          yield sleepForever();
        } finally {
          throw new Error('body');
        }
      }),
    );
    expect(messagesOf(error)).toEqual(['first', 'second', 'body']);
  }));

  test('TG7, NU3: wraps a single error too, without a cause', hosted(function* () {
    const error = yield* thrownByGroup(
      groupIn(colour, function* (group) {
        group.createTask(failIn(1, 'only'));
      }),
    );
    expect(error).toBeInstanceOf(ExceptionGroup);
    expect([messagesOf(error), (error as Error).message, (error as Error).cause]).toEqual([
      ['only'],
      'unhandled errors in a task group',
      undefined,
    ]);
  }));

  test('TG8, NU2: cancels and awaits the children when the body fails, and tells them why', hosted(function* () {
    const causes: CancelledError[] = [];
    const task = createTask(
      () =>
        thrownByGroup(
          groupIn(colour, function* (group) {
            group.createTask(() => slowToEnd(7, causes));
            yield sleep(3);
            throw new Error('body');
          }),
        ),
      { name: 'host' },
    );
    const error = yield* task;
    expect([messagesOf(error), now()]).toEqual([['body'], 10]);
    const told = causes.map(({ reason, origin }) => [(reason as Error).message, origin]);
    expect(told).toEqual([['body', { task: 'host', source: 'group' }]]);
  }));

  test('TG12: an error that is handled outside the inner group leaves the outer one alone', hosted(function* () {
    const value = yield* groupIn(colour, function* (outer) {
      const sibling = outer.createTask(
        child(function* () {
          yield sleep(10);
          return 'sibling';
        }),
      );
      try {
        yield groupIn(colour, function* (inner) {
          inner.createTask(failIn(1, 'inner'));
        });
      } catch (error) {
        return [messagesOf(error), yield sibling];
      }
      return 'nothing was thrown';
    });
    expect(value).toEqual([['inner'], 'sibling']);
  }));

  test('TG14: inner and outer children that fail in one tick are both in the outer group', hosted(function* () {
    const gate = getRunningLoop().createFuture<void>();
    const failAtGate = (message: string) =>
      child(function* () {
        yield gate;
        throw new Error(message);
      });
    getRunningLoop().callLater(5, () => gate.setResult());
    const error = yield* thrownByGroup(
      groupIn(colour, function* (outer) {
        outer.createTask(failAtGate('outer'));
        yield groupIn(colour, function* (inner) {
          inner.createTask(failAtGate('inner'));
        });
      }),
    );
    expect(messagesOf(error)).toEqual(['outer', ['inner']]);
    yield* checkpoint();
    expect(currentTask()?.cancelling()).toBe(0);
  }));

  test('TG16: keeps errors of any class, and wraps what is no Error', hosted(function* () {
    class Odd extends Error {}
    const error = yield* thrownByGroup(
      groupIn(colour, function* (group) {
        group.createTask(
          child(function* () {
            throw new Odd('odd');
          }),
        );
        group.createTask(
          child(function* () {
            throw 'text';
          }),
        );
        try {
          yield sleepForever();
        } finally {
          throw 'body';
        }
      }),
    );
    const { errors } = error as ExceptionGroup;
    expect(errors[0]).toBeInstanceOf(Odd);
    expect(errors.slice(1).map((each) => [(each as { code?: string }).code, (each as { value?: unknown }).value])).toEqual([
      ['ERR_NON_ERROR_THROWN', 'text'],
      ['ERR_NON_ERROR_THROWN', 'body'],
    ]);
  }));

  test('TG17, D3: a body that catches its cancellation is cancelled again; the group still throws', hosted(function* () {
    let caught = 0;
    const error = yield* thrownByGroup(
      groupIn(colour, function* (group) {
        group.createTask(failIn(1, 'child'));
        for (let i = 0; i < 3; i++) {
          try {
            yield sleep(100);
          } catch {
            caught++;
          }
        }
      }),
    );
    expect([messagesOf(error), caught, currentTask()?.cancelling(), now()]).toEqual([['child'], 3, 0, 1]);
  }));

  test('TG18: a body that awaits the failing child gets its error, which is in the group once', hosted(function* () {
    let seen: unknown;
    const error = yield* thrownByGroup(
      groupIn(colour, function* (group) {
        try {
          yield group.createTask(failIn(1, 'own'));
        } catch (thrown) {
          seen = thrown;
          throw thrown;
        }
      }),
    );
    expect([messagesOf(error), (seen as Error).message]).toEqual([['own'], 'own']);
  }));

});
