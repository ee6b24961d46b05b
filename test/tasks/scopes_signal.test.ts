// Scopes and AbortSignals: what a scope tells the rest of the platform, and what it hears from there.
import { getEventListeners, setMaxListeners } from 'node:events';
import {
  CancelledError,
  CancelScope,
  checkpoint,
  createTask,
  getRunningLoop,
  moveOnAfter,
  sleep,
  sleepForever,
  untilSignal,
} from '../../lib/index';
import { cancelledFrom, inTask, nestings, thrownFrom } from './scope_support';

/** A foreign API that takes a signal, as fetch does. */
function foreign(signal: AbortSignal, log: string[]): Promise<never> {
  return new Promise((_resolve, reject) => {
    const abort = (): void => {
      log.push('aborted');
      reject(signal.reason as Error);
    };
    if (signal.aborted) abort();
    else signal.addEventListener('abort', abort, { once: true });
  });
}

describe.each(nestings)('$name', ({ outer, inner }) => {
  const forever = inner.of(function* () {
    yield sleepForever();
  });

  test('CS30: signal: is aborted once, inside cancel(), before anybody wakes', inTask(outer, function* () {
    const log: string[] = [];
    const scope = new CancelScope();
    scope.signal.addEventListener('abort', () => log.push('abort'));
    const task = createTask(outer.of(function* () {
      yield scope.run(inner.of(function* () {
        yield* cancelledFrom(sleepForever());
        log.push('woken');
      }));
    }));
    yield sleep(1);
    scope.cancel('why');
    log.push('cancel returned');
    scope.cancel('again');
    yield task;
    expect(log).toEqual(['abort', 'cancel returned', 'woken']);
    expect(scope.signal.reason).toEqual(expect.objectContaining({ code: 'ERR_CANCELLED', reason: 'why', scope }));
  }));

  test('CS30: signal: is aborted by a deadline and by an outer scope', inTask(outer, function* () {
    const signals: AbortSignal[] = [];
    const wide = (yield moveOnAfter(5, inner.of(function* () {
      const narrow = new CancelScope();
      signals.push(narrow.signal);
      yield narrow.run(forever);
    }))) as CancelScope;
    expect(signals.map((signal) => (signal.reason as CancelledError).scope)).toEqual([wide]);
    expect(wide.signal.aborted).toBe(true);
  }));

  test('CS30: signal: is not aborted behind a shield until it is lifted', inTask(outer, function* () {
    const narrow = new CancelScope({ shield: true });
    const seen: boolean[] = [];
    yield moveOnAfter(5, inner.of(function* () {
      yield narrow.run(outer.of(function* () {
        yield sleep(10);
        seen.push(narrow.signal.aborted);
        narrow.shield = false;
        seen.push(narrow.signal.aborted);
      }));
    }));
    expect(seen).toEqual([false, true]);
  }));

  test('CS30: signal: a normal end does not abort it, then or later', inTask(outer, function* () {
    const scope = new CancelScope({ relativeDeadline: 10 });
    const { signal } = scope;
    yield scope.run(inner.of(function* () {
      yield sleep(1);
    }));
    yield sleep(20);
    scope.cancel();
    expect([signal.aborted, scope.signal]).toEqual([false, signal]);
  }));

  test('CS30: signal: before the entry, cancel() aborts it too', inTask(outer, function* () {
    const scope = new CancelScope();
    const { signal } = scope;
    scope.cancel('early');
    expect([signal.aborted, (signal.reason as CancelledError).reason]).toEqual([true, 'early']);
    yield scope.run(inner.of(function* () {
      expect(scope.signal).toBe(signal);
      yield checkpoint();
    }));
  }));

  test('CS30: signal: one from before the entry hears of a cancelled scope around it', inTask(outer, function* () {
    const [wide, narrow] = [new CancelScope(), new CancelScope()];
    const { signal } = narrow;
    yield wide.run(inner.of(function* () {
      wide.cancel();
      yield narrow.run(outer.of(function* () {
        expect([signal.aborted, narrow.signal.aborted]).toEqual([true, true]);
        yield checkpoint();
      }));
    }));
  }));

  test('CS30: signal: ends what a foreign API does', inTask(outer, function* () {
    const log: string[] = [];
    const scope = (yield moveOnAfter(5, ((own: CancelScope) => inner.of(function* () {
      const work = foreign(own.signal, log);
      const error = yield* thrownFrom(untilSignal(() => work));
      expect(error).toBeInstanceOf(CancelledError);
      throw error as Error;
    })()))) as CancelScope;
    expect([log, scope.cancelledCaught]).toEqual([['aborted'], true]);
  }));

  test('CS30: signal: what a listener does meanwhile finds everything in order', inTask(outer, function* () {
    const [wide, narrow] = [new CancelScope(), new CancelScope()];
    const log: unknown[] = [];
    wide.signal.addEventListener('abort', () => {
      narrow.cancel('from the listener');
      narrow.shield = true;
      narrow.shield = false;
      void createTask(outer.of(function* () {
        log.push('a task of the listener');
        yield checkpoint();
      }));
    });
    getRunningLoop().callLater(5, () => wide.cancel());
    yield wide.run(inner.of(function* () {
      yield narrow.run(forever);
    }));
    yield checkpoint();
    expect([wide.cancelledCaught, narrow.cancelledCaught, log]).toEqual([true, false, ['a task of the listener']]);
  }));

  test('CS11, CS30: signal: a listener that puts up a shield keeps what is behind it', inTask(outer, function* () {
    const [wide, narrow] = [new CancelScope(), new CancelScope()];
    wide.signal.addEventListener('abort', () => {
      narrow.shield = true;
    });
    const { signal } = narrow;
    const log: unknown[] = [];
    yield wide.run(inner.of(function* () {
      yield narrow.run(outer.of(function* () {
        yield checkpoint();
        wide.cancel();
        log.push(signal.aborted);
        yield sleep(1);
        log.push('behind the shield');
      }));
      yield checkpoint();
    }));
    expect([log, wide.cancelledCaught, narrow.cancelledCaught]).toEqual([[false, 'behind the shield'], true, false]);
  }));

  test('CS22: fromSignal: cancels with the reason of the signal', inTask(outer, function* () {
    const controller = new AbortController();
    const scope = CancelScope.fromSignal(controller.signal);
    getRunningLoop().callLater(5, () => controller.abort('gone'));
    yield scope.run(inner.of(function* () {
      const error = yield* cancelledFrom(sleepForever());
      expect([error.reason, error.source, error.scope]).toEqual(['gone', 'signal', scope]);
      yield checkpoint();
    }));
    expect(scope.cancelledCaught).toBe(true);
  }));

  test('fromSignal: of a signal that is aborted already, or before the entry', inTask(outer, function* () {
    const controller = new AbortController();
    const scopes = [CancelScope.fromSignal(controller.signal)];
    expect(scopes[0]?.cancelCalled).toBe(false);
    controller.abort('gone');
    scopes.push(CancelScope.fromSignal(controller.signal), CancelScope.fromSignal(AbortSignal.abort()));
    expect(scopes.map((scope) => scope.cancelCalled)).toEqual([true, true, true]);
    for (const scope of scopes) yield scope.run(forever);
    expect(scopes.map((scope) => scope.cancelledCaught)).toEqual([true, true, true]);
  }));

  test('fromSignal: of a signal that is aborted before the entry unseen', inTask(outer, function* () {
    const controller = new AbortController();
    const scope = CancelScope.fromSignal(controller.signal);
    controller.abort('gone');
    yield scope.run(forever);
    expect(scope.cancelledCaught).toBe(true);
  }));

  test('fromSignal: listens from its entry to its end, however it ends', inTask(outer, function* () {
    const { signal } = new AbortController();
    const listeners = (): number => getEventListeners(signal, 'abort').length;
    const scopes = [0, 1, 2].map(() => CancelScope.fromSignal(signal));
    expect(listeners()).toBe(0);
    yield scopes[0]?.run(inner.of(function* () {
      expect(listeners()).toBe(1);
      yield checkpoint();
    })) ?? checkpoint();
    yield* thrownFrom(scopes[1]?.run(inner.of(function* () {
      yield checkpoint();
      throw new Error('own');
    })) ?? checkpoint());
    scopes[2]?.cancel();
    yield scopes[2]?.run(forever) ?? checkpoint();
    expect(listeners()).toBe(0);
  }));

  test('fromSignal: a thousand scopes one after the other leave nothing on the signal', inTask(outer, function* () {
    const { signal } = new AbortController();
    setMaxListeners(2, signal);
    for (let i = 0; i < 1_000; i++) {
      yield CancelScope.fromSignal(signal).run(inner.of(function* () {
        yield checkpoint();
      }));
    }
    expect(getEventListeners(signal, 'abort')).toEqual([]);
  }));
});
