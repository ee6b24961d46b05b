// What newcomers write in the wrong place or form: it is refused, or the error says what to write instead.
import { mkdtempSync, rmSync } from 'node:fs';
import { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  ByteStream, DatagramSocket, getAddrInfo, openConnection, openDatagram, openPackets, openPipe, PacketSocket, run,
  startServer, startTls, TlsStream, Transport,
} from '../../lib';
import { rejectionOf, thrownBy, withCode } from '../helpers/failures';

const nobody = () => undefined as never;

test.each([
  ['a mode for a port', { port: 0, mode: 0o600 }, /mode is for the file of a path/],
  ['reusePort for a path', { path: '/nowhere/x', reusePort: true }, /reusePort is for ports/],
  ['ipv6Only for a path', { path: '/nowhere/x', ipv6Only: true }, /ipv6Only is for ports/],
  ['a backlog for a socket that listens', { fd: 0, backlog: 5 }, /backlog is settled already/],
  ['TLS without a certificate', { port: 0, tls: {} }, /needs a certificate/],
  ['TLS with a key alone', { port: 0, tls: { key: 'x' } }, /needs a certificate/],
])('startServer: %s is refused', (_, options, message) => run(async () => {
  expect(thrownBy(() => startServer(nobody, options))).toEqual(withCode('ERR_INVALID_ARG_TYPE', message));
}));

test('startServer: what is not asked for may be there', () => run(async () => {
  const server = await startServer(nobody, { host: '127.0.0.1', port: 0, reusePort: false, mode: undefined } as never);
  await server.close();
  const failure = await rejectionOf(startServer(nobody, { path: '/nowhere/x', reusePort: false, ipv6Only: false }));
  expect(failure.code).toBe('ENOENT');
}));

test('startTls: a server without a certificate is refused', () => run(async () => {
  const [reader, writer] = openPipe();
  expect(thrownBy(() => startTls(reader, { isServer: true }))).toEqual(withCode('ERR_INVALID_ARG_TYPE', /certificate/));
  reader.abort();
  writer.abort();
}));

test.each([
  ['[::1]', /without brackets/],
  ['[::1]:80', /without brackets/],
  ['127.0.0.1:80', /option `port`/],
  ['http://localhost', /not a URL/],
  ['no name', /blank/],
])('getAddrInfo: where %j is not found, the error says what is wrong with it', (host, hint) => run(async () => {
  const failure = await rejectionOf(getAddrInfo(host));
  expect(failure).toMatchObject({ syscall: 'getaddrinfo', address: host });
  expect(failure.message).toMatch(hint);
}));

test('host: a zero byte is refused, behind which a C library would not look', () => run(async () => {
  const host = '127.0.0.1\0.example.com';
  const socket = await openDatagram({ host: '127.0.0.1', port: 0 });
  const { port } = socket.localAddress!;
  for (const call of [
    () => openConnection({ host, port: 0 }),
    () => startServer(nobody, { host, port: 0 }),
    () => openDatagram({ host, port: 0 }),
    () => openDatagram({ remote: { host, port } }),
    () => socket.send('x', { host, port }),
    () => getAddrInfo(host),
  ]) expect(thrownBy(call)).toEqual(withCode('ERR_OUT_OF_RANGE', /zero byte: "127.0.0.1\\u0000/));
  await socket.close();
}));

test('path: one that is too long is told how long it may be', () => run(async () => {
  const path = `/${'ä'.repeat(60)}`;
  const calls = [openConnection({ path }), startServer(nobody, { path }), openDatagram({ path }), openPackets({ path })];
  for (const call of calls) expect(await rejectionOf(call)).toEqual(withCode('ENAMETOOLONG', /: 121 bytes are more than/));
}));

test('path: where something of another kind listens, the error says so', () => run(async () => {
  const folder = mkdtempSync(join(tmpdir(), 'readyloop-'));
  const path = join(folder, 'socket');
  const server = await startServer(nobody, { path });
  expect(await rejectionOf(openPackets({ path }))).toEqual(withCode('EPROTOTYPE', /of another kind/));
  await server.close();
  rmSync(folder, { recursive: true });
}));

test.each(Object.entries({ ByteStream, TlsStream, Transport, DatagramSocket, PacketSocket }))(
  '%s: made with new, it is said who makes one', (_, kind) => run(async () => {
    for (const given of [[], [new Socket()]]) {
      const call = () => new (kind as new (...given: unknown[]) => unknown)(...given);
      expect(thrownBy(call)).toEqual(withCode('ERR_INVALID_ARG_TYPE', new RegExp(`^new ${kind.name}\\(.*; (open|start)`)));
    }
  }));

test('path: an abstract name can be read in an error, and is what it is in its address', () => run(async () => {
  const path = `\0readyloop-nobody-${process.pid}`;
  const failure = await rejectionOf(openConnection({ path }));
  expect(failure).toMatchObject({ code: 'ECONNREFUSED', address: path });
  expect(failure.message).toContain(`connect \\0readyloop-nobody`);
}));

test('send: what is no bytes is told that text would be', () => run(async () => {
  const socket = await openDatagram({ host: '127.0.0.1', port: 0 });
  expect(() => socket.send(5 as never)).toThrow(/send: text, a Buffer or a typed array is needed, not number 5/);
  await socket.close();
}));
