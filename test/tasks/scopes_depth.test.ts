// Ten thousand scopes, one inside the other or side by side: no operation on them recurses, and none is slow.
import {
  CancelledError,
  CancelScope,
  ExceptionGroup,
  type Coroutine,
  createTask,
  currentEffectiveDeadline,
  getRunningLoop,
  moveOnAfter,
  sleep,
  sleepForever,
  type TaskGroup,
  withTaskGroup,
} from '../../lib/index';
import { virtualTime } from '../../lib/testing';

const MANY = 10_000;
const PART = 1_000;

function* untilCancelled(): Coroutine<void> {
  try {
    yield* sleepForever();
  } catch (error) {
    if (!(error instanceof CancelledError)) throw error;
  }
}

// Each level is a task of the group of the level above it.
function* nested(depth: number, atBottom: () => Coroutine<void>): Coroutine<void> {
  yield* withTaskGroup(function* (group: TaskGroup) {
    group.createTask(depth === 0 ? atBottom() : nested(depth - 1, atBottom));
  });
}

async function nestedAsync(depth: number, atBottom: () => Promise<void>): Promise<void> {
  if (depth === 0) await atBottom();
  else await new CancelScope().run(() => nestedAsync(depth - 1, atBottom));
}

test('CS26, D19: scopes: ten thousand groups end when the outermost is cancelled', virtualTime(function* () {
  const deadlines: number[] = [];
  const scope = yield* moveOnAfter(50, function* () {
    yield* nested(MANY, function* () {
      deadlines.push(currentEffectiveDeadline());
      yield* untilCancelled();
      deadlines.push(currentEffectiveDeadline());
    });
  });
  expect([scope.cancelledCaught, getRunningLoop().time(), deadlines]).toEqual([true, 50, [50, -Infinity]]);
}));

test('CS26, D19: scopes: ten thousand groups end when the innermost is done', virtualTime(function* () {
  const log: string[] = [];
  yield* nested(MANY, function* () {
    yield* sleep(1);
    log.push('bottom');
  });
  expect(log).toEqual(['bottom']);
}));

test('CS26, D19: scopes: a failure at the bottom of ten thousand groups arrives at the top', virtualTime(function* () {
  const task = createTask(nested(MANY, function* () {
    yield* sleep(1);
    throw new Error('bottom');
  }));
  yield* task.join();
  let depth = 0;
  let error = task.exception();
  for (; error instanceof ExceptionGroup; error = error.errors[0] ?? null) depth++;
  expect([depth, error?.message]).toEqual([MANY + 1, 'bottom']);
}));

test('CS26, D19: scopes: a shield over ten thousand is put up and lifted', virtualTime(function* () {
  const [wide, shield] = [new CancelScope(), new CancelScope({ shield: true })];
  const task = createTask(function* () {
    yield* wide.run(function* () {
      yield* shield.run(() => nested(MANY, function* () {
        yield* sleepForever();
      }));
    });
  });
  yield* sleep(1);
  wide.cancel();
  yield* sleep(1);
  expect(task.done()).toBe(false);
  shield.shield = false;
  yield* task;
  expect(wide.cancelledCaught).toBe(true);
}));

test('CS26, D19: scopes: ten thousand side by side end together', virtualTime(function* () {
  let ended = 0;
  const scope = yield* moveOnAfter(50, function* () {
    yield* withTaskGroup(function* (group) {
      for (let i = 0; i < MANY; i++) {
        group.createTask(function* () {
          yield* new CancelScope().run(function* () {
            yield* untilCancelled();
          });
          ended++;
        });
      }
    });
  });
  expect([ended, scope.cancelledCaught]).toEqual([MANY, true]);
}));

test('CS26, D19: scopes: a thousand async bodies in each other end with the outermost', virtualTime(async () => {
  const scope = await moveOnAfter(50, () => nestedAsync(PART, async () => {
    await sleep(1e6);
  }));
  expect([scope.cancelledCaught, getRunningLoop().time()]).toEqual([true, 50]);
}));

test('D19: scopes: too many in one task are a RangeError there, and the loop lives', virtualTime(function* () {
  function* deep(depth: number): Coroutine<void> {
    yield* new CancelScope().run(function* () {
      if (depth > 0) yield* deep(depth - 1);
    });
  }
  const task = createTask(deep(100_000));
  yield* task.join();
  // Of Node's own realm, which is not the one of this test.
  expect(task.exception()?.name).toBe('RangeError');
  yield* sleep(1);
}));
