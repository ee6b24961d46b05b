// One listening socket of a server: it tells the server of each connection, and when accepting fails for want of
// descriptors or memory, it tries again after a while, longer each time.

import { TransportEvent } from '../engine/abi.js';
import { Control } from '../engine/transports.js';
import type { ScheduledCall } from '../kernel/loop_core.js';
import { parseAddress, type SocketAddress } from './addresses.js';
import type { Sockets } from './sockets.js';

const FIRST_RETRY_MS = 10;
const LONGEST_RETRY_MS = 1000;

/** What a listener tells its server. */
export interface ListenerOwner {
  _connectionWaits(listener: Listener): void;
  _acceptFailed(listener: Listener, errno: number): void;
}

export class Listener {
  readonly slot: number;
  readonly word: number;
  readonly #sockets: Sockets;
  readonly #owner: ListenerOwner;
  #retryMs = FIRST_RETRY_MS;
  #retry: ScheduledCall | null = null;
  #isPaused = false;
  #isClosed = false;

  constructor(sockets: Sockets, owner: ListenerOwner) {
    this.#sockets = sockets;
    this.#owner = owner;
    this.slot = sockets.enter(this);
    this.word = sockets.word(this.slot);
  }

  /** Returns: 0, or a negative errno, and then it is closed. */
  listen(host: string, port: number, backlog: number, flags: number, mode: number): number {
    const result = this.#sockets.transports.listen(this.slot, this.word, host, port, backlog, flags, mode);
    if (result < 0) this.close();
    return result;
  }

  /** Listens at a path for connections of packets. Returns: as `listen`. */
  listenForPackets(path: string, backlog: number, mode: number): number {
    const result = this.#sockets.transports.datagrams.listenPackets(this.slot, this.word, path, backlog, mode);
    if (result < 0) this.close();
    return result;
  }

  /** Listens with a duplicate of somebody's socket. Returns: as `listen`. */
  adopt(fd: number): number {
    const result = this.#sockets.transports.adopt(this.slot, this.word, fd, true);
    if (result < 0) this.close();
    return result;
  }

  get address(): SocketAddress | null {
    return this.#isClosed ? null : parseAddress(this.#sockets.transports.address(this.slot, this.word, false));
  }

  /** @internal */
  _deliver(a: number, b: number): void {
    if (a === TransportEvent.accepted) {
      this.#retryMs = FIRST_RETRY_MS;
      this.#owner._connectionWaits(this);
    } else if (a === TransportEvent.acceptFailed) {
      if (this.#retryMs === FIRST_RETRY_MS) this.#owner._acceptFailed(this, b);
      this.#retryLater();
    }
  }

  #retryLater(): void {
    // Whoever was told of the failure may have closed the server.
    if (this.#isClosed) return;
    this.#retry = this.#sockets.loop.callLater(this.#retryMs, () => {
      this.#retry = null;
      if (!this.#isPaused) this.#resumeNow();
    });
    this.#retryMs = Math.min(2 * this.#retryMs, LONGEST_RETRY_MS);
  }

  /** Leaves connections in the kernel's backlog, until `resume`. */
  pause(): void {
    if (this.#isPaused || this.#isClosed) return;
    this.#isPaused = true;
    this.#control(Control.pause);
  }

  resume(): void {
    if (!this.#isPaused || this.#isClosed) return;
    this.#isPaused = false;
    if (this.#retry === null) this.#resumeNow();
  }

  // The kernel may have no memory for the interest, and nothing else would ever try again.
  #resumeNow(): void {
    if (this.#control(Control.resume) < 0) this.#retryLater();
  }

  #control(what: Control): number {
    return this.#sockets.transports.control(this.slot, this.word, what);
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#retry?.cancel();
    this.#sockets.transports.close(this.slot, this.word, false);
    this.#sockets.loop._release(this.slot);
  }
}
