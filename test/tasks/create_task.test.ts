// createTask, currentTask, allTasks and ensureFuture.
import {
  allTasks,
  checkpoint,
  createTask,
  currentTask,
  ensureFuture,
  EventLoop,
  getRunningLoop,
  sleep,
  sleepForever,
  Task,
  type TaskFactory,
} from '../../lib/index';
import { SimulatedEngine, virtualTime } from '../../lib/testing';
import { withCode } from '../helpers/failures';
import { codeOf, colours, failing, hosted, outcomeOf, ticks, trivial } from './support';

describe.each(colours)('$name tasks', ({ of }) => {
  test('K1: createTask: nothing runs before the creator yields, then in the order of creation', hosted(function* () {
    const log: number[] = [];
    for (const n of [1, 2, 3]) {
      void createTask(of(function* () {
        log.push(n);
      }));
    }
    expect(log).toEqual([]);
    yield* checkpoint();
    expect(log).toEqual([1, 2, 3]);
  }));

  test('K4: createTask: it is a future of what the coroutine returns', hosted(function* () {
    const task = createTask(of(function* () {
      yield checkpoint();
      return 'value';
    }));
    expect(task).toBeInstanceOf(Task);
    expect(yield* task).toBe('value');
    expect([task.done(), task.cancelled(), task.result(), task.exception()]).toEqual([true, false, 'value', null]);
  }));

  test('K4: createTask: what is thrown that is no Error is wrapped', hosted(function* () {
    const task = createTask(of(function* () {
      yield checkpoint();
      throw 'text';  
    }));
    const [kind, error] = yield* outcomeOf(task);
    expect(kind).toBe('failed');
    expect(error).toEqual(withCode('ERR_NON_ERROR_THROWN'));
    expect(error).toHaveProperty('value', 'text');
  }));

  test('K16: currentTask: it is the task in each step, and the creator’s own afterwards', hosted(function* () {
    const seen: (string | undefined)[] = [];
    const body = of(function* () {
      seen.push(currentTask()?.name);
      yield checkpoint();
      seen.push(currentTask()?.name);
    });
    void createTask(body, { name: 'a' });
    const last = createTask(body, { name: 'b' });
    const creator = currentTask();
    yield* outcomeOf(last);
    expect(seen).toEqual(['a', 'b', 'a', 'b']);
    expect(currentTask()).toBe(creator);
  }));

  test('createTask: the parent is the creating task while both are unfinished', hosted(function* () {
    const parents: unknown[] = [];
    const child = of(function* () {
      parents.push(currentTask()?.parent?.name ?? null);
      yield sleep(10);
      parents.push(currentTask()?.parent?.name ?? null);
    });
    const creator = createTask(of(function* () {
      void createTask(child);
      yield checkpoint();
      yield sleep(5);
    }), { name: 'creator' });
    yield* creator;
    yield* sleep(10);
    expect(parents).toEqual(['creator', null]);
  }));

  test('allTasks: it gives the unfinished tasks in creation order', hosted(function* () {
    const main = currentTask();
    const tasks = [1, 2].map(() => createTask(of(function* () {
      yield sleepForever();
    })));
    const ended = createTask(of(function* () {}));
    yield* outcomeOf(ended);
    const all = [...allTasks()];
    expect(all.map((task) => (task === main ? -1 : (tasks as unknown[]).indexOf(task)))).toEqual([-1, 0, 1]);
  }));

  test('K24: createTask: the loop holds a task that nobody else does', hosted(function* () {
    const log: string[] = [];
    void createTask(of(function* () {
      yield sleep(10);
      log.push('ended');
    }));
    yield* sleep(20);
    expect(log).toEqual(['ended']);
  }));
});

test('K16: currentTask: in callbacks and done callbacks it is null', virtualTime(function* () {
  const seen: unknown[] = [];
  getRunningLoop().callSoon(() => seen.push(currentTask()));
  createTask(trivial(1)).addDoneCallback(() => seen.push(currentTask()));
  yield* ticks(3);
  expect(seen).toEqual([null, null]);
}));

test.each([5, null, undefined, 'text', {}, [], Promise.resolve(), Symbol('s')])(
  'K2: createTask: %p is refused at the call, and nothing is scheduled',
  (bad) =>
    virtualTime(function* () {
      const ready = getRunningLoop().metrics().ready;
      expect(codeOf(() => createTask(bad as never))).toBe('ERR_INVALID_ARG_TYPE');
      expect(getRunningLoop().metrics().ready).toBe(ready);
    })(),
);

test('K2: createTask: a future instead of a coroutine is refused, with a hint', virtualTime(function* () {
  expect(() => createTask(sleep(1) as never)).toThrow(withCode('ERR_INVALID_ARG_TYPE', /future.*await|await.*future/));
}));

test('K21, D20: createTask: a coroutine that is driven, or was, is refused', virtualTime(function* () {
  const coroutine = trivial(1);
  const task = createTask(coroutine);
  expect(codeOf(() => createTask(coroutine))).toBe('ERR_COROUTINE_REUSED');
  yield* task;
  expect(codeOf(() => createTask(coroutine))).toBe('ERR_COROUTINE_REUSED');
}));

test('K2: createTask: a function that returns no coroutine fails its task', hosted(function* () {
  const task = createTask((() => 5) as never);
  expect(yield* outcomeOf(task)).toEqual(['failed', withCode('ERR_INVALID_ARG_TYPE')]);
}));

test('createTask: a function may return a coroutine, a future or a promise', hosted(function* () {
  expect(yield* createTask(() => trivial('coroutine'))).toBe('coroutine');
  expect(yield* createTask(() => createTask(trivial('task')))).toBe('task');
  expect(yield* createTask(() => Promise.resolve('promise'))).toBe('promise');
}));

test('K15: task: its result and failure cannot be set', virtualTime(function* () {
  const task = createTask(trivial(1));
  expect(codeOf(() => task.setResult(2))).toBe('ERR_INVALID_STATE');
  expect(codeOf(() => task.setException(new Error('no')))).toBe('ERR_INVALID_STATE');
  expect(yield* task).toBe(1);
}));

test('K18: task: names are unique by default, can be given, and are strings', virtualTime(function* () {
  const names = [createTask(trivial(1)).name, createTask(trivial(1)).name];
  expect(names[0]).toMatch(/^Task-\d+$/);
  expect(Number(names[1]?.slice(5))).toBeGreaterThan(Number(names[0]?.slice(5)));
  const named = createTask(trivial(1), { name: 'given' });
  named.name = 5 as never;
  expect(named.name).toBe('5');
}));

test('setTaskFactory: the factory is given what createTask was given', virtualTime(function* () {
  const loop = getRunningLoop();
  const made = createTask(trivial('made before'));
  const calls: unknown[] = [];
  const factory: TaskFactory = (...args) => {
    calls.push(args);
    return made;
  };
  loop.setTaskFactory(factory);
  const coroutine = trivial(1);
  expect(createTask(coroutine, { name: 'n' })).toBe(made);
  loop.setTaskFactory(null);
  expect(calls).toHaveLength(1);
  expect((calls[0] as unknown[])[0]).toBe(loop);
  expect((calls[0] as unknown[])[1]).toBe(coroutine);
  expect((calls[0] as unknown[])[2]).toEqual({ name: 'n' });
}));

test('ensureFuture: a future is given back as it is', virtualTime(function* () {
  const future = sleep(1);
  expect(ensureFuture(future)).toBe(future);
}));

test('ensureFuture: coroutines and functions become tasks, operations and promises futures', hosted(function* () {
  const task = ensureFuture(trivial('coroutine'));
  expect(task).toBeInstanceOf(Task);
  expect(yield* task).toBe('coroutine');
  expect(yield* ensureFuture(() => trivial('function'))).toBe('function');
  expect(yield* ensureFuture(async () => 'async')).toBe('async');
  expect(yield* ensureFuture(checkpoint())).toBeUndefined();
  expect(yield* ensureFuture(Promise.resolve('promise'))).toBe('promise');
}));

test('ensureFuture: it carries the failure', virtualTime(function* () {
  expect(yield* outcomeOf(ensureFuture(failing('inside')))).toEqual(['failed', new Error('inside')]);
}));

test('ensureFuture: cancelling it cancels the task that it made', virtualTime(function* () {
  const log: string[] = [];
  const future = ensureFuture(function* () {
    try {
      yield* sleepForever();
    } finally {
      log.push('cancelled');
    }
  });
  yield* ticks(1);
  future.cancel();
  yield* outcomeOf(future);
  expect(log).toEqual(['cancelled']);
}));

test.each([5, null, undefined, 'text', {}, Symbol('s')])('ensureFuture: %p is refused at the call', (bad) =>
  virtualTime(function* () {
    expect(codeOf(() => ensureFuture(bad as never))).toBe('ERR_INVALID_ARG_TYPE');
  })());

test('G4: ensureFuture: a future of another loop is refused', virtualTime(function* () {
  const other = new EventLoop({ engine: new SimulatedEngine() });
  const future = other.createFuture<void>();
  expect(codeOf(() => ensureFuture(future))).toBe('ERR_WRONG_LOOP');
  other.close();
}));

test('ensureFuture: outside a run it is refused', () => {
  expect(codeOf(() => ensureFuture(trivial(1)))).toBe('ERR_NO_RUNNING_LOOP');
  expect(codeOf(() => ensureFuture(Promise.resolve()))).toBe('ERR_NO_RUNNING_LOOP');
});
