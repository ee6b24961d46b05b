// Pipes and terminals as streams: one direction or both, ends, peers that go away.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, constants, openSync, readdirSync, writeSync } from 'node:fs';
import {
  ByteStream, type Coroutine, createTask, moveOnAfter, openPipe, UnsupportedError, until as settled,
} from '../../lib';
import { thrownBy, withCode } from '../helpers/failures';
import { Pipes } from '../helpers/pipes';
import { failureOf } from '../tasks/support';
import { onlyNative, run, runBlocking } from './engines';
import { pattern, turn, until } from './support';

const openDescriptors = (): number => readdirSync('/proc/self/fd').length;

const pipes = new Pipes();
afterEach(() => pipes.closeAll());


type Start = (main: () => Coroutine<void>) => unknown;

describe.each<[string, Start]>([['run', run], ['runBlocking', runBlocking]])('%s', (_name, start) => {
  test('openPipe: what is written to one end is read from the other, up to its end', async () => {
    await start(throughAPipe);
  });
});

function* throughAPipe(): Coroutine<void> {
  const before = openDescriptors();
  const [reader, writer] = openPipe();
  const sent = pattern(1_000_000);
  const writing = createTask(function* () {
    for (let at = 0; at < sent.length; at += 50_000) yield* writer.send(sent.subarray(at, at + 50_000));
    yield* writer.close();
  });
  const received = yield* reader.readAll();
  expect(received.equals(sent)).toBe(true);
  yield* writing;
  yield* reader.close();
  expect(openDescriptors()).toBe(before);
}

test('openPipe: async functions read lines of it', () => run(async () => {
  const [reader, writer] = openPipe();
  await writer.send('one\ntwo\n');
  writer.write('three');
  void writer.sendEof();
  const lines: (string | null)[] = [];
  for (let line = await reader.readLine(); line !== null; line = await reader.readLine()) lines.push(String(line));
  expect(lines).toEqual(['one', 'two', 'three']);
  await reader.close();
}));

test('openPipe: the direction that an end does not have fails with what to know', () => run(function* () {
  const [reader, writer] = openPipe();
  for (const read of [() => writer.read(), () => writer.readExactly(1), () => writer.readLine(), () => writer.readAll()]) {
    const error = yield* failureOf(read());
    expect(error).toBeInstanceOf(UnsupportedError);
    expect((error as Error).message).toMatch(/for writing/);
  }
  expect(thrownBy(() => reader.write('x'))).toEqual(withCode('ERR_UNSUPPORTED', /for reading/));
  expect(thrownBy(() => reader.send('x'))).toEqual(withCode('ERR_UNSUPPORTED', /for reading/));
  void reader.close();
  void writer.close();
  yield* turn();
}));

test('ByteStream.sendEof: closes the writing end of a pipe behind what was written', () => run(function* () {
  const before = openDescriptors();
  const [reader, writer] = openPipe();
  const sent = pattern(300_000);
  writer.write(sent);
  void writer.sendEof();
  expect(writer.closed).toBe(false);
  expect((yield* reader.readAll()).equals(sent)).toBe(true);
  yield* writer.waitClosed();
  expect(thrownBy(() => writer.write('more'))).toEqual(withCode('ERR_CLOSED', /sendEof/));
  yield* writer.close();
  expect(writer.closed).toBe(true);
  yield* reader.close();
  expect(openDescriptors()).toBe(before);
}));

test('ByteStream: writing to a pipe that nobody reads any more fails with EPIPE, and nothing ends the process', () =>
  run(function* () {
    const [reader, writer] = openPipe();
    writer.write(pattern(300_000));
    const draining = createTask(() => writer.drain());
    yield* turn();
    reader.abort();
    expect(yield* failureOf(draining)).toEqual(withCode('EPIPE'));
    expect(thrownBy(() => writer.write('more'))).toEqual(withCode('EPIPE'));
    yield* writer.close();
  }));

test('ByteStream: a writer that has nothing to write hears that its reader has gone', () => run(function* () {
  const [reader, writer] = openPipe();
  yield* reader.close();
  yield* until(() => {
    try {
      writer.write('');
      return false;
    } catch {
      return true;
    }
  });
  expect(thrownBy(() => writer.write('x'))).toEqual(withCode('EPIPE'));
  yield* writer.close();
}));

test('ByteStream.read: a cancelled read of a pipe takes nothing', () => run(function* () {
  const [reader, writer] = openPipe();
  yield* writer.send('123');
  const scope = yield* moveOnAfter(5, () => reader.readExactly(6));
  expect(scope.cancelledCaught).toBe(true);
  yield* writer.send('456');
  expect(String(yield* reader.readExactly(6))).toBe('123456');
  void writer.close();
  void reader.close();
}));

onlyNative('it has no descriptors')('fromFd: ends of a named pipe become streams, on duplicates', () => run(function* () {
  const { reader: readEnd, writer: writeEnd } = pipes.make();
  const reader = ByteStream.fromFd(readEnd);
  const writer = ByteStream.fromFd(writeEnd);
  expect([reader.localAddress, writer.remoteAddress]).toEqual([null, null]);
  writeSync(writeEnd, 'beside the stream, ');
  yield* writer.send('and through it');
  expect(String(yield* reader.readExactly(33))).toBe('beside the stream, and through it');
  yield* writer.close();
  // The descriptor that it was made of still writes, so there is no end yet.
  expect((yield* moveOnAfter(5, () => reader.read())).cancelledCaught).toBe(true);
  pipes.close(writeEnd);
  expect(yield* reader.read()).toBeNull();
  yield* reader.close();
}));

onlyNative('it has no descriptors')(
  'fromFd: a pipe that was opened for both is read and written', () => run(function* () {
  const both = ByteStream.fromFd(pipes.makeLoopback());
  yield* both.send('to myself');
  expect(String(yield* both.read())).toBe('to myself');
  yield* both.close();
}));

onlyNative('it has no descriptors')(
  'fromFd: files are refused, and so is what epoll cannot watch', () => run(function* () {
  const before = openDescriptors();
  for (const path of [__filename, __dirname]) {
    const fd = openSync(path, constants.O_RDONLY);
    expect(thrownBy(() => ByteStream.fromFd(fd))).toEqual(withCode('EPERM', /node:fs/));
    closeSync(fd);
  }
  expect(openDescriptors()).toBe(before);
  yield* turn();
}));

onlyNative('it has no descriptors')(
  'fromFd: the standard streams of a child are written and read', () => run(function* () {
  const { reader, writer } = pipes.make();
  const input = pipes.make();
  const child = spawn('tr', ['a-z', 'A-Z'], { stdio: [input.reader, writer, 'inherit'] });
  const exited = once(child, 'exit');
  pipes.close(input.reader);
  pipes.close(writer);
  const to = ByteStream.fromFd(input.writer);
  const from = ByteStream.fromFd(reader);
  pipes.close(input.writer);
  yield* to.send('shout');
  void to.sendEof();
  expect(String(yield* from.readAll())).toBe('SHOUT');
  expect((yield* settled(exited))[0]).toBe(0);
  yield* from.close();
}));

test('toDuplex: an end of a pipe is a Duplex of one direction', () => run(function* () {
  const [reader, writer] = openPipe();
  const writable = writer.toDuplex();
  const readable = reader.toDuplex();
  expect([writable.readable, writable.writable]).toEqual([false, true]);
  expect([readable.readable, readable.writable]).toEqual([true, false]);
  const closed = Promise.all([once(writable, 'close'), once(readable, 'close')]);
  const text = once(readable.setEncoding('utf8'), 'data');
  writable.end('for Node');
  expect(yield* settled(text)).toEqual(['for Node']);
  yield* settled(closed);
  expect([reader.closed, writer.closed]).toEqual([true, true]);
}));
