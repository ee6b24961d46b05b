// ResourceGuard: the second user is an error.
import { createTask, currentTask, ResourceGuard, sleep } from '../../lib/index';
import { virtualTime } from '../../lib/testing';
import { thrownBy, withCode } from '../helpers/failures';
import { colours, hosted, outcomeOf, ticks } from '../tasks/support';
import { named } from './support';

describe.each(colours)('$name tasks', ({ of }) => {
  test('D48: resource guard: a second user is refused by an error that names the first', hosted(function* () {
    const guard = new ResourceGuard('reading from the stream');
    const first = createTask(
      of(function* () {
        using _ = guard.enter();
        yield sleep(5);
      }),
      { name: 'reader' },
    );
    yield* ticks(3);
    expect(named(guard.statistics())).toEqual({ busy: true, user: 'reader' });
    const second = createTask(of(function* () {
      using _ = guard.enter();
    }));
    const busy = withCode('ERR_BUSY', /reader is reading from the stream/);
    expect(yield* outcomeOf(second)).toEqual(['failed', busy]);
    yield* first;
    expect(guard.busy()).toBe(false);
  }));
});

test('resource guard: leaving once is enough, and a stale guard throws nobody out', virtualTime(function* () {
  const guard = new ResourceGuard();
  const stale = guard.enter();
  stale.release();
  const use = guard.enter();
  stale.release();
  expect(guard.statistics().user).toBe(currentTask());
  expect(thrownBy(() => guard.enter())).toEqual(withCode('ERR_BUSY'));
  use[Symbol.dispose]();
  expect(guard.statistics()).toEqual({ busy: false, user: null });
}));

test('resource guard: plain code can use it too', () => {
  const guard = new ResourceGuard();
  using _ = guard.enter();
  expect(guard.statistics()).toEqual({ busy: true, user: null });
  expect(thrownBy(() => guard.enter())).toEqual(withCode('ERR_BUSY', /somebody/));
});

test('resource guard: an action that is no text is refused', () => {
  expect(thrownBy(() => new ResourceGuard(5 as never))).toEqual(withCode('ERR_INVALID_ARG_TYPE'));
});
