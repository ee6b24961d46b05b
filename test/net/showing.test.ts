// How sockets and servers look when they are printed: one line, and nothing of the memory that all of them share.
import { inspect } from 'node:util';
import { createConnection, createServer, openConnection, openDatagram, openPackets, startPacketServer, startServer } from '../../lib';
import { onlyNative, run } from './engines';
import { connect, portOf } from './support';

const onUnix = onlyNative('there are no UNIX sockets of packets');

test('ByteStream: printed, it says where it is and how', () => run(async () => {
  const { near, far } = await connect();
  const [here, there] = [near.localAddress!.port, near.remoteAddress!.port];
  expect(inspect({ near })).toBe(`{ near: ByteStream <at 127.0.0.1:${here}, peer 127.0.0.1:${there}, open> }`);
  expect(inspect(far)).toBe(`ByteStream <at 127.0.0.1:${there}, peer 127.0.0.1:${here}, open>`);
  const reading = far.read();
  expect(inspect(far)).toContain('open, a task reads>');
  near.write('x');
  await reading;
  near.write(Buffer.alloc(30_000_000));
  expect(inspect(near)).toMatch(/, open, \d+ bytes to send>$/);
  void near.close();
  expect(inspect(near)).toMatch(/, closing, \d+ bytes to send>$/);
  near.abort();
  expect(inspect(near)).toMatch(/, closed>$/);
  far.abort();
}));

test('Server: printed, it says where it listens, and how many connections it has', () => run(async () => {
  const server = await createServer(() => ({ dataReceived: () => undefined }), { host: '::1', port: 0 });
  expect(inspect(server)).toBe(`Server <at [::1]:${portOf(server)}, listening, connections: 0>`);
  const place = { host: '::1', port: portOf(server) };
  const [transport] = await createConnection(() => ({ dataReceived: () => undefined }), place);
  expect(inspect(transport)).toMatch(/^Transport <at \[::1\]:\d+, peer \[::1\]:\d+, open>$/);
  transport.abort();
  await server.shutdown({ drain: 0 });
  expect(inspect(server)).toBe('Server <closed, connections: 0>');
}));

test('DatagramSocket: printed, it says where it is and who its peer is', () => run(async () => {
  const socket = await openDatagram({ host: '127.0.0.1', port: 0 });
  const place = `127.0.0.1:${socket.localAddress!.port}`;
  expect(inspect(socket)).toBe(`DatagramSocket <at ${place}, open>`);
  const other = await openDatagram({ remote: { host: '127.0.0.1', port: socket.localAddress!.port } });
  expect(inspect(other)).toMatch(new RegExp(`^DatagramSocket <at [^ ]+, peer ${place}, open>$`));
  await other.close();
  expect(inspect(other)).toMatch(/, closed>$/);
  await socket.close();
}));

onUnix('PacketSocket: printed, an abstract name is one that can be read', () => run(async () => {
  const path = `\0readyloop-showing-${process.pid}`;
  const server = await startPacketServer(function* (socket) {
    yield* socket.receive();
  }, { path });
  const socket = await openPackets({ path });
  expect(inspect(socket)).toBe(`PacketSocket <peer \\0readyloop-showing-${process.pid}, open>`);
  await socket.close();
  await server.shutdown({ drain: 1000 });
}));

test('exception handler: the one by default says which connection it is about', () => run(async () => {
  const printed: unknown[] = [];
  const spy = jest.spyOn(console, 'error').mockImplementation((text) => void printed.push(text));
  try {
    const server = await startServer(() => Promise.reject(new Error('mine')), { host: '127.0.0.1', port: 0 });
    const stream = await openConnection({ host: '127.0.0.1', port: portOf(server) });
    const { port } = stream.localAddress!;
    await stream.readAll();
    await stream.close();
    await server.shutdown({ drain: 0 });
    expect(String(printed)).toMatch(new RegExp(`stream: ByteStream <at [^ ]+, peer 127\\.0\\.0\\.1:${port}, `));
  } finally {
    spy.mockRestore();
  }
}));
