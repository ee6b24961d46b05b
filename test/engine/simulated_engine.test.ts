import { scrypt } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { constants } from 'node:os';
import { promisify } from 'node:util';
import { failAfter, getRunningLoop, run, sleep } from '../../lib';
import { Kind, ReadyBits } from '../../lib/engine/abi';
import { Direction } from '../../lib/engine/engine';
import { recordWord } from '../../lib/engine/ready_ring';
import { SimulatedEngine } from '../../lib/testing';
import { withCode } from '../helpers/failures';
import { nodeTurn } from '../helpers/garbage';

const word = recordWord(1, Kind.timer);

/** The records that wait: `[slot, a, b]` of each. */
function taken(engine: SimulatedEngine): [number, number, number][] {
  const records: [number, number, number][] = [];
  for (let at = engine.ring.take(); at !== -1; at = engine.ring.take()) {
    records.push([engine.ring.words[at]!, engine.ring.words[at + 2]!, engine.ring.words[at + 3]!]);
  }
  return records;
}
const slots = (engine: SimulatedEngine): number[] => taken(engine).map(([slot]) => slot);

test('simulated engine: the clock stands still until nothing is ready, then jumps to the next deadline', () => {
  const engine = new SimulatedEngine({ startMs: 100 });
  engine.armAt(1, word, 150);
  engine.ring.append(9, word);
  engine.runOnce(Infinity);
  expect([engine.now(), slots(engine)]).toEqual([100, [9]]);
  engine.runOnce(Infinity);
  expect([engine.now(), slots(engine)]).toEqual([150, [1]]);
});

test('simulated engine: the clock jumps no further than a select may wait', () => {
  const engine = new SimulatedEngine();
  engine.arm(1, word, 50);
  engine.runOnce(20);
  expect([engine.now(), slots(engine)]).toEqual([20, []]);
  engine.runOnce(0);
  expect(engine.now()).toBe(20);
});

test('simulated engine: due timers are appended by deadline, equal ones by arming', () => {
  const engine = new SimulatedEngine();
  [30, 10, 20, 10].forEach((delay, slot) => engine.arm(slot, word, delay));
  engine.advance(30);
  engine.runOnce(0);
  expect(slots(engine)).toEqual([1, 3, 2, 0]);
});

test('simulated engine: arming again moves a timer, disarming removes it', () => {
  const engine = new SimulatedEngine();
  engine.arm(1, word, 10);
  engine.arm(1, word, 40);
  engine.arm(2, word, 20);
  expect([engine.timers(), engine.lastDeadline()]).toEqual([2, 20]);
  engine.disarm(2);
  engine.disarm(2);
  engine.runOnce(Infinity);
  expect([engine.now(), slots(engine), engine.timers()]).toEqual([40, [1], 0]);
});

test('simulated engine: the clock only goes forward', () => {
  const engine = new SimulatedEngine();
  expect(() => engine.advance(-1)).toThrow(withCode('ERR_OUT_OF_RANGE'));
  expect(() => engine.advance(NaN)).toThrow(withCode('ERR_OUT_OF_RANGE'));
  engine.advance(0.5);
  expect(engine.now()).toBe(0.5);
});

test('simulated engine: a watch fires once, a repeated one each turn', () => {
  const engine = new SimulatedEngine();
  const [once, always] = [engine.openDescriptor(), engine.openDescriptor()];
  engine.watch(once, Direction.read, 1, word, false);
  engine.watch(always, Direction.read, 2, word, true);
  for (const fd of [once, always]) engine.setReady(fd, ReadyBits.readable);
  engine.runOnce(0);
  engine.runOnce(0);
  const repeated = [2, ReadyBits.readable, always];
  expect(taken(engine)).toEqual([[1, ReadyBits.readable, once], repeated, repeated]);
  expect(engine.watches()).toBe(1);
});

test('simulated engine: each direction gets its own readiness, the reader first', () => {
  const engine = new SimulatedEngine();
  const fd = engine.openDescriptor();
  engine.watch(fd, Direction.write, 2, word, false);
  engine.watch(fd, Direction.read, 1, word, false);
  engine.setReady(fd, ReadyBits.readable | ReadyBits.writable);
  engine.runOnce(0);
  expect(taken(engine)).toEqual([[1, ReadyBits.readable, fd], [2, ReadyBits.writable, fd]]);
});

test('simulated engine: a hang-up and a close wake both directions', () => {
  const engine = new SimulatedEngine();
  const [hungUp, closed] = [engine.openDescriptor(), engine.openDescriptor()];
  [hungUp, closed].forEach((fd, i) => {
    engine.watch(fd, Direction.read, 2 * i, word, false);
    engine.watch(fd, Direction.write, 2 * i + 1, word, false);
  });
  engine.setReady(hungUp, ReadyBits.hangup);
  engine.closeDescriptor(closed);
  engine.runOnce(0);
  const failure = ReadyBits.hangup | ReadyBits.error;
  expect(taken(engine).map(([slot, bits]) => [slot, bits])).toEqual([
    [0, ReadyBits.hangup],
    [1, ReadyBits.hangup],
    [2, failure],
    [3, failure],
  ]);
});

test('simulated engine: a descriptor that is not open is refused', () => {
  const engine = new SimulatedEngine();
  expect(engine.watch(5, Direction.read, 1, word, false)).toBe(-constants.errno.EBADF);
  const fd = engine.openDescriptor();
  engine.closeDescriptor(fd);
  expect(engine.watch(fd, Direction.read, 1, word, false)).toBe(-constants.errno.EBADF);
});

test('simulated engine: unwatch says whether there was a watch, forget drops both', () => {
  const engine = new SimulatedEngine();
  const fd = engine.openDescriptor();
  engine.watch(fd, Direction.read, 1, word, true);
  expect([engine.unwatch(fd, Direction.write), engine.unwatch(fd, Direction.read)]).toEqual([false, true]);
  engine.watch(fd, Direction.read, 1, word, true);
  engine.watch(fd, Direction.write, 2, word, true);
  expect(engine.canWake()).toBe(true);
  engine.forget(fd);
  expect([engine.watches(), engine.canWake()]).toEqual([0, false]);
});

test('simulated engine: a run that waits for something of Node’s keeps the process and hears of it', async () => {
  const [begun, ended] = [jest.spyOn(globalThis, 'setInterval'), jest.spyOn(globalThis, 'clearInterval')];
  const kept = () => begun.mock.calls.length - ended.mock.calls.filter(([timer]) => timer !== null).length;
  const main = async () => {
    await nodeTurn();
    await nodeTurn();
    return kept();
  };
  await expect(run(main, { engine: new SimulatedEngine() })).resolves.toBe(1);
  expect(kept()).toBe(0);
  begun.mockRestore();
  ended.mockRestore();
});

test('simulated engine: a descriptor made ready by plain code wakes a resting run', async () => {
  const engine = new SimulatedEngine();
  const fd = engine.openDescriptor();
  const promise = run(
    function* () {
      const loop = getRunningLoop();
      const readable = loop.createFuture<string>();
      loop.addReader(fd, () => {
        loop.removeReader(fd);
        readable.setResult('read');
      });
      return yield* readable;
    },
    { engine },
  );
  await nodeTurn();
  await nodeTurn();
  engine.setReady(fd, ReadyBits.readable);
  await expect(promise).resolves.toBe('read');
});

const reading = (): Promise<unknown> => Promise.all(Array.from({ length: 20 }, () => readFile(__filename)));
const hashing = (): Promise<unknown> => promisify(scrypt)('password', 'salt', 64);

test.each([['a file is read', reading], ['a thread has a job', hashing]])(
  'simulated engine: while %s the clock does not jump',
  async (_what, work) => {
    const engine = new SimulatedEngine();
    await run(() => failAfter(10, async () => await work()), { engine });
    expect(engine.now()).toBe(0);
    await run(async () => {
      await work();
      await sleep(10);
    }, { engine });
    expect(engine.now()).toBe(10);
  },
);

test('simulated engine: what was under way before it does not hold its clock', async () => {
  const before = hashing();
  const engine = new SimulatedEngine();
  await run(() => sleep(3_600_000), { engine });
  expect(engine.now()).toBe(3_600_000);
  await before;
});

test('simulated engine: it can be held by hand', async () => {
  const engine = new SimulatedEngine();
  engine.hold();
  const running = run(() => sleep(50), { engine });
  for (let i = 0; i < 10; i++) await nodeTurn();
  expect(engine.now()).toBe(0);
  engine.release();
  await running;
  expect(engine.now()).toBe(50);
});
