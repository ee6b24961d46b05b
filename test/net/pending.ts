// Everything that can pend on a loop, in sockets.
import {
  type ByteStream, type Coroutine, createConnection, createServer, createTask, type DatagramSocket, type Future,
  openConnection, openDatagram, openPipe, type Server, startServer, type Transport,
} from '../../lib';
import { portOf } from './support';

const HOST = '127.0.0.1';
const DEAF = { dataReceived: () => undefined };

/** What pends, to be used once more when its loop is gone. */
export interface Pending {
  readonly streams: readonly ByteStream[];
  readonly datagrams: readonly DatagramSocket[];
  readonly servers: readonly Server[];
  readonly transport: Transport;
  /** A datagram that waits for room. */
  readonly parked: Future<void>;
}

/** Opens it all; nothing of it ends by itself. `name` is nobody else's. */
export function* pend(name: string): Coroutine<Pending> {
  const server = yield* startServer(function* (stream) {
    yield* stream.waitClosed();
  }, { host: HOST, port: 0 });
  const protocols = yield* createServer(() => DEAF, { host: HOST, port: 0 });
  const full = yield* openConnection({ host: HOST, port: portOf(server) });
  const idle = yield* openConnection({ host: HOST, port: portOf(server) });
  const [transport] = yield* createConnection(() => DEAF, { host: HOST, port: portOf(protocols) });
  transport.write(Buffer.alloc(32 * 1024 * 1024));
  const [reader, writer] = openPipe();
  const slow = yield* openDatagram({ path: `\0readyloop-pending-slow-${name}` });
  const sender = yield* openDatagram({ path: `\0readyloop-pending-sender-${name}` });
  const udp = yield* openDatagram({ host: HOST, port: 0 });
  slow._datagrams.readDatagrams(slow._slot, slow._word, false);
  let parked = sender.send(Buffer.alloc(16 * 1024), slow.localAddress!);
  while (parked.done()) parked = sender.send(Buffer.alloc(16 * 1024), slow.localAddress!);
  for (const wait of [
    () => full.send(Buffer.alloc(32 * 1024 * 1024)), () => idle.read(), () => reader.readLine(), () => udp.receive(),
    () => slow.receive(), () => server.waitClosed(),
  ]) void createTask(function* (): Coroutine<void> {
    yield* wait();
  });
  full.write('behind it');
  sender.write('behind it', slow.localAddress!);
  const streams = [full, idle, reader, writer];
  return { streams, datagrams: [slow, sender, udp], servers: [server, protocols], transport, parked };
}
