// A future by itself: states, results, callbacks. How tasks wait for one is in future_await.test.ts.
import { CancelledError, type Future } from '../../lib';
import { thrownBy, withCode } from '../helpers/failures';
import { type OwnedLoop, ownedLoop, runReady } from '../helpers/owned_loop';

let owned: OwnedLoop;
let future: Future<string>;
beforeEach(() => {
  owned = ownedLoop();
  future = owned.loop.createFuture<string>();
});

type Ending = [name: string, end: (future: Future<string>) => unknown];
const endings: Ending[] = [
  ['a result', (f) => f.setResult('value')],
  ['a failure', (f) => f.setException(new Error('failure'))],
  ['a cancellation', (f) => f.cancel('enough')],
];

test('F1: a future begins pending', () => {
  expect([future.done(), future.cancelled()]).toEqual([false, false]);
});

test.each(endings)('F1: after %s it is done for good', (name, end) => {
  end(future);
  expect([future.done(), future.cancelled()]).toEqual([true, name === 'a cancellation']);
});

describe.each(endings)('after %s', (_name, end) => {
  test('F2: a second result or failure is refused, and changes nothing', () => {
    end(future);
    const before = outcomeOf(future);
    expect(() => future.setResult('second')).toThrow(withCode('ERR_INVALID_STATE', /done already/));
    expect(() => future.setException(new Error('second'))).toThrow(withCode('ERR_INVALID_STATE', /done already/));
    expect(outcomeOf(future)).toEqual(before);
  });

  test('F4: cancel answers false, and changes nothing', () => {
    end(future);
    const before = outcomeOf(future);
    expect(future.cancel('too late')).toBe(false);
    expect(outcomeOf(future)).toEqual(before);
  });
});

function outcomeOf(done: Future<string>): unknown {
  try {
    return done.result();
  } catch (error) {
    return [(error as Error).message, (error as CancelledError).reason];
  }
}

test('F3: a pending future has neither result nor exception', () => {
  expect(() => future.result()).toThrow(withCode('ERR_INVALID_STATE'));
  expect(() => future.exception()).toThrow(withCode('ERR_INVALID_STATE'));
});

test('F3: a finished future gives its result and no exception', () => {
  future.setResult('value');
  expect([future.result(), future.exception()]).toEqual(['value', null]);
});

test('F3: a failed future throws its error from result and gives it from exception', () => {
  const failure = new Error('failure');
  future.setException(failure);
  expect(thrownBy(() => future.result())).toBe(failure);
  expect(future.exception()).toBe(failure);
});

test('F3: a cancelled future throws CancelledError from both', () => {
  future.cancel('enough');
  for (const ask of [() => future.result(), () => future.exception()]) {
    expect(ask).toThrow(CancelledError);
    expect(thrownBy(ask)).toMatchObject({ code: 'ERR_CANCELLED', reason: 'enough', origin: null });
  }
});

test('F4: cancelling a pending future answers true and schedules its callbacks', () => {
  const log: boolean[] = [];
  future.addDoneCallback((f) => log.push(f.cancelled()));
  expect(future.cancel()).toBe(true);
  expect(log).toEqual([]);
  runReady(owned.loop);
  expect(log).toEqual([true]);
});

test('F5: callbacks are scheduled in the order of registration, never called at once', () => {
  const log: string[] = [];
  future.addDoneCallback(() => log.push('a'));
  future.addDoneCallback(() => log.push('b'));
  owned.loop.callSoon(() => log.push('queued before'));
  future.setResult('value');
  owned.loop.callSoon(() => log.push('queued after'));
  expect(log).toEqual([]);
  runReady(owned.loop);
  expect(log).toEqual(['queued before', 'a', 'b', 'queued after']);
});

test('F5: each callback is called once', () => {
  let calls = 0;
  future.addDoneCallback(() => calls++);
  future.setResult('value');
  future.cancel();
  runReady(owned.loop);
  expect(calls).toBe(1);
});

test('F6: a callback added to a done future is scheduled behind those of its completion', () => {
  const log: string[] = [];
  future.addDoneCallback(() => log.push('early'));
  future.setResult('value');
  future.addDoneCallback(() => log.push('late'));
  expect(log).toEqual([]);
  runReady(owned.loop);
  expect(log).toEqual(['early', 'late']);
});

test('F7: removing a callback removes all its registrations and counts them', () => {
  const log: string[] = [];
  const twice = (): void => void log.push('twice');
  future.addDoneCallback(twice);
  future.addDoneCallback(() => log.push('kept'));
  future.addDoneCallback(twice);
  expect([future.removeDoneCallback(twice), future.removeDoneCallback(twice)]).toEqual([2, 0]);
  future.setResult('value');
  runReady(owned.loop);
  expect(log).toEqual(['kept']);
});

test('F7: callbacks added after a removal are called', () => {
  const log: string[] = [];
  const removed = (): void => void log.push('removed');
  future.addDoneCallback(removed);
  future.addDoneCallback(() => log.push('a'));
  future.addDoneCallback(() => log.push('b'));
  future.removeDoneCallback(removed);
  future.addDoneCallback(() => log.push('c'));
  future.setResult('value');
  runReady(owned.loop);
  expect(log).toEqual(['a', 'b', 'c']);
});

test('F7: a call that is already scheduled cannot be removed', () => {
  const log: string[] = [];
  const fn = (): void => void log.push('called');
  future.addDoneCallback(fn);
  future.setResult('value');
  expect(future.removeDoneCallback(fn)).toBe(0);
  runReady(owned.loop);
  expect(log).toEqual(['called']);
});

test('F8: a callback added twice is called twice', () => {
  let calls = 0;
  const fn = (): unknown => calls++;
  future.addDoneCallback(fn);
  future.addDoneCallback(fn);
  future.setResult('value');
  runReady(owned.loop);
  expect(calls).toBe(2);
});

test('F9: a callback that throws is reported, and the others run', () => {
  const log: string[] = [];
  const failure = new Error('broken callback');
  future.addDoneCallback(() => {
    throw failure;
  });
  future.addDoneCallback(() => log.push('other'));
  future.setResult('value');
  runReady(owned.loop);
  expect(log).toEqual(['other']);
  expect(owned.reports.map(({ exception }) => exception)).toEqual([failure]);
});

test('F10: a callback gets the future and nothing else', () => {
  const calls: unknown[][] = [];
  future.addDoneCallback((...args: unknown[]) => calls.push(args));
  future.setResult('value');
  runReady(owned.loop);
  expect(calls).toEqual([[future]]);
});

test('F16: a failure that is no Error is wrapped and keeps its value', () => {
  const value = { text: 'not an error' };
  future.setException(value);
  expect(future.exception()).toMatchObject({ code: 'ERR_NON_ERROR_THROWN', value });
});

test('F16: an error class is made into an instance', () => {
  future.setException(RangeError);
  expect(future.exception()).toBeInstanceOf(RangeError);
});

test('F16: an error is kept as it is', () => {
  const failure = Object.freeze(new Error('frozen'));
  future.setException(failure);
  expect(future.exception()).toBe(failure);
});

test('D24: awaiting a done future when no run is live settles at once', async () => {
  future.setResult('value');
  await expect(future).resolves.toBe('value');
  const failed = owned.loop.createFuture();
  failed.setException(new Error('failure'));
  await expect(failed).rejects.toThrow('failure');
});
