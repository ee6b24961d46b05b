// Tasks that wait for real descriptors. They hold for every selector: READYLOOP_SELECTOR=poll.
import { constants, openSync } from 'node:fs';
import { checkpoint, type Coroutine, createTask, getRunningLoop, notifyClosing, runBlocking, waitReadable, waitWritable } from '../../lib';
import { withCode } from '../helpers/failures';
import { fill, Pipes } from '../helpers/pipes';

const pipes = new Pipes();
afterEach(() => pipes.closeAll());

/** A test body as the main of an owned loop on the real clock; it waits for descriptors only. */
const blocking = (body: () => Coroutine<void>) => (): void => runBlocking(body);

test('IO6: a task wakes when its descriptor can be read, and learns what for', blocking(function* () {
  const { reader, writer } = pipes.make();
  getRunningLoop().callSoon(() => fill(writer));
  expect(yield* waitReadable(reader)).toMatchObject({ readable: true, hangup: false, error: false });
}));

test('IO6: a task wakes when its descriptor can be written', blocking(function* () {
  const { writer } = pipes.make();
  expect(yield* waitWritable(writer)).toMatchObject({ readable: false, writable: true, error: false });
}));

test('R20: a hang-up ends both waits', blocking(function* () {
  const { reader, writer } = pipes.make();
  const waits = [waitReadable(reader), waitWritable(reader)];
  getRunningLoop().callSoon(() => pipes.close(writer));
  for (const wait of waits) expect((yield* wait).hangup).toBe(true);
}));

test('IO6: a second task for the same descriptor and direction is refused at the call', blocking(function* () {
  const { reader, writer } = pipes.make();
  const first = waitReadable(reader);
  expect(() => waitReadable(reader)).toThrow(withCode('ERR_BUSY', /already watched for reading/));
  fill(writer);
  expect((yield* first).readable).toBe(true);
}));

test('IO6: where a reader is registered, a task cannot wait to read', blocking(function* () {
  const { reader, writer } = pipes.make();
  getRunningLoop().addReader(reader, () => undefined);
  expect(() => waitReadable(reader)).toThrow(withCode('ERR_BUSY'));
  getRunningLoop().addWriter(writer, () => undefined);
  expect(() => waitWritable(writer)).toThrow(withCode('ERR_BUSY', /writing/));
}));

test('IO6: reading and writing of one descriptor at once is fine', blocking(function* () {
  const fd = pipes.makeLoopback();
  const reading = waitReadable(fd);
  const writing = waitWritable(fd);
  expect((yield* writing).writable).toBe(true);
  fill(fd);
  expect((yield* reading).readable).toBe(true);
}));

test('IO6: a wait is over once it has fired, so the next one is free to come', blocking(function* () {
  const { reader, writer } = pipes.make();
  fill(writer);
  for (let i = 0; i < 3; i++) expect((yield* waitReadable(reader)).readable).toBe(true);
  expect(getRunningLoop().metrics().watches).toBe(0);
}));

test('IO3: a wait is one-shot: readiness that nobody waits for takes no turns', blocking(function* () {
  const { reader, writer } = pipes.make();
  fill(writer);
  yield* waitReadable(reader);
  const { records } = getRunningLoop().metrics();
  for (let i = 0; i < 5; i++) yield* checkpoint();
  expect(getRunningLoop().metrics().records - records).toBeLessThanOrEqual(6);
}));

test('IO6: a cancelled wait removes its watch', blocking(function* () {
  const { reader } = pipes.make();
  const task = createTask(function* () {
    yield* waitReadable(reader);
  });
  yield* checkpoint();
  expect(getRunningLoop().metrics().watches).toBe(1);
  task.cancel();
  expect(getRunningLoop().metrics().watches).toBe(0);
  yield* task.join();
  const again = waitReadable(reader);
  expect(again.cancel()).toBe(true);
}));

test('IO4: a wait that is cancelled after its event was collected stays cancelled', blocking(function* () {
  const { reader, writer } = pipes.make();
  fill(writer);
  const wait = waitReadable(reader);
  const loop = getRunningLoop();
  // This runs in the tick that also holds the event, and before it.
  loop.callSoon(() => wait.cancel('changed my mind'));
  yield* checkpoint();
  yield* checkpoint();
  expect(() => wait.result()).toThrow(expect.objectContaining({ reason: 'changed my mind' }));
}));

test('IO7: notifyClosing ends the waits of both directions with ClosedResourceError', blocking(function* () {
  const fd = pipes.makeLoopback();
  fill(fd);
  const reading = waitReadable(fd);
  const writing = waitWritable(fd);
  notifyClosing(fd);
  pipes.close(fd);
  const caught: unknown[] = [];
  for (const wait of [reading, writing]) {
    try {
      yield* wait;
    } catch (error) {
      caught.push(error);
    }
  }
  expect(caught).toEqual([withCode('ERR_CLOSED', /closed by its owner/), withCode('ERR_CLOSED')]);
  expect(getRunningLoop().metrics().watches).toBe(0);
}));

test('IO7: notifyClosing removes readers and writers', blocking(function* () {
  const fd = pipes.makeLoopback();
  fill(fd);
  const loop = getRunningLoop();
  const log: string[] = [];
  loop.addReader(fd, () => log.push('reader'));
  loop.addWriter(fd, () => log.push('writer'));
  notifyClosing(fd);
  yield* checkpoint();
  expect([log, loop.removeReader(fd), loop.removeWriter(fd), loop.metrics().watches]).toEqual([[], false, false, 0]);
}));

test('IO7: notifyClosing of a descriptor that nobody watches does nothing', blocking(function* () {
  notifyClosing(pipes.make().reader);
}));

test('IO5, D46: after notifyClosing, a number that is used again starts afresh', blocking(function* () {
  const before = pipes.make();
  const stale = waitReadable(before.reader);
  notifyClosing(before.reader);
  pipes.close(before.reader);
  const after = pipes.make();
  expect(after.reader).toBe(before.reader);
  const fresh = waitReadable(after.reader);
  fill(after.writer);
  expect((yield* fresh).readable).toBe(true);
  expect(stale.exception()).toEqual(withCode('ERR_CLOSED'));
}));

const waits = [['waitReadable', waitReadable], ['waitWritable', waitWritable]] as const;

describe.each(waits)('%s', (_name, wait) => {
  test('IO8: a regular file is refused with EPERM and a hint', blocking(function* () {
    const fd = pipes.adopt(openSync(__filename, constants.O_RDONLY));
    expect(() => wait(fd)).toThrow(withCode('EPERM', /node:fs/));
    expect(() => wait(fd)).toThrow(withCode('EPERM'));
    expect(getRunningLoop().metrics().watches).toBe(0);
  }));

  test('IO7: a closed descriptor is refused with EBADF at the call', blocking(function* () {
    const { reader } = pipes.make();
    pipes.close(reader);
    expect(() => wait(reader)).toThrow(withCode('EBADF', /not open/));
  }));
});

const takers = [...waits, ['notifyClosing', notifyClosing]] as const;

describe.each(takers)('%s', (_name, take) => {
  test.each([-1, 0.5, NaN, Infinity, 2 ** 31])('IO7: %p is refused at the call', (fd) => {
    expect(() => take(fd)).toThrow(withCode('ERR_OUT_OF_RANGE'));
  });
  test.each([['3'], [null], [undefined], [3n]])('IO7: %p is a TypeError', (fd) => {
    expect(() => take(fd as never)).toThrow(withCode('ERR_INVALID_ARG_TYPE'));
  });
  test('IO7: outside a run there is no loop to ask', () => {
    expect(() => take(0)).toThrow(withCode('ERR_NO_RUNNING_LOOP'));
  });
});

test.each([
  ['waitReadable', waitReadable], ['waitWritable', waitWritable], ['notifyClosing', notifyClosing],
])('arguments: %s says of what is no descriptor that it is none', (name, call: (fd: number) => unknown) => {
  const start = new RegExp(`^${name}: `);
  expect(() => call(null as never)).toThrow(withCode('ERR_INVALID_ARG_TYPE', /a descriptor is a number, not null/));
  expect(() => call('3' as never)).toThrow(withCode('ERR_INVALID_ARG_TYPE', start));
  for (const fd of [-1, NaN, 1.5, 2 ** 31]) expect(() => call(fd)).toThrow(withCode('ERR_OUT_OF_RANGE', start));
});
