// An async body runs in a task that stands for its function's. A wait there for that very function never ended.
import { createTask, currentTask, type Future, moveOnAfter, waitFor } from '../../lib/index';
import { withCode } from '../helpers/failures';
import { colours, hosted, outcomeOf } from '../tasks/support';

describe.each(colours)('in $name bodies', ({ of }) => {
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
});
