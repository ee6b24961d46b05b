// toDuplex: the members that libraries ask a socket for, and what ties a Duplex to its run.
import { AsyncLocalStorage } from 'node:async_hooks';
import { execFileSync, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { connect as connectNode, createServer, type Socket } from 'node:net';
import { constants } from 'node:os';
import path from 'node:path';
import type { Duplex } from 'node:stream';
import { type ByteStream, createTask, getRunningLoop, type SocketDuplex } from '../../lib';
import { IdleTimer } from '../../lib/net/idle_timer';
import { root } from '../contracts/rules/source_tree';
import { thrownBy, withCode } from '../helpers/failures';
import { acceptFromNode, connect, type RawPeer, turn, until } from './support';
import { onlyNative, run, runBlocking } from './engines';

const closed = (duplex: SocketDuplex): Promise<unknown> => new Promise((resolve) => void duplex.once('close', resolve));

test('toDuplex: it says where it is and how it is', () => run(async () => {
  const { stream, socket } = await acceptFromNode();
  const duplex = stream.toDuplex();
  const port = socket.remotePort;
  expect(duplex).toMatchObject({
    connecting: false, pending: false, readyState: 'open', encrypted: false, _handle: null, timeout: undefined,
    localAddress: '127.0.0.1', localFamily: 'IPv4', localPort: port,
    remoteAddress: '127.0.0.1', remoteFamily: 'IPv4', remotePort: socket.localPort,
    bytesRead: 0, bytesWritten: 0, allowHalfOpen: false,
  });
  expect(duplex.address()).toEqual({ address: '127.0.0.1', family: 'IPv4', port });
  expect([duplex.ref(), duplex.unref()]).toEqual([duplex, duplex]);
  duplex.destroy();
  await closed(duplex);
  expect([duplex.readyState, duplex.remoteAddress]).toEqual(['closed', '127.0.0.1']);
  socket.destroy();
}));

// The options of a socket, asked by a program that is given the descriptor.
function optionsOf(stream: ByteStream): string {
  const descriptor = stream._sockets.transports.descriptor(stream._slot, stream._word);
  const program = `import socket
s = socket.socket(fileno=3)
names = [(socket.IPPROTO_TCP, socket.TCP_NODELAY), (socket.SOL_SOCKET, socket.SO_KEEPALIVE)]
idle = getattr(socket, 'TCP_KEEPIDLE', getattr(socket, 'TCP_KEEPALIVE', None))
print(*[int(s.getsockopt(*n) != 0) for n in names], s.getsockopt(socket.IPPROTO_TCP, idle))`;
  const stdio: ('ignore' | 'pipe' | 'inherit' | number)[] = ['ignore', 'pipe', 'inherit', descriptor];
  return execFileSync('python3', ['-c', program], { stdio, encoding: 'utf8' }).trim();
}

onlyNative('it has no descriptors')('toDuplex: setNoDelay and setKeepAlive reach the socket', () => run(async () => {
  const { near, far } = await connect();
  const duplex = near.toDuplex();
  expect(optionsOf(near)).toMatch(/^1 0 /);
  expect(duplex.setNoDelay(false).setKeepAlive(true, 42_500)).toBe(duplex);
  expect(optionsOf(near)).toBe('0 1 42');
  duplex.setNoDelay().setKeepAlive(false);
  expect(optionsOf(near)).toBe('1 0 42');
  duplex.destroy();
  duplex.setNoDelay();
  await far.close();
}));

test('toDuplex: connect() says that it is connected, in the next tick', () => run(async () => {
  const { near, far } = await connect();
  const duplex = near.toDuplex();
  const events: string[] = [];
  duplex.on('ready', () => events.push('ready'));
  duplex.connect(1, 'nowhere', () => events.push('connect'));
  expect(events).toEqual([]);
  await turn();
  expect(events).toEqual(['connect', 'ready']);
  duplex.destroy();
  void far.close();
}));

test('toDuplex: timeout comes when nothing happens; what is received or sent starts it again', () => run(async () => {
  jest.useFakeTimers({ doNotFake: ['nextTick', 'setImmediate', 'performance', 'queueMicrotask', 'hrtime', 'Date'] });
  try {
    const { near, far } = await connect();
    const duplex = near.toDuplex().resume();
    expect(thrownBy(() => duplex.setTimeout(-1)).code).toBe('ERR_OUT_OF_RANGE');
    expect(thrownBy(() => duplex.setTimeout('1' as never)).code).toBe('ERR_INVALID_ARG_TYPE');
    let timeouts = 0;
    duplex.on('timeout', () => timeouts++);
    duplex.setTimeout(100);
    jest.advanceTimersByTime(90);
    duplex.write('x');
    jest.advanceTimersByTime(90);
    const received = once(duplex, 'data');
    await far.send('y');
    await received;
    jest.advanceTimersByTime(90);
    expect(timeouts).toBe(0);
    jest.advanceTimersByTime(10);
    expect([timeouts, duplex.timeout, duplex.destroyed]).toEqual([1, 100, false]);
    duplex.setTimeout(0);
    jest.advanceTimersByTime(1000);
    expect([timeouts, duplex.timeout]).toEqual([1, 0]);
    duplex.destroy();
    void far.close();
  } finally {
    jest.useRealTimers();
  }
}));

test('toDuplex: bytes that leave the machine put timeout off, though nobody is told of them', () => {
  jest.useFakeTimers();
  try {
    const pending = [90, 60, 60, 0];
    let timeouts = 0;
    const timer = new IdleTimer({ emit: () => ++timeouts > 0 }, () => pending.shift()!);
    timer.set(100);
    for (const expected of [0, 0, 1]) {
      jest.advanceTimersByTime(100);
      expect(timeouts).toBe(expected);
    }
    timer.stop();
  } finally {
    jest.useRealTimers();
  }
});

test('toDuplex: listeners run outside the turn, so they may start a run and throw', () => run(async () => {
  const { near, far } = await connect();
  const duplex = near.toDuplex();
  const inner = new Promise((resolve, reject) => {
    duplex.once('data', () => void run(() => Promise.resolve('inner')).then(resolve, reject));
  });
  void far.send('go');
  await expect(inner).resolves.toBe('inner');
  duplex.destroy();
  void far.close();
}));

test('toDuplex: listeners see the stores of where it was made, and no others', () => run(async () => {
  const storage = new AsyncLocalStorage<string>();
  const [one, two] = [await connect(), await connect()];
  const seen: unknown[] = [];
  const duplexes = [storage.run('one', () => one.near.toDuplex()), storage.run('two', () => two.near.toDuplex())];
  for (const duplex of duplexes) duplex.on('data', () => seen.push(storage.getStore()));
  const both = Promise.all(duplexes.map((duplex) => once(duplex, 'data')));
  storage.run('writer', () => {
    one.far.write('1');
    two.far.write('2');
  });
  await both;
  expect(seen.sort()).toEqual(['one', 'two']);
  for (const { far } of [one, two]) void far.close();
  for (const duplex of duplexes) duplex.destroy();
}));

test('toDuplex: the end of its run destroys it, and says why to those who listen', async () => {
  const made: SocketDuplex[] = [];
  const errors: unknown[] = [];
  await run(async () => {
    const { near, far } = await connect();
    made.push(near.toDuplex().on('error', (error) => errors.push(error)), far.toDuplex());
  });
  await new Promise((resolve) => void setImmediate(resolve));
  expect(made.map(({ destroyed }) => destroyed)).toEqual([true, true]);
  expect(errors).toEqual([withCode('ERR_NO_RUNNING_LOOP')]);
});

test('toDuplex: a Duplex of a callback of Node\'s lives until the last run ends', async () => {
  let made: SocketDuplex | null = null;
  await run(async () => {
    const pair = await connect();
    await new Promise<void>((resolve) => void setImmediate(() => {
      made = pair.near.toDuplex();
      resolve();
    }));
    expect(made!.destroyed).toBe(false);
    void pair.far.close();
  });
  expect(made!.destroyed).toBe(true);
});

test('toDuplex: without a live run it is refused', async () => {
  const stream = await run(async () => (await connect()).near);
  expect(thrownBy(() => stream.toDuplex()).code).toBe('ERR_NO_RUNNING_LOOP');
  stream.abort();
});

test('toDuplex: where the loop owns the thread it is refused', () => {
  runBlocking(function* () {
    const { near, far } = yield* connect();
    expect(thrownBy(() => near.toDuplex()).code).toBe('ERR_UNSUPPORTED');
    void near.close();
    void far.close();
  });
});

test('toDuplex: no guard stays behind', () => run(async () => {
  const { near, far } = await connect();
  const duplexes = [near.toDuplex(), far.toDuplex()];
  const tasks = getRunningLoop();
  for (const duplex of duplexes) duplex.destroy();
  await Promise.all(duplexes.map((duplex) => closed(duplex)));
  await createTask(function* () {
    yield* turn();
  });
  expect(tasks._tasks().map(({ name }) => name)).not.toContain('streams of Node');
}));

test('toDuplex: a listener that throws is an uncaught exception, and the other streams go on', () => {
  const program = `
    const { run } = require(${JSON.stringify(path.join(root, '.test-build', 'lib'))});
    const { connect } = require(${JSON.stringify(path.join(root, '.test-build', 'test', 'net', 'support'))});
    process.on('uncaughtException', (error) => console.log('uncaught', error.message));
    run(async () => {
      const [one, two] = [await connect(), await connect()];
      const duplexes = [one.near.toDuplex(), two.near.toDuplex()];
      duplexes[0].once('data', () => { throw new Error('by a listener'); });
      duplexes[0].on('data', (chunk) => console.log('first', String(chunk)));
      const heard = new Promise((resolve) => duplexes[1].once('data', resolve));
      one.far.write('a');
      two.far.write('b');
      console.log('second', String(await heard));
      const more = new Promise((resolve) => duplexes[0].once('data', resolve));
      one.far.write('c');
      await more;
      for (const duplex of duplexes) duplex.destroy();
      for (const { far } of [one, two]) far.abort();
    });`;
  const child = spawnSync(process.execPath, ['-e', program], { encoding: 'utf8' });
  expect({ out: child.stdout.trim().split('\n'), error: child.stderr, status: child.status }).toEqual({
    out: ['uncaught by a listener', 'second b', 'first c'], error: '', status: 0,
  });
});

// What a Duplex emits while nobody reads it.
function eventsOf(duplex: Duplex): string[] {
  const events: string[] = [];
  duplex.on('end', () => events.push('end')).on('finish', () => events.push('finish'));
  duplex.on('error', (error: Error & { code?: string }) => events.push(`error ${String(error.code)}`));
  duplex.on('close', () => events.push('close'));
  return events;
}

test.each([
  ['ends', (peer: RawPeer) => peer.end(), ['end', 'finish', 'close']],
  ['resets', (peer: RawPeer) => peer.resetAndDestroy(), ['error ECONNRESET', 'close']],
])('toDuplex: a peer that %s shows though nobody reads, as on a socket of Node\'s', (_how, leave, expected) =>
  run(async () => {
    const { stream, socket } = await acceptFromNode();
    const events = eventsOf(stream.toDuplex());
    leave(socket);
    await createTask(until(() => events.includes('close')));
    expect(events).toEqual(expected);
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const peer = connectNode((server.address() as { port: number }).port, '127.0.0.1').on('error', () => undefined);
    const [theirs] = (await once(server, 'connection')) as [Socket];
    const theirEvents = eventsOf(theirs);
    leave(peer);
    await createTask(until(() => theirEvents.includes('close')));
    expect(theirEvents).toEqual(expected);
    peer.destroy();
    server.close();
  }));

test('toDuplex: a peer that ends behind bytes which nobody reads ends nothing yet', () => run(async () => {
  const { near, far } = await connect();
  const duplex = near.toDuplex();
  const events = eventsOf(duplex);
  await far.send('unread');
  await far.sendEof();
  await createTask(until(() => near._hasEnded && duplex.readableLength > 0));
  for (let i = 0; i < 5; i++) await turn();
  expect(events).toEqual([]);
  expect(String(duplex.read())).toBe('unread');
  await createTask(until(() => events.includes('close')));
  expect(events).toEqual(['end', 'finish', 'close']);
  await far.close();
}));

test('toDuplex: a large write that the kernel refuses at once tells its callback, and the Duplex fails once', () =>
  run(async () => {
    const { near, far } = await connect();
    const duplex = near.toDuplex();
    const events = eventsOf(duplex);
    const send = jest.spyOn(near._sockets.transports, 'send').mockReturnValue(-constants.errno.EPIPE);
    const answers: unknown[] = [];
    const note = (error?: Error | null): unknown => answers.push((error as { code?: unknown } | null | undefined)?.code);
    duplex.write(Buffer.alloc(100_000), note);
    duplex.write('behind it', note);
    send.mockRestore();
    await createTask(until(() => events.includes('close')));
    expect(answers).toEqual(['EPIPE', 'EPIPE']);
    expect([events, duplex.bytesWritten]).toEqual([['error EPIPE', 'close'], 0]);
    far.abort();
  }));
