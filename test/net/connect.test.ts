// Opening connections: where to, from where, what fails, and that a wait given up closes its descriptor.
import { readdirSync } from 'node:fs';
import { createServer as createNodeServer } from 'node:net';
import {
  Barrier, type ByteStream, createConnection, createServer, createTask, type Future,
  openConnection, openDatagram, race, shielded,
  startServer,
} from '../../lib';
import { outcomeOf } from '../tasks/support';
import { withCode } from '../helpers/failures';
import { onlyNative, run, runBlocking } from './engines';
import { portOf, turn } from './support';

// Nothing is ever sent there.
const discard = 9;

const here = { host: '127.0.0.1', port: 0 };

const openDescriptors = (): number => readdirSync('/proc/self/fd').length;

test('IO24: a refused connection is a system error that names the place', () => run(function* () {
  const server = yield* startServer(function* () {}, { host: '127.0.0.1', port: 0 });
  const port = portOf(server);
  void server.close();
  const before = openDescriptors();
  const [how, error] = yield* outcomeOf(openConnection({ host: '127.0.0.1', port }));
  expect(how).toBe('failed');
  expect(error).toMatchObject({ code: 'ECONNREFUSED', syscall: 'connect', address: '127.0.0.1', port });
  expect(openDescriptors()).toBe(before);
}));

test('IO24: a connection that loses a race in the tick of the winner is given to onOrphan', () => run(function* () {
  const peers: ByteStream[] = [];
  const server = yield* startServer(function* (stream) {
    peers.push(stream);
    yield* stream.readAll();
  }, { host: '127.0.0.1', port: 0 });
  const attempt = () => openConnection({ host: '127.0.0.1', port: portOf(server) });
  // Each ends when both are connected, so that they end in one tick.
  const both = new Barrier(2);
  const together = function* () {
    const stream = yield* attempt();
    yield* shielded(() => both.wait());
    return stream;
  };
  const late: ByteStream[] = [];
  const onOrphan = (value: unknown): unknown => late.push(value as ByteStream);
  const winner = yield* race([together, together], { onOrphan });
  expect(late).toHaveLength(1);
  expect(late[0]).not.toBe(winner);
  late[0]!.abort();
  yield* winner.close();
  yield* server.shutdown({ drain: 1_000 });
  expect(peers).toHaveLength(2);
}));

test('IO24: a cancelled connect closes its descriptor', () => run(function* () {
  // A documentation address: nothing answers, so the connection stays in progress (or fails at once without a route).
  const before = openDescriptors();
  const task = createTask(function* () {
    yield* openConnection({ host: '192.0.2.1', port: discard });
  });
  yield* turn();
  yield* turn();
  task.cancel();
  yield* task.join();
  expect(openDescriptors()).toBe(before);
}));

test('IO24: localhost is found without a resolver, wherever the server listens', () => runBlocking(function* () {
  const server = yield* startServer(function* (stream) {
    yield* stream.send('here');
  }, { host: '127.0.0.1', port: 0 });
  const stream = yield* openConnection({ port: portOf(server) });
  expect(String(yield* stream.readAll())).toBe('here');
  void stream.close();
  yield* server.shutdown({ drain: 0 });
}));

test('IO24: a name that does not resolve is an error of the resolver', () => run(function* () {
  const [how, error] = yield* outcomeOf(openConnection({ host: 'no-such-name.invalid', port: discard }));
  expect(how).toBe('failed');
  expect((error as { code: string }).code).toMatch(/^E(NOTFOUND|AI_AGAIN)$/);
}));

onlyNative('it resolves names by itself')(
  'IO24: names are refused where Node cannot resolve them', () => runBlocking(function* () {
  const [, error] = yield* outcomeOf(openConnection({ host: 'example.invalid', port: discard }));
  expect(error).toEqual(withCode('ERR_UNSUPPORTED'));
}));

test('IO24: a connection is made from the local address that was asked for', () => run(function* () {
  const server = yield* startServer(function* (stream) {
    yield* stream.send(String(stream.remoteAddress?.address));
  }, { host: '127.0.0.1', port: 0 });
  const stream = yield* openConnection({ host: '127.0.0.1', port: portOf(server), localAddress: '127.0.0.2' });
  expect(String(yield* stream.readAll())).toBe('127.0.0.2');
  void stream.close();
  yield* server.shutdown({ drain: 0 });
}));

test('IO24: a connection is made from the local port that was asked for', () => run(function* () {
  const server = yield* startServer((stream) => stream.send(String(stream.remoteAddress?.port)), here);
  // Nobody else is at this address.
  const free = yield* startServer(function* () {}, { host: '127.0.0.13', port: 0 });
  const localPort = portOf(free);
  yield* free.close();
  const stream = yield* openConnection({ ...here, port: portOf(server), localAddress: '127.0.0.13', localPort });
  expect(String(yield* stream.readAll())).toBe(String(localPort));
  void stream.close();
  yield* server.shutdown({ drain: 0 });
}));

onlyNative('its backlogs refuse at once')(
  'IO24: a connection to a path waits while the backlog there is full', () => run(function* () {
  const place = { path: `\0readyloop-backlog-${process.pid}` };
  const untilEnd = (stream: ByteStream) => stream.readAll().then(() => undefined);
  const server = yield* startServer(untilEnd, { ...place, backlog: 1, maxConnections: 1 });
  const clients: ByteStream[] = [];
  let waiting: Future<ByteStream> | null = null;
  while (waiting === null) {
    const opening = openConnection(place);
    for (let i = 0; i < 5; i++) yield* turn();
    if (opening.done()) clients.push(yield* opening);
    else waiting = opening;
  }
  for (const client of clients) void client.close();
  void (yield* waiting).close();
  yield* server.shutdown({ drain: 1000 });
}));

onlyNative('nothing real is in its network')("IO24: a server of Node's is reached", () => run(function* () {
  const listening = new Promise<{ port: number; close: () => void }>((resolve) => {
    const server = createNodeServer((socket) => socket.end('from node'));
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number };
      resolve({ port, close: () => server.close() });
    });
  });
  let found: { port: number; close: () => void } | null = null;
  void listening.then((server) => (found = server));
  while (found === null) yield* turn();
  const { port, close } = found as { port: number; close: () => void };
  const stream = yield* openConnection({ host: '127.0.0.1', port });
  expect(String(yield* stream.readAll())).toBe('from node');
  void stream.close();
  close();
}));

const nowhere: readonly [string, unknown, string][] = [
  ['nothing', {}, 'ERR_INVALID_ARG_TYPE'],
  ['a port and a path', { port: 0, path: '/tmp/x' }, 'ERR_INVALID_ARG_TYPE'],
  ['a host and a path', { host: 'localhost', path: '/tmp/x' }, 'ERR_INVALID_ARG_TYPE'],
  ['a port as text', { port: '80' }, 'ERR_INVALID_ARG_TYPE'],
  ['a negative port', { port: -1 }, 'ERR_OUT_OF_RANGE'],
  ['a port that is too large', { port: 2 ** 16 }, 'ERR_OUT_OF_RANGE'],
  ['half a port', { port: 1 / 2 }, 'ERR_OUT_OF_RANGE'],
  ['an empty host', { host: '', port: 0 }, 'ERR_OUT_OF_RANGE'],
  ['an empty path', { path: '' }, 'ERR_OUT_OF_RANGE'],
  ['a path that is none', { path: 3 }, 'ERR_INVALID_ARG_TYPE'],
];

test.each(nowhere)('IO26: %s is no place to connect to or to listen at', (_what, options, code) => run(function* () {
  expect(() => openConnection(options as never)).toThrow(withCode(code));
  expect(() => startServer(function* () {}, options as never)).toThrow(withCode(code));
  yield* turn();
}));

const protocol = () => ({ dataReceived: () => undefined });
const misspelt: readonly [string, (options: never) => unknown][] = [
  ['openConnection', openConnection],
  ['startServer', (options) => startServer(function* () {}, options)],
  ['createConnection', (options) => createConnection(protocol, options)],
  ['createServer', (options) => createServer(protocol, options)],
];

test.each(misspelt)('IO26: %s refuses an option that it does not know', (_name, call) => run(function* () {
  expect(() => call({ port: 0, hots: '127.0.0.1' } as never)).toThrow(/no option `hots`/);
  yield* turn();
}));

test.each(misspelt.slice(2))('IO26: %s refuses TLS rather than go on without it', (_name, call) => run(function* () {
  expect(() => call({ port: 0, tls: {} } as never)).toThrow(/no option `tls`/);
  yield* turn();
}));

const switches: readonly [string, string, (options: never) => unknown][] = [
  ...['reusePort', 'ipv6Only'].map((name) => ['startServer', name, misspelt[1]![1]] as const),
  ...['reusePort', 'ipv6Only'].map((name) => ['createServer', name, misspelt[3]![1]] as const),
  ...['reusePort', 'reuseAddress', 'ipv6Only', 'broadcast', 'receiveDescriptors'].map((name) => {
    return ['openDatagram', name, openDatagram] as const;
  }),
].map(([call, name, open]) => [call, name, open]);

test.each(switches)('IO26: %s takes nothing but true or false for %s', (call, name, open) => run(function* () {
  for (const value of ['no', 1, null]) {
    const refusal = withCode('ERR_INVALID_ARG_TYPE', RegExp(`${call}.*${name}`));
    expect(() => open({ port: 0, [name]: value } as never)).toThrow(refusal);
  }
  yield* turn();
}));

test('IO26: a path is not connected to from a local address or port', () => run(function* () {
  for (const from of [{ localAddress: '127.0.0.1' }, { localPort: 1 }]) {
    expect(() => openConnection({ path: '/tmp/x', ...from })).toThrow(withCode('ERR_INVALID_ARG_TYPE', /a path/));
    expect(() => createConnection(protocol, { path: '/tmp/x', ...from })).toThrow(withCode('ERR_INVALID_ARG_TYPE', /a path/));
  }
  yield* turn();
}));

test('IO26: a local address that is a name, or no text, is refused at the call', () => run(function* () {
  expect(() => openConnection({ port: 0, localAddress: 'here' })).toThrow(withCode('ERR_OUT_OF_RANGE'));
  expect(() => openConnection({ port: 0, localAddress: 1 as never })).toThrow(withCode('ERR_INVALID_ARG_TYPE'));
  yield* turn();
}));
