// Protocols: what they are told, in which order, and what ends them.
import { readdirSync } from 'node:fs';
import {
  ContextVar, createConnection, createServer, createTask, type ExceptionContext, getRunningLoop, openConnection,
  type Protocol, startServer, type Transport,
} from '../../lib';
import { withCode } from '../helpers/failures';
import { failureOf, outcomeOf } from '../tasks/support';
import { run } from './engines';
import { pattern, portOf, turn, until } from './support';
import { here, over, Witness, witnessed, witnessedFromNode } from './witness';

// Nothing is ever sent there.
const discard = 9;
const openDescriptors = (): number => readdirSync('/proc/self/fd').length;

class Echo implements Protocol {
  private declare transport: Transport;
  connectionMade(transport: Transport): void {
    this.transport = transport;
  }
  dataReceived(data: Buffer): void {
    this.transport.write(data);
  }
}

test('IO9, IO10: a protocol is told of the connection, the bytes, the end and the loss', () => run(function* () {
  const { server, stream, witness } = yield* witnessed();
  yield* stream.send('hello');
  yield* until(() => witness.chunks.length > 0);
  yield* stream.close();
  yield* until(() => witness.isLost);
  expect(witness.log).toEqual(['made', 'data', 'eof', 'lost']);
  expect([witness.received, witness.lost, server.connections]).toEqual(['hello', null, 0]);
  yield* over(server);
}));

test('IO9: a protocol that connects knows of it before its creator does, and misses nothing', () => run(function* () {
  const server = yield* startServer((stream) => stream.send('at once'), here);
  const place = { host: '127.0.0.1', port: portOf(server) };
  const [transport, witness] = yield* createConnection(() => new Witness(), place);
  expect(witness.log[0]).toBe('made');
  expect(witness.transport).toBe(transport);
  expect(transport.protocol).toBe(witness);
  yield* until(() => witness.isLost);
  expect(witness.log).toEqual(['made', 'data', 'eof', 'lost']);
  expect(witness.received).toBe('at once');
  yield* over(server);
}));

test('IO10: protocols on both sides exchange more than all buffers hold', () => run(function* () {
  const server = yield* createServer(() => new Echo(), here);
  const stream = yield* openConnection({ host: '127.0.0.1', port: portOf(server) });
  const sent = pattern(3_000_000);
  const sending = createTask(function* () {
    yield* stream.send(sent);
    yield* stream.sendEof();
  });
  expect((yield* stream.readAll()).equals(sent)).toBe(true);
  yield* sending;
  yield* stream.close();
  yield* until(() => server.connections === 0);
  yield* over(server);
}));

test('IO11: eofReceived that answers true leaves the sending side open', () => run(function* () {
  const { server, stream, witness } = yield* witnessed();
  witness.staysOpen = true;
  yield* stream.sendEof();
  yield* until(() => witness.log.includes('eof'));
  yield* turn();
  witness.transport.write('an answer after the end');
  witness.transport.sendEof();
  expect(String(yield* stream.readAll())).toBe('an answer after the end');
  expect(witness.isLost).toBe(false);
  witness.transport.close();
  yield* until(() => witness.isLost);
  expect(witness.log).toEqual(['made', 'eof', 'lost']);
  yield* over(server, stream);
}));

test('IO12: close sends what was written, and tells of the loss then; both ways may be repeated', () => run(function* () {
  const { server, stream, witness } = yield* witnessed();
  const sent = pattern(500_000);
  witness.transport.write(sent);
  witness.transport.write('bye');
  witness.transport.close();
  witness.transport.close();
  expect([witness.transport.closed, witness.isLost]).toEqual([true, false]);
  const received = yield* stream.readExactly(sent.length + 3);
  expect(received.subarray(0, sent.length).equals(sent)).toBe(true);
  yield* until(() => witness.isLost);
  witness.transport.abort();
  yield* turn();
  expect(witness.log.filter((what) => what !== 'pause')).toEqual(['made', 'lost']);
  expect(witness.lost).toBeNull();
  yield* over(server, stream);
}));

test('IO12: abort tells of the loss in a later tick, once, and the peer sees a reset', () => run(function* () {
  const { server, stream, witness } = yield* witnessed();
  witness.transport.abort();
  expect(witness.isLost).toBe(false);
  expect(yield* failureOf(stream.read())).toEqual(withCode('ECONNRESET'));
  expect([witness.isLost, witness.lost]).toEqual([true, null]);
  witness.transport.abort();
  witness.transport.close();
  yield* turn();
  expect(witness.log).toEqual(['made', 'lost']);
  yield* over(server, stream);
}));

test('IO13: a reset is told after the bytes that came before it', () => run(function* () {
  const { server, stream, witness } = yield* witnessed();
  yield* stream.send('last words');
  yield* until(() => witness.chunks.length > 0);
  stream.abort();
  yield* until(() => witness.isLost);
  expect(witness.log).toEqual(['made', 'data', 'lost']);
  expect(witness.lost).toMatchObject({ code: 'ECONNRESET', syscall: 'read' });
  witness.transport.write('nobody minds');
  witness.transport.sendEof();
  yield* over(server);
}));

test('IO13: a protocol that is paused learns of the loss when it writes', () => run(function* () {
  const { server, stream, witness } = yield* witnessed();
  witness.transport.pauseReading();
  stream.abort();
  yield* until(() => {
    witness.transport.write('are you there?');
    return witness.isLost;
  });
  expect(witness.log).toEqual(['made', 'lost']);
  expect(['ECONNRESET', 'EPIPE']).toContain((witness.lost as unknown as { code: string }).code);
  yield* over(server);
}));

test('IO13: a protocol that closes learns what its last bytes were lost by', () => run(function* () {
  const { server, stream, witness } = yield* witnessed();
  while (witness.transport.pendingBytes === 0) witness.transport.write(pattern(8000));
  witness.transport.close();
  stream.abort();
  yield* until(() => witness.isLost);
  expect(['ECONNRESET', 'EPIPE']).toContain((witness.lost as unknown as { code: string } | null)?.code);
  yield* over(server);
}));

test('IO15: after its own close or sendEof, writing is an error', () => run(function* () {
  const { server, stream, witness } = yield* witnessed();
  expect(() => witness.transport.write(7 as never)).toThrow(withCode('ERR_INVALID_ARG_TYPE'));
  witness.transport.sendEof();
  expect(() => witness.transport.write('x')).toThrow(withCode('ERR_CLOSED'));
  witness.transport.close();
  expect(() => witness.transport.write('x')).toThrow(withCode('ERR_CLOSED'));
  expect(() => witness.transport.sendEof()).toThrow(withCode('ERR_CLOSED'));
  yield* over(server, stream);
}));

const methods = ['connectionMade', 'dataReceived', 'eofReceived'] as const;

test.each(methods)('IO21: an error in %s is reported, and closes the connection with it', (method) => run(function* () {
  const reports: ExceptionContext[] = [];
  getRunningLoop().setExceptionHandler((context) => reports.push(context));
  const witness = new Witness();
  const error = new Error('a bug');
  witness[method] = () => {
    throw error;
  };
  const server = yield* createServer(() => witness, here);
  const stream = yield* openConnection({ host: '127.0.0.1', port: portOf(server) });
  stream.write('x');
  yield* stream.sendEof();
  yield* until(() => witness.isLost);
  expect(witness.lost).toBe(error);
  expect(reports).toEqual([expect.objectContaining({ exception: error, protocol: witness })]);
  expect(String(reports[0]!.message)).toContain(method);
  getRunningLoop().setExceptionHandler(null);
  yield* over(server, stream);
}));

test('IO21: an error in connectionLost is reported; one in resumeWriting closes', () => run(function* () {
  const reports: unknown[] = [];
  getRunningLoop().setExceptionHandler(({ exception }) => reports.push(exception));
  const { server, stream, witness } = yield* witnessed();
  const [first, second] = [new Error('resume'), new Error('lost')];
  witness.resumeWriting = () => {
    throw first;
  };
  witness.connectionLost = (error) => {
    expect(error).toBe(first);
    throw second;
  };
  while (!witness.log.includes('pause')) witness.transport.write(pattern(40_000));
  yield* outcomeOf(stream.readAll());
  yield* until(() => reports.length === 2);
  expect(reports).toEqual([first, second]);
  getRunningLoop().setExceptionHandler(null);
  yield* over(server, stream);
}));

test('IO21: a factory that fails or makes no protocol closes the connection', () => run(function* () {
  const reports: unknown[] = [];
  getRunningLoop().setExceptionHandler(({ exception }) => reports.push(exception));
  const server = yield* createServer(() => ({}) as Protocol, here);
  const place = { host: '127.0.0.1', port: portOf(server) };
  const stream = yield* openConnection(place);
  expect(yield* failureOf(stream.read())).toEqual(withCode('ECONNRESET'));
  expect(reports).toEqual([withCode('ERR_INVALID_ARG_TYPE', /dataReceived/)]);
  getRunningLoop().setExceptionHandler(null);
  yield* over(server, stream);
  const other = yield* startServer(function* (accepted) {
    yield* outcomeOf(accepted.read());
  }, here);
  const before = openDescriptors();
  const error = yield* failureOf(createConnection(() => ({}) as Protocol, { host: '127.0.0.1', port: portOf(other) }));
  expect(error).toEqual(withCode('ERR_INVALID_ARG_TYPE', /dataReceived/));
  yield* until(() => other.connections === 0);
  expect(openDescriptors()).toBe(before);
  yield* over(other);
}));

test.each([
  ['dataReceived', { async dataReceived() {} }],
  ['dataReceived', { *dataReceived() {} }],
  ['connectionLost', { dataReceived() {}, async connectionLost() {} }],
])('IO21: a %s that is a coroutine function is refused', (method, protocol) => run(function* () {
  const reports: unknown[] = [];
  getRunningLoop().setExceptionHandler(({ exception }) => reports.push(exception));
  const server = yield* createServer(() => protocol, here);
  const place = { host: '127.0.0.1', port: portOf(server) };
  const stream = yield* openConnection(place);
  expect(yield* failureOf(stream.read())).toEqual(withCode('ECONNRESET'));
  const refusal = withCode('ERR_INVALID_ARG_TYPE', new RegExp(`^${method} of a protocol is a coroutine function`));
  expect(reports).toEqual([refusal]);
  expect(yield* failureOf(createConnection(() => protocol, place))).toEqual(refusal);
  yield* until(() => reports.length === 2);
  yield* over(server, stream);
  getRunningLoop().setExceptionHandler(null);
}));

test('IO20: bytes are a view of memory of the loop, without a copy', () => run(function* () {
  const views: Buffer[] = [];
  const { server, stream, witness } = yield* witnessed();
  witness.dataReceived = (data) => views.push(data);
  yield* stream.send('one');
  yield* until(() => views.length === 1);
  yield* stream.send('two');
  yield* until(() => views.length === 2);
  expect(views[0]!.buffer).toBe(views[1]!.buffer);
  yield* over(server, stream);
}));

test('IO10: another protocol can take over in the middle', () => run(function* () {
  const { server, stream, witness } = yield* witnessed();
  const next = new Witness();
  witness.dataReceived = () => {
    witness.transport.protocol = next;
  };
  yield* stream.send('1');
  yield* until(() => witness.transport.protocol === next);
  yield* stream.send('2');
  yield* stream.close();
  yield* until(() => next.isLost);
  expect([witness.log, next.log]).toEqual([['made'], ['data', 'eof', 'lost']]);
  yield* over(server);
}));

test('SV2, SV3: a server of protocols closes, aborts and drains as any other', () => run(function* () {
  const { server, socket, witness } = yield* witnessedFromNode();
  const drained = server.shutdown({ drain: 60_000 });
  expect(server.closed).toBe(true);
  socket.end('by itself');
  yield* drained;
  expect([witness.received, witness.lost, server.connections]).toEqual(['by itself', null, 0]);

  const second = yield* witnessedFromNode();
  yield* second.server.shutdown({ drain: 0 });
  yield* until(() => second.witness.isLost);
  expect(second.server.connections).toBe(0);

  const third = yield* witnessedFromNode();
  third.server.closeClients();
  yield* until(() => third.witness.isLost);
  yield* over(third.server);
}));

test('CV2: callbacks see the variables of who made the server, each connection its own', () => run(function* () {
  const name = new ContextVar<string>('name');
  name.set('ours');
  const seen: string[] = [];
  const server = yield* createServer(() => ({
    connectionMade(transport) {
      seen.push(String(name.get()));
      name.set('its own');
      transport.write('go');
    },
    dataReceived() {
      seen.push(String(name.get()));
    },
  } satisfies Protocol), here);
  for (let i = 0; i < 2; i++) {
    const stream = yield* openConnection({ host: '127.0.0.1', port: portOf(server) });
    yield* stream.readExactly(2);
    yield* stream.send('x');
    yield* until(() => seen.length === 2 * i + 2);
    yield* stream.close();
  }
  expect(seen).toEqual(['ours', 'its own', 'ours', 'its own']);
  expect(name.get()).toBe('ours');
  yield* over(server);
}));

test('IO24: a cancelled createConnection leaves no descriptor and calls no factory', () => run(function* () {
  const before = openDescriptors();
  let count = 0;
  const connecting = createConnection(() => {
    count++;
    return new Witness();
  }, { host: '192.0.2.1', port: discard });
  connecting.cancel();
  const [how] = yield* outcomeOf(connecting);
  expect([how, count, openDescriptors()]).toEqual(['cancelled', 0, before]);
  expect(() => createConnection('protocol' as never, { port: discard })).toThrow(withCode('ERR_INVALID_ARG_TYPE'));
  expect(() => createServer('protocol' as never, here)).toThrow(withCode('ERR_INVALID_ARG_TYPE'));
  expect(() => createServer(() => new Witness(), {})).toThrow(withCode('ERR_INVALID_ARG_TYPE', /createServer/));
}));
