// Whose error it is: an error of a scope that was thrown in the name of nobody, or caught in the wrong place.
import {
  type CancelledError,
  CancelScope,
  checkpoint,
  createTask,
  failAfter,
  getRunningLoop,
  moveOnAfter,
  sleep,
  sleepForever,
} from '../../lib/index';
import { virtualTime } from '../../lib/testing';
import { withCode } from '../helpers/failures';
import { ticks } from '../tasks/support';

test('CancelScope: a shielded one catches its own in a cancelled outer one', virtualTime(function* () {
  const outer = new CancelScope();
  const inner = new CancelScope({ shield: true });
  const log: string[] = [];
  yield* outer.run(function* () {
    outer.cancel();
    yield* inner.run(function* () {
      inner.cancel();
      yield* sleep(5);
    });
    log.push('between');
    yield* checkpoint();
    log.push('not reached');
  });
  expect([inner.cancelledCaught, outer.cancelledCaught, log]).toEqual([true, true, ['between']]);
}));

test('CancelScope: a shield that comes after the wait was undone keeps nothing out', virtualTime(function* () {
  const outer = new CancelScope();
  const inner = new CancelScope();
  const task = createTask(function* () {
    yield* outer.run(function* () {
      yield* inner.run(function* () {
        yield* sleepForever();
      });
    });
    return 'went on';
  });
  yield* ticks(2);
  outer.cancel();
  inner.shield = true;
  expect(yield* task).toBe('went on');
  expect([outer.cancelledCaught, inner.cancelledCaught]).toEqual([true, false]);
}));

test('CancelScope: a future cancelled by itself keeps its error in one', virtualTime(function* () {
  const first = new CancelScope();
  const second = new CancelScope();
  getRunningLoop().callSoon(() => first.cancel('first'));
  yield* first.run(function* () {
    yield* ticks(2); // The cancellation comes at a bare checkpoint, which no future stands for.
  });
  let reason: unknown;
  yield* second.run(function* () {
    second.cancel('second');
    const future = getRunningLoop().createFuture<void>();
    future.cancel('its own');
    try {
      yield* future;
    } catch (error) {
      reason = (error as CancelledError).reason;
    }
  });
  expect([first.cancelledCaught, reason]).toEqual([true, 'its own']);
}));

test.each([
  ['moveOnAfter', moveOnAfter],
  ['failAfter', failAfter],
])('%s: does not swallow a request to the task', (_name, within) => virtualTime(function* () {
  const log: string[] = [];
  const task = createTask(function* () {
    yield* within(100, function* () {
      try {
        yield* sleepForever();
      } finally {
        yield* sleep(200);
      }
    });
    log.push('not reached');
  });
  yield* sleep(50);
  task.cancel('asked');
  yield* task.join();
  expect([task.cancelled(), getRunningLoop().time(), log]).toEqual([true, 100, []]);
  expect(() => task.result()).toThrow(expect.objectContaining({ reason: 'asked', scope: null }));
})());

test('CancelScope: left before one inside it it says so, once', virtualTime(function* () {
  const outer = new CancelScope();
  const inner = new CancelScope();
  const bodies: Iterator<unknown>[] = [];
  let error: unknown;
  try {
    yield* outer.run(function* (): Generator<never, void> {
      const body = inner.run(function* (): Generator<never, void> {
        yield undefined as never;
      })[Symbol.iterator]();
      body.next();
      bodies.push(body);
    });
  } catch (thrown) {
    error = thrown;
  }
  expect(error).toEqual(withCode('ERR_SCOPE_NESTING', /left before one that was entered inside/));
  expect(inner.signal.aborted).toBe(true);
  expect(bodies[0]?.next()).toEqual({ done: true, value: undefined });
  yield* checkpoint();
}));
