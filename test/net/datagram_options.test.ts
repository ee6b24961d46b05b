// Connected sockets, what the network reports, options, and arguments that make no sense.
import { closeSync, openSync } from 'node:fs';
import {
  checkpoint, type Coroutine, type Datagram, type DatagramOptions, type Destination, openDatagram,
  type SocketAddress,
} from '../../lib';
import { colours, failureOf } from '../tasks/support';
import { withCode } from '../helpers/failures';
import { run, runBlocking } from './engines';

const HOST = '127.0.0.1';
// Nothing is ever sent there.
const discard = 9;
const tooHigh = 65536;

/** Where a socket was that is closed by now. */
function* goneAddress(): Coroutine<SocketAddress> {
  const gone = yield* openDatagram({ host: HOST, port: 0 });
  const address = gone.localAddress as SocketAddress;
  yield* gone.close();
  return address;
}

describe.each(colours)('in $name tasks', ({ of }) => {
  test('IO23: a connected socket needs no destination, and refuses another one', () => run(of(function* () {
    const far = yield openDatagram({ host: HOST, port: 0 });
    if (!isSocket(far)) throw new Error('no socket');
    const there = far.localAddress as SocketAddress;
    const near = yield openDatagram({ remote: there });
    if (!isSocket(near)) throw new Error('no socket');
    expect(near.remoteAddress).toEqual(there);
    yield near.send('one');
    yield near.send('two', there);
    near.write('three');
    for (const expected of ['one', 'two', 'three']) {
      expect(String(((yield far.receive()) as Datagram).data)).toBe(expected);
    }
    const other = { host: HOST, port: discard };
    expect(() => near.send('x', other)).toThrow(withCode('ERR_OUT_OF_RANGE', /connected to/));
    expect(() => near.write('x', other)).toThrow(withCode('ERR_OUT_OF_RANGE'));
    yield near.close();
    yield far.close();
  })));
});

type Socket = Awaited<ReturnType<typeof openDatagram>>;
const isSocket = (value: unknown): value is Socket => typeof value === 'object' && value !== null && 'receive' in value;

test('IO23: nobody listens: a connected socket is told once, by receive, and stays usable', () => runBlocking(function* () {
  const gone = yield* goneAddress();
  const socket = yield* openDatagram({ remote: gone });
  yield* socket.send('anybody?');
  const error = yield* failureOf(socket.receive());
  expect(error).toMatchObject({ code: 'ECONNREFUSED', syscall: 'send', address: HOST, port: gone.port });
  expect((error as { errno: number }).errno).toBeLessThan(0);
  const successor = yield* openDatagram({ host: HOST, port: gone.port });
  yield* socket.send('now?');
  expect(String((yield* successor.receive()).data)).toBe('now?');
  yield* socket.close();
  yield* successor.close();
}));

test('IO23: such a report waits for the one who receives next', () => runBlocking(function* () {
  const gone = yield* goneAddress();
  const socket = yield* openDatagram({ remote: gone });
  yield* socket.send('anybody?');
  yield* checkpoint();
  yield* checkpoint();
  expect(yield* failureOf(socket.receive())).toEqual(withCode('ECONNREFUSED'));
  expect(socket.next().done()).toBe(false);
  yield* socket.close();
}));

test('IO23: with onError, reports and refused writes go there instead', () => runBlocking(function* () {
  const heard: unknown[] = [];
  const gone = yield* goneAddress();
  const connected = yield* openDatagram({ remote: gone, onError: (error) => heard.push(error) });
  yield* connected.send('anybody?');
  while (heard.length < 1) yield* checkpoint();
  const open = yield* openDatagram({ host: HOST, port: 0, onError: (error) => heard.push(error) });
  open.write('everybody!', { host: '255.255.255.255', port: discard });
  while (heard.length < 2) yield* checkpoint();
  expect(heard).toEqual([withCode('ECONNREFUSED'), withCode('EACCES')]);
  expect(heard[1]).toMatchObject({ syscall: 'send', address: '255.255.255.255', port: discard });
  yield* connected.close();
  yield* open.close();
}));

test('IO23: without onError the first refused write fails the next drain, and only that', () => runBlocking(function* () {
  const socket = yield* openDatagram({ host: HOST, port: 0 });
  const heard = yield* openDatagram({ host: HOST, port: 0 });
  socket.write('x', { host: '255.255.255.255', port: discard });
  socket.write('fine', heard.localAddress as SocketAddress);
  expect(String((yield* heard.receive()).data)).toBe('fine');
  expect(yield* failureOf(socket.drain())).toEqual(withCode('EACCES'));
  yield* socket.drain();
  yield* socket.close();
  yield* heard.close();
}));

test('IO23: what the kernel refuses at once fails the send, with its place', () => runBlocking(function* () {
  const socket = yield* openDatagram({ host: HOST, port: 0 });
  const there = { host: HOST, port: discard };
  const tooLong = yield* failureOf(socket.send(Buffer.alloc(65508), there));
  expect(tooLong).toMatchObject({ code: 'EMSGSIZE', syscall: 'send', address: HOST, port: discard });
  expect(() => socket.write(Buffer.alloc(65528), there)).toThrow(withCode('EMSGSIZE'));
  expect(yield* failureOf(socket.send('x', { host: '255.255.255.255', port: discard }))).toEqual(withCode('EACCES'));
  expect(() => socket.send('x', { host: '::1', port: discard })).toThrow(withCode('EAFNOSUPPORT'));
  yield* socket.close();
}));

test('IO23: more written than the kernel takes waits, and drain waits with it', () => runBlocking(function* () {
  const far = yield* openDatagram({ host: HOST, port: 0 });
  const there = far.localAddress as SocketAddress;
  const socket = yield* openDatagram({ host: HOST, port: 0, sendBufferBytes: 4096 });
  for (let i = 0; i < 20; i++) socket.write(Buffer.alloc(32 * 1024), there);
  yield* socket.drain();
  expect(socket.pendingBytes).toBeLessThanOrEqual(64 * 1024);
  yield* socket.close();
  yield* far.close();
}));

test('D47: an address in use is refused, unless it is shared', () => runBlocking(function* () {
  const first = yield* openDatagram({ host: HOST, port: 0 });
  const { port } = first.localAddress as SocketAddress;
  expect(yield* failureOf(openDatagram({ host: HOST, port }))).toMatchObject({
    code: 'EADDRINUSE', syscall: 'bind', address: HOST, port,
  });
  yield* first.close();
  const shared = { host: HOST, port, reusePort: true };
  const one = yield* openDatagram(shared);
  const two = yield* openDatagram(shared);
  yield* one.close();
  yield* two.close();
}));

test('D47: options of the socket', () => runBlocking(function* () {
  const buffers = { receiveBufferBytes: 8192, sendBufferBytes: 8192 };
  const socket = yield* openDatagram({ host: HOST, port: 0, broadcast: true, ...buffers });
  expect(socket.bufferBytes.receive).toBeGreaterThanOrEqual(8192);
  expect(socket.bufferBytes.send).toBeLessThan(64 * 1024);
  socket.setTtl(2);
  socket.setMulticastTtl(0);
  socket.setMulticastLoopback(true);
  socket.setMulticastInterface(HOST);
  socket.setBroadcast(false);
  expect(() => socket.setTtl(0)).toThrow(withCode('ERR_OUT_OF_RANGE'));
  expect(() => socket.setMulticastTtl(256)).toThrow(withCode('ERR_OUT_OF_RANGE'));
  expect(() => socket.setMulticastInterface('nowhere0')).toThrow(withCode('ENODEV'));
  expect(() => socket.joinGroup('127.0.0.1', HOST)).toThrow(withCode('EINVAL'));
  expect(() => socket.peerCredentials()).toThrow(/ENOTCONN|EINVAL|EOPNOTSUPP/);
  yield* socket.close();
}));

test('D47: a multicast group that was joined is heard until it is left', () => runBlocking(function* () {
  const group = '239.77.1.9';
  const hearing = yield* openDatagram({ host: '0.0.0.0', port: 0, reuseAddress: true });
  hearing.joinGroup(group, HOST);
  const talking = yield* openDatagram({ host: HOST, port: 0 });
  talking.setMulticastInterface(HOST);
  const { port } = hearing.localAddress as SocketAddress;
  yield* talking.send('all of you', { host: group, port });
  expect(String((yield* hearing.receive()).data)).toBe('all of you');
  hearing.leaveGroup(group, HOST);
  expect(() => hearing.leaveGroup(group, HOST)).toThrow(withCode('EADDRNOTAVAIL'));
  yield* hearing.close();
  yield* talking.close();
}));

const BAD_OPTIONS: readonly [string, unknown, string][] = [
  ['neither a port nor a path', {}, 'ERR_INVALID_ARG_TYPE'],
  ['both', { port: 0, path: '/tmp/x' }, 'ERR_INVALID_ARG_TYPE'],
  ['a path with a host', { host: HOST, path: '/tmp/x' }, 'ERR_INVALID_ARG_TYPE'],
  ['an empty path', { path: '' }, 'ERR_OUT_OF_RANGE'],
  ['a port that is none', { port: tooHigh }, 'ERR_OUT_OF_RANGE'],
  ['a port that is no number', { port: '80' }, 'ERR_INVALID_ARG_TYPE'],
  ['an onError that nobody would await', { port: 0, onError: async () => {} }, 'ERR_INVALID_ARG_TYPE'],
  ['a mode for UDP', { port: 0, mode: 0o600 }, 'ERR_INVALID_ARG_TYPE'],
  ['descriptors over UDP', { port: 0, receiveDescriptors: true }, 'ERR_INVALID_ARG_TYPE'],
  ['broadcasts between UNIX sockets', { path: '/nowhere/x', broadcast: true }, 'ERR_INVALID_ARG_TYPE'],
  ['a shared port without a port', { remote: { path: '/nowhere/x' }, reusePort: true }, 'ERR_INVALID_ARG_TYPE'],
  ['an unknown option', { port: 0, reusePorts: true }, 'ERR_INVALID_ARG_TYPE'],
  ['no options', undefined, 'ERR_INVALID_ARG_TYPE'],
  ['a size of nothing', { port: 0, maxDatagramBytes: 0 }, 'ERR_OUT_OF_RANGE'],
  ['a size of NaN', { port: 0, receiveBufferBytes: NaN }, 'ERR_OUT_OF_RANGE'],
  ['a size that is no number', { port: 0, sendBufferBytes: '1' }, 'ERR_INVALID_ARG_TYPE'],
  ['a mode that is none', { path: '/tmp/x', mode: 0o10000 }, 'ERR_OUT_OF_RANGE'],
  ['a mode in text', { path: '/tmp/x', mode: '600' as never }, 'ERR_INVALID_ARG_TYPE'],
  ['a handler that is no function', { port: 0, onError: 1 }, 'ERR_INVALID_ARG_TYPE'],
  ['a remote without a port', { remote: { host: HOST } }, 'ERR_INVALID_ARG_TYPE'],
];

test('D47: a switch that is neither true nor false is refused', () => runBlocking(function* () {
  const socket = yield* openDatagram({ host: HOST, port: 0 });
  for (const call of ['setBroadcast', 'setMulticastLoopback'] as const) {
    expect(() => socket[call]('no' as never)).toThrow(withCode('ERR_INVALID_ARG_TYPE', new RegExp(call)));
  }
  yield* socket.close();
}));

test.each(BAD_OPTIONS)('D47: %s is refused at the call', (_what, options, code) => runBlocking(function* () {
  expect(() => openDatagram(options as DatagramOptions)).toThrow(withCode(code));
}));

const BAD_DESTINATIONS: readonly [unknown, string][] = [
  [{ host: HOST }, 'ERR_INVALID_ARG_TYPE'],
  [{ host: HOST, port: 0 }, 'ERR_OUT_OF_RANGE'],
  [{ host: HOST, port: -discard }, 'ERR_OUT_OF_RANGE'],
  [{ host: '', port: discard }, 'ERR_OUT_OF_RANGE'],
  [{ host: 1, port: discard }, 'ERR_INVALID_ARG_TYPE'],
  [{ host: '1.2.3', port: discard }, 'ERR_OUT_OF_RANGE'],
  [{ path: '/tmp/x' }, 'ERR_INVALID_ARG_TYPE'],
  [{ path: '/tmp/x', port: discard }, 'ERR_INVALID_ARG_TYPE'],
  ['127.0.0.1:80', 'ERR_INVALID_ARG_TYPE'],
  [undefined, 'ERR_INVALID_ARG_TYPE'],
];

test.each(BAD_DESTINATIONS)('IO23: to %j nothing is sent', (to, code) => runBlocking(function* () {
  const socket = yield* openDatagram({ host: HOST, port: 0 });
  expect(() => socket.send('x', to as Destination)).toThrow(withCode(code));
  const there = { host: HOST, port: discard };
  const bad = withCode('ERR_INVALID_ARG_TYPE');
  expect(() => socket.send(1 as unknown as string, there)).toThrow(bad);
  expect(() => socket.send('x', there, { descriptors: [0] })).toThrow(bad);
  yield* socket.close();
}));

test('IO23: a socket that could not be opened leaves no descriptor open', () => runBlocking(function* () {
  yield* goneAddress();
  const probe = (): number => {
    const descriptor = openSync('/dev/null', 'r');
    closeSync(descriptor);
    return descriptor;
  };
  const before = probe();
  for (let i = 0; i < 3; i++) {
    expect(yield* failureOf(openDatagram({ host: '192.0.2.1', port: 0 }))).toEqual(withCode('EADDRNOTAVAIL'));
  }
  expect(probe()).toBe(before);
}));
