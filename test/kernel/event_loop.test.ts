import { EventLoop, type Future, run, sleep } from '../../lib';
import { SimulatedEngine } from '../../lib/testing';
import { thrownBy, withCode } from '../helpers/failures';
import { ownedLoop, runReady } from '../helpers/owned_loop';

test('R16: stop inside a callback lets the tick end, and keeps what it queued for the next run', () => {
  const { loop } = ownedLoop();
  const log: string[] = [];
  loop.callSoon(() => {
    log.push('a');
    loop.stop();
    loop.callSoon(() => {
      log.push('next');
      loop.stop();
    });
  });
  loop.callSoon(() => log.push('b'));
  loop.runForever();
  expect(log).toEqual(['a', 'b']);
  loop.runForever();
  expect(log).toEqual(['a', 'b', 'next']);
});

test('R17: stop before runForever gives exactly one tick', () => {
  const { loop } = ownedLoop();
  const log: string[] = [];
  loop.callSoon(() => {
    log.push('queued');
    loop.callSoon(() => log.push('second tick'));
  });
  loop.stop();
  loop.runForever();
  expect(log).toEqual(['queued']);
});

test('R18: a loop that was stopped can be run again and does not remember it', () => {
  const { loop } = ownedLoop();
  loop.stop();
  loop.runForever();
  let ticks = 0;
  loop.callLater(10, () => ++ticks);
  loop.callLater(20, () => loop.stop());
  loop.runForever();
  expect([ticks, loop.time()]).toEqual([1, 20]);
});

test.each<[string, (loop: EventLoop) => void]>([
  ['runOnce', (loop) => loop.runOnce()],
  ['runForever', (loop) => loop.runForever()],
  ['runUntilComplete', (loop) => void loop.runUntilComplete(loop.createFuture())],
  ['close', (loop) => loop.close()],
])('R26: %s from inside a callback of the loop is refused', (_name, call) => {
  const { loop, reports } = ownedLoop();
  loop.callSoon(() => call(loop));
  loop.runOnce();
  expect(reports).toEqual([expect.objectContaining({ exception: withCode('ERR_LOOP_RUNNING') })]);
});

test('R26: runOnce is refused from inside a task, and the loop lives', () => {
  const { loop } = ownedLoop();
  const error = loop.runUntilComplete(function* () {
    return thrownBy(() => loop.runOnce());
  });
  expect(error).toEqual(withCode('ERR_LOOP_RUNNING'));
  expect(loop.running).toBe(false);
});

test('R27: a second loop on a running thread is refused, and its coroutine is closed', () => {
  const { loop } = ownedLoop();
  const other = ownedLoop().loop;
  const log: string[] = [];
  const coroutine = (function* () {
    log.push('started');
  })();
  loop.callSoon(() => {
    expect(() => other.runUntilComplete(coroutine)).toThrow(withCode('ERR_LOOP_RUNNING'));
  });
  loop.runOnce();
  runReady(other);
  expect([coroutine.next().done, log, other.metrics().tasks]).toEqual([true, [], 0]);
});

test('R27: run inside a task is refused by a message that names createTask, and its coroutine is closed', () => {
  const { loop } = ownedLoop();
  const coroutine = (function* () {})();
  loop.runUntilComplete(function* () {
    expect(() => run(coroutine)).toThrow(withCode('ERR_LOOP_RUNNING', /yield\*.*createTask/));
  });
  expect(coroutine.next().done).toBe(true);
});

test('D26: runUntilComplete gives the result of a coroutine, a function or a future', () => {
  const { loop } = ownedLoop();
  function* main(): Generator<never, number> {
    return 7;
  }
  const future: Future<string> = loop.createFuture();
  loop.callLater(5, () => future.setResult('done'));
  const results = [loop.runUntilComplete(main()), loop.runUntilComplete(main), loop.runUntilComplete(future)];
  expect(results).toEqual([7, 7, 'done']);
});

test('D26: runUntilComplete throws the failure of what it ran', () => {
  const { loop } = ownedLoop();
  const failure = new Error('main failed');
  const call = (): unknown =>
    loop.runUntilComplete(function* () {
      throw failure;
    });
  expect(thrownBy(call)).toBe(failure);
});

test('D26: runUntilComplete of a loop that is stopped meanwhile says so, and can be repeated', () => {
  const { loop } = ownedLoop();
  const future = loop.createFuture<string>();
  loop.callSoon(() => loop.stop());
  loop.callLater(1, () => future.setResult('late'));
  expect(() => loop.runUntilComplete(future)).toThrow(withCode('ERR_LOOP_STOPPED'));
  expect(loop.runUntilComplete(future)).toBe('late');
});

test('D26: a loop that nothing can ever wake says so instead of hanging', () => {
  const { loop } = ownedLoop();
  expect(() => loop.runForever()).toThrow(withCode('ERR_DEADLOCK'));
  expect(() => loop.runUntilComplete(loop.createFuture())).toThrow(withCode('ERR_DEADLOCK'));
  expect(loop.running).toBe(false);
});

test('D26: runOnce waits no longer than it was told', () => {
  const { loop } = ownedLoop();
  loop.callLater(100, () => undefined);
  loop.runOnce({ timeout: 30 });
  expect(loop.time()).toBe(30);
  loop.runOnce();
  loop.runOnce({ timeout: -5 });
  expect(loop.time()).toBe(30);
});

test('D26: the loop is running inside its callbacks, and only there', () => {
  const { loop } = ownedLoop();
  const seen: boolean[] = [loop.running];
  loop.callSoon(() => seen.push(loop.running));
  loop.runOnce();
  seen.push(loop.running);
  expect(seen).toEqual([false, true, false]);
});

test('H1: callSoon runs in the order of registration across the tasks of a loop', () => {
  const { loop } = ownedLoop();
  const log: string[] = [];
  for (const name of ['a', 'b']) {
    void loop.createTask(function* () {
      loop.callSoon(() => log.push(`${name}1`));
      loop.callSoon(() => log.push(`${name}2`));
    });
  }
  loop.callSoon(() => log.push('plain'));
  runReady(loop);
  expect(log).toEqual(['plain', 'a1', 'a2', 'b1', 'b2']);
});

test('H1: a callback gets the arguments it was registered with', () => {
  const { loop } = ownedLoop();
  const calls: unknown[][] = [];
  loop.callSoon((...args: unknown[]) => calls.push(args), 1, 'two', null);
  loop.callLater(1, (...args: unknown[]) => calls.push(args), 3);
  loop.runOnce({ timeout: 1 });
  loop.runOnce({ timeout: 1 });
  expect(calls).toEqual([[1, 'two', null], [3]]);
});

const scheduling: [string, (loop: EventLoop) => unknown][] = [
  ['callSoon', (loop) => loop.callSoon(() => undefined)],
  ['callSoonThreadsafe', (loop) => loop.callSoonThreadsafe(() => undefined)],
  ['callLater', (loop) => loop.callLater(1, () => undefined)],
  ['callLater for ever', (loop) => loop.callLater(Infinity, () => undefined)],
  ['callAt', (loop) => loop.callAt(1, () => undefined)],
  ['addReader', (loop) => loop.addReader(0, () => undefined)],
  ['addWriter', (loop) => loop.addWriter(0, () => undefined)],
  ['createTask', (loop) => loop.createTask(function* () {})],
  ['runForever', (loop) => loop.runForever()],
  ['runOnce', (loop) => loop.runOnce()],
];

test.each(scheduling)('H8: %s on a closed loop is an error', (_name, schedule) => {
  const { loop } = ownedLoop();
  loop.close();
  expect(() => schedule(loop)).toThrow(withCode('ERR_LOOP_CLOSED'));
});

test('H10, D40: callSoonThreadsafe wakes a select, however many calls there are, and keeps their order', () => {
  const { loop, engine } = ownedLoop();
  const wakes = jest.spyOn(engine, 'wake');
  const log: number[] = [];
  for (let i = 0; i < 100; i++) loop.callSoonThreadsafe((value: number) => log.push(value), i);
  expect(wakes).toHaveBeenCalled();
  loop.runOnce();
  expect(log).toEqual(Array.from({ length: 100 }, (_, i) => i));
});

test('H10, D40: a select that was woken beforehand does not wait', () => {
  const loop = new EventLoop();
  const log: string[] = [];
  loop.callSoonThreadsafe(() => log.push('called'));
  loop.runOnce({ timeout: Infinity });
  loop.close();
  expect(log).toEqual(['called']);
});

test('H13: time() is read afresh, also within a tick', () => {
  const { loop, engine } = ownedLoop();
  const seen: number[] = [];
  loop.callSoon(() => {
    seen.push(loop.time());
    engine.advance(2.5);
    seen.push(loop.time());
  });
  loop.runOnce();
  expect(seen).toEqual([0, 2.5]);
});

test('H13: the real clock never goes back, and moves within a tick', () => {
  const loop = new EventLoop();
  const seen: number[] = [];
  loop.callSoon(() => {
    do seen.push(loop.time());
    while (seen.at(-1) === seen[0]);
  });
  loop.runOnce();
  loop.close();
  expect(seen.at(-1)).toBeGreaterThan(seen[0] as number);
});

test('H14: close drops what is queued and armed without running it, and repeats harmlessly', () => {
  const { loop, reports } = ownedLoop();
  const log: string[] = [];
  loop.callSoon(() => log.push('soon'));
  loop.callLater(0, () => log.push('timer'));
  loop.close();
  loop.close();
  expect([loop.closed, loop.metrics().ready, log, reports]).toEqual([true, 0, [], []]);
});

test('H14: a handle can be cancelled after its loop was closed', () => {
  const { loop } = ownedLoop();
  const handles = [loop.callSoon(() => undefined), loop.callLater(5, () => undefined)];
  loop.close();
  for (const handle of handles) handle.cancel();
  expect(handles.map((handle) => handle.cancelled())).toEqual([true, true]);
});

test('H14: `using` closes the loop', () => {
  const { loop } = ownedLoop();
  loop[Symbol.dispose]();
  expect(loop.closed).toBe(true);
});

test('D6: times are plain milliseconds, fractions included', () => {
  const { loop } = ownedLoop();
  const seen: number[] = [];
  const handle = loop.callLater(1_500.25, () => seen.push(loop.time()));
  loop.runUntilComplete(function* () {
    yield* sleep(2_000);
    seen.push(loop.time());
  });
  expect([handle.when(), seen]).toEqual([1_500.25, [1_500.25, 2_000]]);
});

test('metrics: count turns, ticks, records, and what waits', () => {
  const loop = new EventLoop({ engine: new SimulatedEngine() });
  loop.callSoon(() => undefined);
  loop.callLater(10, () => undefined);
  void loop.createTask(function* () {});
  const ofWhat = { engine: 'simulated', driver: 'simulated', watches: 0, timers: 1 };
  expect(loop.metrics()).toEqual({ ...ofWhat, turns: 0, ticks: 0, records: 0, ready: 2, tasks: 1 });
  loop.runOnce();
  expect(loop.metrics()).toEqual({ ...ofWhat, turns: 1, ticks: 1, records: 2, ready: 0, tasks: 0 });
});
