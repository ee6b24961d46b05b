import { checkpoint, type Coroutine, type EventLoop } from '../../lib';
import { collectUntil } from '../helpers/garbage';
import { withCode } from '../helpers/failures';
import { ownedLoop, runReady } from '../helpers/owned_loop';

const nothing = (): void => undefined;

test('H3, D33: timers in the past run by deadline', () => {
  const { loop, engine } = ownedLoop();
  engine.advance(100);
  const log: string[] = [];
  loop.callLater(-1, () => log.push('a'));
  loop.callLater(-2, () => log.push('b'));
  loop.callAt(50, () => log.push('c'));
  loop.runOnce();
  expect(log).toEqual(['c', 'b', 'a']);
});

test('H3: a delay of minus infinity is due at once', () => {
  const { loop } = ownedLoop();
  const log: string[] = [];
  loop.callLater(-1e300, () => log.push('long ago'));
  loop.callLater(-Infinity, () => log.push('always'));
  loop.runOnce();
  expect(log).toEqual(['always', 'long ago']);
});

const timers: [string, (loop: EventLoop, when: number) => unknown][] = [
  ['callLater', (loop, when) => loop.callLater(when, nothing)],
  ['callAt', (loop, when) => loop.callAt(when, nothing)],
  ['runOnce', (loop, when) => loop.runOnce({ timeout: when })],
];

describe.each(timers)('%s', (_name, call) => {
  test.each([null, 'soon', {}, 5n])('H4: the time %p is a TypeError', (time) => {
    const { loop } = ownedLoop();
    expect(() => call(loop, time as never)).toThrow(withCode('ERR_INVALID_ARG_TYPE'));
    expect(loop.metrics().timers).toBe(0);
  });

  test('H4, D14: the time NaN is a RangeError', () => {
    const { loop } = ownedLoop();
    expect(() => call(loop, NaN)).toThrow(withCode('ERR_OUT_OF_RANGE'));
  });
});

test('H4: a timer without a time is a TypeError', () => {
  const { loop } = ownedLoop();
  expect(() => loop.callLater(undefined as never, nothing)).toThrow(withCode('ERR_INVALID_ARG_TYPE'));
  expect(() => loop.callAt(undefined as never, nothing)).toThrow(withCode('ERR_INVALID_ARG_TYPE'));
});

test('H5: an infinite delay never fires, and can be cancelled', () => {
  const { loop } = ownedLoop();
  const log: string[] = [];
  const later = loop.callLater(Infinity, () => log.push('later'));
  const at = loop.callAt(Infinity, () => log.push('at'));
  loop.callLater(1e12, () => loop.stop());
  loop.runForever();
  expect([log, later.when(), at.when()]).toEqual([[], Infinity, Infinity]);
  later.cancel();
  expect(later.cancelled()).toBe(true);
});

test('H5: the longest finite delays do not overflow', () => {
  const { loop } = ownedLoop();
  const log: string[] = [];
  loop.callLater(Number.MAX_VALUE, () => log.push('much later'));
  loop.callLater(1, () => log.push('soon'));
  loop.runOnce({ timeout: 10 });
  expect(log).toEqual(['soon']);
});

test('H6: cancelling is idempotent, and does nothing after the call', () => {
  const { loop } = ownedLoop();
  const log: string[] = [];
  const cancelled = loop.callSoon(() => log.push('never'));
  const ran = loop.callSoon(() => log.push('ran'));
  cancelled.cancel();
  cancelled.cancel();
  runReady(loop);
  ran.cancel();
  expect(log).toEqual(['ran']);
  expect([cancelled.cancelled(), ran.cancelled()]).toEqual([true, false]);
});

test('H6: cancelling a handle that ran leaves the next user of its place alone', () => {
  const { loop } = ownedLoop();
  const log: string[] = [];
  const first = loop.callSoon(() => log.push('first'));
  runReady(loop);
  loop.callSoon(() => log.push('second'));
  first.cancel();
  runReady(loop);
  expect(log).toEqual(['first', 'second']);
});

test('H6: a callback that cancels its own handle runs once and was not cancelled', () => {
  const { loop, reports } = ownedLoop();
  let runs = 0;
  const handle = loop.callSoon(() => {
    runs++;
    handle.cancel();
  });
  const timer = loop.callLater(0, () => {
    runs++;
    timer.cancel();
  });
  runReady(loop);
  expect([runs, handle.cancelled(), timer.cancelled(), reports]).toEqual([2, false, false, []]);
});

/** Schedules with an argument that only the handle holds, and cancels. */
function cancelledWithArgument(loop: EventLoop): { readonly argument: WeakRef<object>; readonly handles: object[] } {
  const argument = { big: new Array(1_000).fill(0) };
  const handles = [
    loop.callSoon((held: object) => held, argument),
    loop.callLater(1_000, (held: object) => held, argument),
    loop.callLater(Infinity, () => argument),
  ];
  for (const handle of handles) handle.cancel();
  return { argument: new WeakRef(argument), handles };
}

test('H6: a cancelled handle drops callback and arguments at once', async () => {
  const { loop } = ownedLoop();
  const { argument, handles } = cancelledWithArgument(loop);
  await collectUntil(() => argument.deref() === undefined);
  expect(argument.deref()).toBeUndefined();
  expect(handles).toHaveLength(3);
});

test('H7: when() is the deadline on the clock of the loop, also after a cancel and after the call', () => {
  const { loop, engine } = ownedLoop();
  engine.advance(40);
  const timer = loop.callLater(10, nothing);
  const cancelled = loop.callAt(45, nothing);
  cancelled.cancel();
  loop.runOnce({ timeout: Infinity });
  expect([timer.when(), cancelled.when()]).toEqual([50, 45]);
});

const callables: [string, (loop: EventLoop, fn: never) => unknown][] = [
  ['callSoon', (loop, fn) => loop.callSoon(fn)],
  ['callSoonThreadsafe', (loop, fn) => loop.callSoonThreadsafe(fn)],
  ['callLater', (loop, fn) => loop.callLater(1, fn)],
  ['callLater for ever', (loop, fn) => loop.callLater(Infinity, fn)],
  ['callAt', (loop, fn) => loop.callAt(1, fn)],
  ['addReader', (loop, fn) => loop.addReader(0, fn)],
  ['addWriter', (loop, fn) => loop.addWriter(0, fn)],
  ['addDoneCallback', (loop, fn) => loop.createFuture().addDoneCallback(fn)],
  ['setTaskFactory', (loop, fn) => loop.setTaskFactory(fn)],
];

describe.each(callables)('%s', (_name, register) => {
  const others: [string, unknown][] = [
    ['nothing', undefined],
    ['text', 'fn'],
    ['an object', { call: nothing }],
    ['a coroutine', (function* () {})()],
  ];
  test.each(others)(
    'H9: %s instead of a function is a TypeError at the call',
    (_what, fn) => {
      const { loop } = ownedLoop();
      expect(() => register(loop, fn as never)).toThrow(withCode('ERR_INVALID_ARG_TYPE', /function/));
      expect(loop.metrics()).toMatchObject({ ready: 0, timers: 0, watches: 0 });
    },
  );
});

test('H9: a coroutine function as a callback would do nothing, so debug mode refuses it', () => {
  const { loop } = ownedLoop({ debug: true });
  function* coroutine(): Coroutine<void> {
    yield* checkpoint();
  }
  expect(() => loop.callSoon(coroutine)).toThrow(withCode('ERR_INVALID_ARG_TYPE', /createTask/));
  expect(() => loop.callLater(1, coroutine)).toThrow(withCode('ERR_INVALID_ARG_TYPE', /createTask/));
  expect(loop.metrics()).toMatchObject({ ready: 0, timers: 0 });
});

