// A scope whose body awaited a `gather` did not catch its own cancellation: what came back was the gathering's own
// CancelledError, which names no scope. A gathering fails with that error instead of being cancelled, and only the
// latter was looked for.
import { CancelScope, failAfter, gather, moveOnAfter, sleep } from '../../lib';
import { colours, hosted } from '../tasks/support';

describe.each(colours)('$name tasks', ({ of }) => {
  const lasting = (ms: number, atItsEnd?: () => void) =>
    of(function* () {
      yield sleep(ms);
      atItsEnd?.();
    });
  const gathering = (...items: ReturnType<typeof lasting>[]) =>
    of(function* () {
      yield gather(items);
    });

  test('D27: moveOnAfter: catches what ends a gather in its body', hosted(function* () {
    const scope = yield* moveOnAfter(5, gathering(lasting(1), lasting(60_000), lasting(60_000)));
    expect(scope.cancelledCaught).toBe(true);
  }));

  test('D27: failAfter: makes a TimeoutError of what ends a gather in its body', hosted(function* () {
    let code: unknown;
    try {
      yield* failAfter(5, gathering(lasting(60_000)));
    } catch (error) {
      code = (error as { code: unknown }).code;
    }
    expect(code).toBe('ERR_TIMEOUT');
  }));

  test('D27: scope: catches its cancellation by a child of the gather it waits for', hosted(function* () {
    const scope = new CancelScope();
    const child = lasting(1, () => scope.cancel('found'));
    yield* scope.run(gathering(child, lasting(60_000)));
    expect(scope.cancelledCaught).toBe(true);
  }));
});
