// use: a resource for the time of a body, whatever happens.
import {
  createTask,
  currentTask,
  Future,
  getRunningLoop,
  Lock,
  moveOnAfter,
  type Resource,
  sleep,
  sleepForever,
  SuppressedError,
  until,
  use,
} from '../../lib/index';
import { virtualTime } from '../../lib/testing';
import { withCode } from '../helpers/failures';
import { keepReports } from '../helpers/owned_loop';
import { codeOf, type Colour, colours, failureOf, hosted, outcomeOf, ticks } from './support';

const time = (): number => getRunningLoop().time();

describe.each(colours)('$name tasks', ({ of }: Colour) => {
  /** A resource whose disposal takes 10 ms, and may fail. */
  class Connection implements AsyncDisposable {
    readonly log: string[] = [];
    readonly #fails: boolean;
    constructor(fails = false) {
      this.#fails = fails;
    }
    async [Symbol.asyncDispose](): Promise<void> {
      this.log.push(`closing at ${time()}`);
      await sleep(10);
      this.log.push(`closed at ${time()}`);
      if (this.#fails) throw new Error('closing');
    }
  }
  const body = <T>(end: () => T) => of(function* () {
    yield sleep(5);
    return end();
  });
  const fail = (): never => {
    throw new Error('body');
  };

  test('use: the resource is disposed of when the body has ended, and its value given', hosted(function* () {
    const connection = new Connection();
    const caller = createTask(of(function* () {
      return yield use(connection, body(() => 'value'));
    }));
    expect(yield* caller).toBe('value');
    expect(connection.log).toEqual(['closing at 5', 'closed at 15']);
  }));

  test('use: it is disposed of when the body has failed, and the failure is thrown', hosted(function* () {
    const connection = new Connection();
    const caller = createTask(of(function* () {
      yield use(connection, body(fail));
    }));
    expect(yield* outcomeOf(caller)).toEqual(['failed', new Error('body')]);
    expect(connection.log).toEqual(['closing at 5', 'closed at 15']);
  }));

  test('use: it is disposed of in peace when a scope cancels the body', hosted(function* () {
    const connection = new Connection();
    const caller = createTask(of(function* () {
      return yield moveOnAfter(3, of(function* () {
        yield use(connection, body(() => 'value'));
      }));
    }));
    expect(yield* caller).toMatchObject({ cancelledCaught: true });
    expect(connection.log).toEqual(['closing at 3', 'closed at 13']);
  }));

  test('use: a request to cancel during the disposal is for the next wait', hosted(function* () {
    const connection = new Connection();
    const seen: unknown[] = [];
    const caller = createTask(of(function* () {
      seen.push(yield use(connection, body(() => 'value')));
      yield sleepForever();
    }));
    yield* sleep(7);
    caller.cancel('during');
    expect(yield* outcomeOf(caller)).toEqual(['cancelled', 'during']);
    expect([seen, connection.log]).toEqual([['value'], ['closing at 5', 'closed at 15']]);
  }));

  test('use: a failure of the disposal is thrown, with that of the body if there is one', hosted(function* () {
    const caller = createTask(of(function* () {
      yield use(new Connection(true), body(() => 'value'));
    }));
    expect(yield* outcomeOf(caller)).toEqual(['failed', new Error('closing')]);
    const other = createTask(of(function* () {
      yield use(new Connection(true), body(fail));
    }));
    const [, error] = yield* outcomeOf(other);
    expect(error).toBeInstanceOf(SuppressedError);
    expect(error).toMatchObject({ code: 'ERR_SUPPRESSED', error: new Error('closing'), suppressed: new Error('body') });
  }));

  test('use: a failure of the disposal does not hide a request to cancel', hosted(function* () {
    const seen: unknown[] = [];
    const caller = createTask(of(function* () {
      try {
        yield use(new Connection(true), body(() => 'value'));
      } catch (error) {
        seen.push(error);
      }
      yield sleepForever();
    }));
    yield* sleep(1);
    caller.cancel('outside');
    expect(yield* outcomeOf(caller)).toEqual(['cancelled', 'outside']);
    expect(seen).toEqual([new Error('closing')]);
  }));

  test('use: whatever can be awaited for a resource is awaited', hosted(function* () {
    const opened: Connection[] = [];
    const open = of(function* () {
      yield sleep(1);
      const connection = new Connection();
      opened.push(connection);
      return connection;
    });
    const given = [() => open, () => open(), () => createTask(open), () => createTask(open).then((c) => c)];
    for (const resource of given) {
      const caller = createTask(of(function* () {
        return yield use(resource() as typeof open, body(() => opened.length));
      }));
      expect(yield* caller).toBe(opened.length);
    }
    expect(opened.map(({ log }) => log.length)).toEqual([2, 2, 2, 2]);
  }));

  test('use: the body and the resource are those of the caller', hosted(function* () {
    const names: unknown[] = [];
    const connection = new Connection();
    const caller = createTask(of(function* () {
      yield use(connection, of(function* () {
        names.push(currentTask()?.name);
      }));
    }));
    yield* caller;
    expect(names).toEqual([caller.name]);
  }));

  test('use: what cannot be disposed of is refused, at the call or when it has come', hosted(function* () {
    expect(codeOf(() => use({} as never, body(fail)))).toBe('ERR_INVALID_ARG_TYPE');
    const caller = createTask(of(function* () {
      yield use(of(function* () {
        return {} as Resource;
      }), body(fail));
    }));
    expect(yield* outcomeOf(caller)).toEqual(['failed', withCode('ERR_INVALID_ARG_TYPE')]);
  }));
});

test('use: nested, they are disposed of in reverse order', virtualTime(function* () {
  const log: string[] = [];
  const resource = (name: string): Disposable => ({ [Symbol.dispose]: () => void log.push(name) });
  yield* use(resource('outer'), function* (outer) {
    yield* use(resource('inner'), function* (inner) {
      log.push(`body ${typeof inner} ${typeof outer}`);
    });
  });
  expect(log).toEqual(['body object object', 'inner', 'outer']);
}));

test('use: a guard of a lock is released at the end', virtualTime(function* () {
  const lock = new Lock();
  yield* use(lock.acquire(), function* () {
    expect(lock.locked()).toBe(true);
  });
  expect(lock.locked()).toBe(false);
}));

test('use: asynchronous disposal by a future of ours needs no promises', virtualTime(function* () {
  const resource = { [Symbol.asyncDispose]: () => sleep(10) as unknown as Promise<void> };
  yield* use(resource as AsyncDisposable, function* () {
    yield* sleep(1);
  });
  expect(time()).toBe(11);
}));

test('use: a failure of a plain disposal is thrown like that of another one', virtualTime(function* () {
  const resource: Disposable = {
    [Symbol.dispose]: () => {
      throw new Error('closing');
    },
  };
  expect(yield* failureOf(use(resource, function* () {
    yield* ticks(1);
  }))).toEqual(new Error('closing'));
}));

test('use: with a coroutine closed by force the resource is disposed of all the same', virtualTime(function* () {
  const reports = keepReports(getRunningLoop());
  const log: string[] = [];
  const resource: AsyncDisposable = {
    [Symbol.asyncDispose]: async () => {
      log.push('closed');
      throw new Error('closing');
    },
  };
  const operation = use(resource, function* () {
    yield* sleepForever();
  })[Symbol.iterator]() as Generator<never, void, unknown>;
  const task = createTask(function* () {
    yield* operation;
  });
  yield* ticks(2);
  operation.return(undefined);
  expect(log).toEqual(['closed']);
  yield* until(Promise.resolve());
  expect(reports.map(({ exception }) => exception)).toEqual([new Error('closing')]);
  task.cancel();
}, { hosted: true }));

test('use: bad arguments are refused at the call, and what was given is closed or cancelled', virtualTime(function* () {
  const future = new Future<Disposable>(getRunningLoop());
  const coroutine = (function* (): Generator<never, Disposable, unknown> {
    return { [Symbol.dispose]: () => undefined };
  })();
  expect(codeOf(() => use(future, undefined as never))).toBe('ERR_INVALID_ARG_TYPE');
  expect(codeOf(() => use(coroutine, 'body' as never))).toBe('ERR_INVALID_ARG_TYPE');
  expect([future.cancelled(), coroutine.next().done]).toEqual([true, true]);
  for (const bad of [null, undefined, 1, 'text']) {
    expect(codeOf(() => use(bad as never, function* () {}))).toBe('ERR_INVALID_ARG_TYPE');
  }
}));
