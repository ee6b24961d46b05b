// Protocols: connecting one, and serving with one for each connection.

import { ArgumentTypeError, asError } from '../base/errors.js';
import { assertCallable, assertOptions } from '../kernel/arguments.js';
import { captureContext, type Context } from '../kernel/context.js';
import { type Coroutine, describe, isCoroutineFunction } from '../kernel/coroutine.js';
import { current } from '../kernel/current.js';
import type { Future } from '../kernel/future.js';
import { getRunningLoop } from '../kernel/running.js';
import { connectTo } from './connecting.js';
import { checkedTarget, CONNECT_OPTIONS, type ConnectOptions, opened, startConnecting } from './open_connection.js';
import { type Connection, type Server } from './server.js';
import { serve, SERVER_OPTIONS, type ServerOptions } from './start_server.js';
import { type Sockets, socketsOf } from './sockets.js';
import { type Protocol, Transport } from './transport.js';
import { checkedTuning } from './tuning.js';

/** Makes the protocol of one connection. */
export type ProtocolFactory<P extends Protocol = Protocol> = () => P;

/**
 * Connects, and gives the connection to a protocol. Places, names and addresses are as for `openConnection`; TLS is for
 * streams.
 *
 * Returns: the transport and the protocol, which knows of the connection by then.
 * Throws: as `openConnection`; what the factory throws, and the connection is closed.
 * Checkpoint: yes. Cancel: as `openConnection`.
 * Source: asyncio's loop.create_connection.
 */
export function createConnection<P extends Protocol>(
  factory: ProtocolFactory<P>, options: Omit<ConnectOptions, 'tls'>,
): Future<readonly [Transport, P]> {
  assertCallable(factory, 'createConnection');
  assertOptions(options, 'createConnection', CONNECT_OPTIONS);
  const target = checkedTarget(options, 'createConnection');
  const tuning = checkedTuning(options, 'createConnection');
  const sockets = socketsOf(getRunningLoop());
  const context = captureContext();
  const connecting = () => opened(connectTo(sockets, target, (_, slot) => new Transport(sockets, slot, context)), tuning);
  return startConnecting(sockets, options, () => connect(connecting(), factory), 'createConnection');
}

function* connect<P extends Protocol>(
  connecting: Coroutine<Transport>, factory: ProtocolFactory<P>,
): Coroutine<readonly [Transport, P]> {
  const transport = yield* connecting;
  try {
    const protocol = checked(factory());
    transport._begin(protocol);
    return [transport, protocol];
  } catch (error) {
    transport.abort();
    throw error;
  }
}

/**
 * Starts a server that gives each connection to a protocol of its own. Places and limits are as for `startServer`, and so
 * is the server; its `shutdown` waits for the connections, and resets those that are left.
 *
 * Throws: as `startServer`. Checkpoint: only if a name has to be resolved. Cancel: nothing listens.
 * Source: asyncio's loop.create_server.
 */
export function createServer(factory: ProtocolFactory, options: Omit<ServerOptions, 'tls'>): Future<Server> {
  assertCallable(factory, 'createServer');
  assertOptions(options, 'createServer', SERVER_OPTIONS);
  const context = captureContext();
  const makeConnection = (sockets: Sockets, server: Server) => {
    return new AcceptedTransport(sockets, server, factory, context === null ? null : context.copy());
  };
  return serve({ handler: null, makeConnection, context, packets: null }, options, 'createServer');
}

class AcceptedTransport extends Transport implements Connection {
  /** @internal */ declare readonly _server: Server;
  /** @internal */ declare readonly _factory: ProtocolFactory;
  /** @internal */ declare _next: Connection | null;
  /** @internal */ declare _previous: Connection | null;

  constructor(sockets: Sockets, server: Server, factory: ProtocolFactory, context: Context | null) {
    super(sockets, -1, context);
    this._server = server;
    this._factory = factory;
    this._next = null;
    this._previous = null;
  }

  /** @internal No task runs for it. */
  get _task(): null {
    return null;
  }

  /** @internal */
  _closeForServer(): void {
    this.close();
  }

  /** @internal Whoever made room for this connection may be a task, and a protocol is told in no task's step. */
  _serve(): void {
    if (current.task === null) this.#start();
    else this._sockets.loop._callSoonIn(null, () => this.#start(), []);
  }

  #start(): void {
    if (this._isReleased) return;
    try {
      const factory = this._factory;
      this._begin(checked(factory()));
    } catch (exception) {
      const message = 'a server could not make a protocol, so the connection is closed';
      this._sockets.loop.callExceptionHandler({ message, exception: asError(exception), transport: this });
      this.abort();
    }
  }

  override _released(): void {
    if (this._isReleased) return;
    super._released();
    this._server._connectionEnded(this);
  }
}

const METHODS: readonly (keyof Protocol)[] = [
  'dataReceived', 'connectionMade', 'eofReceived', 'connectionLost', 'pauseWriting', 'resumeWriting',
];

function checked<P extends Protocol>(protocol: P): P {
  if (typeof (protocol as Partial<Protocol> | null | undefined)?.dataReceived !== 'function') {
    throw new ArgumentTypeError(`a protocol has a method dataReceived; the factory gave ${describe(protocol)}`);
  }
  const coroutine = METHODS.find((method) => isCoroutineFunction((protocol as Record<string, unknown>)[method]));
  if (coroutine === undefined) return protocol;
  const hint = 'call createTask(…) in a plain method, or serve with startServer';
  throw new ArgumentTypeError(`${coroutine} of a protocol is a coroutine function, which nobody would await; ${hint}`);
}
