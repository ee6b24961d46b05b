// The order of a turn, on a virtual clock: select, descriptors, due timers, then ticks of what is ready.
import { EventLoop } from '../../lib';
import { RECORDS_PER_TURN } from '../../lib/kernel/drain';
import { ReadyBits } from '../../lib/engine/abi';
import { type OwnedLoop, ownedLoop, runReady } from '../helpers/owned_loop';

/** A descriptor that is readable until its reader has run once. */
function readableOnce({ loop, engine }: OwnedLoop, fn: () => void): void {
  const fd = engine.openDescriptor();
  engine.setReady(fd, ReadyBits.readable);
  loop.addReader(fd, () => {
    loop.removeReader(fd);
    fn();
  });
}

test('R1: what was queued runs first, then descriptors, then due timers, then what those queue', () => {
  const owned = ownedLoop();
  const { loop } = owned;
  const log: string[] = [];
  readableOnce(owned, () => {
    log.push('descriptor');
    loop.callSoon(() => log.push('queued by descriptor'));
  });
  loop.callLater(0, () => {
    log.push('timer');
    loop.callSoon(() => log.push('queued by timer'));
  });
  loop.callSoon(() => log.push('queued before'));
  loop.runOnce();
  expect(log).toEqual(['queued before', 'descriptor', 'timer', 'queued by descriptor', 'queued by timer']);
});

test('R2: a tick runs only what was queued when it began', () => {
  const { loop } = ownedLoop();
  const ticks: Record<string, number> = {};
  const note = (name: string): void => void (ticks[name] = loop.metrics().ticks);
  loop.callSoon(() => {
    note('first');
    loop.callSoon(note, 'queued by first');
  });
  loop.callSoon(note, 'second');
  loop.runOnce();
  expect(ticks).toEqual({ 'first': 1, 'second': 1, 'queued by first': 2 });
});

test('R3: callbacks that queue themselves again share the ticks, one run each', () => {
  const { loop } = ownedLoop();
  const log: string[] = [];
  const again = (name: string): void => {
    log.push(name);
    if (log.length < 9) loop.callSoon(again, name);
  };
  for (const name of ['a', 'b', 'c']) loop.callSoon(again, name);
  runReady(loop);
  expect(log.slice(0, 9).join('')).toBe('abcabcabc');
});

test('R3: callbacks that queue themselves again starve neither timers nor descriptors', () => {
  const owned = ownedLoop();
  const { loop, engine } = owned;
  const seen = new Set<string>();
  const fd = engine.openDescriptor();
  loop.addReader(fd, () => seen.add('descriptor') && loop.removeReader(fd));
  loop.callLater(1, () => seen.add('timer'));
  let spins = 0;
  const spin = (): void => {
    if (++spins === 10) {
      engine.advance(1);
      engine.setReady(fd, ReadyBits.readable);
    }
    if (seen.size < 2 && spins < 100_000) loop.callSoon(spin);
  };
  for (let i = 0; i < 3; i++) loop.callSoon(spin);
  runReady(loop);
  expect(seen).toEqual(new Set(['descriptor', 'timer']));
  expect(spins).toBeLessThan(2 * RECORDS_PER_TURN);
});

test('D18: one select serves many ticks, until the budget of records is spent', () => {
  const { loop, engine } = ownedLoop();
  let left = RECORDS_PER_TURN + 10;
  const again = (): void => {
    if (--left > 0) loop.callSoon(again);
  };
  loop.callSoon(again);
  loop.runOnce();
  expect([left, engine.waits.length, loop.metrics().ticks]).toEqual([10, 1, RECORDS_PER_TURN]);
  loop.runOnce();
  expect([left, engine.waits.length]).toEqual([0, 2]);
});

test('D18: a tick that has begun is finished, however many records it holds', () => {
  const { loop, engine } = ownedLoop();
  let ran = 0;
  for (let i = 0; i < 3 * RECORDS_PER_TURN; i++) loop.callSoon(() => ran++);
  loop.runOnce();
  expect([ran, engine.waits.length]).toEqual([3 * RECORDS_PER_TURN, 1]);
});

/** Runs one turn of a callback that queues itself for ever, on the real engine. Returns: how often it ran. */
function runsInOneTurn(clockStepMs: number): number {
  let clock = 0;
  const now = jest.spyOn(performance, 'now').mockImplementation(() => clock);
  const loop = new EventLoop();
  let runs = 0;
  const again = (): void => {
    runs++;
    clock += clockStepMs;
    loop.callSoon(again);
  };
  loop.callSoon(again);
  loop.runOnce();
  loop.close();
  now.mockRestore();
  return runs;
}

test('D18: on the real engine a turn ends after 1,024 records though no time passed', () => {
  expect(runsInOneTurn(0)).toBe(1_024);
});

test('D18: on the real engine a turn ends 100 µs after its select, a few records later if they are light', () => {
  expect(runsInOneTurn(0.05)).toBeLessThan(20);
  expect(runsInOneTurn(5)).toBe(1);
});

test('R4: the select does not wait while something is queued', () => {
  const { loop, engine } = ownedLoop();
  loop.callLater(50, () => undefined);
  loop.callSoon(() => loop.stop());
  loop.runForever();
  expect(engine.waits).toEqual([0]);
});

test('R4: the select does not wait once a stop was asked for', () => {
  const { loop, engine } = ownedLoop();
  loop.callLater(50, () => undefined);
  loop.stop();
  loop.runForever();
  expect(engine.waits).toEqual([0]);
  expect(loop.time()).toBe(0);
});

test('R5: with timers the wait ends at the first deadline', () => {
  const { loop } = ownedLoop();
  const times: number[] = [];
  for (const ms of [70, 20, 45]) loop.callLater(ms, () => times.push(loop.time()));
  loop.runOnce({ timeout: Infinity });
  expect(times).toEqual([20]);
});

test('R5: without timers the wait has no limit', () => {
  const owned = ownedLoop();
  readableOwned(owned);
  owned.loop.runForever();
  expect(owned.engine.waits).toEqual([Infinity]);
});

function readableOwned(owned: OwnedLoop): void {
  readableOnce(owned, () => owned.loop.stop());
}

test('R7: a timer does not run a moment before its deadline', () => {
  const { loop, engine } = ownedLoop();
  let ran = false;
  loop.callLater(5, () => (ran = true));
  engine.advance(4.999_999);
  loop.runOnce();
  expect(ran).toBe(false);
  engine.advance(0.000_001);
  loop.runOnce();
  expect(ran).toBe(true);
});

test('R7: a timer that became due while descriptors were selected runs in the same turn', () => {
  const owned = ownedLoop();
  const log: string[] = [];
  owned.loop.callLater(5, () => log.push('timer'));
  owned.engine.advance(5);
  readableOnce(owned, () => log.push('descriptor'));
  owned.loop.runOnce();
  expect(log).toEqual(['descriptor', 'timer']);
});

test('R8: all due timers run in one tick, by deadline', () => {
  const { loop, engine } = ownedLoop();
  const log: [number, number][] = [];
  for (const ms of [30, 10, 20]) loop.callLater(ms, () => log.push([ms, loop.metrics().ticks]));
  engine.advance(100);
  loop.runOnce();
  expect(log).toEqual([[10, 1], [20, 1], [30, 1]]);
});

test('R9, D7: equal deadlines run in the order of creation', () => {
  const { loop } = ownedLoop();
  const log: number[] = [];
  for (let i = 0; i < 6; i++) loop.callAt(10, () => log.push(i));
  loop.runOnce({ timeout: Infinity });
  expect(log).toEqual([0, 1, 2, 3, 4, 5]);
});

test('R10: a handle cancelled before its turn is skipped silently and has used up its place', () => {
  const { loop, reports } = ownedLoop();
  const log: string[] = [];
  loop.callSoon(() => {
    log.push('first');
    doomed.cancel();
    loop.callSoon(() => log.push('next tick'));
  });
  const doomed = loop.callSoon(() => log.push('doomed'));
  loop.callSoon(() => log.push('last'));
  loop.runOnce();
  expect(log).toEqual(['first', 'last', 'next tick']);
  expect(loop.metrics()).toMatchObject({ ticks: 2, records: 4 });
  expect(reports).toEqual([]);
});

test('R11: a cancelled first timer wakes nobody and does not shorten the wait', () => {
  const { loop, engine } = ownedLoop();
  loop.callLater(5, () => undefined).cancel();
  loop.callLater(50, () => loop.stop());
  loop.runForever();
  expect([loop.time(), engine.waits.length]).toEqual([50, 1]);
});

test('R12: cancelled timers take no space', () => {
  const { loop } = ownedLoop();
  const timers = Array.from({ length: 1_000 }, (_, i) => loop.callLater(1_000 + i, () => undefined));
  for (const timer of timers.slice(1)) timer.cancel();
  expect(loop.metrics().timers).toBe(1);
});

test('R13: a due timer can still be cancelled, and is counted once', () => {
  const { loop, engine } = ownedLoop();
  const log: string[] = [];
  loop.callLater(1, () => {
    log.push('first');
    due.cancel();
  });
  const due = loop.callLater(2, () => log.push('due'));
  loop.callLater(500, () => undefined);
  engine.advance(10);
  loop.runOnce();
  due.cancel();
  expect(log).toEqual(['first']);
  expect([due.cancelled(), loop.metrics().timers]).toEqual([true, 1]);
});

test('R14: a callback that throws is reported, and the tick goes on', () => {
  const { loop, reports } = ownedLoop();
  const failure = new Error('broken callback');
  const log: string[] = [];
  const handle = loop.callSoon(() => {
    throw failure;
  });
  loop.callSoon(() => log.push(`tick ${loop.metrics().ticks}`));
  loop.runOnce();
  expect(log).toEqual(['tick 1']);
  expect(reports).toEqual([{ message: 'a callback threw', exception: failure, handle, loop }]);
});

test('R14: timers and readers that throw are reported, and stay what they were', () => {
  const { loop, engine, reports } = ownedLoop();
  const fd = engine.openDescriptor();
  engine.setReady(fd, ReadyBits.readable);
  const fail = (what: string): never => {
    throw new Error(what);
  };
  loop.addReader(fd, fail, 'reader');
  loop.callLater(0, fail, 'timer');
  loop.runOnce();
  loop.runOnce();
  expect(reports.map(({ exception }) => (exception as Error).message)).toEqual(['reader', 'timer', 'reader']);
});

test('R19: of one descriptor the reader runs before the writer', () => {
  const { loop, engine } = ownedLoop();
  const log: string[] = [];
  const fd = engine.openDescriptor();
  loop.addWriter(fd, () => log.push('writer'));
  loop.addReader(fd, () => log.push('reader'));
  engine.setReady(fd, ReadyBits.readable | ReadyBits.writable);
  loop.runOnce();
  expect(log).toEqual(['reader', 'writer']);
});

test('R22, H2: a timer without delay takes its turn behind what is queued', () => {
  const { loop } = ownedLoop();
  const log: string[] = [];
  loop.callLater(0, () => log.push(`timer, tick ${loop.metrics().ticks}`));
  loop.callSoon(() => log.push(`soon, tick ${loop.metrics().ticks}`));
  loop.runOnce();
  expect(log).toEqual(['soon, tick 1', 'timer, tick 1']);
});
