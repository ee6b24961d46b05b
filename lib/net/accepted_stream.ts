// The connections of a server that are streams, plain or secure.

import type { Task } from '../kernel/task.js';
import { ByteStream } from './byte_stream.js';
import type { Served, Server } from './server.js';
import type { Sockets } from './sockets.js';

class AcceptedStream extends ByteStream implements Served {
  /** @internal */ declare readonly _server: Server;
  /** @internal */ declare _task: Task<unknown> | null;
  /** @internal */ declare _next: Served | null;
  /** @internal */ declare _previous: Served | null;

  constructor(sockets: Sockets, server: Server) {
    super(sockets, -1);
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
    if (this._isReleased) this._server._connectionEnded(this);
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

  override _released(): void {
    if (this._isReleased) return;
    super._released();
    if (this._task === null) this._server._connectionEnded(this);
  }
}

/** A connection under TLS. */
export class SecuredStream extends AcceptedStream {
  /** @internal The secure stream on top, once the handshake is over. */
  declare _secure: ByteStream | null;

  constructor(sockets: Sockets, server: Server) {
    super(sockets, server);
    this._secure = null;
  }

  // The peer is told of the end of TLS before the connection ends, or it would look cut off.
  /** @internal */
  override _closeForServer(): void {
    void (this._secure ?? this).close();
  }
}

/** @internal For a handler: a stream, and a task for it. */
export function acceptStream(sockets: Sockets, server: Server): Served {
  return new AcceptedStream(sockets, server);
}

/** @internal The same for a handler of secure streams. */
export function acceptSecured(sockets: Sockets, server: Server): Served {
  return new SecuredStream(sockets, server);
}
