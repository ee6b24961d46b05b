// Everything that peers do wrong, at once and with a printed seed: no byte lost, doubled or reordered, no descriptor
// leaked, no turn for nothing. READYLOOP_SEED repeats a run; READYLOOP_FAULT_CLIENTS makes it longer.
import { readdirSync } from 'node:fs';
import { connect as connectNode } from 'node:net';
import {
  type ByteStream, type Coroutine, createServer, getRunningLoop, type Protocol, run, type Server, startServer,
  type Transport, until as settled,
} from '../../lib';
import { randomFrom } from '../helpers/seed';
import { type Fate, misbehave } from './fault_client';
import { acceptFromNode, pattern, portOf, turn, until } from './support';

const CLIENTS = Number(process.env['READYLOOP_FAULT_CLIENTS'] ?? 60);
const AT_ONCE = 30;
const here = { host: '127.0.0.1', port: 0 };

const openDescriptors = (): number => readdirSync('/proc/self/fd').length;

function* echo(stream: ByteStream): Coroutine<void> {
  for (let chunk = yield* stream.read(); chunk !== null; chunk = yield* stream.read()) yield* stream.send(chunk);
}

async function echoAsync(stream: ByteStream): Promise<void> {
  for await (const chunk of stream) await stream.send(chunk);
}

function* echoInto(stream: ByteStream): Coroutine<void> {
  const memory = Buffer.alloc(10_000);
  for (let count = yield* stream.readInto(memory); count > 0; count = yield* stream.readInto(memory)) {
    yield* stream.send(Buffer.from(memory.subarray(0, count)));
  }
}

// Small pieces: what is written in a turn leaves together, and drain is what keeps it from growing.
function* echoInPieces(stream: ByteStream): Coroutine<void> {
  for (let chunk = yield* stream.read(); chunk !== null; chunk = yield* stream.read()) {
    for (let at = 0; at < chunk.length; at += 500) stream.write(chunk.subarray(at, at + 500));
    yield* stream.drain();
  }
}

class EchoProtocol implements Protocol {
  private declare transport: Transport;
  connectionMade(transport: Transport): void {
    this.transport = transport;
  }
  dataReceived(data: Buffer): void {
    this.transport.write(data);
  }
  pauseWriting(): void {
    this.transport.pauseReading();
  }
  resumeWriting(): void {
    this.transport.resumeReading();
  }
}

const servers: readonly [string, () => Coroutine<Server>][] = [
  ['a generator function', () => start(echo)],
  ['an async function', () => start(echoAsync)],
  ['readInto', () => start(echoInto)],
  ['many small writes', () => start(echoInPieces)],
  ['a protocol', function* () {
    return yield* createServer(() => new EchoProtocol(), here);
  }],
];

function* start(handler: Parameters<typeof startServer>[0]): Coroutine<Server> {
  return yield* startServer(handler, here);
}

/** Runs the clients, some at once, each from a seed of its own. */
async function misbehaveAll(port: number, seed: number): Promise<Fate[]> {
  const fates: Fate[] = [];
  for (let i = 0; i < CLIENTS; i += AT_ONCE) {
    const random = (k: number) => randomFrom(seed + i + k);
    const batch = Array.from({ length: AT_ONCE }, (_, k) => misbehave({ host: '127.0.0.1', port }, random(k)));
    fates.push(...(await Promise.all(batch)));
  }
  return fates;
}

test.each(servers)('ST8, ST13, IO13: no peer costs a byte or a descriptor: %s', (_what, make) => run(function* () {
  const seed = Number(process.env['READYLOOP_SEED'] ?? Date.now() % 0x7fffffff);
  process.stdout.write(`READYLOOP_SEED=${seed} ${expect.getState().currentTestName ?? ''}\n`);
  const errors: unknown[] = [];
  const loop = getRunningLoop();
  loop.setExceptionHandler(({ exception }) => errors.push(exception));
  const before = openDescriptors();
  const { turns, records } = loop.metrics();
  const server = yield* make();
  const fates = yield* settled(misbehaveAll(portOf(server), seed));
  yield* until(() => server.connections === 0);
  yield* server.close();
  expect([seed, fates.filter(({ isFaithful }) => !isFaithful)]).toEqual([seed, []]);
  expect(new Set(fates.map(({ what }) => what)).size).toBeGreaterThan(3);
  // Only what the peers did is reported: that they reset.
  const codes = new Set(errors.map((error) => (error as { code?: string }).code));
  expect([...codes].filter((code) => code !== 'ECONNRESET' && code !== 'EPIPE')).toEqual([]);
  expect(openDescriptors()).toBe(before);
  // A connection takes a few turns, and so does each 64 KiB of it: a loop that spins takes millions.
  const echoed = fates.reduce((sum, fate) => sum + fate.echoed, 0);
  const after = loop.metrics();
  expect(after.turns - turns).toBeLessThan(CLIENTS * 400 + echoed / 500);
  expect(after.records - records).toBeLessThan(CLIENTS * 1000 + echoed / 100);
  loop.setExceptionHandler(null);
}), 60_000 + CLIENTS * 500);

test('IO3, ST9, ST13: connections that stall take no turns', () => run(function* () {
  const silent = yield* acceptFromNode();
  const deaf = yield* acceptFromNode();
  deaf.socket.pause();
  deaf.stream.write(pattern(8_000_000));
  const talker = yield* acceptFromNode();
  talker.socket.write(pattern(8_000_000));
  const reading = silent.stream.read();
  // Until all buffers are full, and a while for what is under way.
  yield* settled(new Promise((resolve) => setTimeout(resolve, 100))); // real time: whether the loop sleeps is the question
  const { turns } = getRunningLoop().metrics();
  yield* settled(new Promise((resolve) => setTimeout(resolve, 100))); // real time: whether the loop sleeps is the question
  expect(getRunningLoop().metrics().turns - turns).toBeLessThan(20);
  reading.cancel();
  for (const { stream, socket } of [silent, deaf, talker]) {
    stream.abort();
    socket.destroy();
  }
  yield* turn();
}));

test('IO22: peers that are gone before they are accepted leave nothing behind', () => run(function* () {
  const server = yield* start(echo);
  const before = openDescriptors();
  getRunningLoop().setExceptionHandler(() => undefined);
  for (let i = 0; i < 50; i++) {
    const leave = () => (i % 2 === 0 ? socket.resetAndDestroy() : socket.destroy());
    const socket = connectNode(portOf(server), '127.0.0.1', leave);
    socket.on('error', () => undefined);
    if (i % 5 === 0) yield* settled(new Promise((resolve) => socket.once('close', resolve)));
  }
  yield* until(() => openDescriptors() === before && server.connections === 0);
  yield* server.close();
  getRunningLoop().setExceptionHandler(null);
  expect(openDescriptors()).toBeLessThan(before);
}));
