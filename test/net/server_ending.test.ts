// How servers end: closing, shutting down, serving for ever, and the end of their run.
import { type ByteStream, type Coroutine, getRunningLoop, openConnection, type Server, sleep, startServer } from '../../lib';
import { virtualTime } from '../../lib/testing';
import { outcomeOf } from '../tasks/support';
import { withCode } from '../helpers/failures';
import { run } from './engines';
import { portOf, turn, until } from './support';

const here = { host: '127.0.0.1', port: 0 };

function* echo(stream: ByteStream): Coroutine<void> {
  for (let chunk = yield* stream.read(); chunk !== null; chunk = yield* stream.read()) yield* stream.send(chunk);
}

const connectTo = (server: Server) => openConnection({ host: '127.0.0.1', port: portOf(server) });

test('SV2: close stops listening and leaves connections; closeClients ends them', () => run(function* () {
  const server = yield* startServer(echo, here);
  const port = portOf(server);
  const client = yield* connectTo(server);
  yield* client.send('a');
  yield* client.read();
  const closed = server.close();
  const [how] = yield* outcomeOf(openConnection({ host: '127.0.0.1', port }));
  expect(how).toBe('failed');
  yield* client.send('still there');
  expect(String(yield* client.read())).toBe('still there');
  expect(closed.done()).toBe(false);
  // That their stream was closed is no failure of the handlers: the server has done it.
  const reports: unknown[] = [];
  getRunningLoop().setExceptionHandler((context) => reports.push(context));
  server.closeClients();
  expect(yield* client.read()).toBeNull();
  yield* closed;
  getRunningLoop().setExceptionHandler(null);
  expect(reports).toEqual([]);
  expect([server.connections, server.address(), server.addresses]).toEqual([0, null, []]);
  void client.close();
}));

test('SV2: abortClients resets the connections', () => run(function* () {
  const server = yield* startServer((stream) => stream.waitClosed(), here);
  const client = yield* connectTo(server);
  yield* until(() => server.connections === 1);
  server.abortClients();
  const [how, error] = yield* outcomeOf(client.read());
  expect([how, (error as { code: string }).code]).toEqual(['failed', 'ECONNRESET']);
  yield* server.close();
  client.abort();
}));

test('SV3: waitClosed waits for the close and for the connections, in whichever order', () => run(function* () {
  const server = yield* startServer(echo, here);
  const client = yield* connectTo(server);
  yield* until(() => server.connections === 1);
  const waits = [server.waitClosed(), server.waitClosed(), server.waitClosed()];
  waits[0]!.cancel();
  void client.close();
  yield* until(() => server.connections === 0);
  expect(waits[1]!.done()).toBe(false);
  void server.close();
  yield* waits[1]!;
  yield* waits[2]!;
}));

test('SV3: shutdown lets handlers end, cancels those that do not, and waits for them', () => run(function* () {
  const log: string[] = [];
  const server = yield* startServer(function* (stream) {
    try {
      yield* stream.read();
      log.push('ended by itself');
    } finally {
      log.push('over');
    }
  }, here);
  const quick = yield* connectTo(server);
  const slow = yield* connectTo(server);
  yield* until(() => server.connections === 2);
  const stopping = server.shutdown({ drain: 20 });
  void quick.close();
  yield* stopping;
  expect(log).toEqual(['ended by itself', 'over', 'over']);
  expect(server.connections).toBe(0);
  slow.abort();
}));

test('SV3: shutdown gives handlers as long as it says, and no longer', virtualTime(function* () {
  const log: [string, number][] = [];
  const loop = getRunningLoop();
  const server = yield* startServer(function* (stream) {
    const name = String(yield* stream.readExactly(4));
    try {
      yield* sleep(name === 'soon' ? 90 : 110);
    } finally {
      log.push([name, loop.time()]);
    }
  }, here);
  const clients = [yield* connectTo(server), yield* connectTo(server)];
  yield* clients[0]!.send('soon');
  yield* clients[1]!.send('late');
  const begun = loop.time();
  yield* server.shutdown({ drain: 100 });
  expect(log).toEqual([['soon', begun + 90], ['late', begun + 100]]);
  expect([loop.time(), server.connections]).toEqual([begun + 100, 0]);
  for (const client of clients) client.abort();
}));

test('SV1: serveForever ends with the server, and closes it when cancelled', () => run(function* () {
  const server = yield* startServer(echo, here);
  const client = yield* connectTo(server);
  const serving = server.serveForever();
  expect(() => server.serveForever()).toThrow(withCode('ERR_INVALID_STATE'));
  yield* until(() => server.connections === 1);
  serving.cancel();
  const [how] = yield* outcomeOf(serving);
  expect(how).toBe('cancelled');
  expect([server.closed, server.connections]).toEqual([true, 0]);
  client.abort();
}));

test('SV1: serveForever that is cancelled gives the handlers the time that it was told', () => run(function* () {
  const server: Server = yield* startServer(function* (stream) {
    for (let line = yield* stream.readLine(); line !== null; line = server.closed ? null : yield* stream.readLine()) {
      yield* stream.send(`${String(line)}!\n`);
    }
  }, here);
  const idle = yield* connectTo(server);
  const client = yield* connectTo(server);
  yield* until(() => server.connections === 2);
  // real time: the limit is that of a real server whose client says nothing
  const serving = server.serveForever({ drain: 200 });
  yield* turn();
  serving.cancel('SIGTERM');
  yield* until(() => server.closed);
  yield* client.send('last\n');
  expect(String(yield* client.readAll())).toBe('last!\n');
  expect(serving.done()).toBe(false);
  expect(yield* outcomeOf(serving)).toEqual(['cancelled', 'SIGTERM']);
  expect([server.closed, server.connections]).toEqual([true, 0]);
  idle.abort();
  void client.close();
}));

test('SV1: serveForever that is cancelled while its last connections end, ends them', () => run(function* () {
  const server = yield* startServer(echo, here);
  const client = yield* connectTo(server);
  yield* until(() => server.connections === 1);
  const serving = server.serveForever();
  void server.close();
  yield* turn();
  serving.cancel();
  expect((yield* outcomeOf(serving))[0]).toBe('cancelled');
  expect(server.connections).toBe(0);
  client.abort();
}));

test.each([['drain: -x', { drain: 'x' }], ['an option that is none', { wait: 5 }], ['a number', 5]])(
  'serveForever: %s is refused', (_, options) => run(function* () {
    const server = yield* startServer(echo, here);
    expect(() => server.serveForever(options as never)).toThrow(withCode('ERR_INVALID_ARG_TYPE'));
    yield* server.close();
  }));

test('SV1: serveForever is over when the server is closed', () => run(function* () {
  const server = yield* startServer(echo, here);
  const serving = server.serveForever();
  yield* turn();
  void server.close();
  yield* serving;
}));

test('D15: a server is closed when the run that started it is over', async () => {
  let server: Server | null = null;
  const log: string[] = [];
  await run(function* () {
    server = yield* startServer(function* (stream) {
      try {
        yield* stream.read();
      } finally {
        log.push('cancelled');
      }
    }, here);
    const client = yield* connectTo(server);
    yield* until(() => server?.connections === 1);
    client.abort = client.abort.bind(client);
  });
  expect((server as Server | null)?.closed).toBe(true);
  expect(log).toEqual(['cancelled']);
});

test('SV1: a server that is started in the last step of its run is closed with it', async () => {
  const server = await run(function* () {
    return yield* startServer(echo, here);
  });
  expect([server.closed, server.address()]).toEqual([true, null]);
});
