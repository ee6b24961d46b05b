// What a cancelled scope does to what is in it: it insists, it loses no value, and it catches what is its own.
import {
  type CancelledError,
  CancelScope,
  checkpoint,
  createTask,
  currentTask,
  ExceptionGroup,
  getRunningLoop,
  Lock,
  moveOnAfter,
  Queue,
  sleep,
  sleepForever,
  type Task,
  withTaskGroup,
} from '../../lib/index';
import { cancelledFrom, inGroup, inTask, nestings, now, thrownFrom } from './scope_support';

describe.each(nestings)('$name', ({ outer, inner }) => {
  test('CS3, D2: CancelScope: every checkpoint inside throws, until it is left', inTask(outer, function* () {
    const scope = new CancelScope();
    const errors: CancelledError[] = [];
    yield scope.run(inner.of(function* () {
      scope.cancel('over');
      for (const wait of [() => sleep(5), checkpoint, sleepForever]) errors.push(yield* cancelledFrom(wait()));
      yield checkpoint();
    }));
    expect(errors.map((error) => [error.scope === scope, error.reason])).toEqual(Array(3).fill([true, 'over']));
    expect(new Set(errors).size).toBe(3);
    expect([scope.cancelledCaught, now()]).toEqual([true, 0]);
    yield sleep(1);
  }));

  test('CS4, CK5: CancelScope: what could be had at once is not had when it is cancelled', inTask(outer, function* () {
    const [scope, lock, queue] = [new CancelScope(), new Lock(), new Queue<number>()];
    queue.tryPut(1);
    yield scope.run(inner.of(function* () {
      scope.cancel();
      yield* cancelledFrom(lock.acquire());
      yield* cancelledFrom(queue.put(2));
      yield* cancelledFrom(queue.get());
    }));
    expect([lock.locked(), queue.tryGet(), queue.tryGet()]).toEqual([false, 1, null]);
  }));

  test('CS5: CancelScope: a value that came first is delivered, the cancel comes next', inTask(outer, function* () {
    const [scope, queue] = [new CancelScope(), new Queue<string>()];
    const log: unknown[] = [];
    getRunningLoop().callLater(5, () => {
      queue.tryPut('item');
      scope.cancel();
    });
    yield scope.run(inner.of(function* () {
      log.push(yield queue.get());
      yield checkpoint();
      log.push('not reached');
    }));
    expect([log, scope.cancelledCaught]).toEqual([['item'], true]);
  }));

  test('CS6: CancelScope: a cancel that came first leaves the value where it is', inTask(outer, function* () {
    const [scope, queue] = [new CancelScope(), new Queue<string>()];
    getRunningLoop().callLater(5, () => {
      scope.cancel();
      queue.tryPut('item');
    });
    yield scope.run(inner.of(function* () {
      yield queue.get();
    }));
    expect([scope.cancelledCaught, queue.tryGet()]).toEqual([true, 'item']);
  }));

  test('CS7, CS8: CancelScope: of two that are cancelled the outer one catches', inTask(outer, function* () {
    const [wide, narrow] = [new CancelScope(), new CancelScope()];
    let error: unknown;
    yield wide.run(inner.of(function* () {
      error = yield* thrownFrom(narrow.run(outer.of(function* () {
        narrow.cancel();
        wide.cancel('wide');
        yield checkpoint();
      })));
      throw error;
    }));
    expect([(error as CancelledError).scope, wide.cancelledCaught, narrow.cancelledCaught]).toEqual([wide, true, false]);
  }));

  test('D28, CS8: CancelScope: the outer one takes over while the inner unwinds', inTask(outer, function* () {
    const [wide, narrow] = [new CancelScope(), new CancelScope()];
    yield wide.run(inner.of(function* () {
      yield narrow.run(outer.of(function* () {
        narrow.cancel();
        try {
          yield checkpoint();
        } finally {
          wide.cancel();
        }
      }));
      throw new Error('not reached');
    }));
    expect([wide.cancelledCaught, narrow.cancelledCaught]).toEqual([true, false]);
  }));

  test('CS9, CS23: CancelScope: another error goes on, and nothing was caught', inTask(outer, function* () {
    const scope = new CancelScope();
    const error = yield* thrownFrom(scope.run(inner.of(function* () {
      scope.cancel();
      yield* cancelledFrom(checkpoint());
      throw new Error('own');
    })));
    expect([error?.message, scope.cancelCalled, scope.cancelledCaught]).toEqual(['own', true, false]);
  }));

  test('CS9: CancelScope: its own leaves are taken out of nested groups', inTask(outer, function* () {
    const scope = new CancelScope();
    const failing = (extra: Error[]) => scope.run(inner.of(function* () {
      scope.cancel();
      const own = yield* cancelledFrom(checkpoint());
      throw new ExceptionGroup([own, new ExceptionGroup([own, ...extra], 'inside')], 'around');
    }));
    const error = (yield* thrownFrom(failing([new Error('rest')]))) as ExceptionGroup;
    expect(error.errors.map((each) => (each as ExceptionGroup).errors.map(({ message }) => message))).toEqual([['rest']]);
  }));

  test('CS9: CancelScope: a group of nothing but its own vanishes', inTask(outer, function* () {
    const scope = new CancelScope();
    yield scope.run(inner.of(function* () {
      scope.cancel();
      const own = yield* cancelledFrom(checkpoint());
      throw new ExceptionGroup([own, new ExceptionGroup([own], 'inside')], 'around');
    }));
    expect(scope.cancelledCaught).toBe(true);
  }));

  test('CS22: CancelledError: says what it came from, first reason first', inTask(outer, function* () {
    const scope = new CancelScope();
    yield scope.run(inner.of(function* () {
      const canceller = createTask(outer.of(function* () {
        yield checkpoint();
        scope.cancel('first');
        scope.cancel('second');
      }), { name: 'canceller' });
      const error = yield* cancelledFrom(sleepForever());
      expect([error.reason, error.source, error.origin]).toEqual(['first', 'cancel', { task: 'canceller' }]);
      expect(canceller.cancelling()).toBe(0);
    }));
    yield moveOnAfter(5, inner.of(function* () {
      const error = yield* cancelledFrom(sleepForever());
      expect([error.source, error.origin?.task]).toEqual(['deadline', null]);
    }));
  }));

  test('CS22, D3: CancelledError: names the child whose failure cancels a group', inTask(outer, function* () {
    let error: CancelledError | undefined;
    const failure = yield* thrownFrom(withTaskGroup(inGroup(inner, function* (group) {
      group.createTask(function* () {
        yield* checkpoint();
        throw new Error('child');
      }, { name: 'the child' });
      error = yield* cancelledFrom(sleepForever());
      yield* cancelledFrom(checkpoint());
    })));
    expect(failure).toBeInstanceOf(ExceptionGroup);
    expect([error?.source, error?.origin?.task]).toEqual(['group', 'the child']);
    expect((error?.reason as Error).message).toBe('child');
  }));

  test('CS25: withTaskGroup: children are in the scope of the group, not in one opened later', inTask(outer, function* () {
    const scope = new CancelScope();
    const [child] = (yield withTaskGroup(inGroup(inner, function* (group) {
      let started: unknown = null;
      yield scope.run(outer.of(function* () {
        started = group.createTask(function* () {
          yield* sleep(10);
          return 'whole';
        });
        scope.cancel();
        yield checkpoint();
      }));
      return [started];
    }))) as [Task<string>];
    expect([scope.cancelledCaught, child.result()]).toEqual([true, 'whole']);
  }));

  test('CS27: CancelScope: each task inside gets an error of its own', inTask(outer, function* () {
    const errors: CancelledError[] = [];
    yield withTaskGroup(inGroup(inner, function* (group) {
      for (let i = 0; i < 3; i++) {
        group.createTask(outer.of(function* () {
          errors.push(yield* cancelledFrom(sleepForever()));
        }));
      }
      yield sleep(1);
      group.cancel('all');
    }));
    expect(errors.map(({ reason }) => reason)).toEqual(['all', 'all', 'all']);
    expect(new Set(errors).size).toBe(3);
  }));

  test('CS28, D2: task.cancel: no scope catches it', inTask(outer, function* () {
    const [wide, narrow] = [new CancelScope(), new CancelScope()];
    const task = createTask(outer.of(function* () {
      yield wide.run(inner.of(function* () {
        yield narrow.run(outer.of(function* () {
          yield sleepForever();
        }));
      }));
    }));
    yield sleep(1);
    task.cancel('asked');
    yield task.join();
    expect([task.cancelled(), wide.cancelledCaught, narrow.cancelledCaught]).toEqual([true, false, false]);
    expect(() => task.result()).toThrow(expect.objectContaining({ reason: 'asked', scope: null }));
  }));

  test('CS28: task.cancel: in the same tick as the cancel of a scope it is not lost', inTask(outer, function* () {
    for (const isAskedFirst of [true, false]) {
      const scope = new CancelScope();
      const task: Task<void> = createTask(outer.of(function* () {
        yield scope.run(inner.of(function* () {
          try {
            yield sleepForever();
          } finally {
            yield sleep(5);
          }
        }));
        yield checkpoint();
        throw new Error('not reached');
      }));
      yield sleep(1);
      const acts = [() => task.cancel('asked'), () => scope.cancel()];
      for (const act of isAskedFirst ? acts : acts.reverse()) act();
      yield task.join();
      expect(task.cancelled()).toBe(true);
    }
  }));

  test('CS28, X11: a request that was swallowed before a scope began does not come back', inTask(outer, function* () {
    const task = createTask(outer.of(function* () {
      yield* cancelledFrom(sleepForever());
      yield moveOnAfter(5, inner.of(function* () {
        yield sleepForever();
      }));
      return 'cleaned up';
    }));
    yield sleep(1);
    task.cancel();
    expect(yield task).toBe('cleaned up');
  }));

  test('CS29: CancelScope: cancelled while nothing waits in it, it keeps nobody busy', inTask(outer, function* () {
    const scope = new CancelScope();
    const task = createTask(outer.of(function* () {
      yield scope.run(inner.of(function* () {
        yield sleep(1);
      }));
    }));
    yield task;
    scope.cancel();
    const { ticks } = getRunningLoop().metrics();
    yield sleep(1_000);
    expect(getRunningLoop().metrics().ticks - ticks).toBeLessThan(5);
  }));

  test('D27, X16: CancelScope: a wait on a task throws the error of the scope', inTask(outer, function* () {
    const scope = new CancelScope();
    const awaited = createTask(inner.of(function* () {
      yield sleepForever();
    }));
    let error: CancelledError | undefined;
    getRunningLoop().callLater(5, () => scope.cancel('scope'));
    yield scope.run(inner.of(function* () {
      error = yield* cancelledFrom(awaited);
    }));
    expect([error?.scope, awaited.cancelled()]).toEqual([scope, true]);
    expect(() => awaited.result()).toThrow(expect.objectContaining({ scope: null }));
  }));

  test('X4: CancelScope: an awaited task that swallows the cancel gives its value first', inTask(outer, function* () {
    const awaited = createTask(inner.of(function* () {
      yield* cancelledFrom(sleepForever());
      return 'value';
    }));
    const log: unknown[] = [];
    const scope = (yield moveOnAfter(5, inner.of(function* () {
      log.push(yield awaited);
      yield checkpoint();
    }))) as CancelScope;
    expect([log, scope.cancelledCaught]).toEqual([['value'], true]);
  }));

  test('D35: currentTask: is the task outside, in every body', inTask(outer, function* () {
    const outside = currentTask();
    yield new CancelScope().run(inner.of(function* () {
      expect(currentTask()).toBe(outside);
      yield checkpoint();
      yield moveOnAfter(5, outer.of(function* () {
        yield checkpoint();
        expect(currentTask()).toBe(outside);
      }));
      expect(currentTask()).toBe(outside);
    }));
  }));

  test('D35: CancelScope: scopes of tasks that take turns do not mix', inTask(outer, function* () {
    const scopes = [0, 1, 2].map(() => new CancelScope());
    const tasks = scopes.map((scope, i) => createTask(outer.of(function* () {
      yield scope.run(inner.of(function* () {
        for (let k = 0; k < 5; k++) yield checkpoint();
        if (i === 1) scope.cancel();
        for (let k = 0; k < 5; k++) yield checkpoint();
      }));
      yield checkpoint();
    })));
    for (const task of tasks) yield task;
    expect(scopes.map((scope) => scope.cancelledCaught)).toEqual([false, true, false]);
  }));
});
