// Memory that callers lend to a stream, and take away before the stream is done with it. The stream says so: it neither
// waits for ever nor takes it for the end.
import {
  createServer, createTask, getRunningLoop, openConnection, openDatagram, openPackets, type PacketSocket, type Protocol,
  run, startPacketServer, until as untilPromise,
} from '../../lib';
import { TransportEvent } from '../../lib/engine/abi';
import { Control } from '../../lib/engine/transports';
import { withCode } from '../helpers/failures';
import { outcomeOf } from '../tasks/support';
import { acceptFromNode, connect, pattern, portOf, turn, until } from './support';
import { over, witnessed } from './witness';

// As postMessage(…, [memory]) does.
const transfer = (view: Uint8Array): unknown => structuredClone(view.buffer, { transfer: [view.buffer as ArrayBuffer] });

test('readInto: memory that was transferred while it waited is an error, and the bytes stay', () => run(function* () {
  const { near, far } = yield* connect();
  const memory = new Uint8Array(100);
  const reading = createTask(function* () {
    return yield* near.readInto(memory);
  });
  yield* turn();
  transfer(memory);
  yield* far.send('hello');
  const [how, error] = yield* outcomeOf(reading);
  expect([how, error]).toEqual(['failed', expect.objectContaining({ code: 'ERR_INVALID_STATE' })]);
  expect(String(yield* near.readExactly(5))).toBe('hello');
  void near.close();
  void far.close();
}));

test('send: memory that was transferred while it waited fails the stream, and the peer sees no end', () =>
  run(function* () {
  const { near, far } = yield* connect();
  const memory = new Uint8Array(pattern(20_000_000));
  const sending = createTask(function* () {
    yield* near.send(memory);
  });
  yield* until(() => near.pendingBytes > 0);
  transfer(memory);
  const reading = createTask(() => far.readAll());
  expect(yield* outcomeOf(sending)).toEqual(['failed', expect.objectContaining({ code: 'ERR_INVALID_STATE' })]);
  expect(yield* outcomeOf(reading)).toEqual(['failed', expect.objectContaining({ code: 'ECONNRESET' })]);
  expect(near.closed).toBe(true);
  void far.close();
}));

test('Transport.write: memory that was transferred while it waited is what the connection was lost by', () =>
  run(function* () {
    const { server, stream, witness } = yield* witnessed();
    const memory = new Uint8Array(pattern(20_000_000));
    witness.transport.write(memory);
    transfer(memory);
    const reading = createTask(() => stream.readAll());
    yield* until(() => witness.isLost);
    expect(witness.lost).toEqual(expect.objectContaining({ code: 'ERR_INVALID_STATE' }));
    yield* outcomeOf(reading);
    yield* over(server, stream);
  }));

test('DatagramSocket.send: memory that was transferred while it waited is an error, no datagram', () => run(function* () {
  const slow = yield* openDatagram({ path: `\0readyloop-lent-${process.pid}` });
  const sender = yield* openDatagram({ remote: { path: slow.localAddress!.address } });
  let sent = 0;
  let memory = new Uint8Array(16 * 1024);
  let waiting = sender.send(memory);
  for (; waiting.done(); sent++) waiting = sender.send((memory = new Uint8Array(16 * 1024)));
  const behind = sender.send('behind it');
  transfer(memory);
  const sending = createTask(() => outcomeOf(waiting));
  for (let i = 0; i < sent; i++) expect((yield* slow.receive()).data.length).toBe(16 * 1024);
  expect(String((yield* slow.receive()).data)).toBe('behind it');
  yield* behind;
  expect(yield* sending).toEqual(['failed', expect.objectContaining({ code: 'ERR_INVALID_STATE' })]);
  yield* slow.close();
  yield* sender.close();
}));

test('PacketSocket.send: memory that was transferred while it waited is an error, no packet', () => run(function* () {
  const accepted = getRunningLoop().createFuture<PacketSocket>();
  const place = { path: `\0readyloop-lent-packets-${process.pid}` };
  const server = yield* startPacketServer(function* (socket) {
    accepted.setResult(socket);
    yield* socket.waitClosed();
  }, place);
  const near = yield* openPackets(place);
  const far = yield* accepted;
  let sent = 0;
  let memory = new Uint8Array(16 * 1024);
  let waiting = near.send(memory);
  for (; waiting.done(); sent++) waiting = near.send((memory = new Uint8Array(16 * 1024)));
  const behind = near.send('behind it');
  transfer(memory);
  const sending = createTask(() => outcomeOf(waiting));
  for (let i = 0; i < sent; i++) expect((yield* far.receive())?.data.length).toBe(16 * 1024);
  expect(String((yield* far.receive())?.data)).toBe('behind it');
  yield* behind;
  expect(yield* sending).toEqual(['failed', withCode('ERR_INVALID_STATE')]);
  yield* near.close();
  yield* far.close();
  yield* server.close();
}));

test('toWeb: who gives the chunks away that it reads harms no chunk that comes later', () => run(function* () {
  for (const size of [100, 20_000]) {
    const { near, far } = yield* connect();
    const { readable, writable } = near.toWeb();
    const reader = readable.getReader();
    for (let i = 0; i < 10; i++) {
      const sent = pattern(size);
      yield* far.send(sent);
      for (let at = 0; at < size;) {
        const { value } = (yield* untilPromise(reader.read())) as { value: Uint8Array };
        expect(sent.subarray(at, at + value.length).equals(value)).toBe(true);
        at += value.length;
        transfer(value);
      }
    }
    // What is given to the writable is lent like any other memory, and free once it is written.
    const writer = writable.getWriter();
    const lent = new Uint8Array(pattern(size));
    yield* untilPromise(writer.write(lent));
    transfer(lent);
    expect(pattern(size).equals(yield* far.readExactly(size))).toBe(true);
    near.abort();
    far.abort();
  }
}));

test('ByteStream: memory that is shared with workers can be sent and received into', () => run(function* () {
  const { near, far } = yield* connect();
  const sent = pattern(100_000);
  const shared = new Uint8Array(new SharedArrayBuffer(sent.length));
  shared.set(sent);
  near.write(shared.subarray(0, 10));
  yield* near.send(shared.subarray(10));
  const into = new Uint8Array(new SharedArrayBuffer(sent.length));
  let count = 0;
  while (count < sent.length) count += yield* far.readInto(into.subarray(count));
  expect(sent.equals(Buffer.from(into))).toBe(true);
  void near.close();
  void far.close();
}));

test('IO13: where the kernel has no memory for what is sent, it is asked again after a while', () => run(function* () {
  const { stream, socket } = yield* acceptFromNode();
  const { transports } = stream._sockets;
  const asked: Control[] = [];
  const control = jest.spyOn(transports, 'control').mockImplementation((_slot, _word, what) => asked.push(what));
  stream._deliver(TransportEvent.starved, 105);
  expect(asked).toEqual([]);
  yield* until(() => asked.length > 0);
  expect(asked).toEqual([Control.retrySending]);
  control.mockRestore();
  stream.abort();
  socket.destroy();
}));

test('memory that was transferred before the call is an error, and no empty message', () => run(function* () {
  const { near, far } = yield* connect();
  const socket = yield* openDatagram({ host: '127.0.0.1', port: 0 });
  const taken = new Uint8Array(10);
  transfer(taken);
  const [words, view] = [new Uint16Array(5), new DataView(new ArrayBuffer(5))];
  structuredClone([words.buffer, view.buffer], { transfer: [words.buffer, view.buffer] });
  const here = socket.localAddress!;
  for (const call of [
    () => near.send(taken), () => near.write(taken), () => near.readInto(taken), () => socket.write(taken, here),
    () => near.send(words), () => near.send(view),
  ]) {
    expect(call).toThrow(withCode('ERR_INVALID_STATE', /transferred/));
  }
  yield* near.send(new Uint8Array(0));
  yield* near.send('whole');
  expect(String(yield* far.readExactly(5))).toBe('whole');
  yield* socket.close();
  void near.close();
  void far.close();
}));

// A stream of bytes takes the memory of what is given to it, on Node before 24 also where that is marked as shared.
function byteStreamTaker(): (chunk: Buffer) => void {
  let taker: ReadableByteStreamController | null = null;
  new ReadableStream({ type: 'bytes', start: (controller) => void (taker = controller) });
  return (chunk) => taker!.enqueue(chunk);
}

test.each([100, 1024, 20_000])('ByteStream: who gives a chunk of %i bytes away harms no chunk that comes later', (size) =>
  run(function* () {
    const { near, far } = yield* connect();
    const take = byteStreamTaker();
    for (let i = 0; i < 30; i++) {
      yield* far.send(pattern(size));
      let last = yield* near.read();
      for (let left = size - last!.length; left > 0; left -= last!.length) last = yield* near.read();
      expect(pattern(size).subarray(size - last!.length).equals(last!)).toBe(true);
      try {
        take(last!);
      } catch (error) {
        expect(error).toHaveProperty('name', 'TypeError');
      }
    }
    void near.close();
    void far.close();
  }));

test('Protocol: the memory of what it is told cannot be given away, and others go on', () => run(function* () {
  const take = byteStreamTaker();
  const lost: (Error | null)[] = [];
  let told = 0;
  const protocols: Protocol[] = [
    { dataReceived: take, connectionLost: (error) => lost.push(error) },
    { dataReceived: (data) => void (told += data.length) },
  ];
  const reports: string[] = [];
  getRunningLoop().setExceptionHandler(({ message }) => reports.push(message));
  const server = yield* createServer(() => protocols.shift()!, { host: '127.0.0.1', port: 0 });
  const giver = yield* openConnection({ host: '127.0.0.1', port: portOf(server) });
  const other = yield* openConnection({ host: '127.0.0.1', port: portOf(server) });
  yield* giver.send('taken');
  yield* until(() => lost.length > 0);
  expect(lost).toEqual([expect.objectContaining({ name: 'TypeError' })]);
  yield* other.send('still told');
  yield* until(() => told > 0);
  expect([told, reports]).toEqual([10, [expect.stringContaining('dataReceived')]]);
  other.abort();
  giver.abort();
  yield* server.shutdown({ drain: 0 });
}));

test('ByteStream: who gives away a part of what was kept harms nothing that is unread', () => run(function* () {
  const { near, far } = yield* connect();
  yield* far.send(pattern(60_000));
  yield* until(() => (near._unread?.length ?? 0) === 60_000);
  // More than half of Buffer.poolSize of any Node, whose pool refuses to be transferred.
  const first = yield* near.readExactly(40_000);
  expect(first.equals(pattern(60_000).subarray(0, 40_000))).toBe(true);
  transfer(first);
  expect((yield* near.readExactly(5_000)).equals(pattern(60_000).subarray(40_000, 45_000))).toBe(true);
  yield* far.send('behind');
  const rest = yield* near.readExactly(15_006);
  expect([rest.subarray(0, 15_000).equals(pattern(60_000).subarray(45_000)), String(rest.subarray(15_000))])
    .toEqual([true, 'behind']);
  void near.close();
  void far.close();
}));

test('DatagramSocket: a datagram whose neighbour was given away is an error or whole, and later ones come', () =>
  run(function* () {
    const socket = yield* openDatagram({ host: '127.0.0.1', port: 0 });
    const here = socket.localAddress!;
    for (const text of ['one', 'two', 'three']) socket.write(text, here);
    const take = byteStreamTaker();
    const { data } = yield* socket.receive();
    const inside = socket as unknown as { readonly _kept: { readonly size: number }; readonly _keptBytes: number };
    yield* until(() => inside._kept.size === 2);
    try {
      take(data);
    } catch (error) {
      expect(error).toHaveProperty('name', 'TypeError');
    }
    for (const text of ['two', 'three']) {
      // Not there any more before Node 24.
      if (data.length === 0) expect(() => socket.receive()).toThrow(withCode('ERR_INVALID_STATE', /given away/));
      else expect(String((yield* socket.receive()).data)).toBe(text);
    }
    expect(inside._keptBytes).toBe(0);
    socket.write('later', here);
    expect(String((yield* socket.receive()).data)).toBe('later');
    yield* socket.close();
  }));

test('memory that was made smaller than its view is an error, and no empty message', () => run(function* () {
  const { near, far } = yield* connect();
  const memory = Reflect.construct(ArrayBuffer, [100, { maxByteLength: 100 }]) as ArrayBuffer;
  const views = [new Uint8Array(memory, 50, 50), new Uint16Array(memory, 50, 25), new DataView(memory, 50, 50)];
  (memory as unknown as { resize(length: number): void }).resize(10);
  for (const view of views) {
    expect(() => near.send(view)).toThrow(withCode('ERR_INVALID_STATE', /made smaller/));
    expect(() => near.readInto(view)).toThrow(withCode('ERR_INVALID_STATE'));
  }
  expect(yield* near.send(new DataView(memory, 0, 0))).toBeUndefined();
  near.abort();
  far.abort();
}));
