// Datagrams: they arrive whole, several tasks share a socket, waits can be cancelled and lose nothing, and closing.
import { createSocket } from 'node:dgram';
import {
  checkpoint, type Coroutine, createTask, currentTask, type Datagram, type DatagramSocket, type Future, gather,
  getRunningLoop, openDatagram, type SocketAddress,
} from '../../lib';
import { colours, outcomeOf } from '../tasks/support';
import { withCode } from '../helpers/failures';
import { onlyNative, run, runBlocking } from './engines';

/** Two sockets on the loopback interface. */
interface Two {
  readonly near: DatagramSocket;
  readonly far: DatagramSocket;
  readonly there: SocketAddress;
}

const HOST = '127.0.0.1';

function openTwo(host = HOST): Future<Two> {
  return createTask(function* (): Coroutine<Two> {
    const near = yield* openDatagram({ host, port: 0 });
    const far = yield* openDatagram({ host, port: 0 });
    return { near, far, there: far.localAddress as SocketAddress };
  });
}

function closeBoth({ near, far }: Two): Future<unknown> {
  return gather([near.close(), far.close()]);
}

/** Makes the task be asked to end first, by itself, and then calls. */
function* pending<T>(call: () => Future<T>): Coroutine<T> {
  currentTask()?.cancel();
  return yield* call();
}

const text = (datagram: Datagram | null): string => String(datagram?.data);

describe.each(colours)('in $name tasks', ({ of }) => {
  test('D47: a datagram arrives whole, with where it came from, and can be answered', () => run(of(function* () {
    const two = (yield openTwo()) as Two;
    const { near, far, there } = two;
    yield near.send('question', { host: HOST, port: there.port });
    const question = (yield far.receive()) as Datagram;
    expect(text(question)).toBe('question');
    expect(question).toMatchObject({ family: 'IPv4', address: HOST, port: near.localAddress?.port, truncated: false });
    yield far.send('answer', question);
    expect(text((yield near.receive()) as Datagram)).toBe('answer');
    yield closeBoth(two);
  })));

  test('IO23: empty datagrams are sent and received, sent or written', () => run(of(function* () {
    const two = (yield openTwo()) as Two;
    yield two.near.send('', two.there);
    two.near.write(new Uint8Array(0), two.there);
    for (let i = 0; i < 2; i++) expect(((yield two.far.receive()) as Datagram).data).toHaveLength(0);
    yield closeBoth(two);
  })));

  test('IO23: what is written in a turn arrives in order, behind what was sent before', () => run(of(function* () {
    const two = (yield openTwo()) as Two;
    yield two.near.send('0', two.there);
    for (let i = 1; i < 100; i++) two.near.write(`${i}`, two.there);
    yield two.near.send('100', two.there);
    yield two.near.drain();
    for (let i = 0; i <= 100; i++) expect(text((yield two.far.receive()) as Datagram)).toBe(`${i}`);
    yield closeBoth(two);
  })));

  test('IO23: next gives null once the socket is closed, to those who wait and to those who come later', () =>
    run(of(function* () {
      const two = (yield openTwo()) as Two;
      const waiting = two.far.next();
      yield checkpoint();
      void two.far.close();
      expect(yield waiting).toBeNull();
      expect(yield two.far.next()).toBeNull();
      yield two.near.close();
    })));
});

test('IO23: datagrams of either family, and a socket for both sees IPv4 peers as such', () => runBlocking(function* () {
  const six = yield* openTwo('::1');
  yield* six.near.send('six', six.there);
  expect(yield* six.far.receive()).toMatchObject({ family: 'IPv6', address: '::1' });
  yield* closeBoth(six);
  const both = yield* openDatagram({ port: 0 });
  const four = yield* openDatagram({ host: HOST, port: 0 });
  yield* both.send('hello', four.localAddress as SocketAddress);
  const hello = yield* four.receive();
  yield* four.send('back', hello);
  expect(yield* both.receive()).toMatchObject({ family: 'IPv4', address: HOST });
  yield* both.close();
  yield* four.close();
}));

test('IO23: the largest datagram arrives whole; one that is longer than asked for is cut, and says so', () =>
  runBlocking(function* () {
    const two = yield* openTwo();
    const largest = Buffer.alloc(65507, 'abc');
    two.near.write(largest, two.there);
    expect((yield* two.far.receive()).data.equals(largest)).toBe(true);
    const small = yield* openDatagram({ host: HOST, port: 0, maxDatagramBytes: 4 });
    const where = small.localAddress as SocketAddress;
    yield* two.near.send('1234', where);
    yield* two.near.send('12345', where);
    expect(yield* small.receive()).toMatchObject({ truncated: false });
    const cut = yield* small.receive();
    expect([text(cut), cut.truncated]).toEqual(['1234', true]);
    yield* small.close();
    yield* closeBoth(two);
  }));

test('IO23: several tasks that receive are served in the order in which they came', () => runBlocking(function* () {
  const two = yield* openTwo();
  const order: string[] = [];
  const tasks = ['first', 'second', 'third'].map((name) => createTask(function* () {
    order.push(`${name} ${text(yield* two.far.receive())}`);
  }));
  yield* checkpoint();
  for (const name of ['a', 'b', 'c']) two.near.write(name, two.there);
  yield* gather(tasks);
  expect(order).toEqual(['first a', 'second b', 'third c']);
  yield* closeBoth(two);
}));

test('IO23 D1: a cancelled receive takes nothing, and the next one gets the datagram', () => runBlocking(function* () {
  const two = yield* openTwo();
  const task = createTask(function* () {
    return yield* two.far.receive();
  });
  yield* checkpoint();
  task.cancel();
  yield* task.join();
  yield* two.near.send('kept', two.there);
  expect(text(yield* two.far.receive())).toBe('kept');
  yield* closeBoth(two);
}));

test('IO23 D1: a datagram that was given before the cancel stays given', () => runBlocking(function* () {
  const two = yield* openTwo();
  const receiving = two.far.receive();
  yield* two.near.send('given', two.there);
  while (!receiving.done()) yield* checkpoint();
  expect(receiving.cancel()).toBe(false);
  expect(text(yield* receiving)).toBe('given');
  yield* closeBoth(two);
}));

test('IO23: a cancelled task neither sends nor receives', () => runBlocking(function* () {
  const two = yield* openTwo();
  yield* two.near.send('waits', two.there);
  const sending = createTask(function* () {
    yield* pending(() => two.near.send('never', two.there));
  });
  const receiving = createTask(function* () {
    yield* pending(() => two.far.receive());
  });
  yield* checkpoint();
  yield* gather([sending.join(), receiving.join()]);
  expect([sending.cancelled(), receiving.cancelled()]).toEqual([true, true]);
  expect(text(yield* two.far.receive())).toBe('waits');
  expect(two.far.next().done()).toBe(false);
  yield* closeBoth(two);
}));

test('IO23: above a mark of untaken datagrams reading pauses, taking resumes it', () => runBlocking(function* () {
  const two = yield* openTwo();
  const size = 32 * 1024;
  const count = 20;
  for (let i = 0; i < count; i++) {
    yield* two.near.send(Buffer.alloc(size, i), two.there);
    if (i % 4 === 0) yield* checkpoint();
  }
  const seen: number[] = [];
  for (let datagram = yield* two.far.receive(); ; datagram = yield* two.far.receive()) {
    seen.push(datagram.data[0] as number);
    if (seen.length === 6) yield* two.near.send('end', two.there);
    if (datagram.data.length === 3) break;
  }
  // The kernel's buffer may have dropped some in between; what came is in order.
  expect(seen.slice(0, -1)).toEqual([...seen.slice(0, -1)].sort((a, b) => a - b));
  expect(seen.length).toBeGreaterThan(6);
  yield* closeBoth(two);
}));

test('IO23: for await ends when the socket is closed', () => run(async () => {
  const { near, far, there } = await openTwo();
  near.write('one', there);
  near.write('two', there);
  const seen: string[] = [];
  for await (const datagram of far) {
    seen.push(text(datagram));
    if (seen.length === 2) void far.close();
  }
  expect(seen).toEqual(['one', 'two']);
  await near[Symbol.asyncDispose]();
  expect(near.closed).toBe(true);
}));

onlyNative('nothing real is in its network')('IO23: datagrams to and from node:dgram', () => run(function* () {
  const socket = yield* openDatagram({ host: HOST, port: 0 });
  const node = createSocket('udp4');
  const bound = getRunningLoop().createFuture<void>();
  node.bind(0, HOST, () => bound.setResult(undefined));
  yield* bound;
  const heard = getRunningLoop().createFuture<string>();
  node.on('message', (message, { address, port }) => {
    node.send('hello, loop', port, address);
    heard.setResult(String(message));
  });
  yield* socket.send('hello, node', { host: HOST, port: node.address().port });
  expect(yield* heard).toBe('hello, node');
  expect(text(yield* socket.receive())).toBe('hello, loop');
  node.close();
  yield* socket.close();
}));

test('IO23: closing sends what was written, wakes those who receive, and refuses everything afterwards', () =>
  runBlocking(function* () {
    const two = yield* openTwo();
    const receiving = createTask(function* () {
      return yield* two.near.receive();
    });
    yield* checkpoint();
    two.near.write('last words', two.there);
    yield* two.near.close();
    yield* two.near.close();
    expect(text(yield* two.far.receive())).toBe('last words');
    const [how, error] = yield* outcomeOf(receiving);
    expect([how, (error as { code: string }).code]).toEqual(['failed', 'ERR_CLOSED']);
    expect(() => two.near.receive()).toThrow(withCode('ERR_CLOSED'));
    expect(() => two.near.send('x', two.there)).toThrow(withCode('ERR_CLOSED'));
    expect(() => two.near.write('x', two.there)).toThrow(withCode('ERR_CLOSED'));
    expect(() => two.near.drain()).toThrow(withCode('ERR_CLOSED'));
    expect(() => two.near.connect(two.there)).toThrow(withCode('ERR_CLOSED'));
    expect(() => two.near.setTtl(1)).toThrow(withCode('ERR_CLOSED'));
    expect(() => two.near.bufferBytes).toThrow(withCode('ERR_CLOSED'));
    yield* two.far.close();
  }));

onlyNative('it resolves names at once')(
  'D47: names are resolved, also in a wait that can be given up', () => run(function* () {
  const two = yield* openTwo();
  yield* two.near.send('hello', { host: 'localhost', port: two.there.port });
  expect(text(yield* two.far.receive())).toBe('hello');
  const unknown = two.near.send('x', { host: 'no-such-name.invalid', port: two.there.port });
  unknown.cancel();
  expect((yield* outcomeOf(unknown))[0]).toBe('cancelled');
  const named = { host: 'no-such-name.invalid', port: two.there.port };
  expect(() => two.near.write('x', named)).toThrow(withCode('ERR_OUT_OF_RANGE', /send/));
  yield* closeBoth(two);
}));
