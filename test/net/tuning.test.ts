// How connections are set up: keepAlive and noDelay, and whom a connection came from.
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { connect as connectNode } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import {
  type ByteStream, createConnection, createServer, getRunningLoop, openConnection, openPipe, run, type Server, startServer,
  type Transport, until as settled,
} from '../../lib';
import { StreamOption } from '../../lib/engine/transports';
import { socketsOf } from '../../lib/net/sockets';
import { withCode } from '../helpers/failures';
import { connect, portOf, turn, until } from './support';

const here = { host: '127.0.0.1', port: 0 };

/** Seconds until the kernel probes the peer of a connection between two of our ports; null if it will not. */
function secondsToProbe(table: string, localPort: number, remotePort: number): number | null {
  const asHex = (port: number) => port.toString(16).toUpperCase().padStart(4, '0');
  const lines = table.split('\n').map((line) => line.trim().split(/\s+/));
  const ports = [localPort, remotePort].map((port) => `:${asHex(port)}`) as [string, string];
  const line = lines.find((words) => words[1]?.endsWith(ports[0]) && words[2]?.endsWith(ports[1]));
  const [kind, when] = (line?.[5] as string).split(':') as [string, string];
  // 2 is the timer of the probes; it counts hundredths.
  return Number.parseInt(kind, 16) === 2 ? Math.ceil(Number.parseInt(when, 16) / 100) : null;
}

// The kernel takes its time for the table, and the probes come nearer meanwhile: it is read once for all.
function probesOf(connections: readonly (ByteStream | Transport)[]): (number | null)[] {
  const table = readFileSync('/proc/net/tcp', 'utf8');
  return connections.map(({ localAddress, remoteAddress }) =>
    secondsToProbe(table, localAddress!.port, remoteAddress!.port));
}

test('keepAlive: the kernel probes the peers of opened and of accepted connections after so long', () => run(function* () {
  const accepted: ByteStream[] = [];
  const server: Server = yield* startServer(function* (stream) {
    accepted.push(stream);
    yield* stream.waitClosed();
  }, { ...here, keepAlive: 50 });
  const host = '127.0.0.1';
  const port = portOf(server);
  const probed = yield* openConnection({ host, port, keepAlive: 40 });
  const plain = yield* openConnection({ host, port });
  const [transport] = yield* createConnection(() => ({ dataReceived: () => undefined }), { host, port, keepAlive: 30 });
  yield* until(() => accepted.length === 3);
  expect(probesOf([probed, plain, transport, ...accepted])).toEqual([40, null, 30, 50, 50, 50]);
  transport.close();
  yield* probed.close();
  yield* plain.close();
  yield* server.shutdown({ drain: 0 });
}));

test('noDelay, keepAlive: what is asked for is set, and nothing else', () => run(function* () {
  const { transports } = socketsOf(getRunningLoop());
  const set = jest.spyOn(transports, 'setOption');
  const asked = () => set.mock.calls.splice(0).map(([, , option, value]) => [option, value]);
  const server = yield* createServer(() => ({ dataReceived: () => undefined }), { ...here, noDelay: false, keepAlive: 0 });
  const stream = yield* openConnection({ host: '127.0.0.1', port: portOf(server), noDelay: true });
  yield* until(() => server.connections === 1);
  expect(asked().sort()).toEqual([[StreamOption.noDelay, 0], [StreamOption.noDelay, 1], [StreamOption.keepAlive, 0]]);
  yield* stream.close();
  const plain = yield* openConnection({ host: '127.0.0.1', port: portOf(server) });
  expect(asked()).not.toContainEqual([StreamOption.noDelay, 1]);
  yield* plain.close();
  yield* server.shutdown({ drain: 0 });
  set.mockRestore();
}));

test('noDelay, keepAlive: what makes no sense is refused at the call', () => run(function* () {
  for (const call of [
    (options: object) => openConnection({ ...here, ...options }),
    (options: object) => startServer(() => Promise.resolve(), { ...here, ...options }),
  ]) {
    expect(() => call({ noDelay: 1 })).toThrow(withCode('ERR_INVALID_ARG_TYPE', /noDelay/));
    expect(() => call({ keepAlive: true })).toThrow(withCode('ERR_INVALID_ARG_TYPE', /seconds/));
    for (const keepAlive of [-1, 1.5, NaN, 40_000]) {
      expect(() => call({ keepAlive })).toThrow(withCode('ERR_OUT_OF_RANGE', /keepAlive/));
    }
  }
  yield* turn();
}));

test('ByteStream.remoteAddress: is known of an accepted connection also when the peer resets it', () => run(function* () {
  const loop = getRunningLoop();
  const seen = loop.createFuture<unknown>();
  const server = yield* startServer(function* (stream) {
    try {
      yield* stream.read();
    } catch (error) {
      seen.setResult([(error as { code?: string }).code, stream.remoteAddress]);
    }
  }, here);
  const socket = connectNode(portOf(server), '127.0.0.1');
  let port = 0;
  socket.once('connect', () => {
    port = socket.localPort as number;
    socket.resetAndDestroy();
  });
  expect(yield* seen).toEqual(['ECONNRESET', { family: 'IPv4', address: '127.0.0.1', port }]);
  yield* server.shutdown({ drain: 0 });
}));

test('ByteStream.peerCredentials: who is at the other end of a UNIX socket; others do not say', () => run(function* () {
  const folder = mkdtempSync(path.join(tmpdir(), 'credentials-'));
  const place = { path: path.join(folder, 'socket') };
  const seen = getRunningLoop().createFuture<unknown>();
  const server = yield* startServer((stream) => Promise.resolve(seen.setResult(stream.peerCredentials())), place);
  const stream = yield* openConnection(place);
  const ours = { pid: process.pid, uid: process.getuid?.(), gid: process.getgid?.() };
  expect([stream.peerCredentials(), yield* seen]).toEqual([ours, ours]);
  yield* stream.close();
  expect(() => stream.peerCredentials()).toThrow(withCode('ERR_CLOSED'));
  yield* server.shutdown({ drain: 0 });
  rmSync(folder, { recursive: true });

  const [reader, writer] = openPipe();
  expect(() => reader.peerCredentials()).toThrow(withCode('ENOTSOCK'));
  const { near, far } = yield* connect();
  expect(() => near.peerCredentials()).toThrow(withCode('ENOTCONN'));
  for (const each of [reader, writer, near, far]) each.abort();
}));

// As whom a program runs that connects; whoever may not become others connects as itself.
const stranger = process.getuid?.() === 0 ? { uid: 1234, gid: 4321 } : { uid: process.getuid!(), gid: process.getgid!() };

test('ByteStream.peerCredentials: a process of another user and group is known as such', () => run(function* () {
  const name = `readyloop-credentials-${process.pid}`;
  const place = { path: `\0${name}` };
  const seen = getRunningLoop().createFuture<unknown>();
  const server = yield* startServer((stream) => Promise.resolve(seen.setResult(stream.peerCredentials())), place);
  const program = `import socket
s = socket.socket(socket.AF_UNIX)
s.connect(chr(0) + '${name}')
s.recv(1)`;
  const child = spawn('python3', ['-c', program], { ...stranger, stdio: ['ignore', 'ignore', 'inherit'] });
  const exited = new Promise((resolve) => child.once('exit', resolve));
  expect(yield* seen).toEqual({ pid: child.pid, ...stranger });
  yield* settled(exited);
  yield* server.shutdown({ drain: 0 });
}));
