// Servers: a task for each connection, how they end, and UNIX sockets.
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { constants, tmpdir } from 'node:os';
import path from 'node:path';
import {
  type ByteStream, ContextVar, type Coroutine, createTask, currentTask, getRunningLoop, openConnection, type Server,
  type ServerOptions, startServer, type Task,
} from '../../lib';
import { outcomeOf } from '../tasks/support';
import { socketsOf } from '../../lib/net/sockets';
import { withCode } from '../helpers/failures';
import { onlyNative, run } from './engines';
import { portOf, turn, until } from './support';

const here = { host: '127.0.0.1', port: 0 };

function* echo(stream: ByteStream): Coroutine<void> {
  for (let chunk = yield* stream.read(); chunk !== null; chunk = yield* stream.read()) yield* stream.send(chunk);
}

const connectTo = (server: Server) => openConnection({ host: '127.0.0.1', port: portOf(server) });

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'readyloop-server-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

const handlers = [['a generator function', echo], ['an async function', async (stream: ByteStream) => {
  for await (const chunk of stream) await stream.send(chunk);
}]] as const;

test.each(handlers)('ST18: each connection has a task of its own, made of %s', (_what, handler) => run(function* () {
  const server = yield* startServer(handler, here);
  const clients = [yield* connectTo(server), yield* connectTo(server), yield* connectTo(server)];
  for (const [index, client] of clients.entries()) client.write(`hello ${index}`);
  for (const [index, client] of clients.entries()) expect(String(yield* client.read())).toBe(`hello ${index}`);
  expect(server.connections).toBe(3);
  for (const client of clients) void client.close();
  yield* until(() => server.connections === 0);
  yield* server.close();
}));

test('ST18, D44: when a handler returns, its stream is closed behind what it wrote', () => run(function* () {
  const server = yield* startServer(function* (stream) {
    stream.write('bye');
  }, here);
  const client = yield* connectTo(server);
  expect(String(yield* client.readAll())).toBe('bye');
  void client.close();
  yield* server.close();
}));

test('ST18: a handler that cannot even be called is reported, and the server goes on', () => run(function* () {
  const reports: string[] = [];
  getRunningLoop().setExceptionHandler(({ message, exception }) => {
    reports.push(`${message}: ${String(exception)}`);
  });
  let count = 0;
  const unlucky = (): number => {
    if (count++ === 0) throw new Error('no default to be had');
    return count;
  };
  const server = yield* startServer(function* (stream: ByteStream, _turn = unlucky()) {
    yield* echo(stream);
  }, here);
  const first = yield* connectTo(server);
  expect((yield* first.readAll()).length).toBe(0);
  yield* until(() => server.connections === 0);
  expect(reports).toEqual([expect.stringMatching(/served a connection.*no default to be had/)]);
  const second = yield* connectTo(server);
  yield* second.send('still there');
  expect(String(yield* second.read())).toBe('still there');
  first.abort();
  second.abort();
  yield* server.close();
}));

test('ST18: a handler that fails is reported and loses its connection; the server goes on', () => run(function* () {
  const reports: string[] = [];
  getRunningLoop().setExceptionHandler(({ message, exception }) => {
    reports.push(`${message}: ${String(exception)}`);
  });
  let count = 0;
  const server = yield* startServer(function* (stream) {
    if (count++ === 0) throw new Error('first one is unlucky');
    yield* echo(stream);
  }, here);
  const first = yield* connectTo(server);
  expect(yield* first.read()).toBeNull();
  const second = yield* connectTo(server);
  yield* second.send('fine');
  expect(String(yield* second.read())).toBe('fine');
  expect(reports).toEqual([expect.stringMatching(/served a connection.*first one is unlucky/)]);
  getRunningLoop().setExceptionHandler(null);
  void first.close();
  yield* second.close();
  yield* server.close();
}));

test('SV2: beyond maxConnections others wait until there is room', () => run(function* () {
  const server = yield* startServer(echo, { ...here, maxConnections: 2 });
  const clients = [yield* connectTo(server), yield* connectTo(server), yield* connectTo(server)];
  for (const client of clients) client.write('x');
  expect(String(yield* clients[0]!.read())).toBe('x');
  expect(String(yield* clients[1]!.read())).toBe('x');
  expect(server.connections).toBe(2);
  void clients[0]!.close();
  expect(String(yield* clients[2]!.read())).toBe('x');
  for (const client of clients) void client.close();
  yield* until(() => server.connections === 0);
  yield* server.close();
}));

test('SV2: room for one lets one in, however many wait', () => run(function* () {
  let served = 0;
  let most = 0;
  const server = yield* startServer(function* (stream) {
    most = Math.max(most, ++served);
    yield* stream.readAll();
    served--;
  }, { ...here, maxConnections: 1 });
  const clients = [yield* connectTo(server), yield* connectTo(server), yield* connectTo(server), yield* connectTo(server)];
  for (const client of clients) {
    yield* client.sendEof();
    expect(yield* client.read()).toBeNull();
    void client.close();
  }
  yield* server.close();
  expect([served, most]).toEqual([0, 1]);
}));

test('SV5: an address in use is refused, and nothing listens', () => run(function* () {
  const server = yield* startServer(echo, here);
  const { watches } = getRunningLoop().metrics();
  const [, error] = yield* outcomeOf(startServer(echo, { ...here, port: portOf(server) }));
  expect(error).toMatchObject({ code: 'EADDRINUSE', syscall: 'listen', address: '127.0.0.1', port: portOf(server) });
  expect(getRunningLoop().metrics().watches).toBe(watches);
  yield* server.close();
}));

test('SV5: if one of several addresses is in use, none is listened at', () => run(function* () {
  const taken = yield* startServer(echo, { host: '127.0.0.2', port: 0 });
  const port = portOf(taken);
  const resolver = () => Promise.resolve(['127.0.0.1', '127.0.0.2']);
  const [, error] = yield* outcomeOf(startServer(echo, { host: 'two.example', port, resolver }));
  expect(error).toMatchObject({ code: 'EADDRINUSE', address: '127.0.0.2', port });
  const first = yield* startServer(echo, { host: '127.0.0.1', port });
  yield* first.close();
  yield* taken.close();
}));

test('SV5: a name with several addresses listens at each', () => run(function* () {
  const server = yield* startServer(echo, { host: 'localhost', port: 0 });
  for (const { address, port } of server.addresses) {
    const client = yield* openConnection({ host: address, port });
    yield* client.send('x');
    expect(String(yield* client.read())).toBe('x');
    void client.close();
  }
  yield* server.shutdown({ drain: 0 });
}));

onlyNative('it has no files')('SV4: a UNIX server makes its file, with its mode, and removes it', () => run(function* () {
  const file = path.join(folder, 'socket');
  const server = yield* startServer(echo, { path: file, mode: 0o600 });
  expect(statSync(file).mode & 0o777).toBe(0o600);
  expect(server.address()).toEqual({ family: 'unix', address: file, port: 0 });
  const client = yield* openConnection({ path: file });
  yield* client.send('over a path');
  expect(String(yield* client.read())).toBe('over a path');
  void client.close();
  yield* server.shutdown({ drain: 0 });
  expect(existsSync(file)).toBe(false);
}));

onlyNative('it has no files')(
  'D45: a path that somebody listens at, or that is no socket, is refused', () => run(function* () {
  const file = path.join(folder, 'taken');
  const server = yield* startServer(echo, { path: file });
  const [, inUse] = yield* outcomeOf(startServer(echo, { path: file }));
  expect(inUse).toMatchObject({ code: 'EADDRINUSE', address: file });
  yield* server.close();
  writeFileSync(file, 'precious');
  const [, noSocket] = yield* outcomeOf(startServer(echo, { path: file }));
  expect(noSocket).toMatchObject({ code: 'EADDRINUSE' });
  expect(readFileSync(file, 'utf8')).toBe('precious');
}));

test('SV4: an abstract name has no file', () => run(function* () {
  const name = `\0readyloop-test-${process.pid}`;
  const server = yield* startServer(echo, { path: name });
  expect(server.address()?.address).toBe(name);
  const client = yield* openConnection({ path: name });
  yield* client.send('abstract');
  expect(String(yield* client.read())).toBe('abstract');
  void client.close();
  yield* server.shutdown({ drain: 0 });
}));

test('IO24: a path where nobody listens is refused', () => run(function* () {
  const [, error] = yield* outcomeOf(openConnection({ path: path.join(folder, 'nobody') }));
  expect(error).toMatchObject({ code: 'ENOENT', syscall: 'connect', address: path.join(folder, 'nobody') });
  expect(error).not.toHaveProperty('port');
}));

test('SV5: with reusePort two servers share a port', () => run(function* () {
  const first = yield* startServer(echo, { ...here, reusePort: true });
  const second = yield* startServer(echo, { host: '127.0.0.1', port: portOf(first), reusePort: true });
  expect(portOf(second)).toBe(portOf(first));
  yield* first.close();
  yield* second.close();
}));

test('SV5: where there is no IPv6 a server without a host is at all of IPv4', () => run(function* () {
  const { transports } = socketsOf(getRunningLoop());
  const listen = jest.spyOn(transports, 'listen').mockReturnValueOnce(-constants.errno.EAFNOSUPPORT);
  const server = yield* startServer(echo, { port: 0 });
  expect(server.addresses.map(({ address }) => address)).toEqual(['0.0.0.0']);
  listen.mockReturnValueOnce(-constants.errno.EAFNOSUPPORT);
  const [, error] = yield* outcomeOf(startServer(echo, { port: 0, ipv6Only: true }));
  expect(error).toMatchObject({ code: 'EAFNOSUPPORT', syscall: 'listen', address: '::' });
  listen.mockRestore();
  yield* server.close();
}));

test('SV5: a port can be listened at again at once, though its last connections linger', () => run(function* () {
  const server = yield* startServer((stream) => stream.send('bye'), here);
  const port = portOf(server);
  const client = yield* connectTo(server);
  expect(String(yield* client.readAll())).toBe('bye');
  yield* client.close();
  yield* until(() => server.connections === 0);
  yield* server.close();
  const next = yield* startServer(echo, { ...here, port });
  expect(portOf(next)).toBe(port);
  yield* next.close();
}));

test('SV5: without a host a server is at both families, with ipv6Only at one', () => run(function* () {
  for (const ipv6Only of [false, true]) {
    const server = yield* startServer(echo, { port: 0, ipv6Only });
    const six = yield* openConnection({ host: '::1', port: portOf(server) });
    void six.close();
    const [how, four] = yield* outcomeOf(openConnection({ host: '127.0.0.1', port: portOf(server) }));
    expect(how).toBe(ipv6Only ? 'failed' : 'value');
    if (how === 'value') void (four as ByteStream).close();
    yield* server.shutdown({ drain: 0 });
  }
}));

const senseless: readonly ServerOptions[] = [
  { maxConnections: 0 }, { maxConnections: 1.5 }, { backlog: -1 }, { mode: 0o10000 },
];

test.each([{}, { drain: NaN }, { drain: '1s' }, { drain: 0, force: true }])(
  'IO26: a shutdown with %p is refused, and the server goes on',
  (options) => run(function* () {
    const server = yield* startServer(echo, here);
    expect(() => server.shutdown(options as never)).toThrow(expect.objectContaining({ code: expect.stringMatching(/^ERR_/) }));
    expect(server.closed).toBe(false);
    yield* server.close();
  }),
);

test.each(senseless)('IO26: %p is refused at the call', (options) => run(function* () {
  expect(() => startServer(echo, { ...here, ...options })).toThrow(withCode('ERR_OUT_OF_RANGE'));
  expect(() => startServer('handler' as never, here)).toThrow(withCode('ERR_INVALID_ARG_TYPE'));
  yield* turn();
}));

test('ST18: a handler that is cancelled loses its connection, and the server goes on', () => run(function* () {
  const tasks: Task<unknown>[] = [];
  const server = yield* startServer(function* (stream) {
    tasks.push(currentTask()!);
    yield* echo(stream);
  }, here);
  const first = yield* connectTo(server);
  yield* first.send('x');
  expect(String(yield* first.read())).toBe('x');
  tasks[0]!.cancel();
  expect((yield* outcomeOf(first.read()))[1]).toEqual(withCode('ECONNRESET'));
  const second = yield* connectTo(server);
  yield* second.send('fine');
  expect(String(yield* second.read())).toBe('fine');
  first.abort();
  yield* second.close();
  yield* server.close();
}));

test('ST18: a handler sees the variables of its server, and its children see its own', () => run(function* () {
  const name = new ContextVar<string>('name');
  name.set('ours');
  const server = yield* startServer(function* (stream) {
    const before = name.get();
    name.set('its own');
    const child = createTask(function* () {
      return name.get();
    });
    yield* stream.send(`${before} and ${yield* child}`);
  }, here);
  const client = yield* connectTo(server);
  expect(String(yield* client.readAll())).toBe('ours and its own');
  expect(name.get()).toBe('ours');
  void client.close();
  yield* server.close();
}));

