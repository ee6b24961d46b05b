// Ends that come at a bad moment: a server that is closed by what it tells, a handler that survives its cancellation, a
// connection that is gone before its stream is there, a Duplex that was over before it was given away.
import { Duplex } from 'node:stream';
import {
  ByteStream, createServer, createTask, getRunningLoop, openConnection, run, runBlocking, sleepForever, startServer,
  startTls, type Transport,
} from '../../lib';
import { withCode, thrownBy } from '../helpers/failures';
import { keepReports } from '../helpers/owned_loop';
import { certificate } from '../net/node_servers';
import { connect, pattern, portOf, until } from '../net/support';
import { here } from '../net/witness';
import { outcomeOf } from '../tasks/support';

const identity = { cert: certificate('server.crt'), key: certificate('server.key') };
const asClient = { servername: 'localhost', ca: certificate('ca.crt') };

// It looked for the next one for ever, on a listener that was gone.
test('regression: a server that is closed by a connection that it has just made room for ends', () => run(function* () {
  const reports = keepReports(getRunningLoop());
  let made = 0;
  const server = yield* createServer(() => ({
    connectionMade: (transport: Transport) => {
      if (++made === 1) return;
      void server.close();
      transport.abort();
    },
    dataReceived: () => undefined,
  }), { ...here, maxConnections: 1 });
  const place = { host: '127.0.0.1', port: portOf(server) };
  const connecting = [openConnection(place), openConnection(place), openConnection(place)];
  const clients: ByteStream[] = [];
  for (const client of connecting) clients.push(yield* client);
  yield* until(() => made === 1);
  yield* clients[0]!.close();
  yield* server.waitClosed();
  expect([made, reports]).toEqual([2, []]);
  for (const client of clients) client.abort();
}));

// What it had written stayed on its way to a peer that does not read, and so did the shutdown.
test.each(['ends', 'fails'])('regression: a shutdown drops what a handler leaves unsent that is cancelled and %s', (how) =>
  run(function* () {
    const reports = keepReports(getRunningLoop());
    const server = yield* startServer(function* (stream) {
      stream.write(pattern(20_000_000));
      try {
        yield* sleepForever();
      } catch {
        if (how === 'fails') throw new Error('while it was cancelled');
      }
    }, here);
    const client = yield* openConnection({ host: '127.0.0.1', port: portOf(server) });
    yield* until(() => server.connections === 1);
    yield* server.shutdown({ drain: 0 });
    expect([server.connections, reports.length]).toEqual([0, how === 'fails' ? 1 : 0]);
    client.abort();
  }));

// The connection was opened first, and left open by the refusal; a server refused each of its connections in silence.
test('regression: TLS is refused at the call where streams of Node stand still', () => runBlocking(function* () {
  const server = yield* startServer(() => sleepForever(), here);
  const place = { host: '127.0.0.1', port: portOf(server) };
  expect(thrownBy(() => openConnection({ ...place, tls: true }))).toEqual(withCode('ERR_UNSUPPORTED'));
  const serving = { ...here, tls: identity };
  expect(thrownBy(() => startServer(() => sleepForever(), serving))).toEqual(withCode('ERR_UNSUPPORTED'));
  yield* server.shutdown({ drain: 0 });
}));

// The news of its end went to nobody, and reads of the new stream waited for ever.
test('regression: a connection that ends in the tick of its TLS handshake fails it', () => run(function* () {
  const { near, far } = yield* connect();
  const accepting = createTask(() => outcomeOf(startTls(far, { isServer: true, ...identity })));
  const securing = startTls(near, {
    ...asClient,
    checkServerIdentity: () => {
      process.nextTick(() => near.abort());
      return undefined;
    },
  });
  // Where the handshake is noticed first, depends on the driver: then the stream is there, and its reads are told.
  const [how, secured] = yield* outcomeOf(securing);
  if (how === 'value') expect((yield* outcomeOf((secured as ByteStream).read()))[0]).toBe('failed');
  else expect([how, secured]).toEqual(['failed', withCode('ERR_BROKEN')]);
  expect(near.closed).toBe(true);
  far.abort();
  yield* accepting;
}));

test('regression: a Duplex that has ended before it was given away gives a stream that has', () => run(function* () {
  const duplex = new Duplex({
    read() {
      this.push(null);
    },
    write: (_chunk, _encoding, callback) => callback(),
  });
  duplex.resume();
  yield* until(() => duplex.readableEnded);
  const stream = ByteStream.fromDuplex(duplex);
  expect(yield* stream.read()).toBeNull();
  yield* stream.close();
}));

test('regression: a Duplex that fails and does not destroy itself can be closed', () => run(function* () {
  const duplex = new Duplex({
    autoDestroy: false,
    read: () => undefined,
    write: (_chunk, _encoding, callback) => callback(new Error('no more')),
  });
  const stream = ByteStream.fromDuplex(duplex);
  stream.write('lost');
  yield* until(() => duplex.errored !== null);
  yield* stream.close();
  expect(duplex.destroyed).toBe(true);
}));
