// Lock: first come, first served; handed over, never dropped; broken with its owner.
import {
  CancelScope,
  createTask,
  currentTask,
  EventLoop,
  type Future,
  getRunningLoop,
  type Guard,
  Lock,
  run,
  sleep,
  type Task,
} from '../../lib/index';
import { SimulatedEngine, virtualTime } from '../../lib/testing';
import { thrownBy, withCode } from '../helpers/failures';
import { codeOf, type Colour, colours, hosted, outcomeOf, ticks } from '../tasks/support';
import { named, onTwoLoops } from './support';

/** A task that takes the lock, says so, and lets go of it after `ms`. */
function holder(of: Colour['of'], lock: Lock, log: string[], name: string, ms = 0): Task<void> {
  return createTask(
    of(function* () {
      const guard = (yield lock.acquire()) as Guard;
      log.push(name);
      if (ms > 0) yield sleep(ms);
      guard.release();
    }),
    { name },
  );
}

describe.each(colours)('$name tasks', ({ of }) => {
  test('LK1, D10: lock: tasks get it in the order in which they began to wait', hosted(function* () {
    const lock = new Lock();
    const log: string[] = [];
    const tasks = ['a', 'b', 'c', 'd'].map((name) => holder(of, lock, log, name, 5));
    for (const task of tasks) yield* task;
    expect(log).toEqual(['a', 'b', 'c', 'd']);
    expect(lock.locked()).toBe(false);
  }));

  test('LK1, LK2, D10: lock: at the release it is the waiter’s, and nobody can barge in', hosted(function* () {
    const lock = new Lock();
    const log: string[] = [];
    const guard = yield* lock.acquire();
    const waiter = holder(of, lock, log, 'waiter', 5);
    yield* ticks(3);

    guard.release();
    expect(log).toEqual([]);
    expect(lock.locked()).toBe(true);
    expect(lock.statistics().owner).toBe(waiter);
    expect(lock.tryAcquire()).toBeNull();
    const late = holder(of, lock, log, 'late');
    using _ = yield* lock.acquire();
    log.push('main');
    expect(log).toEqual(['waiter', 'main']);
    expect(late.done()).toBe(false);
  }));

  test('LK3, D10: lock: only its owner may release it', hosted(function* () {
    const lock = new Lock();
    expect(codeOf(() => lock.release())).toBe('ERR_INVALID_STATE');
    yield* lock.acquire();
    const thief = createTask(of(function* () {
      lock.release();
    }));
    expect(yield* outcomeOf(thief)).toEqual(['failed', withCode('ERR_INVALID_STATE', /held by .*, and only its owner/)]);
    expect(lock.statistics().owner).toBe(currentTask());
    lock.release();
    expect(lock.locked()).toBe(false);
    expect(codeOf(() => lock.release())).toBe('ERR_INVALID_STATE');
  }));

  test('LK4: lock: its owner cannot wait for itself', hosted(function* () {
    const lock = new Lock();
    const task = createTask(of(function* () {
      yield lock.acquire();
      expect(codeOf(() => lock.tryAcquire())).toBe('ERR_INVALID_STATE');
      yield lock.acquire();
    }));
    expect(yield* outcomeOf(task)).toEqual(['failed', withCode('ERR_INVALID_STATE', /RLock/)]);
  }));

  test('LK5, DV3: lock: a cancelled waiter leaves the queue, and the next gets the lock', hosted(function* () {
    const lock = new Lock();
    const log: string[] = [];
    const guard = yield* lock.acquire();
    const [a, b] = [holder(of, lock, log, 'a'), holder(of, lock, log, 'b')];
    yield* ticks(3);

    a.cancel('enough');
    expect(lock.statistics().tasksWaiting).toBe(1);
    guard.release();
    expect(yield* outcomeOf(a)).toEqual(['cancelled', 'enough']);
    yield* b;
    expect(log).toEqual(['b']);
  }));

  test('LK5, D31, DV2: lock: who was handed the lock and then cancelled has it', hosted(function* () {
    const lock = new Lock();
    const log: string[] = [];
    const guard = yield* lock.acquire();
    const chosen = createTask(of(function* () {
      const mine = (yield lock.acquire()) as Guard;
      log.push('chosen');
      try {
        yield sleep(5);
      } finally {
        mine.release();
      }
    }));
    const next = holder(of, lock, log, 'next');
    yield* ticks(3);

    guard.release();
    chosen.cancel('late');
    expect(lock.statistics().owner).toBe(chosen);
    expect(yield* outcomeOf(chosen)).toEqual(['cancelled', 'late']);
    yield* next;
    expect(log).toEqual(['chosen', 'next']);
    expect(lock.statistics()).toEqual({ locked: false, owner: null, tasksWaiting: 0 });
  }));

  test('LK6, D30, D5: lock: a pending cancel comes before a free lock is taken', hosted(function* () {
    const lock = new Lock();
    const task: Task<void> = createTask(of(function* () {
      task.cancel('already');
      yield lock.acquire();
    }));
    expect(yield* outcomeOf(task)).toEqual(['cancelled', 'already']);
    expect(lock.locked()).toBe(false);
  }));

  test('LK6: lock: in a cancelled scope it is not taken, free or not', hosted(function* () {
    const lock = new Lock();
    const scope = new CancelScope();
    const task = createTask(of(function* () {
      yield scope.run(of(function* () {
        scope.cancel();
        for (let i = 0; i < 2; i++) {
          try {
            yield lock.acquire();
          } catch {
            // A scope insists.
          }
        }
        yield lock.acquire();
      }));
      return scope.cancelledCaught;
    }));
    expect(yield* outcomeOf(task)).toEqual(['value', true]);
    expect(lock.locked()).toBe(false);
  }));

  test('LK7, D10: lock: who waits when its owner ends gets an error that names the owner', hosted(function* () {
    const lock = new Lock();
    const owner = createTask(
      of(function* () {
        yield lock.acquire();
        yield sleep(5);
      }),
      { name: 'careless' },
    );
    const waiters = [1, 2].map(() => holder(of, lock, [], 'waiter'));
    yield* owner;
    for (const waiter of waiters) {
      expect(yield* outcomeOf(waiter)).toEqual(['failed', withCode('ERR_BROKEN', /careless/)]);
    }
    expect(named(lock.statistics())).toEqual({ locked: true, owner: 'careless', tasksWaiting: 0 });
  }));

  test('LK7, D10: lock: who comes after its owner has ended gets that error too', hosted(function* () {
    const lock = new Lock();
    yield* createTask(
      of(function* () {
        yield lock.acquire();
      }),
      { name: 'careless' },
    );
    expect(thrownBy(() => lock.tryAcquire())).toEqual(withCode('ERR_BROKEN', /careless/));
    const late = holder(of, lock, [], 'late');
    expect(yield* outcomeOf(late)).toEqual(['failed', withCode('ERR_BROKEN', /careless/)]);
  }));

  test('LK7: lock: the owner after a hand-over is watched too, and one that let go is not', hosted(function* () {
    const lock = new Lock();
    const log: string[] = [];
    const first = holder(of, lock, log, 'first', 5);
    const second = createTask(
      of(function* () {
        yield lock.acquire();
        log.push('second');
        yield sleep(5);
      }),
      { name: 'second' },
    );
    const third = holder(of, lock, log, 'third');
    yield* first;
    yield* ticks(3);
    expect(third.done()).toBe(false);
    yield* second;
    expect(yield* outcomeOf(third)).toEqual(['failed', withCode('ERR_BROKEN', /second/)]);
    expect(log).toEqual(['first', 'second']);
  }));

  test('LK8: lock: when all waiters are cancelled and it is free, a newcomer has it at once', hosted(function* () {
    const lock = new Lock();
    const guard = yield* lock.acquire();
    const waiters = [1, 2, 3].map(() => holder(of, lock, [], 'waiter'));
    yield* ticks(3);
    for (const waiter of waiters) waiter.cancel();
    guard.release();
    expect(lock.locked()).toBe(false);
    expect(lock.tryAcquire()).not.toBeNull();
  }));

  test('LK9, D48: lock: a guard releases once, and only the hold that it stands for', hosted(function* () {
    const lock = new Lock();
    const stale = yield* lock.acquire();
    stale.release();
    const log: string[] = [];
    const other = holder(of, lock, log, 'other', 5);
    yield* ticks(3);
    stale.release();
    stale[Symbol.dispose]();
    expect(lock.statistics().owner).toBe(other);
    yield* other;
    const again = lock.tryAcquire();
    stale.release();
    expect(lock.locked()).toBe(true);
    again!.release();
    expect(lock.locked()).toBe(false);
  }));

  test('LK12: lock: its statistics say who has it and how many wait', hosted(function* () {
    const lock = new Lock();
    expect(lock.statistics()).toEqual({ locked: false, owner: null, tasksWaiting: 0 });
    const owner = holder(of, lock, [], 'owner', 5);
    const waiter = holder(of, lock, [], 'waiter');
    yield* ticks(3);
    expect(named(lock.statistics())).toEqual({ locked: true, owner: 'owner', tasksWaiting: 1 });
    expect(lock.statistics().owner).toBe(owner);
    yield* waiter;
  }));

  test('D5: lock: a free one takes no tick', hosted(function* () {
    const lock = new Lock();
    const task = createTask(of(function* () {
      const before = getRunningLoop().metrics().ticks;
      for (let i = 0; i < 10; i++) ((yield lock.acquire()) as Guard).release();
      return getRunningLoop().metrics().ticks - before;
    }));
    expect(yield* task).toBe(0);
  }));
});

test('LK9, D48: lock: `using` releases it at the end of a generator’s block, also on errors', virtualTime(function* () {
  const lock = new Lock();
  try {
    using _ = yield* lock.acquire();
    expect(lock.locked()).toBe(true);
    throw new Error('body');
  } catch {
    expect(lock.locked()).toBe(false);
  }
}));

test('LK9, D48: lock: `using` releases it at the end of an async function’s block', virtualTime(async () => {
  const lock = new Lock();
  {
    using _ = await lock.acquire();
    expect(lock.locked()).toBe(true);
  }
  expect(lock.locked()).toBe(false);
}));

test('D48: lock: tryAcquire gives a guard or null', virtualTime(function* () {
  const lock = new Lock();
  const guard = lock.tryAcquire();
  expect(lock.locked()).toBe(true);
  const other = createTask(function* () {
    return lock.tryAcquire();
  });
  expect(yield* other).toBeNull();
  guard!.release();
  expect(lock.locked()).toBe(false);
}));

test('LK9: lock: a coroutine that is closed by force, outside its task, lets go of its lock', virtualTime(function* () {
  const lock = new Lock();
  const owner = createTask(function* () {
    using _ = yield* lock.acquire();
    yield* sleep(1e6);
  });
  yield* ticks(3);
  const { coroutine } = owner;
  expect(lock.statistics().owner).toBe(owner);
  coroutine!.return(undefined);
  expect(lock.locked()).toBe(false);
  owner.cancel();
}));

test('LK11: lock: it is made before any loop, and used by one loop after another', onTwoLoops((onFirst, onSecond) => {
  const lock = new Lock();
  for (const on of [onFirst, onSecond]) on(() => lock.tryAcquire()!.release());
  const kept = onFirst(() => lock.tryAcquire()!);
  // Its owner has ended.
  expect(codeOf(() => onSecond(() => void lock.acquire()))).toBe('ERR_BROKEN');
  kept.release();
  onSecond(() => lock.tryAcquire()!.release());
}));

test('LK11: lock: a task cannot wait for the task of another loop', () => {
  const [first, second] = [new SimulatedEngine(), new SimulatedEngine()].map((engine) => new EventLoop({ engine }));
  const lock = new Lock();
  const owner = first!.createTask(function* () {
    using _ = yield* lock.acquire();
    yield* sleep(5);
  });
  first!.runOnce();
  expect(lock.statistics().owner).toBe(owner);
  const other = second!.createTask(function* () {
    expect(lock.tryAcquire()).toBeNull();
    yield* lock.acquire();
  });
  expect(codeOf(() => second!.runUntilComplete(other))).toBe('ERR_WRONG_LOOP');
  expect(lock.statistics().tasksWaiting).toBe(0);
  first!.runUntilComplete(owner);
  expect(lock.locked()).toBe(false);
  first!.close();
  second!.close();
});

test('lock: outside a task there is nobody to own it', async () => {
  const lock = new Lock();
  expect(codeOf(() => void lock.acquire())).toBe('ERR_NOT_IN_TASK');
  expect(codeOf(() => lock.tryAcquire())).toBe('ERR_NOT_IN_TASK');
  await run(function* () {
    const loop = getRunningLoop();
    const answer: Future<string | undefined> = loop.createFuture();
    loop.callSoon(() => answer.setResult(codeOf(() => void lock.acquire())));
    expect(yield* answer).toBe('ERR_NOT_IN_TASK');
  });
});
