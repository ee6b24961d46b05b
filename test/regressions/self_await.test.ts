// An async body runs in a task that stands for its function's. A wait there for that very function never ended. Nor did the
// wait of a child for the task whose group, or combinator, waits for it; and no timeout could end that either.
import {
  all, createTask, currentTask, type ExceptionGroup, type Future, moveOnAfter, type TaskGroup, waitFor,
} from '../../lib/index';
import { withCode } from '../helpers/failures';
import { colours, groupIn, hosted, outcomeOf } from '../tasks/support';

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
});
