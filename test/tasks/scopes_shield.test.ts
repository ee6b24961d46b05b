// Shields: what they keep out, what they do not, and what happens when they come and go.
import { CancelScope, checkpoint, createTask, moveOnAfter, shielded, sleep, sleepForever } from '../../lib/index';
import { cancelledFrom, inTask, nestings, now, thrownFrom } from './scope_support';

describe.each(nestings)('$name', ({ outer, inner }) => {
  test('CS11: CancelScope: a shield keeps outer cancels out, not its own', inTask(outer, function* () {
    const [wide, narrow] = [new CancelScope(), new CancelScope({ shield: true })];
    yield wide.run(inner.of(function* () {
      wide.cancel();
      yield narrow.run(outer.of(function* () {
        yield sleep(5);
        narrow.cancel();
        const error = yield* cancelledFrom(sleep(5));
        expect(error.scope).toBe(narrow);
        yield checkpoint();
      }));
      expect((yield* cancelledFrom(checkpoint())).scope).toBe(wide);
      yield checkpoint();
    }));
    expect([narrow.cancelledCaught, wide.cancelledCaught, now()]).toEqual([true, true, 5]);
  }));

  test('CS11: CancelScope: scopes inside a shield still work', inTask(outer, function* () {
    yield moveOnAfter(5, inner.of(function* () {
      yield shielded(outer.of(function* () {
        const scope = (yield moveOnAfter(20, inner.of(function* () {
          yield sleepForever();
        }))) as CancelScope;
        expect([scope.cancelledCaught, now()]).toEqual([true, 20]);
      }));
    }));
    expect(now()).toBe(20);
  }));

  test('CS11: CancelScope: a shield that is lifted lets a pending cancel in at once', inTask(outer, function* () {
    const [wide, narrow] = [new CancelScope(), new CancelScope({ shield: true })];
    const task = createTask(outer.of(function* () {
      yield wide.run(inner.of(function* () {
        yield narrow.run(outer.of(function* () {
          yield sleepForever();
        }));
      }));
    }));
    yield sleep(1);
    wide.cancel();
    yield sleep(10);
    narrow.shield = false;
    yield task;
    expect([wide.cancelledCaught, narrow.cancelledCaught, now()]).toEqual([true, false, 11]);
  }));

  test('CS11: CancelScope: a shield that is put up makes waits work again', inTask(outer, function* () {
    const [wide, narrow] = [new CancelScope(), new CancelScope()];
    yield wide.run(inner.of(function* () {
      wide.cancel();
      yield narrow.run(outer.of(function* () {
        yield* cancelledFrom(sleep(5));
        narrow.shield = true;
        yield sleep(5);
        narrow.shield = false;
        yield* cancelledFrom(sleep(5));
      }));
      yield checkpoint();
    }));
    expect([wide.cancelledCaught, now()]).toEqual([true, 5]);
  }));

  test('CS11: CancelScope: a shield that is put up after the wait was undone', inTask(outer, function* () {
    const [wide, narrow] = [new CancelScope(), new CancelScope()];
    const task = createTask(outer.of(function* () {
      yield wide.run(inner.of(function* () {
        yield narrow.run(outer.of(function* () {
          yield sleepForever();
        }));
      }));
      return 'went on';
    }));
    yield sleep(1);
    wide.cancel();
    narrow.shield = true;
    expect(yield task).toBe('went on');
    expect([wide.cancelledCaught, narrow.cancelledCaught]).toEqual([true, false]);
  }));

  test('CS13: CancelScope: a shielded one has a deadline of its own', inTask(outer, function* () {
    const log: unknown[] = [];
    const wide = (yield moveOnAfter(5, inner.of(function* () {
      const narrow = new CancelScope({ relativeDeadline: 20, shield: true });
      yield narrow.run(outer.of(function* () {
        yield sleepForever();
      }));
      log.push(narrow.cancelledCaught, now());
      yield checkpoint();
      log.push('not reached');
    }))) as CancelScope;
    expect([log, wide.cancelledCaught]).toEqual([[true, 20], true]);
  }));

  test('CS13: shielded: with a timeout it fails like one', inTask(outer, function* () {
    const wide = new CancelScope();
    const error = yield* thrownFrom(wide.run(inner.of(function* () {
      wide.cancel();
      yield shielded(outer.of(function* () {
        yield sleepForever();
      }), { timeout: 10 });
    })));
    expect([(error as { code?: string } | null)?.code, now()]).toEqual(['ERR_TIMEOUT', 10]);
  }));

  test('CS24: CancelScope: a shield put up while an outer cancel passes does not catch it', inTask(outer, function* () {
    const [wide, narrow] = [new CancelScope(), new CancelScope()];
    yield wide.run(inner.of(function* () {
      yield narrow.run(outer.of(function* () {
        wide.cancel();
        try {
          yield checkpoint();
        } finally {
          narrow.shield = true;
        }
      }));
      throw new Error('not reached');
    }));
    expect([wide.cancelledCaught, narrow.cancelledCaught]).toEqual([true, false]);
  }));

  test('CS24: CancelScope: a shield lifted while its own cancel passes leaves it to the outer', inTask(outer, function* () {
    const [wide, narrow] = [new CancelScope(), new CancelScope({ shield: true })];
    yield wide.run(inner.of(function* () {
      yield narrow.run(outer.of(function* () {
        wide.cancel();
        narrow.cancel();
        try {
          yield checkpoint();
        } finally {
          narrow.shield = false;
        }
      }));
      throw new Error('not reached');
    }));
    expect([wide.cancelledCaught, narrow.cancelledCaught]).toEqual([true, false]);
  }));

  test('CS11, X18: shielded: it does not keep out a request to the task', inTask(outer, function* () {
    const task = createTask(outer.of(function* () {
      yield shielded(inner.of(function* () {
        yield sleepForever();
      }));
    }));
    yield sleep(1);
    task.cancel('asked');
    yield task.join();
    expect([task.cancelled(), now()]).toEqual([true, 1]);
  }));
});
