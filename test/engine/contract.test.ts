// The Engine contract, line by line, on every engine: the native one with each selector, and the simulated one with and
// without a seed. What the kernel counts on must not differ between them.
import { closeSync, readSync, writeSync } from 'node:fs';
import { constants } from 'node:os';
import { Kind, ReadyBits } from '../../lib/engine/abi';
import { loadBinding } from '../../lib/engine/binding';
import { Direction, type Engine } from '../../lib/engine/engine';
import { NativeEngine } from '../../lib/engine/native_engine';
import { recordWord } from '../../lib/engine/ready_ring';
import { Choices, SimulatedEngine } from '../../lib/testing';
import { openSelfPipe } from './loop_under_test';

/** An engine, and descriptors that can be made ready. */
interface World {
  readonly engine: Engine;
  open(): number;
  /** Makes it readable; it can always be written. */
  fill(fd: number): void;
  empty(fd: number): void;
  close(fd: number): void;
}

function nativeWorld(selector: string): World {
  const before = process.env['READYLOOP_SELECTOR'];
  process.env['READYLOOP_SELECTOR'] = selector;
  try {
    return {
      engine: new NativeEngine(),
      open: openSelfPipe,
      fill: (fd) => void writeSync(fd, 'x'),
      empty: (fd) => void readSync(fd, Buffer.alloc(16)),
      close: closeSync,
    };
  } finally {
    if (before === undefined) delete process.env['READYLOOP_SELECTOR'];
    else process.env['READYLOOP_SELECTOR'] = before;
  }
}

function simulatedWorld(seed?: number): World {
  const engine = new SimulatedEngine({ choices: new Choices(seed) });
  return {
    engine,
    open: () => {
      const fd = engine.openDescriptor();
      engine.setReady(fd, ReadyBits.writable);
      return fd;
    },
    fill: (fd) => engine.setReady(fd, ReadyBits.readable | ReadyBits.writable),
    empty: (fd) => engine.setReady(fd, ReadyBits.writable),
    close: (fd) => engine.closeDescriptor(fd),
  };
}

const worlds: readonly (readonly [string, () => World])[] = [
  ...loadBinding().selectors.map((name) => [`native engine on ${name}`, () => nativeWorld(name)] as const),
  ['simulated engine', () => simulatedWorld()],
  ['simulated engine with a seed', () => simulatedWorld(7)],
];

const timer = recordWord(1, Kind.timer);
const ready = recordWord(1, Kind.ready);

describe.each(worlds)('on the %s', (_name, make) => {
  let world: World;
  let engine: Engine;
  beforeEach(() => {
    world = make();
    ({ engine } = world);
  });
  afterEach(() => engine.close());

  /** The records that wait, as `[slot, a, b]`. */
  function take(): [number, number, number][] {
    engine.adoptOverflow();
    const records: [number, number, number][] = [];
    for (let at = engine.ring.take(); at !== -1; at = engine.ring.take()) {
      const { words } = engine.ring;
      records.push([words[at]!, words[at + 2]!, words[at + 3]!]);
    }
    return records;
  }
  const slots = () => take().map(([slot]) => slot);
  /** Turns until something came. */
  function turnUntilReady(): number[] {
    for (;;) {
      engine.runOnce(Infinity);
      const came = slots();
      if (came.length > 0) return came;
    }
  }

  test('Engine: the clock never goes back', () => {
    let before = engine.now();
    for (let i = 0; i < 100; i++) {
      const now = engine.now();
      expect(now).toBeGreaterThanOrEqual(before);
      before = now;
    }
  });

  test('Engine: no record of a timer comes before its deadline', () => {
    for (const delayMs of [0.001, 0.3, 1.7]) {
      engine.arm(1, timer, delayMs);
      const deadline = engine.lastDeadline();
      expect(deadline).toBeGreaterThanOrEqual(engine.now() - 100);
      expect(turnUntilReady()).toEqual([1]);
      expect(engine.now()).toBeGreaterThanOrEqual(deadline);
    }
  });

  test('Engine: due timers come by deadline, equal ones in the order of arming', () => {
    const now = engine.now();
    [-1, -3, -2, -3].forEach((offset, slot) => engine.armAt(slot, timer, now + offset));
    engine.runOnce(0);
    expect(slots()).toEqual([1, 3, 2, 0]);
  });

  test('Engine: arming again moves a timer, disarming removes it, and they are counted', () => {
    const now = engine.now();
    engine.armAt(1, timer, now - 5);
    engine.armAt(1, timer, now + 3_600_000);
    engine.armAt(2, timer, now - 1);
    engine.armAt(3, timer, now - 2);
    expect(engine.timers()).toBe(3);
    engine.disarm(3);
    engine.disarm(3);
    engine.runOnce(0);
    expect([slots(), engine.timers()]).toEqual([[2], 1]);
  });

  test('Engine: a delay of Infinity is never due', () => {
    engine.arm(1, timer, Infinity);
    engine.arm(2, timer, 0.01);
    expect(turnUntilReady()).toEqual([2]);
    engine.runOnce(0);
    expect([slots(), engine.timers()]).toEqual([[], 1]);
  });

  test('Engine: a turn waits no longer than it may', () => {
    engine.arm(1, timer, 3_600_000);
    const before = engine.now();
    engine.runOnce(0);
    engine.runOnce(0.5);
    expect(slots()).toEqual([]);
    expect(engine.now() - before).toBeLessThan(1_800_000);
  });

  test('Engine: a turn does not wait while a record does, and what is due comes behind it', () => {
    const now = engine.now();
    engine.armAt(1, timer, now - 1);
    engine.armAt(2, timer, now + 3_600_000);
    engine.ring.append(9, timer);
    engine.runOnce(Infinity);
    expect(slots()).toEqual([9, 1]);
  });

  test('Engine: turns are counted', () => {
    const before = engine.turns();
    engine.runOnce(0);
    engine.runOnce(0);
    expect(engine.turns() - before).toBe(2);
  });

  test('Engine: it can be woken by timers, watches and nothing else', () => {
    const fd = world.open();
    expect(engine.canWake()).toBe(false);
    engine.arm(1, timer, 1_000);
    expect(engine.canWake()).toBe(true);
    engine.disarm(1);
    engine.watch(fd, Direction.read, 2, ready, false);
    expect(engine.canWake()).toBe(true);
    engine.forget(fd);
    expect(engine.canWake()).toBe(false);
    world.close(fd);
  });

  describe('with a descriptor', () => {
    let fd: number;
    beforeEach(() => {
      fd = world.open();
    });
    afterEach(() => {
      engine.forget(fd);
      world.close(fd);
    });

    test('Engine: a watch reports what it is ready for and the descriptor, once', () => {
      expect(engine.watch(fd, Direction.read, 4, ready, false)).toBe(0);
      engine.runOnce(0);
      expect([take(), engine.watches()]).toEqual([[], 1]);
      world.fill(fd);
      engine.runOnce(0);
      expect([take(), engine.watches()]).toEqual([[[4, ReadyBits.readable, fd]], 0]);
      engine.runOnce(0);
      expect(take()).toEqual([]);
    });

    test('Engine: a repeating watch reports in each turn while the descriptor is ready', () => {
      engine.watch(fd, Direction.read, 4, ready, true);
      world.fill(fd);
      for (let turn = 0; turn < 3; turn++) {
        engine.runOnce(0);
        expect(slots()).toEqual([4]);
      }
      world.empty(fd);
      engine.runOnce(0);
      expect([slots(), engine.watches()]).toEqual([[], 1]);
    });

    test('R19: Engine: a descriptor that is ready both ways reports the reader first', () => {
      engine.watch(fd, Direction.write, 2, ready, false);
      engine.watch(fd, Direction.read, 1, ready, false);
      world.fill(fd);
      engine.runOnce(0);
      expect(take()).toEqual([[1, ReadyBits.readable, fd], [2, ReadyBits.writable, fd]]);
    });

    test('Engine: descriptors come before the timers of the same turn', () => {
      world.fill(fd);
      engine.watch(fd, Direction.read, 4, ready, false);
      engine.armAt(1, timer, engine.now() - 1);
      engine.runOnce(0);
      expect(slots()).toEqual([4, 1]);
    });

    test('Engine: a ready descriptor ends a wait', () => {
      world.fill(fd);
      engine.watch(fd, Direction.read, 4, ready, false);
      engine.arm(1, timer, 3_600_000);
      engine.runOnce(Infinity);
      expect(slots()).toEqual([4]);
    });

    test('Engine: unwatch says whether there was a watch, and nothing comes after it', () => {
      engine.watch(fd, Direction.read, 4, ready, false);
      expect([engine.unwatch(fd, Direction.write), engine.unwatch(fd, Direction.read)]).toEqual([false, true]);
      world.fill(fd);
      engine.runOnce(0);
      expect([take(), engine.watches()]).toEqual([[], 0]);
    });

    test('Engine: forget drops both directions', () => {
      engine.watch(fd, Direction.read, 4, ready, true);
      engine.watch(fd, Direction.write, 5, ready, true);
      engine.forget(fd);
      world.fill(fd);
      engine.runOnce(0);
      expect([take(), engine.watches()]).toEqual([[], 0]);
    });
  });

  test('Engine: a descriptor that is not open is refused', () => {
    const fd = world.open();
    world.close(fd);
    expect(engine.watch(fd, Direction.read, 1, ready, false)).toBe(-constants.errno.EBADF);
    expect(engine.watches()).toBe(0);
  });
});
