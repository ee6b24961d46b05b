// An async body runs in a task that stands for its function's. A wait there for that very function never ended. Nor did the
// wait of a child for the task whose group, or combinator, waits for it; and no timeout could end that either.
import {
  all, type Awaitable, createTask, currentTask, type ExceptionGroup, type Future, getRunningLoop, mapConcurrent,
  moveOnAfter, race, sleep, staggeredRace, type Task, TaskGroup, waitFor,
} from '../../lib/index';
import { selfAwaitError } from '../../lib/kernel/self_await';
import { runningTask } from '../../lib/kernel/running';
import { withCode } from '../helpers/failures';
import { colours, groupIn, hosted, outcomeOf, ticks } from '../tasks/support';

describe.each(colours)('in $name bodies', ({ of, name }) => {
  const selfish = of(function* () {
    yield currentTask() as Future<unknown>;
  });

  test.each([
    ['a scope', () => moveOnAfter(1_000, selfish)],
    ['waitFor', () => waitFor(selfish, 1_000)],
    ['waitFor, given the task', () => waitFor(currentTask() as Future<unknown>, 1_000)],
  ])('regression: an async function that awaits itself in %s is told so', async (_, operation) =>
    hosted(function* () {
      const task = createTask(async () => {
        await operation();
      });
      expect(yield* outcomeOf(task)).toEqual(['failed', withCode('ERR_SELF_AWAIT')]);
    })());

  const asked = { of, name };
  const parentOf = (group: TaskGroup) => of(function* () {
    yield group.parentTask;
  });
  const nested = (group: TaskGroup) => of(function* () {
    yield groupIn(asked, function* (inner) {
      inner.createTask(parentOf(group));
    });
  });

  test.each([
    ['directly', parentOf],
    ['in a scope', (group: TaskGroup) => of(function* () {
      yield moveOnAfter(1_000, parentOf(group));
    })],
    ['in a combinator', (group: TaskGroup) => of(function* () {
      yield all([group.parentTask]);
    })],
    ['from a group of its own', nested],
  ])('regression: a child that awaits the task of its group %s is told so', async (_, child) =>
    hosted(function* () {
      const task = createTask(of(function* () {
        yield groupIn(asked, function* (group) {
          group.createTask(child(group));
        });
      }));
      const [how, error] = yield* outcomeOf(task);
      expect(how).toBe('failed');
      expect((error as ExceptionGroup).leaves).toEqual([withCode('ERR_SELF_AWAIT', /which waits for it/)]);
    })());

  test('regression: a part of a combinator that awaits the task around it is told so', async () =>
    hosted(function* () {
      const task = createTask(of(function* () {
        const own = currentTask() as Future<unknown>;
        yield all([of(function* () {
          yield own;
        })]);
      }));
      expect(yield* outcomeOf(task)).toEqual(['failed', withCode('ERR_SELF_AWAIT', /which waits for it/)]);
    })());

  const done = (value: unknown): Future<unknown> => {
    const future = getRunningLoop().createFuture();
    if (value instanceof Error) future.setException(value);
    else future.setResult(value);
    return future;
  };

  test.each([
    ['has an outcome', (parent: Future<unknown>) => race([done('early'), parent]), 'early'],
    ['has a failure', (parent: Future<unknown>) => all([done(new Error('early')), parent]), 'Error: early'],
    ['has no time', (parent: Future<unknown>) => waitFor(parent, 0), expect.stringMatching(/^TimeoutError/)],
    ['has refused to await itself', (parent: Future<unknown>) => all([currentTask()!, parent]),
      expect.stringMatching(/^SelfAwaitError/)],
  ])('regression: a combinator that %s leaves the task that waits for it alone', async (_, combine, expected) =>
    hosted(function* () {
      const seen: unknown[] = [];
      const task = createTask(of(function* () {
        yield groupIn(asked, function* (group) {
          group.createTask(of(function* () {
            try {
              seen.push(yield combine(group.parentTask));
            } catch (error) {
              seen.push(String(error));
            }
          }));
        });
        return 'the parent went on';
      }));
      expect(yield* outcomeOf(task)).toEqual(['value', 'the parent went on']);
      expect(seen).toEqual([expected]);
    })());

  test('regression: a child that is being started may await a caller who has left the scope of the call', async () =>
    hosted(function* () {
      const seen: unknown[] = [];
      yield* groupIn(asked, function* (group) {
        const caller = group.createTask(of(function* () {
          let starting: Future<unknown> | undefined;
          yield moveOnAfter(1_000, of(function* () {
            starting = group.start(of(function* () {
              yield sleep(1);
              seen.push(yield caller);
            }));
          }));
          starting?.addDoneCallback((future) => future.exception());
          yield sleep(10);
          return 'the caller went on';
        }));
      });
      expect(seen).toEqual(['the caller went on']);
    })());

  // How a task comes to live in what another one waits for; `child` is what it does there.
  const homes: readonly (readonly [string, (child: () => PromiseLike<void>) => Awaitable<unknown>])[] = [
    ['a group', (child) => groupIn(asked, function* (group) {
      group.createTask(child);
      group.createTask(child, { daemon: true });
      yield sleep(1);
    })],
    ['start', (child) => groupIn(asked, function* (group) {
      yield group.start(async (started) => {
        await child();
        started.started(undefined);
        await child();
      });
    })],
    ['combinators', (child) => all([() => race([child, child]), () => staggeredRace([child, child], 1)])],
    ['mapConcurrent', (child) => mapConcurrent([1, 2, 3], child, { limit: 2 })],
    ['a scope', (child) => moveOnAfter(1_000, async () => all([child, async () => waitFor(child, 1_000)]))],
  ];

  test.each(homes)('self await: who waits for a task in %s is older than it, which the check relies on', async (_, home) =>
    hosted(function* () {
      const ages: boolean[] = [];
      const child = async (): Promise<void> => {
        ages.push(...ownersAreOlder(runningTask() as Task<unknown>));
        await sleep(1);
      };
      yield* createTask(of(function* () {
        yield home(child);
        // The same from within, so that there is more than one above.
        yield groupIn(asked, function* (group) {
          group.createTask(of(function* () {
            yield home(child);
          }));
        });
      }));
      expect(ages.length).toBeGreaterThan(4);
      expect(ages).not.toContain(false);
    })());
});

/** Of each task that waits for this one through a scope, group or combinator: whether it is no younger. */
function ownersAreOlder(task: Task<unknown>): boolean[] {
  const ages: boolean[] = [];
  for (let status = task._status as typeof task._status | null; status !== null; status = status.parent) {
    const owner = status.host ?? (status.scope as { readonly host?: object } | null)?.host ?? null;
    if (owner !== null) ages.push((owner as Task<unknown>)._nominal._id <= task._id);
  }
  return ages;
}

test('self await: who lives in the group of a younger task is younger than both', hosted(function* () {
  const made = getRunningLoop().createFuture<TaskGroup>();
  const ages: boolean[] = [];
  const older = createTask(function* () {
    (yield* made).createTask(function* () {
      ages.push(...ownersAreOlder(currentTask()!));
    });
  });
  yield* createTask(function* () {
    const group = new TaskGroup();
    made.setResult(group);
    yield* older;
    yield* group.close();
  });
  expect(ages).toEqual([true]);
}));

test('self await: a task that awaits a younger one does not look at what it lives in', hosted(function* () {
  const [older, younger] = [createTask(ticks(1)), createTask(ticks(1))];
  const look = jest.fn(() => null);
  const status = Object.defineProperty({ parent: null, scope: null }, 'host', { get: look });
  const seen = (task: Task<unknown>): object => ({ name: 'seen', _id: task._id, _nominal: task, _status: status });
  expect(selfAwaitError(seen(older) as never, younger)).toBeNull();
  expect(look).not.toHaveBeenCalled();
  expect(selfAwaitError(seen(younger) as never, older)).toBeNull();
  expect(look).toHaveBeenCalled();
}));
