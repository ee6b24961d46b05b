// RLock: what it has beyond Lock.
import { createTask, type Guard, RLock, sleep } from '../../lib/index';
import { withCode } from '../helpers/failures';
import { codeOf, colours, hosted, outcomeOf, ticks } from '../tasks/support';
import { named } from './support';

describe.each(colours)('$name tasks', ({ of }) => {
  test('LK10: rlock: its owner may take it again, and it is handed over at the last release', hosted(function* () {
    const lock = new RLock();
    const log: string[] = [];
    const owner = createTask(of(function* () {
      const guards = [(yield lock.acquire()) as Guard, (yield lock.acquire()) as Guard, lock.tryAcquire()!];
      expect(named(lock.statistics())).toMatchObject({ locked: true, owner: 'owner', depth: 3 });
      yield sleep(5);
      for (const guard of guards.reverse()) {
        log.push(`depth ${lock.statistics().depth}, ${lock.statistics().tasksWaiting} waiting`);
        guard.release();
      }
      expect(named(lock.statistics())).toEqual({ locked: true, owner: 'waiter', tasksWaiting: 1, depth: 1 });
    }), { name: 'owner' });
    const take = of(function* () {
      const guard = (yield lock.acquire()) as Guard;
      log.push('taken');
      guard.release();
    });
    createTask(take, { name: 'waiter' });
    const second = createTask(take);
    yield* owner;
    yield* second;
    expect(log).toEqual(['depth 3, 2 waiting', 'depth 2, 2 waiting', 'depth 1, 2 waiting', 'taken', 'taken']);
    expect(lock.statistics()).toEqual({ locked: false, owner: null, tasksWaiting: 0, depth: 0 });
  }));

  test('LK10: rlock: a child task is another owner', hosted(function* () {
    const lock = new RLock();
    using _ = yield* lock.acquire();
    const child = createTask(of(function* () {
      expect(lock.tryAcquire()).toBeNull();
      lock.release();
    }));
    expect(yield* outcomeOf(child)).toEqual(['failed', withCode('ERR_INVALID_STATE')]);
    expect(lock.statistics().depth).toBe(1);
  }));

  test('LK9, LK10: rlock: each guard releases its level once', hosted(function* () {
    const lock = new RLock();
    const outer = yield* lock.acquire();
    const inner = yield* lock.acquire();
    outer.release();
    outer.release();
    expect(lock.statistics().depth).toBe(1);
    inner.release();
    expect(lock.locked()).toBe(false);
    const waiter = createTask(of(function* () {
      yield lock.acquire();
      yield sleep(5);
      lock.release();
    }));
    yield* ticks(3);
    inner.release();
    expect(lock.statistics().owner).toBe(waiter);
    yield* waiter;
  }));

  test('LK3, LK7: rlock: it is checked and breaks as a lock does', hosted(function* () {
    const lock = new RLock();
    expect(codeOf(() => lock.release())).toBe('ERR_INVALID_STATE');
    const owner = createTask(
      of(function* () {
        yield lock.acquire();
        yield lock.acquire();
        lock.release();
      }),
      { name: 'careless' },
    );
    yield* owner;
    expect(codeOf(() => void lock.acquire())).toBe('ERR_BROKEN');
  }));
});
