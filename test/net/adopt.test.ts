// Sockets that somebody else opened: streams and servers on duplicates of them, and what a parent hands down.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { type AddressInfo, createServer, type Server as NodeServer } from 'node:net';
import {
  BusyResourceError, ByteStream, getRunningLoop, listenFds, openConnection, openDatagram, run, type Server, startServer,
  until as settled, waitReadable, waitWritable,
} from '../../lib';
import { thrownBy, withCode } from '../helpers/failures';
import { Pipes } from '../helpers/pipes';
import { library } from '../tasks/child';
import { failureOf } from '../tasks/support';
import { connect, turn } from './support';

const openDescriptors = (): number => readdirSync('/proc/self/fd').length;

/** The descriptor of a stream's transport, which no user sees. */
const descriptorOf = ({ _sockets, _slot, _word }: ByteStream): number => _sockets.transports.descriptor(_slot, _word);

/** The descriptor under a server of Node's. */
const underlying = (server: NodeServer): number => (server as unknown as { _handle: { fd: number } })._handle.fd;

async function listening(): Promise<{ server: NodeServer; port: number }> {
  const server = createServer(() => undefined).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return { server, port: (server.address() as AddressInfo).port };
}

const pipes = new Pipes();
afterEach(() => pipes.closeAll());

test('fromFd: a connected socket becomes a stream, on a duplicate of its descriptor', () => run(function* () {
  const { near, far } = yield* connect();
  const before = openDescriptors();
  const adopted = ByteStream.fromFd(descriptorOf(near));
  expect([openDescriptors(), adopted.remoteAddress?.port]).toEqual([before + 1, near.remoteAddress?.port]);
  yield* adopted.send('from the duplicate');
  expect(String(yield* far.read())).toBe('from the duplicate');
  yield* adopted.close();
  expect(openDescriptors()).toBe(before);
  yield* near.send('the first one goes on');
  expect(String(yield* far.read())).toBe('the first one goes on');
  void near.close();
  expect(yield* far.read()).toBeNull();
  void far.close();
}));

test('fromFd: what is no connected socket of streams is refused, with what to do', () => run(function* () {
  const before = openDescriptors();
  const datagrams = yield* openDatagram({ host: '127.0.0.1', port: 0 });
  const fd = datagrams._sockets.transports.descriptor(datagrams._slot, datagrams._word);
  expect(() => ByteStream.fromFd(fd)).toThrow(withCode('EPROTOTYPE', /openDatagram/));
  yield* datagrams.close();
  const { reader } = pipes.make();
  pipes.closeAll();
  expect(() => ByteStream.fromFd(reader)).toThrow(withCode('EBADF', new RegExp(`descriptor ${reader}`)));
  expect(() => ByteStream.fromFd('3' as never)).toThrow(withCode('ERR_INVALID_ARG_TYPE'));
  expect(() => ByteStream.fromFd(-1)).toThrow(withCode('ERR_OUT_OF_RANGE'));
  expect(openDescriptors()).toBe(before);
  yield* turn();
}));

test('startServer: a socket that listens already is served, and stays with who opened it', () => run(function* () {
  const { server: theirs, port } = yield* settled(listening());
  const before = openDescriptors();
  const ours: Server = yield* startServer((stream) => stream.send('ours'), { fd: underlying(theirs) });
  expect(ours.address()).toEqual({ family: 'IPv4', address: '127.0.0.1', port });
  theirs.close();
  const stream = yield* openConnection({ host: '127.0.0.1', port });
  expect(String(yield* stream.readAll())).toBe('ours');
  void stream.close();
  yield* ours.shutdown({ drain: 0 });
  expect(openDescriptors()).toBeLessThan(before);
}));

test('startServer: what does not listen is refused, and so is a place beside it', () => run(function* () {
  const { near, far } = yield* connect();
  const before = openDescriptors();
  function* handler() {}
  const error = yield* failureOf(startServer(handler, { fd: descriptorOf(near) }));
  expect(error).toEqual(withCode('EINVAL', /does not listen/));
  expect(openDescriptors()).toBe(before);
  expect(() => startServer(handler, { fd: 3, port: 0 })).toThrow(withCode('ERR_INVALID_ARG_TYPE', /fd/));
  expect(() => startServer(handler, { fd: 1.5 })).toThrow(withCode('ERR_OUT_OF_RANGE'));
  expect(() => startServer(handler, null as never)).toThrow(withCode('ERR_INVALID_ARG_TYPE'));
  near.abort();
  far.abort();
}));

test('IO2: nobody can watch a descriptor that a stream or server owns, until it is closed', () => run(function* () {
  const { near, far } = yield* connect();
  const loop = getRunningLoop();
  const fd = descriptorOf(near);
  for (const watch of [waitReadable, waitWritable, (fd: number) => loop.addReader(fd, () => undefined)]) {
    const error = thrownBy(() => watch(fd));
    expect(error).toBeInstanceOf(BusyResourceError);
    expect(error.message).toContain(`descriptor ${fd} is that of a stream`);
  }
  expect(loop.removeReader(fd)).toBe(false);
  yield* far.send('undisturbed');
  expect(String(yield* near.read())).toBe('undisturbed');
  near.abort();
  expect(() => waitReadable(fd)).toThrow(withCode('EBADF'));
  far.abort();
}));

test('listenFds: a parent hands a listening socket down, and the child serves it', () => run(function* () {
  const { server, port } = yield* settled(listening());
  const program = `const { listenFds, run, startServer, until } = require(${JSON.stringify(library)});
    run(function* () {
      const [{ fd, name }] = listenFds({ unsetEnvironment: true });
      const server = yield* startServer((stream) => stream.send(name + ', once: ' + listenFds().length), { fd });
      console.log('serving');
      yield* until(new Promise((resolve) => process.stdin.once('end', resolve).resume()));
      yield* server.shutdown({ drain: 0 });
    });`;
  const child = spawn('sh', ['-c', 'LISTEN_PID=$$ exec "$0" -e "$1"', process.execPath, program], {
    env: { ...process.env, LISTEN_FDS: '1', LISTEN_FDNAMES: 'web' },
    stdio: ['pipe', 'pipe', 'inherit', underlying(server)],
  });
  const exited = once(child, 'exit');
  expect(String(yield* settled(once(child.stdout as NodeJS.ReadableStream, 'data')))).toBe('serving\n');
  server.close();
  const stream = yield* openConnection({ host: '127.0.0.1', port });
  expect(String(yield* stream.readAll())).toBe('web, once: 0');
  yield* stream.close();
  child.stdin?.end();
  expect((yield* settled(exited))[0]).toBe(0);
}));

test('listenFds: the variables say how many there are, for whom, and their names', () => {
  const LISTEN_PID = String(process.pid);
  const found = (env: Record<string, string>) => listenFds({ env });
  expect(found({})).toEqual([]);
  expect(found({ LISTEN_PID, LISTEN_FDS: '0' })).toEqual([]);
  expect(found({ LISTEN_PID: '1', LISTEN_FDS: '2' })).toEqual([]);
  expect(found({ LISTEN_PID, LISTEN_FDS: '2' })).toEqual([{ fd: 3, name: 'unknown' }, { fd: 4, name: 'unknown' }]);
  expect(found({ LISTEN_PID, LISTEN_FDS: '2', LISTEN_FDNAMES: 'web:admin' })).toEqual([
    { fd: 3, name: 'web' }, { fd: 4, name: 'admin' },
  ]);
  const env = { LISTEN_PID, LISTEN_FDS: '1', OTHER: 'stays' };
  expect(listenFds({ env, unsetEnvironment: true })).toHaveLength(1);
  expect(env).toEqual({ OTHER: 'stays' });
});

test('listenFds: variables that make no sense are refused', () => {
  const LISTEN_PID = String(process.pid);
  const call = (env: unknown) => () => listenFds({ env } as never);
  expect(call({ LISTEN_PID, LISTEN_FDS: 'two' })).toThrow(withCode('ERR_OUT_OF_RANGE', /LISTEN_FDS/));
  expect(call({ LISTEN_PID: '-1', LISTEN_FDS: '2' })).toThrow(withCode('ERR_OUT_OF_RANGE', /LISTEN_PID/));
  expect(call({ LISTEN_PID, LISTEN_FDS: '2', LISTEN_FDNAMES: 'web' })).toThrow(withCode('ERR_OUT_OF_RANGE', /1 names/));
  expect(call(null)).toThrow(withCode('ERR_INVALID_ARG_TYPE'));
  expect(() => listenFds({ unset: true } as never)).toThrow(withCode('ERR_INVALID_ARG_TYPE'));
});
