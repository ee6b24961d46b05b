// Packets between UNIX sockets: boundaries, ends, descriptors that travel, who the peer is; servers of them.
import { closeSync, existsSync, fstatSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import {
  checkpoint, type Coroutine, createTask, type Datagram, getRunningLoop, moveOnAfter, openDatagram, openPackets,
  type PacketSocket, run, runBlocking, type Server, startPacketServer, startServer,
} from '../../lib';
import { thrownBy, withCode } from '../helpers/failures';
import { Pipes } from '../helpers/pipes';
import { failureOf } from '../tasks/support';
import { turn } from './support';

const pipes = new Pipes();
let folder = '';
beforeEach(() => (folder = mkdtempSync(path.join(tmpdir(), 'packets-'))));
afterEach(() => {
  pipes.closeAll();
  rmSync(folder, { recursive: true });
});

const at = (name: string): string => path.join(folder, name);
const openDescriptors = (): number => readdirSync('/proc/self/fd').length;

function* echo(socket: PacketSocket): Coroutine<void> {
  for (let packet = yield* socket.receive(); packet !== null; packet = yield* socket.receive()) {
    yield* socket.send(packet.data);
  }
}

async function echoAsync(socket: PacketSocket): Promise<void> {
  for await (const packet of socket) await socket.send(packet.data);
}

/** Both ends of a connection. */
function* connect(options: { readonly receiveDescriptors?: boolean; readonly maxPacketBytes?: number } = {}) {
  const accepted = getRunningLoop().createFuture<PacketSocket>();
  const server = yield* startPacketServer(function* (socket) {
    accepted.setResult(socket);
    yield* socket.waitClosed();
  }, { path: at('socket'), ...options });
  const near = yield* openPackets({ path: at('socket'), ...options });
  const far = yield* accepted;
  void server.close();
  return { near, far };
}

test.each([['a generator function', echo], ['an async function', echoAsync]])(
  'startPacketServer: serves with %s, and each packet stays whole', (_what, handler) => run(function* () {
    const before = openDescriptors();
    const server = yield* startPacketServer(handler, { path: at('socket'), mode: 0o600 });
    expect(statSync(at('socket')).mode & 0o777).toBe(0o600);
    expect(server.address()).toEqual({ family: 'unix', address: at('socket'), port: 0 });
    const socket = yield* openPackets({ path: at('socket') });
    const sent = ['a', 'bc', 'def', 'x'.repeat(60_000)];
    for (const text of sent) yield* socket.send(text);
    for (const text of sent) expect(String((yield* socket.receive())?.data)).toBe(text);
    yield* socket.close();
    yield* server.shutdown({ drain: 1000 });
    expect([existsSync(at('socket')), openDescriptors()]).toEqual([false, before]);
  }));

test('PacketSocket.receive: gives null at the end, whoever closed', () => runBlocking(function* () {
  const { near, far } = yield* connect();
  yield* near.send('last');
  const waiting = createTask(() => near.receive());
  yield* checkpoint();
  yield* near.close();
  expect(yield* waiting).toBeNull();
  expect(String((yield* far.receive())?.data)).toBe('last');
  expect(yield* far.receive()).toBeNull();
  expect(yield* failureOf(far.send('too late'))).toEqual(withCode('EPIPE'));
  yield* far.close();
  expect(yield* far.receive()).toBeNull();
  expect(thrownBy(() => far.send('x'))).toEqual(withCode('ERR_CLOSED'));
  expect(thrownBy(() => far.write('x'))).toEqual(withCode('ERR_CLOSED'));
}));

test('PacketSocket.receive: a cancelled wait takes nothing', () => run(function* () {
  const { near, far } = yield* connect();
  const scope = yield* moveOnAfter(5, () => far.receive());
  expect(scope.cancelledCaught).toBe(true);
  yield* near.send('kept');
  expect(String((yield* far.receive())?.data)).toBe('kept');
  near.abort();
  far.abort();
}));

test('PacketSocket.close: the end comes behind what was written, also where the peer is behind', () => run(function* () {
  const { near, far } = yield* connect();
  for (let i = 0; i < 40; i++) near.write(Buffer.alloc(30_000, i));
  const closing = near.close();
  for (let i = 0; i < 40; i++) expect((yield* far.receive())?.data[0]).toBe(i);
  expect(yield* far.receive()).toBeNull();
  yield* closing;
  yield* far.close();
}));

test('PacketSocket.close: a peer that goes away ends the waiting for it', () => run(function* () {
  const { near, far } = yield* connect();
  for (let i = 0; i < 40; i++) near.write(Buffer.alloc(30_000, i));
  const closing = near.close();
  far.abort();
  yield* closing;
}));

test('PacketSocket.send: waits while the peer is behind; a cancelled packet is not sent', () => run(function* () {
  const { near, far } = yield* connect();
  const packet = Buffer.alloc(30_000, 1);
  let sent = 0;
  while (!(yield* moveOnAfter(5, () => near.send(packet))).cancelledCaught) sent++;
  expect(sent).toBeGreaterThan(1);
  yield* near.close();
  let received = 0;
  while ((yield* far.receive()) !== null) received++;
  expect(received).toBe(sent);
  yield* far.close();
}));

test('PacketSocket.write: packets without room go in order, and drain waits for most of them', () => run(function* () {
  const { near, far } = yield* connect();
  const count = 200;
  for (let i = 0; i < count; i++) near.write(Buffer.alloc(5000, i));
  expect(near.pendingBytes).toBeGreaterThan(64 * 1024);
  const draining = createTask(() => near.drain());
  yield* turn();
  expect(draining.done()).toBe(false);
  for (let i = 0; i < count; i++) expect((yield* far.receive())?.data[0]).toBe(i & 255);
  yield* draining;
  expect(near.pendingBytes).toBe(0);
  yield* near.close();
  yield* far.close();
}));

test('PacketSocket: descriptors come with their packet, and are the receiver’s to close', () => runBlocking(function* () {
  const before = openDescriptors();
  const { near, far } = yield* connect({ receiveDescriptors: true });
  const { reader, writer } = pipes.make();
  yield* near.send('none');
  yield* near.send('two', { descriptors: [reader, writer] });
  expect((yield* far.receive())?.descriptors).toEqual([]);
  const { descriptors, data } = (yield* far.receive()) as Datagram;
  expect([String(data), descriptors.length]).toEqual(['two', 2]);
  descriptors.forEach((fd, i) => {
    expect(fstatSync(fd).ino).toBe(fstatSync([reader, writer][i]!).ino);
    closeSync(fd);
  });
  yield* near.close();
  yield* far.close();
  pipes.closeAll();
  expect(openDescriptors()).toBe(before);
}));

test('PacketSocket.peerCredentials: both ends know the process, user and group at the other', () => run(function* () {
  const { near, far } = yield* connect();
  const ours = { pid: process.pid, uid: process.getuid?.(), gid: process.getgid?.() };
  expect([near.peerCredentials(), far.peerCredentials()]).toEqual([ours, ours]);
  expect([near.remoteAddress?.address, far.localAddress?.address]).toEqual([at('socket'), at('socket')]);
  yield* near.close();
  yield* far.close();
  expect(thrownBy(() => near.peerCredentials())).toEqual(withCode('ERR_CLOSED'));
}));

test('PacketSocket: a packet longer than there is room for is cut, and says so', () => run(function* () {
  const { near, far } = yield* connect({ maxPacketBytes: 10 });
  yield* near.send('0123456789 and more');
  expect(yield* far.receive()).toMatchObject({ truncated: true, data: Buffer.from('0123456789') });
  yield* near.close();
  yield* far.close();
}));

test('openPackets: nobody there, somebody of another kind, and options that make no sense', () => run(function* () {
  expect(yield* failureOf(openPackets({ path: at('nobody') }))).toMatchObject({ code: 'ENOENT', address: at('nobody') });
  const server = yield* startServer(() => Promise.resolve(), { path: at('bytes') });
  expect(yield* failureOf(openPackets({ path: at('bytes') }))).toEqual(withCode('EPROTOTYPE'));
  yield* server.close();
  expect(() => openPackets({})).toThrow(withCode('ERR_INVALID_ARG_TYPE'));
  expect(() => openPackets({ path: at('x'), fd: 1 })).toThrow(withCode('ERR_INVALID_ARG_TYPE'));
  expect(() => openPackets({ path: '' })).toThrow(withCode('ERR_OUT_OF_RANGE'));
  expect(() => openPackets({ path: at('x'), maxPacketBytes: 0 })).toThrow(withCode('ERR_OUT_OF_RANGE'));
  expect(() => openPackets({ path: at('x'), host: 'x' } as never)).toThrow(withCode('ERR_INVALID_ARG_TYPE'));
  expect(() => startPacketServer(echo, { path: at('x'), backlog: 0 })).toThrow(withCode('ERR_OUT_OF_RANGE'));
  expect(yield* failureOf(startPacketServer(echo, { path: at('no/such/folder') }))).toMatchObject({
    code: 'ENOENT', address: at('no/such/folder'),
  });
}));

test('PacketSocket.send: an empty packet is refused, because it would look like the end', () => run(function* () {
  const { near, far } = yield* connect();
  for (const call of [() => near.send(''), () => near.write(Buffer.alloc(0))]) {
    expect(thrownBy(call)).toEqual(withCode('ERR_OUT_OF_RANGE', /looks like the end/));
  }
  expect(thrownBy(() => near.send('x', { descriptors: [-1] }))).toEqual(withCode('ERR_OUT_OF_RANGE'));
  near.abort();
  far.abort();
  yield* turn();
}));

test('startPacketServer: no more than maxConnections are served at once, and a failing handler closes its own', () =>
  run(function* () {
    const reports: string[] = [];
    getRunningLoop().setExceptionHandler(({ message }) => reports.push(message));
    const server: Server = yield* startPacketServer(function* (socket) {
      const packet = yield* socket.receive();
      if (String(packet?.data) === 'fail') throw new Error('asked to');
      yield* socket.send('served');
    }, { path: at('socket'), maxConnections: 1 });
    const first = yield* openPackets({ path: at('socket') });
    const second = yield* openPackets({ path: at('socket') });
    yield* second.send('go on');
    expect((yield* moveOnAfter(5, () => second.receive())).cancelledCaught).toBe(true);
    yield* first.send('fail');
    expect(yield* first.receive()).toBeNull();
    expect(reports).toEqual([expect.stringMatching(/served a connection, has failed/)]);
    expect(String((yield* second.receive())?.data)).toBe('served');
    yield* first.close();
    yield* second.close();
    yield* server.shutdown({ drain: 0 });
  }));

test('openPackets, openDatagram: take over what somebody else opened, each its own kind', () => run(function* () {
  const { near, far } = yield* connect();
  const descriptorOf = ({ _sockets, _slot, _word }: PacketSocket): number => _sockets.transports.descriptor(_slot, _word);
  const before = openDescriptors();
  const adopted = yield* openPackets({ fd: descriptorOf(near) });
  yield* adopted.send('from the duplicate');
  expect(String((yield* far.receive())?.data)).toBe('from the duplicate');
  yield* adopted.close();
  expect(yield* failureOf(openDatagram({ fd: descriptorOf(near) }))).toEqual(withCode('EPROTOTYPE'));
  expect(openDescriptors()).toBe(before);
  near.abort();
  far.abort();
}));
