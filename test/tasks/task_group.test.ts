// Task groups, in both colours.
import {
  CancelledError,
  checkpoint,
  type Coroutine,
  createTask,
  ExceptionGroup,
  getRunningLoop,
  moveOnAfter,
  sleep,
  sleepForever,
  type TaskGroup,
  withTaskGroup,
} from '../../lib/index';
import { virtualTime } from '../../lib/testing';
import { codeOf, colours, failing, groupIn, hosted } from './support';

const now = (): number => getRunningLoop().time();

function* after(ms: number, message: string): Coroutine<never> {
  yield* sleep(ms);
  throw new Error(message);
}

function* groupOf(body: (group: TaskGroup) => Coroutine<unknown>): Coroutine<unknown> {
  try {
    return yield* withTaskGroup(body);
  } catch (error) {
    return error;
  }
}

test('TG3, TG19, NU1: withTaskGroup: waits for its children and gives the value of the body', virtualTime(function* () {
  const value = yield* withTaskGroup(function* (group) {
    group.createTask(function* () {
      yield* sleep(10);
    });
    return 'value';
  });
  expect([value, now()]).toEqual(['value', 10]);
}));

test('D3: withTaskGroup: the first failure cancels siblings and body, and names itself', virtualTime(function* () {
  const reasons: unknown[] = [];
  const error = yield* groupOf(function* (group) {
    group.createTask(after(5, 'first'));
    group.createTask(function* () {
      try {
        yield* sleepForever();
      } catch (cancelled) {
        reasons.push(((cancelled as CancelledError).reason as Error).message);
        throw cancelled;
      }
    });
    yield* sleepForever();
  });
  expect(error).toBeInstanceOf(ExceptionGroup);
  expect((error as ExceptionGroup).errors.map((e) => e.message)).toEqual(['first']);
  expect([reasons, now()]).toEqual([['first'], 5]);
}));

test('withTaskGroup: errors stand in the order in which they happened, the one of the body last', virtualTime(function* () {
  const error = yield* groupOf(function* (group) {
    group.createTask(after(5, 'child'));
    try {
      yield* sleepForever();
    } catch {
      throw new Error('body');
    }
  });
  expect((error as ExceptionGroup).errors.map((e) => e.message)).toEqual(['child', 'body']);
}));

test('withTaskGroup: a body that awaits the failing child sees the error of the child', virtualTime(function* () {
  let seen: unknown;
  yield* groupOf(function* (group) {
    try {
      yield* group.createTask(after(1, 'own'));
    } catch (error) {
      seen = (error as Error).message;
    }
  });
  expect(seen).toBe('own');
}));

test('withTaskGroup: group.cancel() ends it quietly', virtualTime(function* () {
  const value = yield* withTaskGroup(function* (group) {
    group.createTask(function* () {
      yield* sleepForever();
    });
    group.createTask(function* () {
      yield* sleep(3);
      group.cancel();
    });
    yield* sleepForever();
  });
  expect([value, now()]).toEqual([undefined, 3]);
}));

test('withTaskGroup: an outer scope cancels the children and waits for them', virtualTime(function* () {
  const log: string[] = [];
  const scope = yield* moveOnAfter(20, function* () {
    yield* withTaskGroup(function* (group) {
      group.createTask(function* () {
        try {
          yield* sleepForever();
        } finally {
          log.push('child');
        }
      });
    });
    log.push('not reached');
  });
  expect([scope.cancelledCaught, log]).toEqual([true, ['child']]);
}));

test('withTaskGroup: cancelling its task cancels the children, and the request goes on', virtualTime(function* () {
  let ended = 0;
  const task = createTask(() =>
    groupOf(function* (group) {
      for (let i = 0; i < 3; i++) {
        group.createTask(function* () {
          try {
            yield* sleepForever();
          } finally {
            ended++;
          }
        });
      }
    }),
  );
  yield* sleep(1);
  task.cancel('why');
  const error = yield* task;
  expect(error).toBeInstanceOf(CancelledError);
  expect([(error as CancelledError).reason, ended]).toEqual(['why', 3]);
}));

test('withTaskGroup: a child that is cancelled by itself is no failure', virtualTime(function* () {
  const error = yield* groupOf(function* (group) {
    const child = group.createTask(function* () {
      yield* sleepForever();
    });
    yield* checkpoint();
    child.cancel();
    yield* sleep(5);
    return 'quiet';
  });
  expect(error).toBe('quiet');
}));

test('NU6, D4: withTaskGroup: a child in a cancelled group runs to its first checkpoint', virtualTime(function* () {
  const log: string[] = [];
  yield* groupOf(function* (group) {
    group.cancel();
    group.createTask(function* () {
      log.push('begun');
      yield* checkpoint();
      log.push('not reached');
    });
  });
  expect(log).toEqual(['begun']);
}));

test('TG1, NU5, D4: withTaskGroup: after its end createTask is refused and closes the coroutine', virtualTime(function* () {
  let ended: TaskGroup | null = null;
  yield* withTaskGroup(function* (group) {
    ended = group;
  });
  const coroutine = failing('never runs');
  expect(codeOf(() => (ended as unknown as TaskGroup).createTask(coroutine))).toBe('ERR_CLOSED');
  expect(coroutine.next()).toEqual({ done: true, value: undefined });
}));

test('withTaskGroup: ten thousand nested groups are cancelled without deep recursion', virtualTime(function* () {
  function* nested(depth: number): Coroutine<void> {
    if (depth === 0) yield* sleepForever();
    yield* withTaskGroup(function* (group) {
      group.createTask(nested(depth - 1));
    });
  }
  const scope = yield* moveOnAfter(50, () => nested(10_000));
  expect(scope.cancelledCaught).toBe(true);
}));

test('TG23: withTaskGroup: a long-lived group forgets children that have ended', virtualTime(function* () {
  yield* withTaskGroup(function* (group) {
    for (let i = 0; i < 1_000; i++) yield* group.createTask(function* () {
      yield* checkpoint();
    }).join();
    expect(group.children.size).toBe(0);
  });
}));

test('async: a group of both colours collects failures and cancels the rest', virtualTime(async () => {
  let error: unknown;
  try {
    await withTaskGroup(async (group) => {
      group.createTask(async () => {
        await sleep(5);
        throw new Error('async child');
      });
      group.createTask(function* () {
        yield* sleepForever();
      });
      await sleepForever();
    });
  } catch (thrown) {
    error = thrown;
  }
  expect((error as ExceptionGroup).errors.map((e) => e.message)).toEqual(['async child']);
}));

describe.each(colours)('$name: a group', (colour) => {
  test('TG2, TG3: children may start siblings while the group is ending', hosted(function* () {
    const log: string[] = [];
    yield* groupIn(colour, function* (group) {
      group.createTask(
        colour.of(function* () {
          yield sleep(5);
          group.createTask(
            colour.of(function* () {
              yield sleep(5);
              log.push('sibling');
            }),
          );
        }),
      );
    });
    expect([log, now()]).toEqual([['sibling'], 10]);
  }));

  test('TG19, NU1: what the body returns comes after the children have ended', hosted(function* () {
    const log: string[] = [];
    const value = yield* groupIn(colour, function* (group) {
      group.createTask(
        colour.of(function* () {
          yield sleep(5);
          log.push('child');
        }),
      );
      log.push('body');
      return 'value';
    });
    expect([value, log]).toEqual(['value', ['body', 'child']]);
  }));

  test('NU6, D4: a child in a cancelled group runs to its first checkpoint', hosted(function* () {
    const log: string[] = [];
    yield* groupIn(colour, function* (group) {
      group.cancel();
      group.createTask(
        colour.of(function* () {
          log.push('begun');
          yield checkpoint();
          log.push('not reached');
        }),
      );
      yield checkpoint();
    });
    expect(log).toEqual(['begun']);
  }));

  test('TG24, D32: leaving without children sees a cancellation of the task', hosted(function* () {
    const log: string[] = [];
    const task = createTask(
      colour.of(function* () {
        yield groupIn(colour, function* () {
          task.cancel();
          log.push('body');
        });
        log.push('not reached');
      }),
    );
    yield* task.join();
    expect([task.cancelled(), log]).toEqual([true, ['body']]);
  }));

  test('TG1: createTask after the end of the group is refused', hosted(function* () {
    const group = yield* groupIn(colour, function* (ended) {
      return ended;
    });
    expect(codeOf(() => group.createTask(colour.of(function* () {})))).toBe('ERR_CLOSED');
  }));

  test('an eager child that cancels its group is cancelled at its first checkpoint', hosted(function* () {
    const log: string[] = [];
    yield* groupIn(colour, function* (group) {
      group.createTask(
        colour.of(function* () {
          group.cancel();
          yield checkpoint();
          log.push('not reached');
        }),
        { eager: true },
      );
    });
    expect(log).toEqual([]);
  }));
});

test('TG24: withTaskGroup: without children it takes no tick', virtualTime(function* () {
  yield* checkpoint();
  const before = getRunningLoop().metrics().ticks;
  yield* withTaskGroup(function* () {
    // Nothing to wait for.
  });
  expect(getRunningLoop().metrics().ticks).toBe(before);
}));

test('withTaskGroup: its name is in the error and on the group', virtualTime(function* () {
  let error: unknown;
  try {
    yield* withTaskGroup(
      function* (group) {
        group.createTask(failing('child'));
        expect([group.name, new Set(group.children).size]).toEqual(['fetchers', 1]);
      },
      { name: 'fetchers' },
    );
  } catch (thrown) {
    error = thrown;
  }
  expect((error as Error).message).toBe('unhandled errors in the task group fetchers');
}));

test('withTaskGroup: refuses bodies and options that are none, at the call', () => {
  expect(codeOf(() => withTaskGroup('body' as never))).toBe('ERR_INVALID_ARG_TYPE');
  expect(codeOf(() => withTaskGroup(function* () {}, 7 as never))).toBe('ERR_INVALID_ARG_TYPE');
  expect(codeOf(() => withTaskGroup(function* () {}, { name: 7 as never }))).toBe('ERR_INVALID_ARG_TYPE');
});

test('createTask: of a group refuses options that are none', virtualTime(function* () {
  yield* withTaskGroup(function* (group) {
    expect(codeOf(() => group.createTask(function* () {}, { daemon: 'yes' as never }))).toBe('ERR_INVALID_ARG_TYPE');
    expect(codeOf(() => group.createTask(function* () {}, 7 as never))).toBe('ERR_INVALID_ARG_TYPE');
  });
}));
