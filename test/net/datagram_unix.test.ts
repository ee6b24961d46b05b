// Datagrams between UNIX sockets: names, stale files, full receivers, descriptors that travel.
import { closeSync, existsSync, fstatSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { constants, tmpdir } from 'node:os';
import path from 'node:path';
import { all, checkpoint, createTask, type DatagramSocket, type Future, openDatagram, race } from '../../lib';
import { TransportEvent } from '../../lib/engine/abi';
import { failureOf } from '../tasks/support';
import { thrownBy, withCode } from '../helpers/failures';
import { Pipes } from '../helpers/pipes';
import { onlyNative, run, runBlocking } from './engines';

// Nothing is ever sent there.
const discard = 9;
const pipes = new Pipes();
let folder = '';
beforeEach(() => (folder = mkdtempSync(path.join(tmpdir(), 'datagrams-'))));
afterEach(() => {
  pipes.closeAll();
  rmSync(folder, { recursive: true });
});

const at = (name: string): string => path.join(folder, name);
const openDescriptors = (): number => readdirSync('/proc/self/fd').length;
let names = 0;
const abstractName = (): string => `\0readyloop-${process.pid}-${names++}`;

onlyNative('it has no files')('D47: a datagram to a path, and its answer', () => runBlocking(function* () {
  const server = yield* openDatagram({ path: at('server'), mode: 0o600 });
  const client = yield* openDatagram({ path: at('client') });
  expect(statSync(at('server')).mode & 0o777).toBe(0o600);
  yield* client.send('question', { path: at('server') });
  const question = yield* server.receive();
  expect(question).toMatchObject({ family: 'unix', address: at('client'), port: 0 });
  yield* server.send('answer', question);
  expect(String((yield* client.receive()).data)).toBe('answer');
  yield* server.close();
  yield* client.close();
  expect([existsSync(at('server')), existsSync(at('client'))]).toEqual([false, false]);
}));

test('IO23: a socket without a name can be heard, and not be answered', () => runBlocking(function* () {
  const server = yield* openDatagram({ path: abstractName() });
  const client = yield* openDatagram({ remote: server.localAddress ?? { path: '' } });
  client.write('hello');
  const hello = yield* server.receive();
  expect(hello.address).toBe('');
  expect(() => server.send('x', hello)).toThrow(withCode('ERR_OUT_OF_RANGE'));
  yield* server.close();
  yield* client.close();
}));

onlyNative('it has no files')(
  'D45: a stale file is replaced, a live socket and a file that is none are not', () => runBlocking(function* () {
  const first = yield* openDatagram({ path: at('socket') });
  expect(yield* failureOf(openDatagram({ path: at('socket') }))).toMatchObject({
    code: 'EADDRINUSE', syscall: 'bind', address: at('socket'),
  });
  yield* first.close();
  writeFileSync(at('file'), '');
  expect(yield* failureOf(openDatagram({ path: at('file') }))).toEqual(withCode('EADDRINUSE'));
  expect(existsSync(at('file'))).toBe(true);
  expect(yield* failureOf(openDatagram({ path: at('x'.repeat(200)) }))).toEqual(withCode('ENAMETOOLONG'));
}));

test('IO23: a path without a socket fails the send', () => runBlocking(function* () {
  const socket = yield* openDatagram({ path: abstractName() });
  expect(yield* failureOf(socket.send('x', { path: at('nobody') }))).toMatchObject({
    code: 'ENOENT', syscall: 'send', address: at('nobody'),
  });
  expect(() => socket.send('x', { host: '127.0.0.1', port: discard })).toThrow(withCode('ERR_INVALID_ARG_TYPE', /path/));
  yield* socket.close();
}));

// Real time: a full UNIX receiver is asked again after a millisecond or some.
test('IO23: a full receiver keeps senders to it waiting in order, and nobody else; a cancelled one is not sent', () =>
  runBlocking(function* () {
    const slow = yield* openDatagram({ path: abstractName() });
    const quick = yield* openDatagram({ path: abstractName() });
    const sender = yield* openDatagram({ path: abstractName() });
    const [toSlow, toQuick] = [slow.localAddress, quick.localAddress];
    if (toSlow === null || toQuick === null) throw new Error('no address');
    const big = Buffer.alloc(16 * 1024);
    let waiting = sender.send(big, toSlow);
    let sent = 1;
    for (; waiting.done(); sent++) {
      big[0] = sent;
      waiting = sender.send(Buffer.from(big), toSlow);
    }
    const cancelled = createTask(function* () {
      yield* sender.send('never', toSlow);
    });
    yield* checkpoint();
    cancelled.cancel();
    yield* cancelled.join();
    sender.write('written', toSlow);
    yield* sender.send('quick', toQuick);
    expect(String((yield* quick.receive()).data)).toBe('quick');
    for (let i = 0; i < sent; i++) expect((yield* slow.receive()).data[0]).toBe(i & 255);
    yield* waiting;
    expect(String((yield* slow.receive()).data)).toBe('written');
    for (const socket of [slow, quick, sender]) yield* socket.close();
  }));

test('IO23: closing sends what was written first, also where the receiver is full', () =>
  runBlocking(function* () {
    const slow = yield* openDatagram({ path: abstractName() });
    for (const isConnected of [false, true]) {
      const to = slow.localAddress!;
      const sender = yield* openDatagram(isConnected ? { remote: to } : { path: abstractName() });
      for (let i = 0; i < 40; i++) sender.write(Buffer.alloc(16 * 1024, i), isConnected ? undefined : to);
      const closing = sender.close();
      expect([closing.done(), thrownBy(() => sender.write('late', to))]).toEqual([false, withCode('ERR_CLOSED')]);
      for (let i = 0; i < 40; i++) expect((yield* slow.receive()).data[0]).toBe(i);
      yield* closing;
    }
    yield* slow.close();
  }));

test('IO23: an abort, also of a socket that is closing, drops what was written and did not leave', () =>
  runBlocking(function* () {
    for (const isClosing of [false, true]) {
      const slow = yield* openDatagram({ path: abstractName() });
      const to = slow.localAddress!;
      const sender = yield* openDatagram({ remote: to });
      for (let i = 0; i < 40; i++) sender.write(Buffer.alloc(16 * 1024, i));
      const left = 40 - sender.pendingBytes / (16 * 1024);
      expect([left > 0, left < 40]).toEqual([true, true]);
      const closing = isClosing ? sender.close() : null;
      expect(closing?.done() ?? false).toBe(false);
      sender.abort();
      // Nothing is left that a later try could send.
      expect([closing?.done() ?? true, sender._pending.size]).toEqual([true, 0]);
      for (let i = 0; i < left; i++) expect((yield* slow.receive()).data[0]).toBe(i);
      const witness = yield* openDatagram({ remote: to });
      yield* witness.send('the next');
      expect(String((yield* slow.receive()).data)).toBe('the next');
      for (const socket of [slow, witness]) yield* socket.close();
    }
  }));

test('IO23: closing fails the sends that wait for room', () => runBlocking(function* () {
  const slow = yield* openDatagram({ path: abstractName() });
  const sender = yield* openDatagram({ remote: slow.localAddress ?? { path: '' } });
  const big = Buffer.alloc(16 * 1024);
  let waiting = sender.send(big);
  while (waiting.done()) waiting = sender.send(big);
  void sender.close();
  expect(yield* failureOf(waiting)).toEqual(withCode('ERR_CLOSED'));
  yield* slow.close();
}));

onlyNative('it has no descriptors')(
  'IO23: descriptors travel with a datagram, as duplicates', () => runBlocking(function* () {
  const taker = yield* openDatagram({ path: abstractName(), receiveDescriptors: true });
  const giver = yield* openDatagram({ remote: taker.localAddress ?? { path: '' } });
  const { reader, writer } = pipes.make();
  yield* giver.send('two of them', undefined, { descriptors: [reader, writer] });
  const { data, descriptors, descriptorsLost } = yield* taker.receive();
  expect([String(data), descriptors.length, descriptorsLost]).toEqual(['two of them', 2, false]);
  const inode = (descriptor: number): number => fstatSync(descriptor).ino;
  expect(descriptors.map(inode)).toEqual([reader, writer].map(inode));
  expect(descriptors).not.toContain(reader);
  for (const descriptor of descriptors) closeSync(descriptor);
  yield* taker.close();
  yield* giver.close();
}));

onlyNative('it has no descriptors')(
  'IO23: descriptors that nobody takes are closed with the socket, and unwanted ones are never opened', () =>
  runBlocking(function* () {
    const { reader } = pipes.make();
    const taker = yield* openDatagram({ path: abstractName(), receiveDescriptors: true });
    const deaf = yield* openDatagram({ path: abstractName() });
    const giver = yield* openDatagram({ path: abstractName() });
    const before = openDescriptors();
    for (const there of [taker.localAddress, deaf.localAddress]) {
      if (there === null) throw new Error('no address');
      yield* giver.send('one', there, { descriptors: [reader] });
    }
    expect(yield* deaf.receive()).toMatchObject({ descriptors: [], descriptorsLost: true });
    while (openDescriptors() === before) yield* checkpoint();
    yield* taker.close();
    expect(openDescriptors()).toBe(before - 1);
    yield* deaf.close();
    yield* giver.close();
  }));

const BAD_DESCRIPTORS: readonly [unknown, string][] = [
  [1, 'ERR_INVALID_ARG_TYPE'],
  [['1'], 'ERR_INVALID_ARG_TYPE'],
  [[-1], 'ERR_OUT_OF_RANGE'],
  [[1.5], 'ERR_OUT_OF_RANGE'],
  [Array<number>(254).fill(0), 'ERR_OUT_OF_RANGE'],
];

test.each(BAD_DESCRIPTORS)('IO23: %j are no descriptors', (descriptors, code) => runBlocking(function* () {
  const socket = yield* openDatagram({ path: abstractName() });
  const options = { descriptors: descriptors as number[] };
  expect(() => socket.send('x', { path: at('nobody') }, options)).toThrow(withCode(code));
  yield* socket.close();
}));

onlyNative('it has no descriptors')('IO23: a closed descriptor cannot be sent', () => runBlocking(function* () {
  const taker = yield* openDatagram({ path: abstractName() });
  const giver = yield* openDatagram({ remote: taker.localAddress ?? { path: '' } });
  expect(yield* failureOf(giver.send('x', undefined, { descriptors: [0x7ffffff] }))).toEqual(withCode('EBADF'));
  yield* taker.close();
  yield* giver.close();
}));

const descriptorOf = (socket: DatagramSocket): number =>
  socket._sockets.transports.descriptor(socket._slot, socket._word);

onlyNative('it has no descriptors')(
  'openDatagram: a socket that somebody else opened and connected is taken over', () => run(function* () {
  const server = yield* openDatagram({ path: at('server') });
  const theirs = yield* openDatagram({ path: at('client'), remote: { path: at('server') } });
  const adopted = yield* openDatagram({ fd: descriptorOf(theirs) });
  yield* theirs.close();
  expect([adopted.localAddress?.address, adopted.remoteAddress?.address]).toEqual([at('client'), at('server')]);
  yield* adopted.send('from the duplicate');
  expect(String((yield* server.receive()).data)).toBe('from the duplicate');
  yield* adopted.close();
  yield* server.close();
}));

onlyNative('it has no descriptors')(
  'openDatagram: UDP sockets of both families are taken over; what is none is refused', () => run(function* () {
  for (const host of ['127.0.0.1', '::1']) {
    const theirs = yield* openDatagram({ host, port: 0 });
    const adopted = yield* openDatagram({ fd: descriptorOf(theirs) });
    const { port } = adopted.localAddress!;
    const client = yield* openDatagram({ remote: { host, port } });
    yield* theirs.close();
    yield* client.send('question');
    const question = yield* adopted.receive();
    expect([String(question.data), question.address]).toEqual(['question', host]);
    yield* adopted.send('answer', question);
    expect(String((yield* client.receive()).data)).toBe('answer');
    yield* client.close();
    yield* adopted.close();
  }
  const { reader } = pipes.make();
  expect(yield* failureOf(openDatagram({ fd: reader }))).toEqual(withCode('ENOTSOCK'));
  expect(() => openDatagram({ fd: reader, port: 0 })).toThrow(withCode('ERR_INVALID_ARG_TYPE', /port/));
  expect(() => openDatagram({ fd: -1 })).toThrow(withCode('ERR_OUT_OF_RANGE'));
}));

test('IO23: what the end of an earlier send has cancelled is not sent', () => runBlocking(function* () {
  const slow = yield* openDatagram({ path: abstractName() });
  const sender = yield* openDatagram({ remote: slow.localAddress! });
  let waiting = sender.send(Buffer.alloc(16 * 1024));
  let sent = 1;
  for (; waiting.done(); sent++) waiting = sender.send(Buffer.alloc(16 * 1024));
  const won = yield* all([
    race([waiting, sender.send('never')]),
    createTask(function* () {
      for (let i = 0; i < sent; i++) yield* slow.receive();
    }),
  ]);
  expect(won[0]).toBeUndefined();
  yield* sender.send('next');
  expect(String((yield* slow.receive()).data)).toBe('next');
  yield* sender.close();
  yield* slow.close();
}));

// Waits for room: what is full is the receiver's queue.
function fill(sender: DatagramSocket): { readonly waiting: Future<void>; readonly sent: number } {
  let waiting = sender.send(Buffer.alloc(16 * 1024));
  let sent = 1;
  for (; waiting.done(); sent++) waiting = sender.send(Buffer.alloc(16 * 1024));
  return { waiting, sent };
}

test('IO23: a transport that cannot send any more ends the sends that wait for room of it', () =>
  runBlocking(function* () {
    const slow = yield* openDatagram({ path: abstractName() });
    const sender = yield* openDatagram({ remote: slow.localAddress! });
    const { waiting } = fill(sender);
    // As where the kernel has no memory for the interest in its room.
    sender._deliver(TransportEvent.failed, constants.errno.ENOMEM);
    sender._deliver(TransportEvent.sendFailed, constants.errno.ENOMEM);
    expect(yield* failureOf(waiting)).toEqual(withCode('ENOMEM'));
    expect(yield* failureOf(sender.receive())).toEqual(withCode('ENOMEM'));
    yield* sender.close();
    yield* slow.close();
  }));

test('IO23: a failure of receiving is no failure of what is sent', () => runBlocking(function* () {
  const slow = yield* openDatagram({ path: abstractName() });
  const sender = yield* openDatagram({ remote: slow.localAddress! });
  const reads = (isOn: boolean): unknown => slow._datagrams.readDatagrams(slow._slot, slow._word, isOn);
  reads(false);
  const { waiting, sent } = fill(sender);
  const receiving = createTask(() => failureOf(sender.receive()));
  yield* checkpoint();
  sender._deliver(TransportEvent.failed, constants.errno.EIO);
  expect(yield* receiving).toMatchObject({ code: 'EIO', syscall: 'receive' });
  expect(waiting.done()).toBe(false);
  reads(true);
  for (let i = 0; i < sent; i++) yield* slow.receive();
  yield* waiting;
  yield* sender.send('the next');
  expect(String((yield* slow.receive()).data)).toBe('the next');
  expect(yield* failureOf(sender.receive())).toEqual(withCode('EIO'));
  yield* sender.close();
  yield* slow.close();
}));

test('IO23: written datagrams that a transport loses are told, and nobody waits for their room', () => run(function* () {
  const told: Error[] = [];
  const [heard, deaf] = [
    yield* openDatagram({ host: '127.0.0.1', port: 0, onError: (error) => told.push(error) }),
    yield* openDatagram({ host: '127.0.0.1', port: 0 }),
  ];
  for (const socket of [heard, deaf]) {
    socket._deliver(TransportEvent.backlog, 100_000);
    const room = jest.spyOn(socket._datagrams, 'queuedDatagrams').mockReturnValue(100_000);
    const draining = createTask(() => socket.drain());
    yield* checkpoint();
    expect(draining.done()).toBe(false);
    room.mockRestore();
    socket._deliver(TransportEvent.sendFailed, constants.errno.ENOMEM);
    yield* draining;
  }
  yield* checkpoint();
  expect(told).toEqual([withCode('ENOMEM')]);
  yield* heard.drain();
  expect(yield* failureOf(deaf.drain())).toEqual(withCode('ENOMEM'));
  for (const socket of [heard, deaf]) yield* socket.close();
}));

onlyNative('a peer that connects elsewhere resets nothing there')(
  'IO23: a peer that drops what came, and connects elsewhere, is an error for one receiver; the socket works on', () =>
    run(function* () {
      const near = yield* openDatagram({ path: abstractName() });
      const far = yield* openDatagram({ path: abstractName() });
      const other = yield* openDatagram({ path: abstractName() });
      yield* near.connect(far.localAddress!);
      yield* far.connect(near.localAddress!);
      // That something was there, unread, is what the kernel makes an error of.
      yield* near.send('unread');
      yield* far.connect(other.localAddress!);
      expect(yield* failureOf(near.receive())).toEqual(withCode('ECONNRESET'));
      yield* far.connect(near.localAddress!);
      yield* far.send('back');
      expect(String((yield* near.receive()).data)).toBe('back');
      yield* near.send('and forth');
      expect(String((yield* far.receive()).data)).toBe('and forth');
      for (const socket of [near, far, other]) yield* socket.close();
    }));

test('IO23: drain waits while much waits for a UNIX receiver', () => runBlocking(function* () {
  const slow = yield* openDatagram({ path: abstractName() });
  const sender = yield* openDatagram({ remote: slow.localAddress! });
  for (let i = 0; i < 40; i++) sender.write(Buffer.alloc(16 * 1024, i));
  expect(sender.pendingBytes).toBeGreaterThan(64 * 1024);
  const draining = createTask(() => sender.drain());
  yield* checkpoint();
  expect(draining.done()).toBe(false);
  for (let i = 0; i < 40; i++) expect((yield* slow.receive()).data[0]).toBe(i);
  yield* draining;
  yield* slow.close();
  yield* sender.close();
}));
