// The simulated network: hosts, links, partitions, chance by seed, and that nothing is lost that should not be.
import {
  type ByteStream, type Coroutine, createTask, type DatagramSocket, failAfter, gather, getAddrInfo, getRunningLoop,
  openConnection, openDatagram, run, runBlocking, type Server, sleep, startServer,
} from '../../lib';
import { Choices, type NetworkOptions, onHost, SimulatedEngine, SimulatedNetwork, Trace } from '../../lib/testing';
import { thrownBy, withCode } from '../helpers/failures';
import { failureOf } from '../tasks/support';

// A port of the simulated machines, where nobody else is.
const OTHER_PORT = 7000;

interface Simulated {
  readonly network: SimulatedNetwork;
  readonly engine: SimulatedEngine;
}

/** Runs a body in a world of its own. Returns: its value. */
function simulated<T>(
  body: (world: Simulated) => Coroutine<T>, options: NetworkOptions = {}, seed?: number, trace?: Trace,
): T {
  const network = new SimulatedNetwork(options);
  const engine = new SimulatedEngine({ network, choices: new Choices(seed), ...(trace === undefined ? {} : { trace }) });
  return runBlocking(() => body({ network, engine }), { engine });
}

function* echo(stream: ByteStream): Coroutine<void> {
  for (let chunk = yield* stream.read(); chunk !== null; chunk = yield* stream.read()) yield* stream.send(chunk);
}

const serve = (network: SimulatedNetwork, name = 'api', port = 80) =>
  onHost(network.host(name), function* (): Coroutine<Server> {
    return yield* startServer(echo, { port });
  });

const connect = (network: SimulatedNetwork, from = 'client', host = 'api', port = 80) =>
  onHost(network.host(from), function* (): Coroutine<ByteStream> {
    return yield* openConnection({ host, port });
  });

const now = (): number => getRunningLoop().time();

test('simulated network: a host is found by its name, and nothing takes time', () => simulated(function* ({ network }) {
  yield* serve(network);
  const stream = yield* connect(network);
  expect(stream.remoteAddress).toEqual({ family: 'IPv4', address: network.host('api').addresses[0], port: 80 });
  expect(stream.localAddress?.address).toBe(network.host('client').addresses[0]);
  yield* stream.send('hello');
  expect(String(yield* stream.readExactly(5))).toBe('hello');
  expect(now()).toBe(0);
  expect(yield* getAddrInfo('api')).toEqual(network.host('api').addresses);
  expect(yield* failureOf(getAddrInfo('nobody'))).toEqual(withCode('ENOTFOUND'));
  stream.abort();
}));

test('simulated network: a port of one host is not that of another', () => simulated(function* ({ network }) {
  yield* onHost(network.host('api'), function* () {
    yield* startServer(echo, { host: '127.0.0.1', port: 80 });
    const inside = yield* openConnection({ port: 80 });
    inside.abort();
  });
  expect(yield* failureOf(connect(network))).toEqual(withCode('ECONNREFUSED'));
  yield* serve(network, 'other');
  const outside = yield* connect(network, 'client', 'other');
  outside.abort();
}));

test('simulated network: the tasks that a body creates are on its host too, in both colours', async () => {
  const network = new SimulatedNetwork();
  const engine = new SimulatedEngine({ network });
  const child = () => createTask(function* () {
    yield* sleep(1);
    return (yield* failureOf(openConnection({ host: 'localhost', port: OTHER_PORT }))) as { code: string };
  });
  await run(async () => {
    const server = await startServer(echo, { port: OTHER_PORT });
    const far = network.host('far');
    expect((await onHost(far, async () => await child())).code).toBe('ECONNREFUSED');
    expect((await onHost(far, function* () {
      return yield* child();
    })).code).toBe('ECONNREFUSED');
    const here = await openConnection({ host: 'localhost', port: OTHER_PORT });
    expect(here.closed).toBe(false);
    here.abort();
    await server.shutdown({ drain: 0 });
  }, { engine });
});

test('simulated network: latency and bandwidth cost virtual time', () => simulated(function* ({ network }) {
  network.host('api');
  network.host('client');
  network.link('client', 'api', { latencyMs: 10, bytesPerSecond: 1_000_000 });
  yield* serve(network);
  const stream = yield* connect(network);
  expect(now()).toBe(20);
  yield* stream.send('x'.repeat(100_000));
  yield* stream.readExactly(100_000);
  expect(now()).toBeCloseTo(20 + 10 + 100 + 10 + 100, 0);
  stream.abort();
}));

test('simulated network: during a partition streams wait and datagrams are lost; healed, streams go on', () => simulated(
  function* ({ network }) {
    yield* serve(network);
    const stream = yield* connect(network);
    const far = yield* onHost(network.host('api'), function* (): Coroutine<DatagramSocket> {
      return yield* openDatagram({ port: 53 });
    });
    const near = yield* onHost(network.host('client'), function* (): Coroutine<DatagramSocket> {
      return yield* openDatagram({ port: 0 });
    });
    network.partition(['client'], ['api']);
    yield* stream.send('through the wall');
    yield* near.send('lost', { host: network.host('api').addresses[0]!, port: 53 });
    const echoed = stream.readExactly(16);
    expect(yield* failureOf(failAfter(1000, () => onHost(network.host('client'), function* () {
      yield* openConnection({ host: 'api', port: 80 });
    })))).toEqual(withCode('ERR_TIMEOUT'));
    expect(echoed.done()).toBe(false);
    network.heal();
    expect(String(yield* echoed)).toBe('through the wall');
    yield* near.send('heard', { host: network.host('api').addresses[0]!, port: 53 });
    expect(String((yield* far.receive()).data)).toBe('heard');
    stream.abort();
  },
));

test('simulated network: a partition that does not end fails what was sent, after a long time', () => simulated(
  function* ({ network }) {
    yield* serve(network);
    const stream = yield* connect(network);
    network.partition(['client'], ['api']);
    const began = now();
    yield* stream.send('x');
    expect(yield* failureOf(stream.read())).toEqual(withCode('ETIMEDOUT'));
    expect(now() - began).toBe(924_600);
    const later = now();
    expect(yield* failureOf(connect(network))).toEqual(withCode('ETIMEDOUT'));
    expect(now() - later).toBe(127_000);
  },
));

test('simulated network: a peer that vanished is noticed by those who send or ask, and nobody else', () => simulated(
  function* ({ network }) {
    yield* serve(network);
    const idle = yield* connect(network);
    const alive = yield* onHost(network.host('client'), function* (): Coroutine<ByteStream> {
      return yield* openConnection({ host: 'api', port: 80, keepAlive: 60 });
    });
    network.vanish('api');
    network.heal();
    expect(yield* failureOf(alive.read())).toEqual(withCode('ETIMEDOUT'));
    expect(now()).toBe(60_000 + 9 * 75_000);
    expect(yield* failureOf(failAfter(10_000_000, () => idle.read()))).toEqual(withCode('ERR_TIMEOUT'));
  },
));

test('simulated network: reset breaks both ends of a connection', () => simulated(function* ({ network }) {
  const accepted: ByteStream[] = [];
  yield* onHost(network.host('api'), function* () {
    yield* startServer(function* (stream) {
      accepted.push(stream);
      yield* stream.waitClosed();
    }, { port: 80 });
  });
  const stream = yield* connect(network);
  yield* sleep(0);
  network.reset(stream);
  for (const end of [stream, ...accepted]) expect(yield* failureOf(end.read())).toEqual(withCode('ECONNRESET'));
  expect(accepted).toHaveLength(1);
  expect(thrownBy(() => network.reset(stream))).toEqual(withCode('ERR_INVALID_STATE'));
}));

test('simulated network: a full backlog makes connections wait', () => simulated(function* ({ network }) {
  const server = yield* onHost(network.host('api'), function* (): Coroutine<Server> {
    return yield* startServer(function* (stream) {
      yield* stream.readAll();
    }, { port: 80, backlog: 1, maxConnections: 1 });
  });
  // One is served, one was accepted to find that there is no room, two wait in the backlog.
  const streams = yield* gather([1, 2, 3, 4].map(() => connectTask(network)));
  const late = connectTask(network);
  yield* sleep(100);
  const wasDone = late.done();
  for (const stream of streams) void stream.close();
  const last = yield* late;
  expect([wasDone, now() >= 100]).toEqual([false, true]);
  void last.close();
  yield* server.close();
}));

function connectTask(network: SimulatedNetwork) {
  return createTask(function* () {
    return yield* connect(network);
  });
}

test.each([1, 2, 3, 4, 5, 6, 7, 8])('simulated network: seed %i cuts chunks, and no byte is lost', (seed) => simulated(
  function* ({ network, engine }) {
    yield* serve(network);
    const sent = Buffer.from(Array.from({ length: 300_000 }, (_, i) => (i * 31 + (i >> 8) * 7) & 255));
    const trips = [1, 2, 3].map((n) => createTask(function* () {
      const stream = yield* connect(network, `client ${n}`);
      const sending = createTask(function* () {
        for (let at = 0; at < sent.length; at += 7000 * n) yield* stream.send(sent.subarray(at, at + 7000 * n));
        yield* stream.sendEof();
      });
      const received = yield* stream.readAll();
      yield* sending;
      yield* stream.close();
      return received.equals(sent);
    }));
    expect(yield* gather(trips)).toEqual([true, true, true]);
    expect(new Set(engine.choices.taken.map(([label]) => label)).size).toBeGreaterThan(3);
  }, { latencyMs: [0, 5], bufferBytes: 20_000, loss: 0.05 }, seed,
));

function* datagrams(network: SimulatedNetwork, count: number): Coroutine<number[]> {
  const far = yield* openDatagram({ port: OTHER_PORT });
  const near = yield* openDatagram({ port: 0 });
  const there = { host: network.host('localhost').addresses[0]!, port: OTHER_PORT };
  for (let i = 0; i < count; i++) yield* near.send(Buffer.from([i]), there);
  const seen: number[] = [];
  const reading = createTask(function* () {
    for (;;) seen.push((yield* far.receive()).data[0]!);
  });
  yield* sleep(1000);
  reading.cancel();
  return seen;
}

test('simulated network: datagrams are lost, doubled and overtaken by seed, and as often as was said', () => {
  const all = simulated(({ network }) => datagrams(network, 200), {}, 1);
  expect(all).toEqual(Array.from({ length: 200 }, (_, i) => i));
  const lossy = simulated(({ network }) => datagrams(network, 200), { loss: 0.3 }, 1);
  expect(Math.abs(lossy.length - 140)).toBeLessThan(30);
  expect([...lossy].sort((a, b) => a - b)).toEqual(lossy);
  const doubled = simulated(({ network }) => datagrams(network, 200), { duplicate: 0.5 }, 1);
  expect(Math.abs(doubled.length - 300)).toBeLessThan(40);
  const mixed = simulated(({ network }) => datagrams(network, 200), { reorder: 0.2 }, 1);
  expect(mixed).not.toEqual(all);
  expect([...mixed].sort((a, b) => a - b)).toEqual(all);
});

/** A few echoes among three hosts. Returns: the trace. */
function traceOf(seed: number): string {
  const trace = new Trace();
  simulated(function* ({ network }) {
    yield* serve(network);
    yield* gather([1, 2, 3].map((n) => createTask(function* () {
      const stream = yield* connect(network, `client ${n}`);
      for (let i = 0; i < 5; i++) {
        yield* stream.send('x'.repeat(1000 * n));
        yield* stream.readExactly(1000 * n);
      }
      yield* stream.close();
    })));
  }, { latencyMs: [1, 20] }, seed, trace);
  return trace.toString();
}

test('simulated network: the trace of a seed is always the same, and another seed has another', () => {
  expect(traceOf(5)).toBe(traceOf(5));
  expect(traceOf(5)).not.toBe(traceOf(6));
  expect(traceOf(5).split('\n')[1]).toMatch(/^0 connect client 1:\d+ -> api:80$/);
});

const senseless: readonly [string, unknown][] = [
  ['a negative latency', { latencyMs: -1 }],
  ['a latency that goes backwards', { latencyMs: [5, 1] }],
  ['a loss above all', { loss: 1.5 }],
  ['no bandwidth', { bytesPerSecond: 0 }],
  ['a buffer of nothing', { bufferBytes: 0 }],
];

test.each(senseless)('simulated network: %s is refused', (_what, options) => {
  expect(thrownBy(() => new SimulatedNetwork(options as never))).toEqual(withCode('ERR_OUT_OF_RANGE'));
  const network = new SimulatedNetwork();
  expect(thrownBy(() => network.link('localhost', 'localhost', options as never))).toEqual(withCode('ERR_OUT_OF_RANGE'));
});

test('simulated network: unknown options, hosts and addresses that are taken are refused', () => {
  const network = new SimulatedNetwork();
  expect(thrownBy(() => new SimulatedNetwork({ latency: 1 } as never))).toEqual(withCode('ERR_INVALID_ARG_TYPE', /latency/));
  expect(thrownBy(() => network.link('a', 'b', {}))).toEqual(withCode('ERR_OUT_OF_RANGE', /no host a/));
  expect(thrownBy(() => network.partition(['localhost'], ['b']))).toEqual(withCode('ERR_OUT_OF_RANGE'));
  network.host('one', { addresses: ['10.9.9.9', 'fd00::0:1'] });
  expect(network.host('one').addresses).toEqual(['10.9.9.9', 'fd00::1']);
  expect(thrownBy(() => network.host('two', { addresses: ['10.9.9.9'] }))).toEqual(withCode('ERR_OUT_OF_RANGE', /one/));
  expect(thrownBy(() => network.host('two', { addresses: ['127.0.0.1'] }))).toEqual(withCode('ERR_OUT_OF_RANGE'));
  const engine = new SimulatedEngine({ network });
  expect(engine.network).toBe(network);
  expect(thrownBy(() => new SimulatedEngine({ network }))).toEqual(withCode('ERR_INVALID_STATE'));
});
