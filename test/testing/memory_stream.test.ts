// memoryStreamPair and expectNoTasks.
import { type ByteStream, createTask, run, sleepForever } from '../../lib/index';
import { expectNoTasks, memoryStreamPair, virtualTime, waitAllTasksBlocked } from '../../lib/testing';
import { codeOf, colours, failureOf, hosted } from '../tasks/support';

describe.each(colours)('in a $name task', (colour) => {
  const inColour = (body: (a: ByteStream, b: ByteStream) => Generator<any, void>) =>
    hosted(function* () {
      const [a, b] = memoryStreamPair();
      yield* createTask(colour.of(() => body(a, b)));
    });

  test('TK4: what one end sends, the other one reads, in both directions', inColour(function* (a, b) {
    yield a.send('ping\n');
    expect(String(yield b.readLine())).toBe('ping');
    yield b.send('pong\n');
    expect(String(yield a.readLine())).toBe('pong');
  }));

  test('TK4: the end comes behind the bytes, and the other direction stays open', inColour(function* (a, b) {
    yield a.send('last');
    yield a.sendEof();
    expect(String(yield b.readAll())).toBe('last');
    yield b.send('answer');
    expect(String(yield a.read())).toBe('answer');
  }));

  test('TK4: closing sends what waits, then ends', inColour(function* (a, b) {
    yield a.send('x'.repeat(200_000));
    void a.close();
    expect(((yield b.readAll()) as Buffer).length).toBe(200_000);
  }));
});

test('TK4: a slow reader makes the writer wait', virtualTime(function* () {
  const [a, b] = memoryStreamPair({ bufferBytes: 1024 });
  let sent = 0;
  const writer = createTask(function* () {
    for (; sent < 2000; sent++) yield* a.send(Buffer.alloc(1024));
    yield* a.sendEof();
  });
  yield* waitAllTasksBlocked();
  expect(sent).toBeLessThan(400);
  let bytes = 0;
  for (let chunk = yield* b.read(); chunk !== null; chunk = yield* b.read()) bytes += chunk.length;
  yield* writer;
  expect(bytes).toBe(2000 * 1024);
}));

test('TK4: every byte arrives once and in order, in small pieces', virtualTime(function* () {
  const [a, b] = memoryStreamPair({ bufferBytes: 100, chunkBytes: 7 });
  const data = Buffer.from(Array.from({ length: 5_000 }, (_, i) => i % 251));
  void createTask(function* () {
    yield* a.send(data.subarray(0, 3));
    yield* a.send(data.subarray(3));
    yield* a.close();
  });
  const chunks: Buffer[] = [];
  for (let chunk = yield* b.read(); chunk !== null; chunk = yield* b.read()) {
    expect(chunk.length).toBeLessThanOrEqual(7);
    chunks.push(chunk);
  }
  expect(Buffer.concat(chunks).equals(data)).toBe(true);
}));

test('TK4: an abort is a reset for the peer', virtualTime(function* () {
  const [a, b] = memoryStreamPair();
  const reading = createTask(() => b.read());
  yield* waitAllTasksBlocked();
  a.abort();
  expect(yield* failureOf(reading)).toMatchObject({ code: 'ECONNRESET' });
  expect(yield* failureOf(createTask(() => b.send('x')))).toMatchObject({ code: 'ECONNRESET' });
}));

test('TK4: writing to an end that was closed fails', virtualTime(function* () {
  const [a, b] = memoryStreamPair();
  yield* b.close();
  yield* failureOf(createTask(function* () {
    for (let i = 0; i < 5; i++) yield* a.send(Buffer.alloc(100_000));
  }));
  expect(yield* failureOf(createTask(() => a.send('x')))).toMatchObject({ code: 'EPIPE' });
  expect(yield* a.read()).toBeNull();
  yield* a.close();
}));

test('TK4: cancelling a read takes nothing', virtualTime(function* () {
  const [a, b] = memoryStreamPair();
  const reading = createTask(() => b.readExactly(4));
  yield* a.send('ab');
  yield* waitAllTasksBlocked();
  reading.cancel();
  yield* failureOf(reading);
  yield* a.send('cd');
  expect(String(yield* b.readExactly(4))).toBe('abcd');
}));

test('TK4: a pair also works on the real engine', async () => {
  await run(function* () {
    const [a, b] = memoryStreamPair();
    yield* a.send('hello');
    expect(String(yield* b.read())).toBe('hello');
    yield* a.close();
    expect(yield* b.read()).toBeNull();
    yield* b.close();
  });
});

test('memoryStreamPair: sizes below one and unknown options are refused', virtualTime(function* () {
  for (const bufferBytes of [0, -1, 1.5, NaN]) {
    expect(codeOf(() => memoryStreamPair({ bufferBytes }))).toBe('ERR_OUT_OF_RANGE');
  }
  expect(codeOf(() => memoryStreamPair({ chunk: 1 } as object))).toBe('ERR_INVALID_ARG_TYPE');
}));

test('expectNoTasks: it names the tasks that are left', virtualTime(function* () {
  expectNoTasks();
  const left = createTask(() => sleepForever(), { name: 'straggler' });
  expect(() => expectNoTasks()).toThrow('straggler');
  expectNoTasks({ except: [left] });
  yield* createTask(function* () {
    expectNoTasks({ except: [left] });
  });
}));
