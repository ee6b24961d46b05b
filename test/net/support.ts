// What the tests of sockets share: two ends of a connection over the loopback interface, and a peer of Node's own that can
// do what no stream of ours does.
import { connect as connectNode, type Socket } from 'node:net';
import { type ByteStream, type Coroutine, createTask, type Future, getRunningLoop, openConnection, type Server, startServer } from '../../lib';
import { underTest } from './engines';

/** Our two ends of one connection: `near` connected, `far` was accepted. */
export interface Pair {
  readonly near: ByteStream;
  readonly far: ByteStream;
  readonly server: Server;
}

/** Connects two of our streams. Their server accepts nobody else. */
export function connect(): Future<Pair> {
  return createTask(function* (): Coroutine<Pair> {
    const accepted = getRunningLoop().createFuture<ByteStream>();
    const server = yield* startServer(keeper(accepted), { host: '127.0.0.1', port: 0 });
    const near = yield* openConnection({ host: '127.0.0.1', port: portOf(server) });
    const far = yield* accepted;
    void server.close();
    return { near, far, server };
  });
}

/** What tests do with the other end of a connection. */
export type RawPeer = Pick<
  Socket,
  | 'write' | 'end' | 'destroy' | 'resetAndDestroy' | 'pause' | 'setNoDelay'
  | 'localPort' | 'remotePort' | 'bytesWritten' | 'writableLength'
>;

/**
 * One of our streams, accepted from a socket of Node's; in a simulation, from a stream of ours that behaves like one. Call
 * it in a run: Node's loop has to turn.
 */
export function acceptFromNode(): Future<{ readonly stream: ByteStream; readonly socket: RawPeer }> {
  return createTask(function* () {
    if (underTest.isSimulated) {
      const { near, far } = yield* connect();
      return { stream: far, socket: asSocket(near) };
    }
    const accepted = getRunningLoop().createFuture<ByteStream>();
    const server = yield* startServer(keeper(accepted), { host: '127.0.0.1', port: 0 });
    const socket = connectNode({ host: '127.0.0.1', port: portOf(server) });
    socket.on('error', () => undefined);
    const stream = yield* accepted;
    void server.close();
    return { stream, socket };
  });
}

/** A stream of ours with the members of a socket that tests use. */
export function asSocket(stream: ByteStream): RawPeer {
  let bytesWritten = 0;
  const socket = {
    write: (data: string | Buffer) => {
      stream.write(data);
      bytesWritten += data.length;
      return true;
    },
    end: (data = '') => {
      stream.write(data);
      void stream.sendEof();
      void createTask(() => stream.readAll());
      return socket;
    },
    pause: () => socket,
    destroy: () => {
      void stream.close();
      return socket;
    },
    localPort: stream.localAddress?.port,
    remotePort: stream.remoteAddress?.port,
    setNoDelay: () => socket,
    resetAndDestroy: () => {
      stream.abort();
      return socket;
    },
    get bytesWritten() {
      return bytesWritten;
    },
    get writableLength() {
      return stream.pendingBytes;
    },
  } as unknown as RawPeer;
  return socket;
}

// A handler that gives its stream away and stays until it is closed.
function keeper(accepted: Future<ByteStream>): (stream: ByteStream) => Coroutine<void> {
  return function* (stream) {
    accepted.setResult(stream);
    yield* stream.waitClosed();
  };
}

export function portOf(server: Server): number {
  const address = server.address();
  if (address === null) throw new Error('the server is closed');
  return address.port;
}

/** Gives the kernel and the loop the turns that it takes until `isSo()`; the time limit of the test is the only one. */
export function* until(isSo: () => boolean): Coroutine<void> {
  while (!isSo()) yield* turn();
}

/** One turn of Node's loop. */
export function turn(): Future<void> {
  const future = getRunningLoop().createFuture<void>();
  setImmediate(() => {
    if (!future.done()) future.setResult(undefined);
  });
  return future;
}

/** Bytes that repeat only after a long time, so that a lost or doubled one shows. */
export function pattern(length: number): Buffer {
  const bytes = Buffer.alloc(length);
  for (let i = 0; i < length; i++) bytes[i] = (i * 31 + (i >> 8) * 7 + (i >> 16)) & 255;
  return bytes;
}
