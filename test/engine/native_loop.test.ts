import { closeSync, openSync, readSync, writeSync } from 'node:fs';
import { constants } from 'node:os';
import { Header, HeaderFloat, ReadyBits } from '../../lib/engine/abi';
import { loadBinding } from '../../lib/engine/binding';
import { Direction } from '../../lib/engine/engine';
import { ReadyRing } from '../../lib/engine/ready_ring';
import { LoopUnderTest, openSelfPipe, readyWord, timerWord } from './loop_under_test';

const { EBADF, EINVAL, ENOSYS, EPERM } = constants.errno;
const binding = loadBinding();

describe.each(binding.selectors)('on %s', (selector) => {
  let loop: LoopUnderTest;
  beforeEach(() => {
    loop = new LoopUnderTest(selector);
  });
  afterEach(() => loop.native.close());

  test('NativeLoop: names its selector', () => {
    expect(loop.native.selector).toBe(selector);
  });

  test('NativeLoop: a due timer appends one record with its slot and its word unchanged', () => {
    loop.native.arm(7, -12, 0);
    expect(loop.native.runOnce(0)).toBe(1);
    expect(loop.take()).toEqual([{ slot: 7, word: -12, a: 0, b: 0 }]);
    expect(loop.native.runOnce(0)).toBe(0);
  });

  test('R9: timers with equal deadlines fire in the order of arming', () => {
    const when = loop.native.now();
    for (const slot of [3, 1, 2, 0]) loop.native.armAt(slot, timerWord, when);
    loop.native.runOnce(0);
    expect(loop.takeSlots()).toEqual([3, 1, 2, 0]);
  });

  test('H3: timers in the past fire in the order of their deadlines', () => {
    const now = loop.native.now();
    loop.native.armAt(1, timerWord, now - 1);
    loop.native.armAt(2, timerWord, now - 2);
    loop.native.runOnce(0);
    expect(loop.takeSlots()).toEqual([2, 1]);
  });

  test('R6: no record of a timer is appended before its deadline', () => {
    for (const delayMs of [0.0001, 0.3, 1.7]) {
      loop.native.arm(1, timerWord, delayMs);
      const deadline = loop.ring.floats[HeaderFloat.deadline]!;
      loop.runUntil(1);
      expect(loop.native.now()).toBeGreaterThanOrEqual(deadline);
      expect(loop.ring.floats[HeaderFloat.selectedAt]).toBeGreaterThanOrEqual(deadline);
    }
  });

  test('R6: an instant that nanoseconds cannot express is rounded up', () => {
    for (let step = 0; step < 1_000; step++) {
      const when = loop.native.now() + step * 0.000_123_4;
      loop.native.armAt(1, timerWord, when);
      expect(loop.ring.floats[HeaderFloat.deadline]).toBeGreaterThanOrEqual(when);
    }
  });

  test('NativeLoop: arming an armed slot moves its timer', () => {
    loop.native.arm(1, timerWord, 0);
    loop.native.arm(1, timerWord, 60_000);
    expect(loop.native.runOnce(0)).toBe(0);
    expect(loop.header(Header.timers)).toBe(1);
  });

  test('NativeLoop: disarm says whether there was a timer, which then never fires', () => {
    loop.native.arm(1, timerWord, 0);
    expect(loop.native.disarm(1)).toBe(true);
    expect(loop.native.disarm(1)).toBe(false);
    expect(loop.native.runOnce(0)).toBe(0);
  });

  test('H5: a delay of Infinity is accepted and never due', () => {
    loop.native.arm(1, timerWord, Infinity);
    loop.native.armAt(2, timerWord, Infinity);
    expect(loop.native.runOnce(0)).toBe(0);
    expect(loop.header(Header.timers)).toBe(2);
  });

  test('R4: runOnce does not block while a record waits', () => {
    loop.ring.append(5, timerWord);
    expect(loop.native.runOnce(Infinity)).toBe(0);
    expect(loop.takeSlots()).toEqual([5]);
  });

  test('NativeLoop: wake ends a wait that has no limit', () => {
    loop.native.wake();
    expect(loop.native.runOnce(-1)).toBe(0);
  });

  test('NativeLoop: what does not fit into the ring waits in order until it is taken', () => {
    const small = new LoopUnderTest(selector, { capacity: 2 });
    for (let slot = 0; slot < 5; slot++) small.native.arm(slot, timerWord, 0);
    expect(small.native.runOnce(0)).toBe(5);
    expect(small.header(Header.nativeOverflow)).toBe(3);
    expect([...small.native.takeOverflow()].filter((_, index) => index % 4 === 0)).toEqual([2, 3, 4]);
    expect(small.header(Header.nativeOverflow)).toBe(0);
    expect(small.takeSlots()).toEqual([0, 1]);
    small.native.close();
  });

  describe('with a pipe', () => {
    let pipe: number;
    beforeEach(() => {
      pipe = openSelfPipe();
    });
    afterEach(() => {
      loop.native.forget(pipe);
      closeSync(pipe);
    });

    test('NativeLoop: a watch reports the readiness and the descriptor, once', () => {
      expect(loop.native.watch(pipe, Direction.read, 4, readyWord, false)).toBe(0);
      expect(loop.native.runOnce(0)).toBe(0);
      writeSync(pipe, 'x');
      loop.native.runOnce(0);
      expect(loop.take()).toEqual([{ slot: 4, word: readyWord, a: ReadyBits.readable, b: pipe }]);
      expect(loop.native.runOnce(0)).toBe(0);
      expect(loop.header(Header.watches)).toBe(0);
    });

    test('NativeLoop: a repeated watch reports in each turn until the descriptor is read dry', () => {
      loop.native.watch(pipe, Direction.read, 4, readyWord, true);
      writeSync(pipe, 'x');
      for (let turn = 0; turn < 3; turn++) expect(loop.native.runOnce(0)).toBe(1);
      readSync(pipe, Buffer.alloc(8));
      expect(loop.native.runOnce(0)).toBe(0);
    });

    test('R19: a descriptor that is ready both ways reports the reader first', () => {
      loop.native.watch(pipe, Direction.write, 2, readyWord, false);
      loop.native.watch(pipe, Direction.read, 1, readyWord, false);
      writeSync(pipe, 'x');
      loop.native.runOnce(0);
      expect(loop.takeSlots()).toEqual([1, 2]);
    });

    test('NativeLoop: unwatch says whether there was a watch, which then reports nothing', () => {
      loop.native.watch(pipe, Direction.read, 4, readyWord, false);
      writeSync(pipe, 'x');
      expect(loop.native.unwatch(pipe, Direction.read)).toBe(true);
      expect(loop.native.unwatch(pipe, Direction.read)).toBe(false);
      expect(loop.native.runOnce(0)).toBe(0);
    });

    test('NativeLoop: descriptors come before the timers of the same turn', () => {
      loop.native.arm(1, timerWord, 0);
      loop.native.watch(pipe, Direction.write, 2, readyWord, false);
      loop.native.runOnce(0);
      expect(loop.takeSlots()).toEqual([2, 1]);
    });
  });

  test('NativeLoop: watching a closed descriptor or a regular file fails with its errno', () => {
    const file = openSync(__filename, 'r');
    expect(loop.native.watch(file, Direction.read, 1, readyWord, false)).toBe(-EPERM);
    closeSync(file);
    expect(loop.native.watch(file, Direction.read, 1, readyWord, false)).toBe(-EBADF);
  });

  test('NativeLoop: after close, which may be repeated, nothing has an effect', () => {
    const { native } = loop;
    native.arm(1, timerWord, 0);
    native.close();
    native.close();
    native.arm(1, timerWord, 0);
    native.armAt(1, timerWord, 0);
    native.forget(0);
    native.wake();
    native.ref();
    native.unref();
    expect(native.disarm(1)).toBe(false);
    expect(native.unwatch(0, Direction.read)).toBe(false);
    expect(native.watch(0, Direction.read, 1, readyWord, false)).toBe(-EBADF);
    expect(native.runOnce(-1)).toBe(-EBADF);
    expect(native.startHosted(() => 0, {})).toBe(-EBADF);
    expect(native.takeOverflow()).toHaveLength(0);
    expect(native.now()).toBeGreaterThan(0);
    expect(loop.take()).toEqual([]);
  });

  test('NativeLoop: methods need no receiver, so none can be the wrong one', () => {
    const { arm, runOnce, close } = new binding.NativeLoop(new ReadyRing(4).buffer, selector, 'poller');
    arm.call({} as never, 3, timerWord, 0);
    expect(runOnce.call(undefined as never, 0)).toBe(1);
    close.call(null as never);
  });
});

// Errors that C++ throws are of the main realm and Jest's globals are not, so classes are compared by name.
const throwsTypeError = (call: () => unknown): void => {
  expect(call).toThrow(expect.objectContaining({ name: 'TypeError', code: 'ERR_INVALID_ARG_TYPE' }));
};

test('NativeLoop: a mistyped or missing argument is a TypeError without an effect', () => {
  const ring = new ReadyRing(4);
  const native = new binding.NativeLoop(ring.buffer, '', 'poller');
  const untyped = native as unknown as Record<string, (...args: unknown[]) => unknown>;
  throwsTypeError(() => untyped['arm']!(1, timerWord));
  throwsTypeError(() => untyped['arm']!('1', timerWord, 0));
  throwsTypeError(() => native.arm(1, timerWord, NaN));
  throwsTypeError(() => native.arm(-1, timerWord, 0));
  throwsTypeError(() => native.armAt(2 ** 26, timerWord, 0));
  throwsTypeError(() => untyped['armAt']!(1, timerWord, null));
  throwsTypeError(() => untyped['disarm']!());
  throwsTypeError(() => untyped['watch']!(0, Direction.read, 1, readyWord));
  throwsTypeError(() => untyped['unwatch']!(0));
  throwsTypeError(() => untyped['forget']!({}));
  throwsTypeError(() => untyped['runOnce']!());
  throwsTypeError(() => untyped['startHosted']!(() => 0));
  throwsTypeError(() => untyped['startHosted']!({}, {}));
  expect(ring.words[Header.timers]).toBe(0);
  native.close();
});

test('NativeLoop: the constructor refuses what is no ring, no name or no `new`', () => {
  const { buffer } = new ReadyRing(4);
  const construct = binding.NativeLoop as unknown as (...args: unknown[]) => unknown;
  throwsTypeError(() => construct(buffer, '', 'poller'));
  throwsTypeError(() => Reflect.construct(binding.NativeLoop, [{}, '', 'poller']));
  throwsTypeError(() => Reflect.construct(binding.NativeLoop, [buffer]));
  throwsTypeError(() => Reflect.construct(binding.NativeLoop, [buffer, '']));
});

test('NativeLoop: a loop that cannot be opened says why and behaves as closed', () => {
  const { buffer } = new ReadyRing(4);
  const missing = process.platform === 'darwin' ? 'epoll' : 'kqueue';
  expect(new binding.NativeLoop(buffer, 'no such selector', 'poller').failure).toBe(-EINVAL);
  expect(new binding.NativeLoop(buffer, missing, 'poller').failure).toBe(-ENOSYS);
  expect(new binding.NativeLoop(buffer, '', 'no such driver').failure).toBe(-EINVAL);
  expect(new binding.NativeLoop(new ArrayBuffer(8), '', 'poller').failure).toBe(-EINVAL);
  expect(new binding.NativeLoop(new ArrayBuffer(8), '', 'poller').runOnce(0)).toBe(-EBADF);
});
