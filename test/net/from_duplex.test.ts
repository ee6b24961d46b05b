// fromDuplex, toWeb and fromWeb: streams of others as ours, and ours as the web's.
import { createServer, connect as connectNode, type Socket } from 'node:net';
import { once } from 'node:events';
import { Duplex, PassThrough } from 'node:stream';
import { ByteStream, createTask, until, type WebStreams } from '../../lib';
import { colours, outcomeOf } from '../tasks/support';
import { thrownBy, withCode } from '../helpers/failures';
import { connect, pattern, type Pair, turn } from './support';
import { run, runBlocking } from './engines';

/** Two sockets of Node's, connected. */
async function socketPair(allowHalfOpen = true): Promise<[Socket, Socket]> {
  const server = createServer({ allowHalfOpen: true }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  const accepted = once(server, 'connection') as Promise<[Socket]>;
  const near = connectNode({ host: '127.0.0.1', port, allowHalfOpen });
  const [far] = await accepted;
  server.close();
  return [near, far];
}

describe.each(colours)('in $name tasks', ({ of }) => {
  test('fromDuplex: a socket of Node\'s has our methods, both ways, with its addresses', () => run(of(function* () {
    const [near, far] = (yield until(socketPair())) as [Socket, Socket];
    const stream = ByteStream.fromDuplex(near);
    expect([stream.remoteAddress?.port, stream.localAddress?.family]).toEqual([near.remotePort, 'IPv4']);
    far.write('line one\r\nrest');
    expect(String(yield stream.readLine())).toBe('line one');
    expect(String(yield stream.readExactly(4))).toBe('rest');
    const answered = once(far, 'data') as Promise<[Buffer]>;
    stream.write('to ');
    stream.write('you');
    expect(String(((yield until(answered)) as [Buffer])[0])).toBe('to you');
    far.end('bye');
    expect(String(yield stream.readAll())).toBe('bye');
    yield stream.close();
    expect(near.destroyed).toBe(true);
  })));

  test('fromDuplex: both directions wait for the slower side, and lose nothing', () => run(of(function* () {
    const { near, far } = (yield connect()) as Pair;
    const stream = ByteStream.fromDuplex(near.toDuplex({ allowHalfOpen: true }));
    const sent = pattern(8_000_000);
    const sending = stream.send(sent);
    for (let i = 0; i < 30; i++) yield turn();
    expect([sending.done(), stream.pendingBytes > 1_000_000]).toEqual([false, true]);
    expect(sent.equals((yield far.readExactly(sent.length)) as Buffer)).toBe(true);
    yield sending;
    const back = far.send(sent);
    for (let i = 0; i < 30; i++) yield turn();
    expect(back.done()).toBe(false);
    expect(sent.equals((yield stream.readExactly(sent.length)) as Buffer)).toBe(true);
    yield back;
    expect(stream.pendingBytes).toBe(0);
    yield stream.close();
    yield far.close();
  })));

  test('fromDuplex: what is written behind the peer\'s end arrives, as on every stream', () => run(of(function* () {
    const [near, far] = (yield until(socketPair(false))) as [Socket, Socket];
    const stream = ByteStream.fromDuplex(near);
    const answer: Buffer[] = [];
    far.on('data', (chunk) => answer.push(chunk)).end('question');
    const ended = once(far, 'end');
    expect(String(yield stream.readAll())).toBe('question');
    yield turn();
    yield stream.send('answer');
    yield stream.close();
    yield until(ended);
    expect(String(Buffer.concat(answer))).toBe('answer');
  })));

  test('fromDuplex: writing where somebody else has ended the Duplex fails, instead of vanishing', () =>
    run(of(function* () {
    const duplex = new PassThrough();
    const stream = ByteStream.fromDuplex(duplex);
    duplex.end('the last');
    stream.write('lost');
    yield turn();
    expect(yield createTask(outcomeOf(stream.drain()))).toEqual(['failed', withCode('ERR_BROKEN')]);
    expect(() => stream.write('x')).toThrow(withCode('ERR_BROKEN'));
    stream.abort();
  })));

  test('fromDuplex: the memory of a write is free at once', () => run(of(function* () {
    const { near, far } = (yield connect()) as Pair;
    const stream = ByteStream.fromDuplex(near.toDuplex());
    const block = Buffer.alloc(100_000, 'a');
    stream.write(block);
    block.fill('b');
    expect(((yield far.readExactly(block.length)) as Buffer).every((byte) => byte === 97)).toBe(true);
    stream.abort();
    far.abort();
  })));

  test('fromDuplex: the errors of the Duplex come behind the bytes before them', () => run(of(function* () {
    const duplex = new PassThrough();
    const stream = ByteStream.fromDuplex(duplex);
    stream.write('echo');
    expect(String(yield stream.readExactly(2))).toBe('ec');
    duplex.destroy(Object.assign(new Error('lost'), { code: 'ELOST' }));
    yield turn();
    expect(String(yield stream.read())).toBe('ho');
    expect(yield createTask(outcomeOf(stream.read()))).toEqual(['failed', withCode('ELOST')]);
    expect(thrownBy(() => stream.write('more')).code).toBe('ELOST');
    yield stream.close();
  })));

  test('fromDuplex: a Duplex that is destroyed without an end is broken', () => run(of(function* () {
    const duplex = new PassThrough();
    const stream = ByteStream.fromDuplex(duplex);
    const reading = stream.readExactly(10);
    duplex.destroy();
    expect(yield createTask(outcomeOf(reading))).toEqual(['failed', withCode('ERR_BROKEN')]);
    stream.abort();
  })));

  test('fromDuplex: a cancelled read keeps the bytes', () => run(of(function* () {
    const duplex = new PassThrough();
    const stream = ByteStream.fromDuplex(duplex);
    const reading = stream.readExactly(4);
    duplex.write('ab');
    yield turn();
    reading.cancel();
    duplex.write('cd');
    expect(String(yield stream.readExactly(4))).toBe('abcd');
    yield stream.close();
    expect(duplex.destroyed).toBe(true);
  })));

  test('toWeb: bytes both ways, and an end while the other side is open', () => run(of(function* () {
    const { near, far } = (yield connect()) as Pair;
    const { readable, writable } = near.toWeb();
    yield far.send('hello');
    const plain = readable.getReader();
    expect(String(Buffer.from(((yield until(plain.read())) as { value: Uint8Array }).value))).toBe('hello');
    plain.releaseLock();
    const own = readable.getReader({ mode: 'byob' });
    yield far.send('world');
    const filled = (yield until(own.read(new Uint8Array(3)))) as { value: Uint8Array };
    expect(Buffer.from(filled.value).toString()).toBe('wor');
    expect(Buffer.from(((yield until(own.read(new Uint8Array(9)))) as { value: Uint8Array }).value).toString()).toBe('ld');
    void far.sendEof();
    expect(((yield until(own.read(new Uint8Array(9)))) as { done: boolean }).done).toBe(true);
    expect(near.closed).toBe(false);
    const writer = writable.getWriter();
    yield until(writer.write('still '));
    yield until(writer.write(Buffer.from('open')));
    yield until(writer.close());
    expect(String(yield far.readAll())).toBe('still open');
    expect(near.closed).toBe(true);
    void far.close();
  })));

  test('toWeb: a writer waits for a peer that does not read, and a reset is an error', () => run(of(function* () {
    const { near, far } = (yield connect()) as Pair;
    const { readable, writable } = near.toWeb();
    const writer = writable.getWriter();
    let isWritten = false;
    const writing = writer.write(pattern(8_000_000)).then(() => (isWritten = true));
    for (let i = 0; i < 30; i++) yield turn();
    expect(isWritten).toBe(false);
    expect(((yield far.readExactly(8_000_000)) as Buffer).equals(pattern(8_000_000))).toBe(true);
    yield until(writing);
    far.abort();
    const failure = readable.getReader().read().then(() => null, (error: unknown) => error);
    expect(yield until(failure)).toEqual(withCode('ECONNRESET'));
    expect(near.closed).toBe(true);
  })));
});

const silent = (error: Error | null): Duplex =>
  new Duplex({ emitClose: false, read: () => undefined, write: (_chunk, _encoding, done) => done(error) });

test.each<[string, Duplex, string, (stream: ByteStream, duplex: Duplex) => unknown]>([
  ['closes', silent(null), 'ERR_CLOSED', (stream) => stream.close()],
  ['is destroyed', silent(null), 'ERR_BROKEN', (_stream, duplex) => duplex.destroy()],
  ['fails', silent(Object.assign(new Error('bad'), { code: 'EBAD' })), 'EBAD', (stream) => stream.write('x')],
])('fromDuplex: a Duplex that emits no close is heard of when it %s', (_how, duplex, code, end) => run(async () => {
  const stream = ByteStream.fromDuplex(duplex);
  const reading = createTask(outcomeOf(stream.read()));
  await turn();
  void end(stream, duplex);
  expect(await reading).toEqual(['failed', withCode(code)]);
  await stream.close();
  await stream.waitClosed();
  expect(duplex.destroyed).toBe(true);
}));

test('fromDuplex: streams without a slab have no memory of their own for chunks', () => run(async () => {
  const [one, other] = [ByteStream.fromDuplex(new PassThrough()), ByteStream.fromDuplex(new PassThrough())];
  expect(one._sockets.largeChunks).toBe(other._sockets.largeChunks);
  await one.close();
  await other.close();
}));

test('toWeb: what was written arrives, also where a read that waits is cancelled afterwards', () => run(async () => {
  const { near, far } = await connect();
  const { readable, writable } = near.toWeb();
  const reader = readable.getReader();
  const reading = reader.read();
  const writer = writable.getWriter();
  near.setWriteLimits({ high: 1_000_000 });
  let count = 0;
  for (; near.pendingBytes === 0; count++) await writer.write(Buffer.alloc(8 * 1024, count));
  await writer.close();
  await reader.cancel();
  expect(await reading).toEqual({ done: true, value: undefined });
  const received = await far.readAll();
  expect([received.length, received.at(-1)]).toEqual([count * 8 * 1024, (count - 1) & 255]);
  await near.waitClosed();
  await far.close();
}));

test('toWeb: a stream that its owner closes sends what was written, whatever is written too late', () => run(async () => {
  const { near, far } = await connect();
  const { readable, writable } = near.toWeb();
  await far.sendEof();
  expect(await readable.getReader().read()).toEqual({ done: true, value: undefined });
  const writer = writable.getWriter();
  near.setWriteLimits({ high: 1_000_000 });
  let count = 0;
  for (; near.pendingBytes === 0; count++) await writer.write(Buffer.alloc(8 * 1024, count));
  void near.close();
  const failure = writer.write('too late').then(() => null, (error: unknown) => error);
  expect(await failure).toEqual(withCode('ERR_CLOSED'));
  expect((await far.readAll()).length).toBe(count * 8 * 1024);
  await near.waitClosed();
  await far.close();
}));

test('toWeb: any view or ArrayBuffer is written as its bytes, and what is none is refused', () => run(async () => {
  const { near, far } = await connect();
  const { readable, writable } = near.toWeb();
  const writer = writable.getWriter();
  await writer.write(new Uint16Array([0x4241, 0x4443]));
  await writer.write(new DataView(new Uint8Array([69, 70]).buffer));
  await writer.write(new Uint8Array([71, 72]).buffer);
  expect(String(await far.readExactly(8))).toBe('ABCDEFGH');
  const failure = writer.write(3 as never).then(() => null, (error: unknown) => error);
  expect(await failure).toEqual(withCode('ERR_INVALID_ARG_TYPE', /Buffer or a typed array/));
  // Reading goes on; then the peer sees a reset, because what was written is not complete.
  await far.send('still read');
  const reader = readable.getReader();
  expect(Buffer.from((await reader.read()).value!).toString()).toBe('still read');
  await reader.cancel();
  await near.waitClosed();
  expect(await createTask(outcomeOf(far.read()))).toEqual(['failed', withCode('ECONNRESET')]);
  await far.close();
}));

test('fromWeb: streams of the web have our methods', () => run(async () => {
  const { near, far } = await connect();
  const stream = ByteStream.fromWeb(near.toWeb());
  await far.send('one\ntwo');
  expect(String(await stream.readLine())).toBe('one');
  await stream.send('back');
  expect(String(await far.readExactly(4))).toBe('back');
  await far.sendEof();
  expect(String(await stream.readAll())).toBe('two');
  await stream.close();
  await far.close();
}));

test('toWeb: the end of its run ends its streams with an error', async () => {
  let pair: WebStreams | null = null;
  const reading = await run(async () => {
    pair = (await connect()).near.toWeb();
    const reads = pair.readable.getReader().read().then(() => null, (error: unknown) => error);
    return { reads };
  });
  expect(await reading.reads).toEqual(withCode('ERR_NO_RUNNING_LOOP'));
});

test('fromDuplex: what is no Duplex of bytes is refused, and so is a thread that the loop owns', async () => {
  await run(async () => {
    for (const wrong of [null, {}, 'text', new Duplex({ objectMode: true })]) {
      expect(thrownBy(() => ByteStream.fromDuplex(wrong as never)).code).toBe('ERR_INVALID_ARG_TYPE');
    }
    const gone = new PassThrough().destroy();
    expect(thrownBy(() => ByteStream.fromDuplex(gone)).code).toBe('ERR_CLOSED');
    const { near, far } = await connect();
    near.abort();
    expect(thrownBy(() => near.toWeb()).code).toBe('ERR_CLOSED');
    far.abort();
  });
  expect(thrownBy(() => ByteStream.fromDuplex(new PassThrough())).code).toBe('ERR_NO_RUNNING_LOOP');
  runBlocking(function* () {
    expect(thrownBy(() => ByteStream.fromDuplex(new PassThrough())).code).toBe('ERR_UNSUPPORTED');
  });
});
