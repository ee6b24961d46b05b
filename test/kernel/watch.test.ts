// Readers and writers of real descriptors, on an owned loop. They hold for every selector: READYLOOP_SELECTOR=poll.
import { spawn } from 'node:child_process';
import { constants, openSync, readSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { EventLoop, waitReadable } from '../../lib';
import { withCode } from '../helpers/failures';
import { keepReports } from '../helpers/owned_loop';
import { fill, Pipes } from '../helpers/pipes';

const pipes = new Pipes();
let loop: EventLoop;
let log: string[];
beforeEach(() => {
  loop = new EventLoop();
  log = [];
});
afterEach(() => {
  loop.close();
  pipes.closeAll();
});

const note = (what: string): void => void log.push(what);

test('IO1: a second reader replaces the first, also when the first one’s event is on its way', () => {
  const { reader, writer } = pipes.make();
  fill(writer);
  loop.addReader(reader, note, 'first');
  expect(loop.addReader(reader, note, 'second')).toBeUndefined();
  loop.runOnce();
  expect(log).toEqual(['second']);
  expect(loop.metrics().watches).toBe(1);
});

test('IO1: removing says whether there was one', () => {
  const { reader, writer } = pipes.make();
  loop.addReader(reader, note, 'read');
  loop.addWriter(writer, note, 'write');
  expect([loop.removeWriter(reader), loop.removeReader(reader), loop.removeReader(reader)]).toEqual([false, true, false]);
  expect([loop.removeWriter(writer), loop.removeWriter(writer)]).toEqual([true, false]);
  loop.runOnce();
  expect([log, loop.metrics().watches]).toEqual([[], 0]);
});

test('IO3: a reader runs once in each turn while there is something to read', () => {
  const { reader, writer } = pipes.make();
  fill(writer, 'ab');
  loop.addReader(reader, () => {
    const byte = Buffer.alloc(1);
    readSync(reader, byte);
    note(`${String(byte)} in turn ${loop.metrics().turns}`);
  });
  for (let turn = 0; turn < 4; turn++) loop.runOnce();
  expect(log).toEqual(['a in turn 1', 'b in turn 2']);
});

test('IO3: a reader that reads nothing is called again', () => {
  const { reader, writer } = pipes.make();
  fill(writer);
  loop.addReader(reader, note, 'ready');
  for (let turn = 0; turn < 3; turn++) loop.runOnce();
  expect(log).toEqual(['ready', 'ready', 'ready']);
});

test('IO3: a writer runs while there is room', () => {
  const { writer } = pipes.make();
  loop.addWriter(writer, note, 'room');
  for (let turn = 0; turn < 2; turn++) loop.runOnce();
  expect(log).toEqual(['room', 'room']);
});

test('IO4: a reader that is removed after its event was collected does not run', () => {
  const [one, two] = [pipes.make(), pipes.make()];
  for (const { writer } of [one, two]) fill(writer);
  // Whichever runs first removes both.
  for (const { reader } of [one, two]) {
    loop.addReader(reader, () => {
      note('ran');
      loop.removeReader(one.reader);
      loop.removeReader(two.reader);
    });
  }
  loop.runOnce();
  loop.runOnce();
  expect(log).toEqual(['ran']);
});

test('IO4: a reader that is replaced after its event was collected does not run in its successor’s place', () => {
  const { reader, writer } = pipes.make();
  fill(writer);
  loop.addReader(reader, note, 'old');
  loop.callSoon(() => loop.addReader(reader, note, 'new'));
  loop.runOnce();
  expect(log).toEqual([]);
  loop.runOnce();
  expect(log).toEqual(['new']);
});

test('IO5: a descriptor that is closed without removal neither fails nor spins', () => {
  const { reader, writer } = pipes.make();
  loop.addReader(reader, note, 'stale');
  fill(writer);
  loop.runOnce();
  pipes.close(reader);
  log = [];
  for (let turn = 0; turn < 5; turn++) loop.runOnce();
  expect(log.length).toBeLessThanOrEqual(1);
  expect(loop.removeReader(reader)).toBe(true);
});

test('IO5, D46: a descriptor number that is used again gets no event of the registration before it', () => {
  const before = pipes.make();
  loop.addReader(before.reader, note, 'stale');
  loop.runOnce();
  pipes.close(before.reader);
  const after = pipes.make();
  expect(after.reader).toBe(before.reader);
  fill(after.writer);
  for (let turn = 0; turn < 3; turn++) loop.runOnce();
  // poll(2) is asked by number each time, so it cannot tell the two apart without a removal.
  expect(log.length > 0).toBe(loop._engine.name === 'native:poll');
});

test('IO5, D46: removed before the close, a number that is used again starts afresh on every selector', () => {
  const before = pipes.make();
  fill(before.writer);
  loop.addReader(before.reader, note, 'stale');
  loop.runOnce();
  loop.removeReader(before.reader);
  pipes.close(before.reader);
  const after = pipes.make();
  expect(after.reader).toBe(before.reader);
  log = [];
  loop.addReader(after.reader, note, 'fresh');
  loop.runOnce();
  expect(log).toEqual([]);
  fill(after.writer);
  loop.runOnce();
  expect(log).toEqual(['fresh']);
});

test('IO5: a callback may close its own descriptor', () => {
  const { reader, writer } = pipes.make();
  fill(writer);
  loop.addReader(reader, () => {
    note('closes');
    loop.removeReader(reader);
    pipes.close(reader);
  });
  for (let turn = 0; turn < 3; turn++) loop.runOnce();
  expect([log, loop.metrics().watches]).toEqual([['closes'], 0]);
});

test('R19: of one descriptor that is readable and writable the reader runs first', () => {
  const fd = pipes.makeLoopback();
  fill(fd);
  loop.addWriter(fd, note, 'writer');
  loop.addReader(fd, note, 'reader');
  loop.runOnce();
  expect(log).toEqual(['reader', 'writer']);
});

test('R20: a hang-up wakes the reader and the writer of a descriptor', () => {
  const { reader, writer } = pipes.make();
  loop.addReader(reader, note, 'reader');
  loop.addWriter(reader, note, 'writer');
  loop.runOnce();
  expect(log).toEqual([]);
  pipes.close(writer);
  loop.runOnce();
  expect(log).toEqual(['reader', 'writer']);
});

test('R20: an error wakes the writer whose peer is gone', () => {
  const { reader, writer } = pipes.make();
  fill(writer, 'x'.repeat(65_536));
  loop.addReader(writer, note, 'reader');
  pipes.close(reader);
  loop.runOnce();
  expect(log).toEqual(['reader']);
});

test('R21: a signal that interrupts the select is no error, and the wait goes on', () => {
  const { reader, writer } = pipes.make();
  const reports = keepReports(loop);
  // Node handles SIGCHLD once it has a child, so each of these ends a system call that waits.
  const script = `for i in 1 2 3 4 5 6 7 8; do kill -CHLD ${process.pid}; done; printf x >&3`;
  const child = spawn('sh', ['-c', script], { stdio: ['ignore', 'ignore', 'inherit', writer] });
  child.unref();
  const readiness = loop.runUntilComplete(function* () {
    return yield* waitReadable(reader);
  });
  expect([readiness.readable, reports]).toEqual([true, []]);
});

test('IO8: a regular file is refused with EPERM and a hint, and nothing is left behind', () => {
  const fd = pipes.adopt(openSync(__filename, constants.O_RDONLY));
  expect(() => loop.addReader(fd, note, 'x')).toThrow(withCode('EPERM', /node:fs/));
  expect(() => loop.addWriter(fd, note, 'x')).toThrow(withCode('EPERM', /node:fs/));
  expect([loop.metrics().watches, loop.removeReader(fd)]).toEqual([0, false]);
});

test('IO8: a directory is refused with EPERM', () => {
  const fd = pipes.adopt(openSync(tmpdir(), constants.O_RDONLY));
  expect(() => loop.addReader(fd, note, 'x')).toThrow(withCode('EPERM'));
});

test.each(['addReader', 'addWriter'] as const)('IO7: %s refuses a descriptor that is not open with EBADF', (add) => {
  const { reader } = pipes.make();
  pipes.close(reader);
  expect(() => loop[add](reader, note, 'x')).toThrow(withCode('EBADF', /not open/));
  expect(loop.metrics().watches).toBe(0);
});

const calls = ['addReader', 'addWriter'] as const;
test.each(calls.flatMap((call) => [[call, -1], [call, 1.5], [call, NaN], [call, 2 ** 31]] as const))(
  'IO7: %s refuses %p as a descriptor',
  (call, fd) => {
    expect(() => loop[call](fd, note, 'x')).toThrow(withCode('ERR_OUT_OF_RANGE', /descriptor/));
  },
);
test.each(calls.flatMap((call) => [[call, '0'], [call, null], [call, {}]] as const))(
  'IO7: %s refuses %p as a descriptor',
  (call, fd) => {
    expect(() => loop[call](fd as never, note, 'x')).toThrow(withCode('ERR_INVALID_ARG_TYPE', /descriptor/));
  },
);

test('IO6: a reader cannot be added where a task waits to read', () => {
  const { reader } = pipes.make();
  const task = loop.createTask(function* () {
    yield* waitReadable(reader);
  });
  loop.runOnce();
  expect(() => loop.addReader(reader, note, 'x')).toThrow(withCode('ERR_BUSY'));
  expect(loop.removeReader(reader)).toBe(false);
  loop.addWriter(reader, note, 'x');
  task.cancel();
  loop.addReader(reader, note, 'x');
  expect(loop.metrics().watches).toBe(2);
  loop.runUntilComplete(task.join());
});

test('H14: a loop that is closed while it watches leaves the descriptor open and calls nobody', () => {
  const { reader, writer } = pipes.make();
  loop.addReader(reader, note, 'x');
  loop.close();
  fill(writer);
  expect(readSync(reader, Buffer.alloc(1))).toBe(1);
  expect(log).toEqual([]);
});
