// Writing and closing: order, backpressure, failures, and what a cancellation leaves.
import { ByteStream, type Coroutine, createTask, type WriteLimitOptions } from '../../lib';
import { colours, outcomeOf } from '../tasks/support';
import { withCode } from '../helpers/failures';
import { run, runBlocking } from './engines';
import { acceptFromNode, connect, pattern, type Pair, turn, until } from './support';

const KIB = 1024;

describe.each(colours)('in $name tasks', ({ of }) => {
  test('IO14: small and large writes arrive in order, and text as UTF-8', () => run(of(function* () {
    const { near, far } = (yield connect()) as Pair;
    const large = pattern(100 * KIB);
    near.write('ä');
    near.write(large);
    near.write(new Uint16Array([0x4241]));
    yield near.send('end');
    void near.sendEof();
    const expected = Buffer.concat([Buffer.from('ä'), large, Buffer.from('ABend')]);
    expect(expected.equals((yield far.readAll()) as Buffer)).toBe(true);
    void near.close();
    void far.close();
  })));

  test('ST13: drain waits above the high mark, and until the low one', () => run(of(function* () {
    const { near, far } = (yield connect()) as Pair;
    near.setWriteLimits({ high: 32 * KIB, low: KIB });
    yield near.drain();
    while (near.pendingBytes <= 32 * KIB) near.write(Buffer.alloc(8 * KIB));
    const draining = near.drain();
    const another = near.drain();
    expect(draining.done()).toBe(false);
    const reading = createTask(() => far.readAll());
    yield draining;
    yield another;
    expect(near.pendingBytes).toBeLessThanOrEqual(KIB);
    void near.close();
    yield reading;
    void far.close();
  })));

  test('ST15: after sendEof the peer sees the end, and answers', () => run(of(function* () {
    const { near, far } = (yield connect()) as Pair;
    near.write('question');
    yield near.sendEof();
    expect(String(yield far.readAll())).toBe('question');
    far.write('answer');
    void far.sendEof();
    expect(String(yield near.readAll())).toBe('answer');
    expect(() => near.write('more')).toThrow(withCode('ERR_CLOSED', /sendEof/));
    void near.close();
    void far.close();
  })));
});

test('IO14: what was written can be changed afterwards, if it was small', () => run(function* () {
  const { near, far } = yield* connect();
  const bytes = Buffer.from('as it was');
  near.write(bytes);
  bytes.fill('!');
  expect(String(yield* far.readExactly(9))).toBe('as it was');
  near.abort();
  far.abort();
}));

test('R23: what is written in a turn leaves at its end, at once', () => run(function* () {
  const { near, far } = yield* connect();
  for (const letter of 'together') near.write(letter);
  expect(String(yield* far.read())).toBe('together');
  near.abort();
  far.abort();
}));

test('IO14: more writes in a turn than the outbox has room for arrive in order', () => run(function* () {
  const { near, far } = yield* connect();
  const sent = pattern(1000 * KIB);
  for (let at = 0; at < sent.length; at += 500) near.write(sent.subarray(at, at + 500));
  void near.sendEof();
  expect(sent.equals(yield* far.readAll())).toBe(true);
  void near.close();
  void far.close();
}));

test('IO14: small writes behind a large one that waits stay behind it', () => run(function* () {
  const { near, far } = yield* connect();
  const large = pattern(10_000 * KIB);
  near.write(large);
  expect(near.pendingBytes).toBeGreaterThan(0);
  const small = Buffer.from('small');
  near.write(small);
  small.fill('!');
  void near.sendEof();
  const received = yield* far.readAll();
  expect(received.length).toBe(large.length + 5);
  expect(large.equals(received.subarray(0, large.length))).toBe(true);
  expect(String(received.subarray(large.length))).toBe('small');
  void near.close();
  void far.close();
}));

test('ST13: drain is done at once up to the high mark, also while something waits', () => run(function* () {
  const { near, far } = yield* connect();
  near.setWriteLimits({ high: 4000 * KIB, low: 0 });
  for (;;) {
    near.write(Buffer.alloc(8 * KIB));
    const isUpToMark = near.pendingBytes <= 4000 * KIB;
    const draining = near.drain();
    expect(draining.done()).toBe(isUpToMark);
    if (draining.cancel()) break;
  }
  near.abort();
  far.abort();
}));

test('ST13: a drain that is cancelled leaves no wait behind', () => run(function* () {
  const { near, far } = yield* connect();
  near.write(pattern(10_000 * KIB));
  const drains = [near.drain(), near.drain(), near.drain()];
  const { waits } = near._sending!;
  for (const left of [2, 1, 0]) {
    expect(drains[left]!.cancel()).toBe(true);
    expect(waits.size).toBe(left);
  }
  near.abort();
  far.abort();
}));

test('ST13: a cancelled send stays on its way as a whole', () => run(function* () {
  const { near, far } = yield* connect();
  const sent = pattern(10_000 * KIB);
  const task = createTask(function* () {
    yield* near.send(sent);
  });
  yield* until(() => near.pendingBytes > 0);
  task.cancel();
  yield* task.join();
  expect(task.cancelled()).toBe(true);
  void near.sendEof();
  expect(sent.equals(yield* far.readAll())).toBe(true);
  void near.close();
  void far.close();
}));

test('ST13: a task that is cancelled already sends nothing', () => run(function* () {
  const { near, far } = yield* connect();
  const task = createTask(function* () {
    try {
      yield* turn();
    } finally {
      task.cancel();
      yield* near.send('unsaid');
    }
  });
  yield* task.join();
  void near.sendEof();
  expect(String(yield* far.readAll())).toBe('');
  void near.close();
  void far.close();
}));

test('ST14: drain waits for room, not for the peer', () => run(function* () {
  const { near, far } = yield* connect();
  near.write('nobody reads this');
  const drained = near.drain();
  expect(drained.done()).toBe(true);
  yield* drained;
  near.abort();
  far.abort();
}));

// A stream whose peer has reset the connection, and whose bytes from before it are unread.
function* resetBehindLastWords(): Coroutine<ByteStream> {
  const { stream, socket } = yield* acceptFromNode();
  socket.write('last words');
  yield* until(() => stream._unread !== null);
  socket.resetAndDestroy();
  yield* until(() => stream._hasEnded);
  return stream;
}

test('IO13: a failed write is a system error for drains and later writes, and says nothing of what came before', () => run(
  function* () {
    const stream = yield* resetBehindLastWords();
    const [how, error] = yield* outcomeOf(
      createTask(function* () {
        for (;;) {
          stream.write('too late');
          yield* turn();
        }
      }),
    );
    expect(how).toBe('failed');
    expect(error).toMatchObject({ syscall: 'write' });
    expect(['EPIPE', 'ECONNRESET']).toContain((error as { code: string }).code);
    expect(() => stream.write('more')).toThrow(withCode((error as { code: string }).code));
    expect(String(yield* stream.read())).toBe('last words');
    stream.abort();
  },
));

test('ST13: once a read has failed, the first send and drain fail too, and what came before is still read', () => run(
  function* () {
    const stream = yield* resetBehindLastWords();
    expect(yield* outcomeOf(stream.drain())).toEqual(['failed', withCode('ECONNRESET')]);
    expect(yield* outcomeOf(stream.send('too late'))).toEqual(['failed', withCode('ECONNRESET')]);
    expect(String(yield* stream.read())).toBe('last words');
    expect(yield* outcomeOf(stream.read())).toEqual(['failed', withCode('ECONNRESET')]);
    stream.abort();
  },
));

test('IO13: everybody who waits for room is told when the connection breaks', () => run(function* () {
  const { stream, socket } = yield* acceptFromNode();
  socket.pause();
  while (stream.pendingBytes < 256 * KIB) stream.write(Buffer.alloc(64 * KIB));
  const waits = [stream.drain(), stream.drain()];
  socket.resetAndDestroy();
  for (const wait of waits) expect((yield* outcomeOf(wait))[0]).toBe('failed');
  stream.abort();
}));

test('IO12, ST16: close sends what was written first, and is over when it was', () => run(function* () {
  const { near, far } = yield* connect();
  const sent = pattern(8000 * KIB);
  near.write(sent);
  near.write('end');
  const closing = near.close();
  expect(closing.done()).toBe(false);
  expect(sent.equals((yield* far.readAll()).subarray(0, sent.length))).toBe(true);
  yield* closing;
  yield* near.waitClosed();
  void far.close();
}));

test('IO12: abort drops what waits, and the peer sees a reset', () => run(function* () {
  const { near, far } = yield* connect();
  near.write(pattern(8000 * KIB));
  const closing = near.close();
  near.abort();
  yield* closing;
  const [how, error] = yield* outcomeOf(far.readAll());
  expect([how, (error as { code: string }).code]).toEqual(['failed', 'ECONNRESET']);
  far.abort();
}));

test('IO12: closing ends a read that waits, and both ways of closing may be repeated', () => run(function* () {
  const { near, far } = yield* connect();
  const reading = outcomeOf(near.read());
  const task = createTask(reading);
  yield* turn();
  void near.close();
  void near.close();
  near.abort();
  const [how, error] = yield* task;
  expect([how, (error as { code: string }).code]).toEqual(['failed', 'ERR_CLOSED']);
  void far.close();
}));

test('IO15: everything is refused after close', () => run(function* () {
  const { near, far } = yield* connect();
  yield* near.close();
  const uses: (() => unknown)[] = [
    () => near.write('x'), () => near.drain(), () => near.send('x'), () => near.sendEof(), () => near.read(),
    () => near.readLine(), () => near.readInto(Buffer.alloc(1)),
  ];
  for (const use of uses) expect(use).toThrow(withCode('ERR_CLOSED'));
  expect(near.closed).toBe(true);
  void far.close();
}));

test('ST16: waitClosed without close waits, and a cancelled wait leaves the others', () => run(function* () {
  const { near, far } = yield* connect();
  const one = near.waitClosed();
  const two = near.waitClosed();
  one.cancel();
  expect(two.done()).toBe(false);
  near.abort();
  yield* two;
  far.abort();
}));

test('IO16: marks are refused if they make no sense', () => run(function* () {
  const { near, far } = yield* connect();
  expect(() => near.setWriteLimits({ high: 1, low: 2 })).toThrow(withCode('ERR_OUT_OF_RANGE'));
  expect(() => near.setWriteLimits({ high: -1 })).toThrow(withCode('ERR_OUT_OF_RANGE'));
  expect(() => near.setWriteLimits({ low: NaN })).toThrow(withCode('ERR_OUT_OF_RANGE', /low: NaN/));
  expect(() => near.setWriteLimits(undefined as never)).toThrow(withCode('ERR_INVALID_ARG_TYPE'));
  near.abort();
  far.abort();
}));

const marks: readonly (readonly [WriteLimitOptions, number, number])[] = [
  [{}, 64 * KIB, 16 * KIB], [{ low: 10 }, 40, 10], [{ high: 42 }, 42, 10], [{ high: 0 }, 0, 0], [{ high: 9, low: 9 }, 9, 9],
];

test.each(marks)('IO16: marks of %j are %d and %d', (options, high, low) => run(function* () {
  const { near, far } = yield* connect();
  expect(near._limits).toEqual({ high: 64 * KIB, low: 16 * KIB });
  near.setWriteLimits(options);
  expect(near._limits).toEqual({ high, low });
  near.abort();
  far.abort();
}));

test('IO14: what cannot be written is refused at the call', () => run(function* () {
  const { near, far } = yield* connect();
  for (const data of [undefined, null, 3, {}, ['a']]) {
    expect(() => near.write(data as never)).toThrow(withCode('ERR_INVALID_ARG_TYPE'));
  }
  near.write('');
  near.abort();
  far.abort();
}));

test('D44: both ends know where they are', () => run(function* () {
  const { near, far } = yield* connect();
  expect(near.localAddress).toEqual(far.remoteAddress);
  expect(near.remoteAddress).toEqual(far.localAddress);
  expect(near.localAddress).toMatchObject({ family: 'IPv4', address: '127.0.0.1' });
  void near.close();
  expect(near.localAddress).not.toBeNull();
  void far.close();
}));

test('D44: a stream works on a loop that owns the thread, and closes at the end of await using', async () => {
  runBlocking(function* () {
    const { near, far } = yield* connect();
    near.write('owned');
    expect(String(yield* far.read())).toBe('owned');
    void near.close();
    void far.close();
  });
  await run(async () => {
    const { near, far } = await connect();
    await near[Symbol.asyncDispose]();
    expect(near).toBeInstanceOf(ByteStream);
    expect(await far.read()).toBeNull();
    await far.close();
  });
});
