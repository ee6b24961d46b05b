// What happens outside of a turn, and how the loop on a thread of its own comes to know of it.
import { closeSync, writeSync } from 'node:fs';
import { Drained, Header } from '../../lib/engine/abi';
import { type NativeLoop, loadBinding } from '../../lib/engine/binding';
import { Outbox } from '../../lib/engine/outbox';
import { PolledLoop } from '../../lib/engine/polled_loop';
import { ReadyRing } from '../../lib/engine/ready_ring';
import { Direction } from '../../lib/engine/engine';
import { handleWord, LoopUnderTest, openSelfPipe, readyWord, timerWord } from './loop_under_test';

const { selectors } = loadBinding();
const nextTurnOfNode = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** A native loop that does nothing but note what it is told. */
function spyOn(answers: Partial<NativeLoop> = {}): { native: NativeLoop; calls: string[] } {
  const calls: string[] = [];
  const native = new Proxy(answers as NativeLoop, {
    get: (target, name: string) => {
      if (name === 'selector' || name === 'failure') return 0;
      return (...args: unknown[]) => {
        calls.push(name);
        const member = target[name as keyof NativeLoop] as ((...args: unknown[]) => unknown) | undefined;
        return member === undefined ? false : member(...args);
      };
    },
  });
  return { native, calls };
}

function hosted(answers: Partial<NativeLoop> = {}): { loop: PolledLoop; ring: ReadyRing; calls: string[] } {
  const { native, calls } = spyOn({ startHosted: () => 0, ...answers });
  const ring = new ReadyRing(8);
  const loop = new PolledLoop(native, ring);
  loop.startHosted(() => Drained.done, {});
  calls.length = 0;
  return { loop, ring, calls };
}

const changes: [string, (loop: PolledLoop, ring: ReadyRing) => void][] = [
  ['a record that is appended', (_, ring) => ring.append(1, handleWord)],
  ['a record with a payload', (_, ring) => ring.appendWith(1, handleWord, 2, 3)],
  ['a timer that is armed', (loop) => loop.arm(1, timerWord, 5)],
  ['a timer that is armed for an instant', (loop) => loop.armAt(1, timerWord, 5)],
  ['a watch', (loop) => void loop.watch(0, Direction.read, 1, readyWord, false)],
  ['the end of a watch', (loop) => void loop.unwatch(0, Direction.read)],
  ['a descriptor that is forgotten', (loop) => loop.forget(0)],
];

test.each(changes)('PolledLoop: one look follows upon %s', async (_name, change) => {
  const { loop, ring, calls } = hosted();
  change(loop, ring);
  change(loop, ring);
  expect(calls).not.toContain('settle');
  await nextTurnOfNode();
  expect(calls.filter((name) => name === 'settle')).toHaveLength(1);
  calls.length = 0;
  change(loop, ring);
  await nextTurnOfNode();
  expect(calls).toContain('settle');
});

test('PolledLoop: one look follows upon a write, and upon a command to a transport', async () => {
  const answers = { openTransports: () => ({ resume: () => 0, address: () => '' }) as never };
  const { loop, calls } = hosted(answers);
  const outbox = new Outbox();
  const transports = loop.openTransports(new ArrayBuffer(8), outbox.buffer) as unknown as Record<string, () => unknown>;
  loop.watchOutbox(outbox);
  outbox.append(1, 1, Buffer.from('x'));
  outbox.append(1, 1, Buffer.from('y'));
  await nextTurnOfNode();
  expect(calls.filter((name) => name === 'settle')).toHaveLength(1);
  transports['address']!();
  await nextTurnOfNode();
  expect(calls.filter((name) => name === 'settle')).toHaveLength(1);
  transports['resume']!();
  await nextTurnOfNode();
  expect(calls.filter((name) => name === 'settle')).toHaveLength(2);
});

test('PolledLoop: what is idle makes no look', async () => {
  const { calls } = hosted();
  for (let i = 0; i < 5; i++) await nextTurnOfNode();
  expect(calls).toEqual([]);
});

test('PolledLoop: a look asks for a turn when one is needed, and else for none', async () => {
  let isNeeded = false;
  const { ring, calls } = hosted({ settle: () => isNeeded });
  ring.append(1, handleWord);
  await nextTurnOfNode();
  expect(calls).toEqual(['settle']);
  isNeeded = true;
  ring.append(1, handleWord);
  await nextTurnOfNode();
  expect(calls).toEqual(['settle', 'settle', 'askTurn']);
});

test('PolledLoop: nothing is noticed inside a turn, nor between its entries, and its end settles', async () => {
  let turn: () => number = () => 0;
  const answers = [Drained.reenter, Drained.done];
  const { native, calls } = spyOn({ startHosted: (drain) => ((turn = drain), 0) });
  const ring = new ReadyRing(8);
  const loop = new PolledLoop(native, ring);
  loop.startHosted(() => {
    ring.append(1, handleWord);
    return answers.shift()!;
  }, {});
  calls.length = 0;
  turn();
  ring.append(1, handleWord);
  await nextTurnOfNode();
  expect(calls).toEqual([]);
  turn();
  expect(calls).toEqual(['settle']);
});

test('PolledLoop: a closed loop is not looked at', async () => {
  const { loop, ring, calls } = hosted();
  ring.append(1, handleWord);
  loop.close();
  ring.append(1, handleWord);
  await nextTurnOfNode();
  expect(calls).toEqual(['close']);
});

describe.each(selectors)('on %s', (selector) => {
  let loop: LoopUnderTest;
  beforeEach(() => {
    loop = new LoopUnderTest(selector, { driver: 'poller' });
  });
  afterEach(() => loop.native.close());

  test('R3: turns that follow each other let the host have its say between them', async () => {
    const log: string[] = [];
    loop.native.ref();
    await new Promise<void>((resolve) => {
      loop.native.startHosted(() => {
        loop.take();
        log.push('turn');
        if (log.length >= 10) {
          resolve();
          return Drained.done;
        }
        loop.ring.append(1, handleWord);
        return Drained.done;
      }, {});
      loop.ring.append(1, handleWord);
      const immediate = (): void => {
        log.push('immediate');
        if (log.length < 10) setImmediate(immediate);
      };
      setImmediate(immediate);
    });
    const turns = log.filter((entry) => entry === 'turn').length;
    expect(log.length - turns).toBeGreaterThanOrEqual(turns - 1);
  });

  test('D16: a chain of microtasks runs to its end between two entries of one turn', async () => {
    const log: string[] = [];
    await new Promise<void>((resolve) => {
      loop.native.startHosted(() => {
        loop.take();
        log.push(`turn ${loop.header(Header.turns)}`);
        if (log.length > 1) {
          resolve();
          return Drained.done;
        }
        void (async () => {
          for (let i = 0; i < 5; i++) await Promise.resolve();
          log.push('end of the chain');
        })();
        return Drained.reenter;
      }, {});
      loop.native.ref();
      loop.ring.append(1, handleWord);
    });
    expect(log).toEqual(['turn 1', 'end of the chain', 'turn 1']);
  });

  test('PolledLoop: what promise reactions leave behind a turn is seen', async () => {
    const pipe = openSelfPipe();
    const seen: number[] = [];
    await new Promise<void>((resolve) => {
      loop.native.startHosted(() => {
        seen.push(...loop.takeSlots());
        if (seen.length === 1) void Promise.resolve().then(() => loop.native.arm(2, timerWord, 0.2));
        if (seen.length === 2) {
          void Promise.resolve().then(() => {
            loop.native.watch(pipe, Direction.read, 3, readyWord, false);
            writeSync(pipe, 'x');
          });
        }
        if (seen.length === 3) resolve();
        return Drained.done;
      }, {});
      loop.native.ref();
      loop.ring.append(1, handleWord);
    });
    closeSync(pipe);
    expect(seen).toEqual([1, 2, 3]);
  });
});
