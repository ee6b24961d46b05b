// Everything that peers do wrong, at once and with a printed seed: no byte lost, doubled or reordered, no descriptor
// leaked, no turn for nothing. READYLOOP_SEED repeats a run; READYLOOP_FAULT_CLIENTS makes it longer.
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { connect as connectNode } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import {
  type ByteStream, type Coroutine, createServer, createTask, type Future, getRunningLoop, openPipe, type Protocol, run,
  type Server, type ServerOptions, startServer, type Transport, until as settled,
} from '../../lib';
import { type Random, randomFrom } from '../helpers/seed';
import { type Fate, misbehave, type Place } from './fault_client';
import { acceptFromNode, pattern, portOf, turn, until } from './support';

const CLIENTS = Number(process.env['READYLOOP_FAULT_CLIENTS'] ?? 60);
const AT_ONCE = 30;

let folder = '';
beforeEach(() => (folder = mkdtempSync(path.join(tmpdir(), 'faults-'))));
afterEach(() => rmSync(folder, { recursive: true }));

/** Where servers listen, and where clients find them. */
const places: readonly [string, () => ServerOptions, (server: Server) => Place][] = [
  ['TCP', () => ({ host: '127.0.0.1', port: 0 }), (server) => ({ host: '127.0.0.1', port: portOf(server) })],
  ['UNIX', () => ({ path: path.join(folder, 'socket') }), () => ({ path: path.join(folder, 'socket') })],
];

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

const servers: readonly [string, (place: ServerOptions) => Future<Server>][] = [
  ['a generator function', (place) => startServer(echo, place)],
  ['an async function', (place) => startServer(echoAsync, place)],
  ['readInto', (place) => startServer(echoInto, place)],
  ['many small writes', (place) => startServer(echoInPieces, place)],
  ['a protocol', (place) => createServer(() => new EchoProtocol(), place)],
];

/** Printed, so that a run can be repeated. */
function drawSeed(): number {
  const seed = Number(process.env['READYLOOP_SEED'] ?? Date.now() % 0x7fffffff);
  process.stdout.write(`READYLOOP_SEED=${seed} ${expect.getState().currentTestName ?? ''}\n`);
  return seed;
}

/** Runs the clients, some at once, each from a seed of its own. */
async function misbehaveAll(place: Place, seed: number): Promise<Fate[]> {
  const fates: Fate[] = [];
  for (let i = 0; i < CLIENTS; i += AT_ONCE) {
    const random = (k: number) => randomFrom(seed + i + k);
    const batch = Array.from({ length: AT_ONCE }, (_, k) => misbehave(place, random(k)));
    fates.push(...(await Promise.all(batch)));
  }
  return fates;
}

const contests = places.flatMap(([where, from, to]) => {
  return servers.map(([what, make]) => [where, what, from, to, make] as const);
});

test.each(contests)('ST8, ST13, IO13: no peer costs anything: %s, %s', (_w, _s, from, to, make) => run(function* () {
  const seed = drawSeed();
  const errors: unknown[] = [];
  const loop = getRunningLoop();
  loop.setExceptionHandler(({ exception }) => errors.push(exception));
  const before = openDescriptors();
  const { turns, records } = loop.metrics();
  const server = yield* make(from());
  const fates = yield* settled(misbehaveAll(to(server), seed));
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
  const server = yield* startServer(echo, { host: '127.0.0.1', port: 0 });
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

/** Writes in pieces of all sizes, with and without waiting, and ends in one of two ways. */
function* writePieces(writer: ByteStream, bytes: Buffer, random: Random): Coroutine<void> {
  try {
    for (let at = 0; at < bytes.length;) {
      const piece = bytes.subarray(at, at + 1 + random(random(2) === 0 ? 500 : 100_000));
      at += piece.length;
      if (random(3) === 0) writer.write(Buffer.from(piece));
      else yield* writer.send(piece);
    }
    if (random(2) === 0) yield* writer.sendEof();
  } catch (error) {
    if ((error as { code?: string }).code !== 'EPIPE') throw error;
  }
  yield* writer.close();
}

/** Reads in all ways, up to the end or (`leaves`) not that far. Returns: what it got. */
function* readPieces(reader: ByteStream, random: Random, leaves: number): Coroutine<Buffer> {
  const pieces: Buffer[] = [];
  for (let count = 0; count < leaves;) {
    const memory = Buffer.alloc(1 + random(30_000));
    const way = random(3);
    const piece = way === 0 ? yield* reader.read(1 + random(70_000))
      : way === 1 ? memory.subarray(0, yield* reader.readInto(memory))
      : yield* reader.read();
    if (piece === null || piece.length === 0) break;
    pieces.push(piece);
    count += piece.length;
  }
  yield* reader.close();
  return Buffer.concat(pieces);
}

test('ST8, ST13, IO13: pipes lose nothing and leak nothing, whoever goes first', () => run(function* () {
  const seed = drawSeed();
  const random = randomFrom(seed);
  const before = openDescriptors();
  for (let i = 0; i < CLIENTS / 4; i++) {
    const bytes = pattern(1 + random(400_000));
    const leaves = random(3) === 0 ? random(bytes.length) : Infinity;
    const [reader, writer] = openPipe();
    const writing = createTask(writePieces(writer, bytes, random));
    const received = yield* readPieces(reader, random, leaves);
    yield* writing;
    const isWhole = leaves !== Infinity || received.length === bytes.length;
    expect([seed, i, isWhole, bytes.subarray(0, received.length).equals(received)]).toEqual([seed, i, true, true]);
  }
  expect(openDescriptors()).toBe(before);
}), 60_000 + CLIENTS * 500);
