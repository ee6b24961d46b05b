// Names: resolvers that tests make up, local listeners behind what they answer, and what a connection does with it.
import dns from 'node:dns';
import { getEventListeners } from 'node:events';
import { readdirSync } from 'node:fs';
import {
  type ByteStream, ConnectionFailedError, createTask, getAddrInfo, getNameInfo, openConnection, type Resolver,
  setResolver, sleep, sleepForever, startServer, type Server,
} from '../../lib';
import { withCode } from '../helpers/failures';
import { colours, failureOf, outcomeOf } from '../tasks/support';
import { onlyNative, run, runBlocking } from './engines';
import { portOf, turn } from './support';

// Nothing is ever sent there.
const discard = 9;

const openDescriptors = (): number => readdirSync('/proc/self/fd').length;

afterEach(() => setResolver(null));

function* greet(stream: ByteStream) {
  yield* stream.send(`to ${String(stream.localAddress?.address)}`);
}

/** A server at one loopback address, so that the others of 127/8 refuse. */
const serveAt = (host: string) => startServer(greet, { host, port: 0 });

function* greetingOf(server: Server, options: { resolver?: Resolver; localAddress?: string } = {}) {
  const stream = yield* openConnection({ host: 'some.name', port: portOf(server), ...options });
  const greeting = String(yield* stream.readAll());
  yield* stream.close();
  return greeting;
}

describe.each(colours)('$name', ({ of }) => {
  const resolves = (...addresses: string[]): Resolver => of(function* () {
    yield sleep(0);
    return addresses;
  });

  test('IO25: a resolver is asked for the name, and its addresses are tried', () => run(function* () {
    const server = yield* serveAt('127.0.0.3');
    const resolver = resolves('127.0.0.2', '127.0.0.3', '127.0.0.1');
    expect(yield* greetingOf(server, { resolver })).toBe('to 127.0.0.3');
    yield* server.shutdown({ drain: 0 });
  }));

  test('IO25: the resolver of the thread serves connections and servers, and can be put back', () => run(function* () {
    setResolver(resolves('127.0.0.5'));
    const server = yield* startServer(greet, { host: 'some.name', port: 0 });
    expect(server.address()?.address).toBe('127.0.0.5');
    expect(yield* greetingOf(server)).toBe('to 127.0.0.5');
    expect(yield* getAddrInfo('any.name')).toEqual(['127.0.0.5']);
    expect(yield* getAddrInfo('any.name', { resolver: resolves('::2') })).toEqual(['::2']);
    yield* server.shutdown({ drain: 0 });
  }));

  test('IO25: a resolver is cancelled with the wait that asked it', () => run(function* () {
    let how = 'not asked';
    const resolver = of(function* (): Generator<ReturnType<typeof sleepForever>, string[]> {
      how = 'asked';
      try {
        yield sleepForever();
      } catch (error) {
        how = 'cancelled';
        throw error;
      }
      return [];
    });
    const task = createTask(function* () {
      yield* openConnection({ host: 'some.name', port: discard, resolver });
    });
    while (how === 'not asked') yield* turn();
    task.cancel();
    yield* task.join();
    expect([how, task.cancelled()]).toEqual(['cancelled', true]);
  }));

  test('IO24: a failure of the resolver is the failure of the connection', () => run(function* () {
    const resolver = of(function* (): Generator<never, string[]> {
      throw new Error('no network today');
    });
    const error = yield* failureOf(openConnection({ host: 'some.name', port: discard, resolver }));
    expect(error).toEqual(new Error('no network today'));
  }));
});

function* fixed(...addresses: string[]) {
  return addresses;
}

test('IO25: if no address answers, one error has all, and the code of the first', () => run(function* () {
  const server = yield* serveAt('127.0.0.1');
  const port = portOf(server);
  yield* server.close();
  const before = openDescriptors();
  const resolver = () => fixed('127.0.0.1', '127.0.0.2');
  const error = yield* failureOf(openConnection({ host: 'some.name', port, resolver }));
  expect(error).toBeInstanceOf(ConnectionFailedError);
  expect(error).toMatchObject({
    name: 'ConnectionFailedError', code: 'ECONNREFUSED', syscall: 'connect', address: 'some.name', port,
    message: `ECONNREFUSED: connect some.name:${port}: no address answered ` +
      '(127.0.0.1: ECONNREFUSED, 127.0.0.2: ECONNREFUSED)',
  });
  const { errors, errno } = error as ConnectionFailedError;
  expect(errors).toEqual([
    expect.objectContaining({ code: 'ECONNREFUSED', errno, address: '127.0.0.1', port }),
    expect.objectContaining({ code: 'ECONNREFUSED', errno, address: '127.0.0.2', port }),
  ]);
  expect(openDescriptors()).toBe(before);
}));

onlyNative('it has no descriptors')(
  'IO25: a second address is tried beside a slow first one, which is then closed', () => run(function* () {
  const server = yield* serveAt('127.0.0.1');
  const before = openDescriptors();
  // A documentation address: nothing answers, or it fails at once without a route.
  const resolver = () => fixed('192.0.2.1', '127.0.0.1');
  const stream = yield* openConnection({ host: 'some.name', port: portOf(server), resolver, happyEyeballsDelay: 1 });
  expect(stream.remoteAddress?.address).toBe('127.0.0.1');
  yield* stream.close();
  yield* server.shutdown({ drain: 0 });
  expect(openDescriptors()).toBeLessThan(before);
}));

test('IO25: from a local address, only addresses of its family are tried', () => run(function* () {
  const server = yield* serveAt('127.0.0.1');
  const resolver = () => fixed('::1', '127.0.0.1');
  expect(yield* greetingOf(server, { resolver, localAddress: '127.0.0.9' })).toBe('to 127.0.0.1');
  const options = { host: 'some.name', port: portOf(server), resolver: () => fixed('::1'), localAddress: '127.0.0.9' };
  expect(yield* failureOf(openConnection(options))).toEqual(withCode('EADDRNOTAVAIL', /some\.name.*family/));
  yield* server.shutdown({ drain: 0 });
}));

const signalled = ['before the call', 'while it waits'];

test.each(signalled)('IO24: an AbortSignal aborted %s cancels the connection, with its reason', (when) => run(function* () {
  const controller = new AbortController();
  const reason = new Error('the user left');
  const before = openDescriptors();
  if (when === 'before the call') controller.abort(reason);
  const opening = openConnection({ host: '192.0.2.1', port: discard, signal: controller.signal });
  controller.abort(reason);
  expect(yield* outcomeOf(opening)).toEqual(['cancelled', reason]);
  expect(openDescriptors()).toBe(before);
}));

test('IO24: a signal has no say in a connection that stands', () => run(function* () {
  const server = yield* serveAt('127.0.0.1');
  const controller = new AbortController();
  const stream = yield* openConnection({ host: '127.0.0.1', port: portOf(server), signal: controller.signal });
  expect(getEventListeners(controller.signal, 'abort')).toEqual([]);
  controller.abort();
  expect(String(yield* stream.readAll())).toBe('to 127.0.0.1');
  yield* stream.close();
  yield* server.shutdown({ drain: 0 });
}));

const answers: readonly [string, unknown, string][] = [
  ['a word', 'localhost', 'ERR_INVALID_ARG_TYPE'],
  ['names', ['localhost'], 'ERR_OUT_OF_RANGE'],
  ['records', [{ address: '127.0.0.1' }], 'ERR_OUT_OF_RANGE'],
  ['nothing', [], 'ENOTFOUND'],
];

test.each(answers)('IO24: a resolver that answers %s is an error', (_what, answer, code) => run(function* () {
  function* resolver() {
    return answer as string[];
  }
  expect(yield* failureOf(getAddrInfo('some.name', { resolver }))).toEqual(withCode(code, /some\.name/));
}));

test('IO24: numeric hosts and localhost are known without asking', () => runBlocking(function* () {
  const resolver = () => fixed('127.0.0.7');
  expect(yield* getAddrInfo('192.0.2.1', { resolver })).toEqual(['192.0.2.1']);
  expect(yield* getAddrInfo('fe80::1%lo', { resolver })).toEqual(['fe80::1%lo']);
  expect(yield* getAddrInfo('localhost', { resolver })).toEqual(['127.0.0.1', '::1']);
  expect(yield* getAddrInfo('app.localhost', { resolver })).toEqual(['127.0.0.1', '::1']);
  expect(yield* getAddrInfo('some.name', { resolver })).toEqual(['127.0.0.7']);
}));

test('IO24: a name that Node cannot resolve says which', () => run(function* () {
  const error = yield* failureOf(getAddrInfo('no-such-name.invalid'));
  const host = 'no-such-name.invalid';
  expect(error).toMatchObject({ syscall: 'getaddrinfo', hostname: host, address: host });
}));

test('IO24: getNameInfo gives the names of an address and a port', () => run(function* () {
  const { hostname, service } = yield* getNameInfo('127.0.0.1', 0);
  expect([typeof hostname, typeof service]).toEqual(['string', 'string']);
}));

onlyNative('it resolves names by itself')('IO25: what Node finds is tried in its order', () => run(function* () {
  const addresses = ['::1', '192.0.2.1', '::2'].map((address) => ({ address }));
  const lookup = jest.spyOn(dns, 'lookup') as unknown as jest.SpyInstance;
  lookup.mockImplementation((_host, _options, answer: (error: null, found: unknown) => void) => answer(null, addresses));
  expect(yield* getAddrInfo('some.name')).toEqual(['::1', '192.0.2.1', '::2']);
  expect(lookup.mock.calls).toEqual([['some.name', { all: true, verbatim: true }, expect.any(Function)]]);
  lookup.mockRestore();
}));

onlyNative('it resolves names by itself')('IO24: an answer of Node for nobody is ignored', () => run(function* () {
  for (const asked of [getNameInfo('127.0.0.1', 0), getAddrInfo('no-such-name.invalid')]) {
    asked.cancel();
    expect(yield* outcomeOf(asked)).toEqual(['cancelled', undefined]);
  }
}));

test('IO26: what is no resolver, signal, delay or name is refused at the call', () => run(function* () {
  const call = (options: object) => () => openConnection({ host: 'some.name', port: discard, ...options });
  expect(call({ resolver: 'dns' })).toThrow(withCode('ERR_INVALID_ARG_TYPE'));
  expect(call({ signal: {} })).toThrow(withCode('ERR_INVALID_ARG_TYPE'));
  expect(call({ signal: null })).toThrow(withCode('ERR_INVALID_ARG_TYPE'));
  expect(call({ happyEyeballsDelay: NaN })).toThrow(withCode('ERR_OUT_OF_RANGE'));
  expect(() => setResolver('dns' as never)).toThrow(withCode('ERR_INVALID_ARG_TYPE'));
  expect(() => getAddrInfo('')).toThrow(withCode('ERR_OUT_OF_RANGE'));
  expect(() => getAddrInfo(7 as never)).toThrow(withCode('ERR_INVALID_ARG_TYPE'));
  expect(() => getAddrInfo('a', { ipv6: true } as never)).toThrow(withCode('ERR_INVALID_ARG_TYPE'));
  expect(() => getNameInfo('some.name', 1)).toThrow(withCode('ERR_OUT_OF_RANGE'));
  expect(() => getNameInfo('127.0.0.1', -1)).toThrow(withCode('ERR_OUT_OF_RANGE'));
  yield* turn();
}));

onlyNative('it resolves names by itself')(
  'IO26: on a loop that owns the thread Node cannot be asked', () => runBlocking(function* () {
  expect(() => getNameInfo('127.0.0.1', 1)).toThrow(withCode('ERR_UNSUPPORTED'));
  expect(yield* failureOf(getAddrInfo('some.name'))).toEqual(withCode('ERR_UNSUPPORTED', /some\.name/));
}));
