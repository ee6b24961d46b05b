// What several wait for is cancelled with the first of them. The others, in the same scope, were not told in the scope's
// name, so that the scope did not catch its own cancellation; and a request to the task itself could get lost in one.
import {
  all,
  type Awaitable,
  CancelScope,
  createTask,
  currentTask,
  type Future,
  gather,
  getRunningLoop,
  moveOnAfter,
  mapConcurrent,
  shielded,
  sleep,
  sleepForever,
  waitFor,
  withTaskGroup,
} from '../../lib/index';
import { colours, failureOf, hosted, outcomeOf, ticks } from '../tasks/support';

const shared: readonly (readonly [string, () => Future<unknown>])[] = [
  ['future', () => getRunningLoop().createFuture()],
  ['gathering', () => gather(getRunningLoop().createFuture())],
  ['task', () => createTask(() => sleepForever())],
];

describe.each(colours)('$name tasks', ({ of }) => {
  const waitingFor = (what: Awaitable<unknown>) =>
    of(function* () {
      yield what;
    });

  test.each(shared)('regression: a group catches its cancellation though a child waited for the same %s', async (_, make) =>
    hosted(function* () {
      const what = make();
      const inner = new CancelScope();
      yield* withTaskGroup(function* (group) {
        group.createTask(waitingFor(what));
        group.createTask(function* () {
          yield* ticks(5);
          group.cancel();
        });
        yield* inner.run(waitingFor(what));
      });
      expect([what.done(), inner.cancelledCaught]).toEqual([true, false]);
    })());

  test('regression: what a task awaits after its cancellation is cancelled in the name of its scope', hosted(function* () {
    const what = getRunningLoop().createFuture();
    const cleaningUp = of(function* () {
      try {
        yield sleepForever();
      } finally {
        yield what;
      }
    });
    const errors: unknown[] = [];
    const scope = yield* moveOnAfter(5, function* () {
      yield* withTaskGroup(function* (group) {
        group.createTask(cleaningUp);
        errors.push(yield* failureOf(shielded(waitingFor(what))));
        throw errors[0];
      });
    });
    expect(scope.cancelledCaught).toBe(true);
    expect(errors).toEqual([expect.objectContaining({ scope })]);
  }));

  test.each([
    ['all', () => all([sleep(1)])],
    ['waitFor', () => waitFor(getRunningLoop().createFuture(), 0)],
    ['mapConcurrent', () => mapConcurrent([1], () => sleep(1))],
  ])('regression: %s throws the request to its task first, in a scope that is cancelled as well', async (_, wait) =>
    hosted(function* () {
      const task = createTask(of(function* () {
        currentTask()?.cancel('task');
        const scope = new CancelScope();
        scope.cancel('scope');
        yield scope.run(of(function* () {
          yield wait();
        }));
      }));
      expect(yield* outcomeOf(task)).toEqual(['cancelled', 'task']);
    })());
});
