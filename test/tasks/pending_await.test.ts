// What becomes of an await that begins while a cancellation is pending: what is awaited is asked to end, and waited for.
import {
  all,
  type Awaitable,
  type CancelledError,
  CancelScope,
  createTask,
  currentTask,
  gather,
  getRunningLoop,
  moveOnAfter,
  type Operation,
  race,
  shielded,
  sleep,
  sleepForever,
  type TaskGroup,
  waitFor,
  withTaskGroup,
} from '../../lib/index';
import { colours, hosted, outcomeOf, type Script, slowToEnd } from './support';

const now = (): number => getRunningLoop().time();

/** Awaits with a request pending. Returns: the reason and the time of the CancelledError, or what was given. */
function* asked(begin: () => Awaitable<unknown>): Generator<Awaitable<unknown>, unknown[], unknown> {
  const awaitable = begin();
  currentTask()!.cancel('asked');
  try {
    return ['value', yield awaitable, now()];
  } catch (error) {
    return [(error as CancelledError).reason, now()];
  }
}

/** The same in a scope that is cancelled. */
function* scoped(begin: () => Awaitable<unknown>): Generator<Awaitable<unknown>, unknown[], unknown> {
  const scope = new CancelScope();
  const awaitable = begin();
  let seen: unknown[] = [];
  yield scope.run(function* () {
    scope.cancel('scope');
    try {
      seen = ['value', yield* awaitable as Operation<unknown>, now()];
    } catch (error) {
      seen = [(error as CancelledError).reason, (error as CancelledError).scope === scope, now()];
      throw error;
    }
  });
  return [...seen, scope.cancelledCaught];
}

describe.each(colours)('a cancellation that is pending at an await, in $name coroutines:', (colour) => {
  const played = <T>(script: Script<T>, check: (value: T) => void): (() => Promise<void>) =>
    hosted(function* () {
      check(yield* createTask(colour.of(script)));
    });

  test('D30, X8: a task that cleans up is waited for, and its end is what is thrown', played(
    () => asked(() => createTask(() => slowToEnd(5), { eager: true })),
    (seen) => expect(seen).toEqual(['asked', 5]),
  ));

  test('D30, X4: a task that ends with a value all the same gives it', played(
    () =>
      asked(() =>
        createTask(function* () {
          try {
            yield* sleepForever();
          } catch {
            yield* sleep(3);
          }
          return 'value of it';
        }, { eager: true }),
      ),
    (seen) => expect(seen).toEqual(['value', 'value of it', 3]),
  ));

  test('D30: what has nothing to clean up ends at once', played(
    () => asked(() => sleep(10)),
    (seen) => expect(seen).toEqual(['asked', 0]),
  ));

  test('D30: a gathering is over when its children are', played(
    () => asked(() => gather([4, 2].map((ms) => createTask(() => slowToEnd(ms), { eager: true })))),
    (seen) => expect(seen).toEqual(['asked', 2]),
  ));

  test('CS4, D27: in a cancelled scope as well, and the error is of the scope', hosted(function* () {
    const task = createTask(() => slowToEnd(5), { eager: true });
    expect(yield* createTask(colour.of(() => scoped(() => task)))).toEqual(['scope', true, 5, true]);
  }));

  test('NU7: a child that is being started has ended before its caller goes on', hosted(function* () {
    let hasEnded = false;
    yield* withTaskGroup(function* (group: TaskGroup) {
      const seen = yield* createTask(colour.of(() =>
        asked(() =>
          group.start(function* () {
            try {
              yield* slowToEnd(5);
            } finally {
              hasEnded = true;
            }
          }, { eager: true }),
        ),
      ));
      expect([seen, hasEnded]).toEqual([['asked', 5], true]);
    });
  }));

  test('CS28, D30: a request that was passed on is not swallowed by a scope cancelled meanwhile', hosted(function* () {
    const scope = new CancelScope();
    const task = createTask(colour.of(function* (): Generator<Awaitable<unknown>, void, unknown> {
      const owned = createTask(() => slowToEnd(5), { eager: true });
      currentTask()!.cancel('asked');
      yield scope.run(colour.of(function* () {
        yield owned;
      }));
    }));
    yield* sleep(2);
    scope.cancel('scope');
    expect(yield* outcomeOf(task)).toEqual(['cancelled', 'asked']);
  }));

  test.each([
    ['waitFor', (given: Awaitable<unknown>) => waitFor(given as never, 10)],
    ['all', (given: Awaitable<unknown>) => all([given as never])],
    ['race', (given: Awaitable<unknown>) => race([given as never])],
  ])('X3, D30: a future that is given to %s is cancelled', (_name, operation) => played(
    function* () {
      const future = getRunningLoop().createFuture<void>();
      const seen = yield* asked(() => operation(future));
      return [seen, future.cancelled()];
    },
    (seen) => expect(seen).toEqual([['asked', 0], true]),
  )());

  test('D1: the body of a scope runs to its first wait, and its value is not lost', played(
    function* () {
      const seen = yield* asked(() => moveOnAfter(10, colour.of(function* () {
        return 'done';
      })));
      const next = yield* asked(() => sleep(1));
      return [(seen[1] as { value: string }).value, next, currentTask()!.cancelling()];
    },
    (seen) => expect(seen).toEqual(['done', ['asked', 0], 2]),
  ));

  test('D30: tasks that await each other end all the same', hosted(function* () {
    const first = createTask(colour.of(function* (): Generator<Awaitable<unknown>, void, unknown> {
      yield sleep(2);
      currentTask()!.cancel('asked');
      yield second;
    }));
    const second = createTask(function* () {
      yield* first;
    });
    expect(yield* outcomeOf(first)).toEqual(['cancelled', 'asked']);
    expect(yield* outcomeOf(second)).toEqual(['cancelled', 'asked']);
  }));

  test('X8: a shielded body in a task that was asked is waited for', played(
    () => asked(() => shielded(colour.of(function* () {
      try {
        yield sleep(10);
      } finally {
        yield sleep(3);
      }
    }))),
    (seen) => expect(seen).toEqual(['asked', 3]),
  ));
});
