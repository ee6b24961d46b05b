// Servers of packets: a UNIX socket that listens, and a task for each connection.

import { socketError } from '../base/errors.js';
import { assertCallable, assertOptions } from '../kernel/arguments.js';
import { captureContext } from '../kernel/context.js';
import type { Coroutine } from '../kernel/coroutine.js';
import type { Future } from '../kernel/future.js';
import { getRunningLoop } from '../kernel/running.js';
import type { Task } from '../kernel/task.js';
import { type PacketLimits, packetSetting } from './open_packets.js';
import { PacketSocket } from './packet_socket.js';
import { assertText } from './places.js';
import { type Served, Server } from './server.js';
import { type Sockets, socketsOf } from './sockets.js';
import { checkedLimits } from './start_server.js';

/** What a server of packets runs for each connection, in a task of its own. */
export type PacketHandler = (socket: PacketSocket) => Coroutine<void> | PromiseLike<void>;

/** Where and how to listen for packets. */
export interface PacketServerOptions extends PacketLimits {
  /** A name that begins with a zero byte is an abstract one. A file that nobody listens behind is replaced. */
  readonly path: string;
  /** The permissions of the socket's file. */
  readonly mode?: number | undefined;
  /** Connections that the kernel keeps waiting; 511 by default. */
  readonly backlog?: number | undefined;
  /** Connections served at once; others wait. */
  readonly maxConnections?: number | undefined;
}

const KNOWN: readonly string[] = ['path', 'mode', 'backlog', 'maxConnections', 'maxPacketBytes', 'receiveDescriptors'];

class AcceptedPackets extends PacketSocket implements Served {
  /** @internal */ declare readonly _server: Server;
  /** @internal */ declare _task: Task<unknown> | null;
  /** @internal */ declare _next: Served | null;
  /** @internal */ declare _previous: Served | null;

  constructor(sockets: Sockets, server: Server) {
    super(sockets);
    this._server = server;
    this._task = null;
    this._next = null;
    this._previous = null;
  }

  /** @internal */
  get _looks(): boolean {
    return true;
  }

  /** @internal The handler has ended. */
  _wake(): void {
    const task = this._task as Task<unknown>;
    this._task = null;
    this._server._handlerEnded(this, task);
    if (this._released) this._server._connectionEnded(this);
    else if (this._server._drops(task)) this.abort();
    else void this.close();
  }

  /** @internal */
  _serve(): void {
    this._server._handle(this);
  }

  /** @internal */
  _closeForServer(): void {
    void this.close();
  }

  override _release(): void {
    if (this._released) return;
    super._release();
    if (this._task === null) this._server._connectionEnded(this);
  }
}

/**
 * Starts a server of packets (SOCK_SEQPACKET) at a UNIX path. Handlers, failures and the server are as for `startServer`.
 *
 * Throws: a system error with `address` (`EADDRINUSE`, `EACCES`…); ArgumentTypeError, ArgumentRangeError.
 * Checkpoint: no.
 * Source: asyncio.start_unix_server, with packets.
 */
export function startPacketServer(handler: PacketHandler, options: PacketServerOptions): Future<Server> {
  const call = 'startPacketServer';
  assertCallable(handler, call);
  assertOptions(options, call, KNOWN);
  const { path } = options;
  assertText(path, `${call}: path`);
  const { maxConnections, backlog, mode } = checkedLimits(options, call);
  const packets = packetSetting(options, call);
  const loop = getRunningLoop();
  const server = new Server(socketsOf(loop), {
    handler, makeConnection, maxConnections, context: captureContext(), tuning: null, packets,
  });
  return loop._makeTask<Server>(start(server, path, backlog, mode), { name: call, eager: true });
}

const makeConnection = (sockets: Sockets, server: Server): Served => new AcceptedPackets(sockets, server);

 
function* start(server: Server, path: string, backlog: number, mode: number): Coroutine<Server> {
  const result = server._listenForPackets(path, backlog, mode);
  if (result < 0) {
    void server.close();
    throw socketError(result, 'listen', { address: path });
  }
  server._guard();
  return server;
}
