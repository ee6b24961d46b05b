// Reading: every form of it, in both colours, with whatever cuts the kernel makes.
import { createTask, type Future } from '../../lib';
import { StreamFlag } from '../../lib/net/receiving';
import { colours, outcomeOf } from '../tasks/support';
import { withCode } from '../helpers/failures';
import { run } from './engines';
import { acceptFromNode, connect, pattern, type Pair, turn, until } from './support';

const text = (bytes: unknown): string => (bytes as Buffer).toString();

describe.each(colours)('in $name tasks', ({ of }) => {
  test('ST1: read gives what is there, at most as much as asked for, and null at the end', () => run(of(function* () {
    const { near, far } = (yield connect()) as Pair;
    near.write('hello');
    void near.sendEof();
    expect(text(yield far.read(2))).toBe('he');
    expect(text(yield far.read(0))).toBe('');
    expect(text(yield far.read())).toBe('llo');
    expect(yield far.read()).toBeNull();
    expect(yield far.read()).toBeNull();
    void near.close();
    void far.close();
  })));

  test('ST2: readExactly gives so many bytes, also more than the marks allow to wait', () => run(of(function* () {
    const { near, far } = (yield connect()) as Pair;
    const sent = pattern(1_000_000);
    near.write(sent);
    expect((yield far.readExactly(0)) as Buffer).toHaveLength(0);
    expect(sent.equals((yield far.readExactly(1_000_000)) as Buffer)).toBe(true);
    near.abort();
    far.abort();
  })));

  test('ST2: at the end readExactly throws with what there was, and takes it', () => run(of(function* () {
    const { near, far } = (yield connect()) as Pair;
    near.write('abc');
    void near.sendEof();
    let caught: unknown = null;
    try {
      yield far.readExactly(5);
    } catch (error) {
      caught = error;
    }
    expect(caught).toMatchObject({ code: 'ERR_INCOMPLETE_READ', expected: 5, partial: Buffer.from('abc') });
    expect(yield far.read()).toBeNull();
    void near.close();
    void far.close();
  })));

  test('D44: readLine gives lines without their ends, what is left, and null', () => run(of(function* () {
    const { near, far } = (yield connect()) as Pair;
    near.write('one\r\ntwo\n\n\r\nlast');
    void near.sendEof();
    const lines: unknown[] = [];
    for (let line = yield far.readLine(); line !== null; line = yield far.readLine()) lines.push(text(line));
    expect(lines).toEqual(['one', 'two', '', '', 'last']);
    void near.close();
    void far.close();
  })));

  test('ST4: readUntil gives the separator too; at the end what is left is in the error', () => run(of(function* () {
    const { near, far } = (yield connect()) as Pair;
    near.write('key: value');
    void near.sendEof();
    expect(text(yield far.readUntil(': '))).toBe('key: ');
    let caught: unknown = null;
    try {
      yield far.readUntil(': ');
    } catch (error) {
      caught = error;
    }
    expect(caught).toMatchObject({ code: 'ERR_INCOMPLETE_READ', expected: null, partial: Buffer.from('value') });
    void near.close();
    void far.close();
  })));

  test('D44: readAll gives everything up to the end', () => run(of(function* () {
    const { near, far } = (yield connect()) as Pair;
    const sent = pattern(700_000);
    near.write(sent);
    void near.sendEof();
    expect(sent.equals((yield far.readAll()) as Buffer)).toBe(true);
    void near.close();
    void far.close();
  })));

  test('D44: readInto fills memory of the caller, with what has come or from the kernel', () => run(of(function* () {
    const { near, far } = (yield connect()) as Pair;
    const into = Buffer.alloc(4);
    const waiting = far.readInto(into);
    near.write('abcdef');
    expect([yield waiting, text(into)]).toEqual([4, 'abcd']);
    expect([yield far.readInto(into), text(into)]).toEqual([2, 'efcd']);
    near.write('xyz');
    expect(text(yield far.read())).toBe('xyz');
    void near.sendEof();
    expect(yield far.readInto(into)).toBe(0);
    expect(yield far.readInto(new Uint8Array(0))).toBe(0);
    void near.close();
    void far.close();
  })));
});

test('ST7: a second reader is refused at the call, whatever the first waits for', () => run(function* () {
  const { near, far } = yield* connect();
  const first = far.readLine();
  const others: (() => unknown)[] = [
    () => far.read(), () => far.readLine(), () => far.readAll(), () => far.readInto(Buffer.alloc(1)),
  ];
  for (const other of others) expect(other).toThrow(withCode('ERR_BUSY'));
  near.write('line\n');
  expect(text(yield* first)).toBe('line');
  near.abort();
  far.abort();
}));

const reads: readonly [string, (stream: Pair['far']) => Future<unknown>][] = [
  ['read', (stream) => stream.read()],
  ['readExactly', (stream) => stream.readExactly(4)],
  ['readUntil', (stream) => stream.readUntil('!')],
  ['readLine', (stream) => stream.readLine()],
  ['readAll', (stream) => stream.readAll()],
  ['readInto', (stream) => stream.readInto(Buffer.alloc(8))],
];

test.each(reads)('ST8: a cancelled %s takes nothing', (name, reading) => run(function* () {
  const { near, far } = yield* connect();
  if (name !== 'read' && name !== 'readInto') {
    near.write('ab');
    yield* near.drain();
  }
  const task = createTask(function* () {
    yield* reading(far);
  });
  yield* until(() => far._reader !== null && (far._unread !== null || name === 'read' || name === 'readInto'));
  task.cancel();
  yield* task.join();
  expect([task.cancelled(), far._reader]).toEqual([true, null]);
  near.write('cd\n!');
  void near.sendEof();
  expect(text(yield* far.readAll())).toBe(name === 'read' || name === 'readInto' ? 'cd\n!' : 'abcd\n!');
  void near.close();
  void far.close();
}));

test.each(reads)('ST8: a task that is cancelled already does not begin a %s', (_name, reading) => run(function* () {
  const { near, far } = yield* connect();
  near.write('there\n!');
  yield* until(() => far._unread !== null);
  const task = createTask(function* () {
    yield* reading(far);
  }, { eager: false });
  task.cancel();
  yield* task.join();
  void near.sendEof();
  expect(text(yield* far.readAll())).toBe('there\n!');
  void near.close();
  void far.close();
}));

test('ST1: chunks of every size come in order, whichever way they are received', () => run(function* () {
  const { near, far } = yield* connect();
  const sizes = [100_000, 100, 300_000, 24 * 1024, 5, 64 * 1024, 1, 200_000, 3000];
  const sent = pattern(Math.max(...sizes));
  for (const size of [...sizes, ...sizes.reverse()]) {
    near.write(sent.subarray(0, size));
    const chunks: Buffer[] = [];
    for (let left = size; left > 0; left -= chunks.at(-1)!.length) chunks.push((yield* far.read(left))!);
    expect(Buffer.concat(chunks).equals(sent.subarray(0, size))).toBe(true);
  }
  void near.sendEof();
  expect(yield* far.read()).toBeNull();
  void near.close();
  void far.close();
}));

test('ST8: a read of large chunks can be cancelled too, and other reads go on behind it', () => run(function* () {
  const { near, far } = yield* connect();
  const large = pattern(60_000);
  for (let i = 0; i < 8; i++) {
    near.write(large);
    let got = 0;
    while (got < large.length) got += (yield* far.read())!.length;
  }
  const task = createTask(() => far.read());
  yield* turn();
  task.cancel();
  yield* task.join();
  near.write('line\nrest');
  yield* until(() => far._unread !== null);
  expect(text(yield* far.readLine())).toBe('line');
  const into = Buffer.alloc(100_000);
  expect(yield* far.readInto(into)).toBe(4);
  near.write(large);
  let got = 0;
  while (got < large.length) got += yield* far.readInto(into.subarray(got));
  expect(into.subarray(0, got).equals(large)).toBe(true);
  near.abort();
  far.abort();
}));

test('ST1: a chunk stays as it is, whatever comes behind it and whoever gives it away', () => run(function* () {
  const { near, far } = yield* connect();
  const kept: Buffer[] = [];
  const sent: Buffer[] = [];
  for (let i = 0; i < 60; i++) {
    // Large and small by turns, so that chunks come both ways.
    const bytes = Buffer.alloc(i % 20 < 16 ? 40_000 : 9_000, i);
    near.write(bytes);
    sent.push(bytes);
    for (let left = bytes.length; left > 0; left -= kept.at(-1)!.length) kept.push((yield* far.read(left))!);
  }
  const shared = kept.find((chunk) => chunk.buffer.byteLength > 4 * chunk.length && chunk.length > 20_000)!;
  const { port1, port2 } = new MessageChannel();
  // What Node does with memory that must not be transferred depends on its version: it refuses, or copies.
  try {
    port1.postMessage(shared, [shared.buffer as ArrayBuffer]);
  } catch (error) {
    expect((error as Error).name).toBe('DataCloneError');
  }
  port1.close();
  port2.close();
  expect(Buffer.concat(kept).equals(Buffer.concat(sent))).toBe(true);
  near.abort();
  far.abort();
}));

test('ST10: a reset reaches a reader of large chunks behind them', () => run(function* () {
  const { stream, socket } = yield* acceptFromNode();
  const large = pattern(60_000);
  for (let i = 0; i < 8; i++) {
    socket.write(large);
    let got = 0;
    while (got < large.length) got += (yield* stream.read())!.length;
  }
  const reading = createTask(() => stream.read());
  yield* turn();
  socket.resetAndDestroy();
  const [how, error] = yield* outcomeOf(reading);
  expect([how, (error as { code: string }).code]).toEqual(['failed', 'ECONNRESET']);
  stream.abort();
}));

test('ST9: what nobody reads stops the peer, and reading lets it go on', () => run(function* () {
  const { near, far } = yield* connect();
  const sent = pattern(20_000_000);
  const sending = createTask(function* () {
    yield* near.send(sent);
    void near.sendEof();
  });
  let pending = -1;
  yield* until(() => {
    const before = pending;
    pending = near.pendingBytes;
    return pending > 0 && pending === before && (far._unread?.length ?? 0) > 128 * 1024;
  });
  expect(far._unread!.length).toBeLessThan(512 * 1024);
  expect(sending.done()).toBe(false);
  expect(sent.equals(yield* far.readAll())).toBe(true);
  yield* sending;
  void near.close();
  void far.close();
}));

test('ST9: reading goes on when no more than the low mark is unread, also while nobody waits', () => run(function* () {
  const { near, far } = yield* connect();
  const sending = createTask(() => near.send(pattern(20_000_000)));
  yield* until(() => (far._flags & StreamFlag.paused) !== 0);
  const kept = far._unread!.length;
  expect(kept).toBeGreaterThan(128 * 1024);
  yield* far.read(kept - 64 * 1024 - 1);
  expect(far._flags & StreamFlag.paused).not.toBe(0);
  yield* far.read(1);
  expect(far._flags & StreamFlag.paused).toBe(0);
  yield* until(() => far._unread!.length > 128 * 1024);
  far.abort();
  yield* outcomeOf(sending);
  near.abort();
}));

test('ST10: bytes come before the failure, which is a system error', () => run(function* () {
  const { stream, socket } = yield* acceptFromNode();
  socket.write('before');
  yield* until(() => stream._unread !== null);
  socket.resetAndDestroy();
  yield* until(() => stream._hasEnded);
  expect(text(yield* stream.read())).toBe('before');
  for (let i = 0; i < 2; i++) {
    const [how, error] = yield* outcomeOf(stream.read());
    expect(how).toBe('failed');
    expect(error).toMatchObject({ code: 'ECONNRESET', syscall: 'read' });
    expect((error as { errno: number }).errno).toBeLessThan(0);
  }
  stream.abort();
}));

test('ST10: the failure names the peer, whoever connected, also where nobody asked for it', () => run(function* () {
  for (const which of ['near', 'far'] as const) {
    const pair = yield* connect();
    const [stream, other] = which === 'near' ? [pair.near, pair.far] : [pair.far, pair.near];
    const { address, port } = other.localAddress!;
    other.abort();
    const expected = expect.objectContaining({ code: 'ECONNRESET', syscall: 'read', address, port });
    expect(yield* outcomeOf(stream.read())).toEqual(['failed', expected]);
    stream.abort();
  }
}));

test('ST10: bytes that are too few for a readExactly stay for a read', () => run(function* () {
  const { stream, socket } = yield* acceptFromNode();
  socket.write('few');
  yield* until(() => stream._unread !== null);
  socket.resetAndDestroy();
  const [how] = yield* outcomeOf(stream.readExactly(10));
  expect(how).toBe('failed');
  expect(text(yield* stream.read())).toBe('few');
  stream.abort();
}));

test('ST12: an async iteration gives chunks up to the end', () => run(async () => {
  const { near, far } = await connect();
  const sent = pattern(300_000);
  near.write(sent);
  void near.sendEof();
  const chunks: Buffer[] = [];
  for await (const chunk of far) chunks.push(chunk);
  expect(sent.equals(Buffer.concat(chunks))).toBe(true);
  await near.close();
  await far.close();
}));

test('ST12: what for await is refused is a rejection, and a failure reaches it once', () => run(async () => {
  const { stream, socket } = await acceptFromNode();
  const items = stream[Symbol.asyncIterator]();
  const first = items.next();
  await expect(items.next()).rejects.toEqual(withCode('ERR_BUSY'));
  socket.write('x');
  expect(await first).toEqual({ done: false, value: Buffer.from('x') });
  const second = items.next();
  socket.resetAndDestroy();
  await expect(second).rejects.toEqual(withCode('ECONNRESET'));
  await stream.close();
  await expect(items.next()).rejects.toEqual(withCode('ERR_CLOSED'));
}));

test.each([-1, NaN, 0.5, Infinity, 2 ** 31])('ST2: a size of %p is refused at the call', (size) => run(function* () {
  const { near, far } = yield* connect();
  for (const reading of [() => far.read(size), () => far.readExactly(size), () => far.readLine({ limit: size })]) {
    expect(reading).toThrow(withCode('ERR_OUT_OF_RANGE'));
  }
  near.abort();
  far.abort();
}));

test('ST11: after the end every read says so at once', () => run(function* () {
  const { near, far } = yield* connect();
  near.write('last');
  void near.close();
  expect(String(yield* far.readAll())).toBe('last');
  for (let i = 0; i < 2; i++) {
    expect(yield* far.read()).toBeNull();
    expect(yield* far.readLine()).toBeNull();
    expect(yield* far.readInto(Buffer.alloc(1))).toBe(0);
    expect(yield* far.readAll()).toHaveLength(0);
    expect(yield* far.readExactly(0)).toHaveLength(0);
  }
  void far.close();
}));
