// A protocol that writes down what it is told, and connections to it.
import { connect as connectNode, type Socket } from 'node:net';
import { type ByteStream, type Coroutine, createServer, openConnection, type Protocol, type Server, type Transport } from '../../lib';
import { underTest } from './engines';
import { asSocket, portOf, type RawPeer, until } from './support';

export const here = { host: '127.0.0.1', port: 0 };

/** Writes down what it is told. */
export class Witness implements Protocol {
  readonly log: string[] = [];
  readonly chunks: Buffer[] = [];
  declare transport: Transport;
  lost: Error | null = null;
  isLost = false;
  staysOpen = false;

  connectionMade(transport: Transport): void {
    this.transport = transport;
    this.log.push('made');
  }
  dataReceived(data: Buffer): void {
    this.log.push('data');
    this.chunks.push(Buffer.from(data));
  }
  eofReceived(): boolean {
    this.log.push('eof');
    return this.staysOpen;
  }
  connectionLost(error: Error | null): void {
    this.log.push('lost');
    this.lost = error;
    this.isLost = true;
  }
  pauseWriting(): void {
    this.log.push('pause');
  }
  resumeWriting(): void {
    this.log.push('resume');
  }
  get received(): string {
    return String(Buffer.concat(this.chunks));
  }
}

/** A server of witnesses, and one of our streams that is connected to the first. */
export function* witnessed(witness = new Witness()) {
  const server = yield* createServer(() => witness, here);
  const stream = yield* openConnection({ host: '127.0.0.1', port: portOf(server) });
  yield* until(() => witness.log.length > 0);
  return { server, stream, witness };
}

/** As `witnessed`, with a socket of Node's. */
export function* witnessedFromNode() {
  const witness = new Witness();
  const server = yield* createServer(() => witness, here);
  const socket = yield* connectPeer(portOf(server));
  yield* until(() => witness.log.length > 0);
  return { server, socket, witness };
}

function* connectPeer(port: number): Coroutine<RawPeer> {
  if (underTest.isSimulated) return asSocket(yield* openConnection({ host: '127.0.0.1', port }));
  const socket: Socket = connectNode({ host: '127.0.0.1', port });
  socket.on('error', () => undefined);
  return socket;
}

export function* over(server: Server, stream?: ByteStream) {
  stream?.abort();
  yield* server.shutdown({ drain: 0 });
}
