// TLS over our streams: handshakes, their failures and cancellation, ends, and what is known of the peer.
import { once } from 'node:events';
import type { Socket } from 'node:net';
import tls from 'node:tls';
import {
  type ByteStream, checkpoint, createTask, getRunningLoop, moveOnAfter, openConnection, type Server, sleepForever,
  startServer, startTls, type StartTlsOptions, type TlsStream, until, type ValuedScope,
} from '../../lib';
import { colours, outcomeOf } from '../tasks/support';
import { thrownBy, withCode } from '../helpers/failures';
import { onlyNative, run } from './engines';
import { certificate } from './node_servers';
import { acceptFromNode, connect, pattern, type Pair, portOf, turn, until as waitUntil } from './support';

const ca = certificate('ca.crt');
const identity = { cert: certificate('server.crt'), key: certificate('server.key') };
const other = { cert: certificate('other.crt'), key: certificate('other.key') };
const asServer: StartTlsOptions = { isServer: true, ...identity };
const asClient: StartTlsOptions = { servername: 'localhost', ca };

interface SecurePair {
  readonly near: TlsStream;
  readonly far: TlsStream;
}

/** Both ends of a secure connection. */
function secure(client: StartTlsOptions = {}, server: StartTlsOptions = {}) {
  return createTask(function* () {
    const { near, far } = yield* connect();
    const accepting = startTls(far, { ...asServer, ...server });
    return { near: yield* startTls(near, { ...asClient, ...client }), far: yield* accepting };
  });
}

/** What both ends of a handshake that fails are told. */
function* refused(client: StartTlsOptions, server: StartTlsOptions = {}) {
  const { near, far } = yield* connect();
  const accepting = startTls(far, { ...asServer, ...server });
  const [, error] = yield* outcomeOf(startTls(near, { ...asClient, ...client }));
  yield* outcomeOf(accepting);
  expect([near.closed, far.closed]).toEqual([true, true]);
  return error as Error;
}

describe.each(colours)('in $name tasks', ({ of }) => {
  test('ST19, TL2: a stream becomes secure, and has the methods of every stream', () => run(of(function* () {
    const { near, far } = (yield secure()) as SecurePair;
    near.write('one\ntwo\n');
    expect(String(yield far.readLine())).toBe('one');
    expect(String(yield far.readUntil('\n'))).toBe('two\n');
    const sent = pattern(3_000_000);
    const sending = far.send(sent);
    expect(sent.equals((yield near.readExactly(sent.length)) as Buffer)).toBe(true);
    yield sending;
    yield far.send('rest');
    const into = Buffer.alloc(10);
    expect([yield near.readInto(into), String(into.subarray(0, 4))]).toEqual([4, 'rest']);
    yield near.close();
    expect(yield far.read()).toBeNull();
    yield far.close();
  })));

  test('ST19: what was written before goes before, in the clear', () => run(of(function* () {
    const { near: plain, far } = (yield connect()) as Pair;
    plain.write('STARTTLS\r\n');
    const client = startTls(plain, asClient);
    expect(String(yield far.readLine())).toBe('STARTTLS');
    const server = (yield startTls(far, asServer)) as TlsStream;
    yield server.send('secure');
    const near = (yield client) as TlsStream;
    expect(String(yield near.read())).toBe('secure');
    server.abort();
    near.abort();
  })));

  test('TL1: a handshake that takes too long fails, and closes the stream', () => run(of(function* () {
    const { stream, socket } = (yield acceptFromNode()) as { stream: ByteStream; socket: Socket };
    // real time: the deadline is that of a handshake with a real socket
    const outcome = yield createTask(outcomeOf(startTls(stream, { ...asClient, handshakeTimeoutMs: 20 })));
    expect(outcome).toEqual(['failed', withCode('ERR_TIMEOUT', /20 ms/)]);
    expect(stream.closed).toBe(true);
    socket.destroy();
  })));

  onlyNative('it has no descriptors')('TL5: a cancelled handshake closes the descriptor', () => run(of(function* () {
    const { stream, socket } = (yield acceptFromNode()) as { stream: ByteStream; socket: Socket };
    socket.resume();
    const gone = once(socket, 'close');
    const handshake = startTls(stream, asClient);
    yield turn();
    handshake.cancel('enough');
    expect(yield createTask(outcomeOf(handshake))).toEqual(['cancelled', 'enough']);
    yield until(gone);
    expect(stream._isReleased).toBe(true);
  })));

  test('TL4: a cancelled read and a cancelled drain lose nothing', () => run(of(function* () {
    const { near, far } = (yield secure()) as SecurePair;
    const reading = near.readExactly(4);
    yield far.send('ab');
    yield turn();
    reading.cancel();
    yield far.send('cd');
    expect(String(yield near.readExactly(4))).toBe('abcd');
    const sent = pattern(8_000_000);
    const sending = far.send(sent);
    for (let i = 0; i < 10; i++) yield turn();
    expect(sending.cancel()).toBe(true);
    void far.sendEof();
    expect(sent.equals((yield near.readAll()) as Buffer)).toBe(true);
    yield near.close();
    yield far.close();
  })));

  test('TL3: an end that TLS did not announce is an error', () => run(of(function* () {
    const { near, far } = (yield secure()) as SecurePair;
    yield far.send('cut o');
    expect(String(yield near.readExactly(5))).toBe('cut o');
    const reading = near.read();
    endBelow(far);
    expect(yield createTask(outcomeOf(reading))).toEqual(['failed', withCode('ERR_TLS_TRUNCATED')]);
    near.abort();
  })));

  test('TL3: where that is allowed it is an end', () => run(of(function* () {
    const { near, far } = (yield secure({ requireCloseNotify: false })) as SecurePair;
    const reading = near.read();
    endBelow(far);
    expect(yield reading).toBeNull();
    near.abort();
  })));

  test('TL3: sendEof announces the end, and what comes the other way is still read', () => run(of(function* () {
    const { near, far } = (yield secure()) as SecurePair;
    yield far.send('answer');
    yield near.send('question');
    void near.sendEof();
    expect(String(yield far.readAll())).toBe('question');
    expect(String(yield near.readExactly(6))).toBe('answer');
    yield near.close();
    yield far.close();
  })));
});

const sizes = [5, 100_000, 3_000_000];
test.each(sizes)('TL3: an answer of %d bytes that begins behind the peer\'s end arrives', (size) => run(function* () {
  const { near, far } = yield* secure();
  const sent = pattern(size);
  void near.send('question');
  void near.sendEof();
  expect(String(yield* far.readAll())).toBe('question');
  const answering = createTask(function* () {
    yield* turn();
    yield* far.send(sent);
    yield* far.close();
  });
  expect(sent.equals(yield* near.readAll())).toBe(true);
  yield* answering;
  yield* near.close();
}));

// Ends the connection under a TLS stream without a word of TLS.
function endBelow(stream: TlsStream): void {
  void stream._below.sendEof();
}

test('TL6: the certificate has to be for the name, also an international one, or an address', () => run(function* () {
  expect(yield* refused({ servername: 'elsewhere.test' })).toMatchObject({
    code: 'ERR_TLS', reason: 'ERR_TLS_CERT_ALTNAME_INVALID', cause: { host: 'elsewhere.test' },
  });
  for (const servername of ['bücher.test', '127.0.0.1', '']) {
    const { near, far } = yield* secure({ servername });
    expect(near.authorized).toBe(true);
    expect(far.servername).toBe(servername === 'bücher.test' ? 'xn--bcher-kva.test' : null);
    near.abort();
    far.abort();
  }
}));

test('TL5: what the handshake refuses has a code, and both streams are closed', () => run(function* () {
  expect(yield* refused({ ca: undefined })).toMatchObject({ code: 'ERR_TLS', reason: 'UNABLE_TO_VERIFY_LEAF_SIGNATURE' });
  expect(yield* refused({ maxVersion: 'TLSv1.2' }, { minVersion: 'TLSv1.3' })).toMatchObject({ code: 'ERR_TLS' });
  expect(yield* refused({ ALPNProtocols: ['a'] }, { ALPNProtocols: ['b'] })).toMatchObject({ code: 'ERR_TLS' });
}));

test('TL5: a peer that does not speak TLS, and one that hangs up', () => run(function* () {
  const first = yield* acceptFromNode();
  first.socket.write('HTTP/1.1 400 what?\r\n\r\n');
  const [, wrong] = yield* outcomeOf(startTls(first.stream, asClient));
  expect(wrong).toMatchObject({ code: 'ERR_TLS', reason: expect.stringMatching(/^ERR_SSL_/) as string });
  const second = yield* acceptFromNode();
  second.socket.end();
  const [, gone] = yield* outcomeOf(startTls(second.stream, asClient));
  expect((gone as { code: string }).code).toMatch(/^(ERR_BROKEN|ECONNRESET|ERR_TLS)$/);
  expect([first.stream.closed, second.stream.closed]).toEqual([true, true]);
  first.socket.destroy();
}));

test('TL4: both sides know what they agreed on, and whom they talk to', () => run(function* () {
  const client = { cert: certificate('client.crt'), key: certificate('client.key') };
  const options = { requestCert: true, ca, ALPNProtocols: ['echo', 'chat'] };
  const { near, far } = yield* secure({ ...client, ALPNProtocols: ['chat', 'x'] }, options);
  expect([near.alpnProtocol, far.alpnProtocol, near.protocol]).toEqual(['chat', 'chat', 'TLSv1.3']);
  expect([near.servername, far.servername]).toEqual(['localhost', 'localhost']);
  expect(near.peerCertificate()?.subject.CN).toBe('localhost');
  expect(far.peerCertificate()?.subject.CN).toBe('a client');
  expect(near.remoteAddress?.port).toBe(far.localAddress?.port);
  near.abort();
  far.abort();
}));

test('TL5: a server that wants a certificate refuses one of somebody else', () => run(function* () {
  const { near, far } = yield* connect();
  const accepting = startTls(far, { ...asServer, requestCert: true, ca: certificate('other.crt') });
  const client = { cert: certificate('client.crt'), key: certificate('client.key') };
  const connecting = startTls(near, { ...asClient, ...client });
  const [outcome, error] = yield* outcomeOf(accepting);
  expect([outcome, (error as { code: string }).code]).toEqual(['failed', 'ERR_TLS']);
  yield* outcomeOf(connecting);
  far.abort();
  near.abort();
}));

test('TL6: a server chooses its certificate by the name that is asked for', () => run(function* () {
  const SNICallback: StartTlsOptions['SNICallback'] = (name, callback) => {
    callback(null, tls.createSecureContext(name === 'other.test' ? other : identity));
  };
  const { near, far } = yield* secure({ servername: 'other.test' }, { SNICallback });
  expect(near.peerCertificate()?.subject.CN).toBe('other.test');
  near.abort();
  far.abort();
}));

test('TL6: a server knows whether the certificate of its client was verified', () => run(function* () {
  const own = { cert: certificate('client.crt'), key: certificate('client.key') };
  const authorizedWith = function* (client: StartTlsOptions, server: StartTlsOptions) {
    const { near, far } = yield* secure(client, server);
    near.abort();
    far.abort();
    return far.authorized;
  };
  const asks = { requestCert: true, ca };
  expect(yield* authorizedWith(own, asks)).toBe(true);
  expect(yield* authorizedWith(own, { ...asks, rejectUnauthorized: false })).toBe(true);
  expect(yield* authorizedWith({}, { ...asks, rejectUnauthorized: false })).toBe(false);
  expect(yield* authorizedWith(own, { requestCert: true, rejectUnauthorized: false, ca: other.cert })).toBe(false);
  expect(yield* authorizedWith({}, {})).toBe(false);
}));

test('startTls: what cannot be is said at the call', () => run(function* () {
  const { near, far } = yield* connect();
  expect(thrownBy(() => startTls(near, { ca })).code).toBe('ERR_INVALID_ARG_TYPE');
  expect(thrownBy(() => startTls({} as never, asClient)).code).toBe('ERR_INVALID_ARG_TYPE');
  expect(thrownBy(() => startTls(near, { ...asClient, handshakeTimeoutMs: Number.NaN })).code).toBe('ERR_OUT_OF_RANGE');
  expect(near.closed).toBe(false);
  near.abort();
  far.abort();
}));

const here = { host: '127.0.0.1', port: 0 };
const connectTo = (server: Server) => openConnection({ host: '127.0.0.1', port: portOf(server), tls: { ca } });

const handlers = [['a generator function', function* (stream: TlsStream) {
  for (let chunk = yield* stream.read(); chunk !== null; chunk = yield* stream.read()) yield* stream.send(chunk);
}], ['an async function', async (stream: TlsStream) => {
  for await (const chunk of stream) await stream.send(chunk);
}]] as const;

test.each(handlers)('D47, TL2: a server with tls, served by %s, and a client', (_what, handler) => run(function* () {
  const server = yield* startServer(handler, { ...here, tls: identity });
  const client = yield* connectTo(server);
  yield* client.send('hello');
  expect(String(yield* client.readExactly(5))).toBe('hello');
  yield* client.sendEof();
  expect(yield* client.read()).toBeNull();
  yield* client.close();
  yield* server.shutdown({ drain: 1000 });
}));

test('D47, TL3: when the handler returns, the peer is told of the end behind everything', () => run(function* () {
  const sent = pattern(2_000_000);
  const server = yield* startServer(function* (stream) {
    stream.write(sent);
  }, { ...here, tls: identity });
  const client = yield* connectTo(server);
  expect(sent.equals(yield* client.readAll())).toBe(true);
  yield* client.close();
  yield* server.shutdown({ drain: 1000 });
}));

test('D47: a handshake that fails is reported in debug mode only, and the server goes on', () => run(function* () {
  const reports: string[] = [];
  const loop = getRunningLoop();
  loop.setExceptionHandler(({ message }) => reports.push(message));
  const server = yield* startServer(function* (stream) {
    yield* stream.send('fine');
  }, { ...here, tls: identity });
  for (const debug of [false, true]) {
    loop.debug = debug;
    const stranger = yield* openConnection({ host: '127.0.0.1', port: portOf(server) });
    yield* stranger.send('GET / HTTP/1.1\r\n\r\n');
    yield* outcomeOf(stranger.readAll());
    stranger.abort();
    yield* waitUntil(() => server.connections === 0);
  }
  loop.debug = false;
  const client = yield* connectTo(server);
  expect(String(yield* client.readAll())).toBe('fine');
  yield* client.close();
  loop.setExceptionHandler(null);
  expect(reports).toEqual(['a TLS handshake has failed']);
  yield* server.shutdown({ drain: 1000 });
}));

test('D47: shutting a TLS server down cancels handlers, also in the middle of a handshake', () => run(function* () {
  let cancelled = 0;
  const server = yield* startServer(function* () {
    try {
      yield* sleepForever();
    } finally {
      cancelled++;
    }
  }, { ...here, tls: identity });
  const client = yield* connectTo(server);
  const silent = yield* openConnection({ host: '127.0.0.1', port: portOf(server) });
  yield* waitUntil(() => server.connections === 2);
  yield* checkpoint();
  yield* server.shutdown({ drain: 0 });
  expect([cancelled, server.connections]).toEqual([1, 0]);
  client.abort();
  silent.abort();
}));

test('openConnection: a bad certificate is an error of the call, and its descriptor is closed', () => run(function* () {
  const server = yield* startServer(function* (stream) {
    yield* stream.send('never');
  }, { ...here, tls: other });
  const connecting = openConnection({ host: '127.0.0.1', port: portOf(server), tls: { ca } });
  expect((yield* outcomeOf(connecting))[1]).toMatchObject({ code: 'ERR_TLS', reason: 'ERR_TLS_CERT_ALTNAME_INVALID' });
  expect(thrownBy(() => openConnection({ path: '/nowhere', tls: true })).code).toBe('ERR_INVALID_ARG_TYPE');
  yield* waitUntil(() => server.connections === 0);
  yield* server.close();
  expect(thrownBy(() => startServer(function* () {}, { ...here, tls: { key: 'x', cert: 'y' } })).code).toMatch(/^ERR_OSSL/);
}));

test('TL1: closing that makes no end is cut short', () => run(function* () {
  const { near, far } = yield* secure({ shutdownTimeoutMs: 20 });
  near.write(Buffer.alloc(32_000_000));
  // real time: the deadline is that of a real socket whose peer does not read
  const scope: ValuedScope<void> = yield* moveOnAfter(10_000, function* () {
    yield* near.close();
  });
  expect(scope.cancelledCaught).toBe(false);
  far.abort();
}));

test('SV2: closeClients ends secure connections as TLS does, so that nothing looks cut off', () => run(function* () {
  const server: Server = yield* startServer(function* (stream: TlsStream) {
    yield* stream.send('hello');
    yield* stream.waitClosed();
  }, { host: '127.0.0.1', port: 0, tls: identity });
  const stream = yield* openConnection({ host: 'localhost', port: portOf(server), tls: { ca } });
  expect(String(yield* stream.readExactly(5))).toBe('hello');
  server.closeClients();
  expect(yield* stream.read()).toBeNull();
  yield* stream.close();
  yield* server.shutdown({ drain: 1000 });
}));
