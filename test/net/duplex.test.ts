// toDuplex: a stream of ours as Node's code sees it. Bytes, flow control, ends and failures.
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { pipeline } from 'node:stream/promises';
import { Writable } from 'node:stream';
import { type ByteStream, createTask, type SocketDuplex, type ToDuplexOptions, until } from '../../lib';
import { colours, outcomeOf } from '../tasks/support';
import { thrownBy, withCode } from '../helpers/failures';
import { acceptFromNode, connect, pattern, type Pair, turn } from './support';
import { run } from './engines';

/** What a Duplex emits, in order. */
function eventsOf(duplex: SocketDuplex): string[] {
  const events: string[] = [];
  duplex.on('data', (chunk: Buffer) => events.push(`data ${chunk.length}`));
  duplex.on('end', () => events.push('end'));
  duplex.on('finish', () => events.push('finish'));
  duplex.on('error', (error: Error & { code?: string }) => events.push(`error ${String(error.code)}`));
  duplex.on('close', (hadError: boolean) => events.push(`close ${hadError}`));
  return events;
}

const ends = new WeakMap<SocketDuplex, Promise<unknown>>();

function duplexOf(stream: ByteStream, options: ToDuplexOptions = {}): SocketDuplex {
  const duplex = stream.toDuplex(options);
  ends.set(duplex, new Promise((resolve) => void duplex.once('close', resolve)));
  return duplex;
}

const closed = (duplex: SocketDuplex): Promise<unknown> => ends.get(duplex) as Promise<unknown>;

async function collect(duplex: SocketDuplex): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of duplex) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

describe.each(colours)('in $name tasks', ({ of }) => {
  test('toDuplex: bytes go both ways, and each end is told', () => run(of(function* () {
    const { near, far } = (yield connect()) as Pair;
    const duplex = duplexOf(near);
    const events = eventsOf(duplex);
    duplex.end('question');
    expect(String(yield far.readAll())).toBe('question');
    yield far.send('answer');
    yield far.close();
    yield until(closed(duplex));
    expect(events).toEqual(['finish', 'data 6', 'end', 'close false']);
    expect([duplex.bytesRead, duplex.bytesWritten]).toEqual([6, 8]);
    expect(near.closed).toBe(true);
  })));

  test('toDuplex: what was there before it is read first', () => run(of(function* () {
    const { near, far } = (yield connect()) as Pair;
    yield far.send('abcdef');
    expect(String(yield near.readExactly(2))).toBe('ab');
    const duplex = duplexOf(near);
    yield far.close();
    expect(String(yield until(collect(duplex)))).toBe('cdef');
  })));

  test('toDuplex: a Duplex that is not read lets the peer wait, and loses nothing', () => run(of(function* () {
    const { near, far } = (yield connect()) as Pair;
    const duplex = duplexOf(near);
    duplex.read(0);
    const sent = pattern(16 * 1024 * 1024);
    const sending = far.send(sent);
    for (let i = 0; i < 50; i++) yield turn();
    expect(sending.done()).toBe(false);
    expect(duplex.readableLength + duplex.bytesRead).toBeLessThan(2 * 1024 * 1024);
    const received = collect(duplex);
    yield sending;
    void far.close();
    expect(sent.equals((yield until(received)) as Buffer)).toBe(true);
  })));

  test('toDuplex: a peer that does not read makes write() answer false, and drain follows', () => run(of(function* () {
    const { near, far } = (yield connect()) as Pair;
    const duplex = duplexOf(near);
    const sent = pattern(16 * 1024 * 1024);
    let offset = 0;
    let drains = 0;
    const size = 10_000;
    const writing = (async () => {
      while (offset < sent.length) {
        const isFree = duplex.write(sent.subarray(offset, (offset += size)));
        if (isFree) continue;
        await once(duplex, 'drain');
        drains++;
      }
      duplex.end();
    })();
    for (let i = 0; i < 50; i++) yield turn();
    expect(offset).toBeLessThan(sent.length);
    expect(sent.equals((yield far.readAll()) as Buffer)).toBe(true);
    yield until(writing);
    expect(drains).toBeGreaterThan(0);
    expect(duplex.bytesWritten).toBe(sent.length);
    void far.close();
  })));

  test('toDuplex: the memory of a large write is left alone until its callback', () => run(of(function* () {
    const { near, far } = (yield connect()) as Pair;
    const duplex = duplexOf(near);
    const block = Buffer.alloc(8 * 1024 * 1024, 'a');
    const written = new Promise((resolve) => duplex.write(block, resolve)).then(() => block.fill('b'));
    const received = (yield far.readExactly(block.length)) as Buffer;
    yield until(written);
    expect(received.equals(Buffer.alloc(block.length, 'a'))).toBe(true);
    duplex.destroy();
    void far.close();
  })));

  test('toDuplex: what is corked arrives as one', () => run(of(function* () {
    const { near, far } = (yield connect()) as Pair;
    const duplex = duplexOf(near);
    duplex.cork();
    for (const part of ['one ', 'two ', 'three']) duplex.write(part);
    expect(duplex.bytesWritten).toBe(13);
    yield turn();
    duplex.uncork();
    expect(String(yield far.read())).toBe('one two three');
    duplex.destroy();
    void far.close();
  })));

  test('toDuplex: the peer\'s end ends the Duplex, unless half-open ones are allowed', () => run(of(function* () {
    const first = (yield connect()) as Pair;
    const plain = duplexOf(first.near);
    plain.resume();
    void first.far.sendEof();
    yield until(closed(plain));
    expect(yield first.far.read()).toBeNull();
    const second = (yield connect()) as Pair;
    const half = duplexOf(second.near, { allowHalfOpen: true }).resume();
    void second.far.sendEof();
    yield until(once(half, 'end'));
    expect([half.readyState, plain.readyState]).toEqual(['writeOnly', 'closed']);
    half.end('still here');
    expect(String(yield second.far.readAll())).toBe('still here');
    void first.far.close();
    void second.far.close();
  })));

  test('toDuplex: a reset comes after the bytes before it, as an error with its code', () => run(of(function* () {
    const { stream, socket } = (yield acceptFromNode()) as { stream: ByteStream; socket: Socket };
    const duplex = duplexOf(stream);
    const events: string[] = [];
    duplex.on('error', (error: Error & { code?: string }) => events.push(String(error.code)));
    duplex.on('close', (hadError: boolean) => events.push(`close ${hadError}`));
    socket.write('last words');
    yield until(once(duplex, 'readable'));
    socket.resetAndDestroy();
    for (let i = 0; i < 20; i++) yield turn();
    expect(String(duplex.read())).toBe('last words');
    duplex.read();
    yield until(closed(duplex));
    expect(events).toEqual(['ECONNRESET', 'close true']);
  })));

  test('toDuplex: writing to a peer that is gone fails the Duplex', () => run(of(function* () {
    const { near, far } = (yield connect()) as Pair;
    const duplex = duplexOf(near);
    far.abort();
    const failed = once(duplex, 'error') as Promise<[Error & { code?: string }]>;
    for (let i = 0; i < 20 && !duplex.destroyed; i++) {
      duplex.write('anybody?');
      yield turn();
    }
    const [error] = (yield until(failed)) as [Error & { code?: string }];
    expect(['EPIPE', 'ECONNRESET']).toContain(error.code);
    yield until(closed(duplex));
  })));

  test('toDuplex: destroy drops what the kernel has not taken, and the peer sees a reset', () => run(of(function* () {
    const { near, far } = (yield connect()) as Pair;
    const duplex = duplexOf(near);
    duplex.write(Buffer.alloc(32 * 1024 * 1024));
    yield turn();
    duplex.destroy();
    yield until(closed(duplex));
    expect(yield createTask(outcomeOf(far.readAll()))).toEqual(['failed', withCode('ECONNRESET')]);
    void far.close();
  })));

  test('toDuplex: finish comes when the kernel has taken everything', () => run(of(function* () {
    const { near, far } = (yield connect()) as Pair;
    const duplex = duplexOf(near, { allowHalfOpen: true });
    let written = 0;
    while (near.pendingBytes === 0) {
      for (; near.pendingBytes === 0; written += 1024) duplex.write(Buffer.alloc(1024));
      for (let i = 0; i < 5; i++) yield turn();
    }
    const finished = once(duplex, 'finish');
    duplex.end();
    for (let i = 0; i < 10; i++) yield turn();
    expect([duplex.writableFinished, near.pendingBytes > 0]).toEqual([false, true]);
    expect(yield far.readAll()).toHaveLength(written);
    yield until(finished);
    expect(near.pendingBytes).toBe(0);
    duplex.destroy();
    void far.close();
  })));

  test('toDuplex: destroySoon sends everything first', () => run(of(function* () {
    const { near, far } = (yield connect()) as Pair;
    const duplex = duplexOf(near);
    const sent = pattern(8 * 1024 * 1024);
    duplex.write(sent);
    duplex.destroySoon();
    expect(sent.equals((yield far.readAll()) as Buffer)).toBe(true);
    yield until(closed(duplex));
    void far.close();
  })));

  test('toDuplex: resetAndDestroy resets', () => run(of(function* () {
    const { near, far } = (yield connect()) as Pair;
    const duplex = duplexOf(near);
    duplex.resetAndDestroy();
    expect(yield createTask(outcomeOf(far.read()))).toEqual(['failed', withCode('ECONNRESET')]);
    expect(near.closed).toBe(true);
    void far.close();
  })));

  test('toDuplex: closing the stream closes the Duplex without an error', () => run(of(function* () {
    const { near, far } = (yield connect()) as Pair;
    const duplex = duplexOf(near);
    const events = eventsOf(duplex);
    void near.close();
    yield until(closed(duplex));
    expect(events).toEqual(['close false']);
    void far.close();
  })));

  test('toDuplex: pipelines run over it', () => run(of(function* () {
    const { near, far } = (yield connect()) as Pair;
    const sent = pattern(3_000_000);
    const chunks: Buffer[] = [];
    const sink = new Writable({
      highWaterMark: 1,
      write: (chunk: Buffer, _encoding, done) => {
        chunks.push(chunk);
        setImmediate(done);
      },
    });
    const piped = pipeline(near.toDuplex(), sink);
    yield far.send(sent);
    yield far.close();
    yield until(piped);
    expect(sent.equals(Buffer.concat(chunks))).toBe(true);
  })));

  test('toDuplex: the Duplex is the only reader', () => run(of(function* () {
    const { near, far } = (yield connect()) as Pair;
    const waiting = far.read();
    expect(thrownBy(() => far.toDuplex()).code).toBe('ERR_BUSY');
    waiting.cancel();
    const duplex = duplexOf(near);
    expect(thrownBy(() => near.read()).code).toBe('ERR_BUSY');
    expect(thrownBy(() => near.toDuplex()).code).toBe('ERR_BUSY');
    duplex.destroy();
    expect(thrownBy(() => near.toDuplex()).code).toBe('ERR_CLOSED');
    void far.close();
  })));
});
