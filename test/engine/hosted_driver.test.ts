import { execFile } from 'node:child_process';
import { closeSync, readSync, writeSync } from 'node:fs';
import { executionAsyncResource } from 'node:async_hooks';
import { constants } from 'node:os';
import { performance } from 'node:perf_hooks';
import { Drained, Header, HeaderFloat } from '../../lib/engine/abi';
import { Direction } from '../../lib/engine/engine';
import { combinations, fixture, handleWord, LoopUnderTest, openSelfPipe, readyWord, timerWord } from './loop_under_test';

const { EBUSY } = constants.errno;

/** Hosts the loop, calls `drain` for each entry until it gives a value, then closes the loop. */
function host<T>(loop: LoopUnderTest, drain: (finish: (value: T) => void) => number): Promise<T> {
  return new Promise((resolve) => {
    const finish = (value: T): void => {
      loop.native.close();
      resolve(value);
    };
    expect(loop.native.startHosted(() => drain(finish), {})).toBe(0);
    loop.native.ref();
  });
}

// Node counts its iterations from 20.18 on.
const isCounting = 'uvMetricsInfo' in performance.nodeTiming;
if (!isCounting) process.stderr.write('not run: tests that count iterations: this Node does not count them\n');
const whereCounted = isCounting ? test : test.skip;

describe.each(combinations)('on %s, driven by %s', (selector, driver) => {
  let loop: LoopUnderTest;
  beforeEach(() => {
    loop = new LoopUnderTest(selector, { driver });
  });
  afterEach(() => loop.native.close());

  test('HostedDriver: all records of a turn are there when the drain is called', async () => {
    for (let slot = 0; slot < 3; slot++) loop.native.arm(slot, timerWord, 0);
    const seen = await host<number[]>(loop, (finish) => {
      finish(loop.takeSlots());
      return Drained.done;
    });
    expect(seen).toEqual([0, 1, 2]);
  });

  test('HostedDriver: a record that is appended outside a turn is drained', async () => {
    const seen = host<number[]>(loop, (finish) => {
      finish(loop.takeSlots());
      return Drained.done;
    });
    setImmediate(() => loop.ring.append(9, handleWord));
    expect(await seen).toEqual([9]);
  });

  test('HostedDriver: a record that a drain leaves is drained in another turn', async () => {
    const turns: number[] = [];
    loop.ring.append(0, handleWord);
    await host<void>(loop, (finish) => {
      loop.take();
      turns.push(loop.header(Header.turns));
      if (turns.length === 3) finish();
      else loop.ring.append(0, handleWord);
      return Drained.done;
    });
    expect(turns).toEqual([1, 2, 3]);
  });

  test('D16: microtasks run before the drain is entered again, in the same turn', async () => {
    const log: string[] = [];
    loop.ring.append(0, handleWord);
    await host<void>(loop, (finish) => {
      loop.take();
      log.push(`drain in turn ${loop.header(Header.turns)}`);
      if (log.length > 2) {
        finish();
        return Drained.done;
      }
      queueMicrotask(() => log.push('microtask'));
      return Drained.reenter;
    });
    expect(log).toEqual(['drain in turn 1', 'microtask', 'drain in turn 1']);
  });

  test('R6: a timer wakes the host, never before its deadline', async () => {
    loop.native.arm(1, timerWord, 1.3);
    const deadline = loop.ring.floats[HeaderFloat.deadline]!;
    const firedAt = await host<number>(loop, (finish) => {
      finish(loop.native.now());
      return Drained.done;
    });
    expect(firedAt).toBeGreaterThanOrEqual(deadline);
  });

  test('HostedDriver: an earlier timer that is armed later wakes the host first', async () => {
    loop.native.arm(1, timerWord, 60_000);
    const seen = host<number[]>(loop, (finish) => {
      finish(loop.takeSlots());
      return Drained.done;
    });
    setImmediate(() => loop.native.arm(2, timerWord, 0.5));
    expect(await seen).toEqual([2]);
  });

  test('HostedDriver: a ready descriptor wakes the host, again and again while it is watched repeatedly', async () => {
    const pipe = openSelfPipe();
    let reports = 0;
    loop.native.watch(pipe, Direction.read, 1, readyWord, true);
    const done = host<void>(loop, (finish) => {
      reports += loop.take().length;
      readSync(pipe, Buffer.alloc(8));
      if (reports === 3) finish();
      else setImmediate(() => writeSync(pipe, 'x'));
      return Drained.done;
    });
    setImmediate(() => writeSync(pipe, 'x'));
    await done;
    closeSync(pipe);
    expect(reports).toBe(3);
  });

  test('HostedDriver: a watch that is added while the host waits is seen', async () => {
    const pipe = openSelfPipe();
    const seen = host<number[]>(loop, (finish) => {
      finish(loop.takeSlots());
      return Drained.done;
    });
    setImmediate(() => {
      loop.native.watch(pipe, Direction.write, 3, readyWord, false);
    });
    expect(await seen).toEqual([3]);
    closeSync(pipe);
  });

  test('HostedDriver: a number that is closed and opened anew while the host waits means the new file', async () => {
    const old = openSelfPipe();
    loop.native.watch(old, Direction.read, 1, readyWord, false);
    const seen = host<number[]>(loop, (finish) => {
      finish(loop.takeSlots());
      return Drained.done;
    });
    // real time: whoever waits in the host's place does so inside a system call, which no handshake can come from
    await new Promise((resolve) => setTimeout(resolve, 20));
    loop.native.forget(old);
    closeSync(old);
    const anew = openSelfPipe();
    loop.native.watch(anew, Direction.read, 2, readyWord, false);
    setImmediate(() => writeSync(anew, 'x'));
    expect(await seen).toEqual([2]);
    closeSync(anew);
  });

  whereCounted('HostedDriver: a timer that ends in an iteration that has had its turn waits for the next one', async () => {
    const pipe = openSelfPipe();
    const iterations: number[] = [];
    let deadline = 0;
    const begin = (): void => {
      loop.native.arm(1, timerWord, 20);
      deadline = loop.ring.floats[HeaderFloat.deadline]!;
      loop.native.watch(pipe, Direction.write, 2, readyWord, false);
    };
    begin();
    await host<void>(loop, (finish) => {
      // On a busy machine both may come in one turn, which says nothing.
      const isBoth = loop.takeSlots().length === 2;
      if (isBoth) setImmediate(begin);
      if (isBoth) return Drained.done;
      iterations.push(performance.nodeTiming.uvMetricsInfo.loopCount);
      // Node looks at its timers at the end of this very iteration, with a clock that is past this instant.
      while (loop.native.now() < deadline + 2);
      if (iterations.length === 2) finish();
      return Drained.done;
    });
    closeSync(pipe);
    expect(iterations[1]! - iterations[0]!).toBe(1);
  });

  test('HostedDriver: wake makes a turn, which calls no drain when nothing is there', async () => {
    let drains = 0;
    loop.native.startHosted(() => ++drains && Drained.done, {});
    loop.native.ref();
    loop.native.wake();
    while (loop.header(Header.turns) === 0) await new Promise<void>((resolve) => setImmediate(resolve));
    expect(drains).toBe(0);
  });

  test('HostedDriver: the drain runs in the resource that was given', async () => {
    const resource = {};
    loop.ring.append(0, handleWord);
    const seen = await new Promise<object>((resolve) => {
      loop.native.startHosted(() => {
        loop.take();
        resolve(executionAsyncResource());
        return Drained.done;
      }, resource);
      loop.native.ref();
    });
    expect(seen).toBe(resource);
  });

  test('HostedDriver: closing the loop inside its drain ends the turn', async () => {
    let entries = 0;
    loop.ring.append(0, handleWord);
    await host<void>(loop, (finish) => {
      entries++;
      finish();
      return Drained.reenter;
    });
    await new Promise<void>((resolve) => setImmediate(resolve));
    expect(entries).toBe(1);
  });

  test('HostedDriver: a hosted loop is neither hosted twice nor run by hand', () => {
    loop.native.startHosted(() => Drained.done, {});
    expect(loop.native.startHosted(() => Drained.done, {})).toBe(-EBUSY);
    expect(loop.native.runOnce(0)).toBe(-EBUSY);
  });

  test('HostedDriver: a loop that was run by hand can be hosted afterwards', async () => {
    loop.native.wake();
    loop.native.runOnce(-1);
    loop.native.arm(1, timerWord, 0);
    const seen = await host<number[]>(loop, (finish) => {
      finish(loop.takeSlots());
      return Drained.done;
    });
    expect(seen).toEqual([1]);
  });

  describe('as a program', () => {
    const program = (mode: string): Promise<{ code: number; out: string }> =>
      new Promise((resolve) => {
        const args = ['--expose-gc', fixture('hosted_program'), mode, selector, driver];
        // A program that hangs is ended before the test is, so that it does not outlive it.
        const limits = { timeout: 15_000, killSignal: 'SIGKILL' } as const;
        execFile(process.execPath, args, limits, (error, out, errors) => {
          resolve({ code: Number(error?.code ?? 0), out: out.trim() + errors.trim() });
        });
      });

    test('HostedDriver: the process lives while the loop is referenced', async () => {
      expect(await program('ref')).toEqual({ code: 0, out: 'fired' });
    });

    test('HostedDriver: the process ends at once when the loop is not referenced', async () => {
      expect(await program('unref')).toEqual({ code: 0, out: '' });
    });

    test('HostedDriver: the process can exit inside a drain', async () => {
      expect(await program('exit')).toEqual({ code: 3, out: '' });
    });

    test('HostedDriver: an exception of the drain is uncaught, and the next turn drains the rest', async () => {
      expect(await program('throw')).toEqual({ code: 0, out: 'uncaught boom, then 2' });
    });

    test('HostedDriver: an exception that nobody catches ends the process', async () => {
      const { code, out } = await program('fatal');
      expect(code).toBe(1);
      expect(out).toContain('boom');
    });

    test('D49: a wait without limit ends when Node has work', async () => {
      expect(await program('nudge')).toEqual({ code: 0, out: 'returned 0' });
    });

    test('NativeLoop: a loop that is collected unclosed leaves no descriptor open', async () => {
      expect(await program('collect')).toEqual({ code: 0, out: 'leaked 0' });
    });

    test('HostedDriver: closing hosted loops leaves no descriptor open', async () => {
      expect(await program('close')).toEqual({ code: 0, out: 'leaked 0' });
    });
  });
});
