// What a run leaves open: closed when its last task has ended, after what it wrote, and reported in debug mode.
import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { type AddressInfo, createServer as createNodeServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import {
  ByteStream, checkpoint, createConnection, createTask, EventLoop, type ExceptionContext, getRunningLoop, openConnection,
  openDatagram, openPackets, openPipe, run, runBlocking, type RunOptions, shielded, startPacketServer, startServer,
} from '../../lib';
import { withCode } from '../helpers/failures';
import { Pipes } from '../helpers/pipes';
import { turn } from './support';

const openDescriptors = (): number => readdirSync('/proc/self/fd').length;

const pipes = new Pipes();
let folder = '';
beforeEach(() => (folder = mkdtempSync(path.join(tmpdir(), 'left-open-'))));
afterEach(() => {
  pipes.closeAll();
  rmSync(folder, { recursive: true });
});

/** Opens one of each kind, and leaves them. */
function* openEverything() {
  const options = { path: path.join(folder, 'bytes') };
  yield* startServer((stream) => stream.waitClosed(), options);
  yield* startPacketServer((socket) => socket.waitClosed(), { path: path.join(folder, 'packets') });
  const { reader } = pipes.make();
  return [
    yield* openConnection(options),
    (yield* createConnection(() => ({ dataReceived: () => undefined }), options))[0],
    yield* openPackets({ path: path.join(folder, 'packets') }),
    yield* openDatagram({ host: '127.0.0.1', port: 0 }),
    ByteStream.fromFd(reader),
    ...openPipe(),
  ];
}

async function reportsOf(options: RunOptions): Promise<ExceptionContext[]> {
  const reports: ExceptionContext[] = [];
  await run(function* () {
    getRunningLoop().setExceptionHandler((context) => reports.push(context));
    yield* openEverything();
  }, options);
  return reports;
}

test('run: closes what it leaves open, and leaks no descriptor', async () => {
  await run(() => turn());
  const before = openDescriptors();
  const left = await run(openEverything);
  pipes.closeAll();
  expect(left.map(({ closed }) => closed)).toEqual(left.map(() => true));
  expect(openDescriptors()).toBe(before);
});

test('run: debug mode reports each stream and socket that was left open; otherwise nobody is bothered', async () => {
  expect(await reportsOf({})).toEqual([]);
  const reports = await reportsOf({ debug: true });
  expect(reports.map(({ message }) => message).sort()).toEqual([
    ...Array.from({ length: 2 }, () => 'a socket was left open, and is closed now'),
    ...Array.from({ length: 5 }, () => 'a stream was left open, and is closed now'),
  ]);
  expect(reports[0]?.exception).toMatchObject({ code: 'ERR_INVALID_STATE', message: expect.stringMatching(/await using/) });
});

/** A server of Node's, which outlives a run. Returns: its port, and what its one connection has brought. */
async function nodeServer() {
  const server = createNodeServer({ allowHalfOpen: true }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const received = (async () => {
    const [socket] = (await once(server, 'connection')) as [Socket];
    server.close();
    const chunks: Buffer[] = [];
    for await (const chunk of socket) chunks.push(chunk as Buffer);
    socket.end();
    return String(Buffer.concat(chunks));
  })();
  return { port: (server.address() as AddressInfo).port, received };
}

test('run: what was written before main ended reaches the peer, and then the end', async () => {
  const { port, received } = await nodeServer();
  await run(function* () {
    const stream = yield* openConnection({ host: '127.0.0.1', port });
    stream.write('last words');
  });
  expect(await received).toBe('last words');
});

test('run: tasks that end with it may still use what it opened', async () => {
  const { port, received } = await nodeServer();
  await run(function* () {
    const stream = yield* openConnection({ host: '127.0.0.1', port });
    createTask(function* () {
      try {
        yield* stream.read();
      } finally {
        yield* shielded(() => stream.send('QUIT'));
      }
    });
    yield* turn();
  });
  expect(await received).toBe('QUIT');
});

test('runBlocking: closes and reports what it leaves open', () => {
  const messages: string[] = [];
  const [reader] = runBlocking(function* () {
    getRunningLoop().setExceptionHandler(({ message }) => messages.push(message));
    yield* checkpoint();
    return openPipe();
  }, { debug: true });
  expect([reader.closed, messages]).toEqual([true, Array(2).fill('a stream was left open, and is closed now')]);
});

test('run: a connection that was closed, or given to Node, is not reported', async () => {
  const messages: string[] = [];
  const { port, received } = await nodeServer();
  await run(function* () {
    getRunningLoop().setExceptionHandler(({ message }) => messages.push(message));
    const [reader, writer] = openPipe();
    yield* reader.close();
    writer.abort();
    (yield* openConnection({ host: '127.0.0.1', port })).toDuplex();
  }, { debug: true });
  expect(messages).toEqual([]);
  await received.catch(() => undefined);
});

test('EventLoop: closing it closes the streams and sockets that it still has, so that nothing is written to nobody', () => {
  const loop = new EventLoop();
  loop.runUntilComplete(function* () {});
  const before = openDescriptors();
  const left = loop.runUntilComplete(openEverything);
  expect(left.map(({ closed }) => closed)).toEqual(left.map(() => false));
  loop.setExceptionHandler(() => undefined);
  loop.close();
  pipes.closeAll();
  expect(left.map(({ closed }) => closed)).toEqual(left.map(() => true));
  const [stream] = left as unknown as [ByteStream];
  expect(() => stream.write('x')).toThrow(withCode('ERR_CLOSED'));
  expect(() => stream.read()).toThrow(withCode('ERR_CLOSED'));
  expect(openDescriptors()).toBeLessThan(before);
});
