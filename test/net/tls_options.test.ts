// What TLS is told: options that are refused at the call or left out, and callbacks of a server's own that fail.
import { getRunningLoop, openConnection, startServer } from '../../lib';
import { outcomeOf } from '../tasks/support';
import { thrownBy, withCode } from '../helpers/failures';
import { run } from './engines';
import { certificate } from './node_servers';
import { portOf, until as waitUntil } from './support';

const ca = certificate('ca.crt');
const identity = { cert: certificate('server.crt'), key: certificate('server.key') };

test('openConnection: a servername that is undefined is left out, and the host is meant', () => run(function* () {
  const server = yield* startServer(function* (stream) {
    yield* stream.send('hello');
  }, { host: '127.0.0.1', port: 0, tls: identity });
  const options = { host: 'localhost', port: portOf(server), signal: undefined, tls: { ca, servername: undefined } };
  const stream = yield* openConnection(options);
  expect([stream.servername, String(yield* stream.readAll())]).toEqual(['localhost', 'hello']);
  yield* stream.close();
  yield* server.close();
}));

test.each([
  ['text for a list of protocols', { ALPNProtocols: 'h2' }, 'ERR_INVALID_ARG_TYPE', /are a list of names, not string h2/],
  ['a protocol that is no text', { ALPNProtocols: [2] }, 'ERR_INVALID_ARG_TYPE', /ALPNProtocols: a name is a string/],
  ['a protocol without a name', { ALPNProtocols: [''] }, 'ERR_OUT_OF_RANGE', /ALPNProtocols: a name is empty/],
  ['a protocol with a long name', { ALPNProtocols: ['ä'.repeat(128)] }, 'ERR_OUT_OF_RANGE', /longer than 255 bytes/],
  ['an SNICallback that is none', { SNICallback: {} }, 'ERR_INVALID_ARG_TYPE', /SNICallback: a function is needed/],
])('startServer: %s is refused at the call', (_, options, code, message) => run(function* () {
  const call = () => startServer(function* () {}, { port: 0, tls: { ...identity, ...options } as never });
  expect(thrownBy(call)).toEqual(withCode(code, message));
}));

test.each([
  ['throws', (): never => {
    throw new Error('no such tenant');
  }],
  ['fails', (_: string, callback: (error: Error) => void) => callback(new Error('no such tenant'))],
])('startServer: an SNICallback that %s is reported, and ends one connection', (_, SNICallback) => run(function* () {
  const reported: unknown[] = [];
  getRunningLoop().setExceptionHandler(({ message, exception }) => reported.push([message, exception]));
  const server = yield* startServer(function* () {}, { host: '127.0.0.1', port: 0, tls: { ...identity, SNICallback } });
  const tlsOptions = { ca, servername: 'tenant.test' };
  const connecting = openConnection({ host: '127.0.0.1', port: portOf(server), tls: tlsOptions });
  expect((yield* outcomeOf(connecting))[0]).toBe('failed');
  yield* waitUntil(() => server.connections === 0);
  expect(reported).toEqual([['a TLS handshake has failed', withCode('ERR_TLS', /no such tenant/)]]);
  getRunningLoop().setExceptionHandler(null);
  yield* server.close();
}));
