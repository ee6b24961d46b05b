// PacketSocket: a connection between UNIX sockets that keeps the boundaries of what is sent (SOCK_SEQPACKET). It moves its
// packets as a socket of datagrams does; that there is one peer, and an end, is said here.

import { ArgumentRangeError } from '../base/errors.js';
import { cancelCheck } from '../kernel/cancel_check.js';
import type { Future } from '../kernel/future.js';
import { parseAddress, type SocketAddress } from './addresses.js';
import { toWritten, type Writable } from './bytes.js';
import { closedError, type Datagram } from './datagram_receiving.js';
import { DatagramSending } from './datagram_sending.js';
import { credentialsOf, descriptorsToSend, type PeerCredentials, type SendOptions } from './passing.js';
import { partsOfDatagrams, showAs } from './showing.js';
import { assertOurs, type Sockets } from './sockets.js';
import { untilNull } from './until_null.js';

/**
 * A connection of packets between UNIX sockets: in order, none lost, each received as it was sent. `openPackets` makes one,
 * and `startPacketServer` gives one to its handler.
 *
 * Several tasks may receive: each packet goes to one of them, in the order in which they began to wait.
 * Source: unix(7), SOCK_SEQPACKET.
 */
export class PacketSocket extends DatagramSending {
  private declare _local: SocketAddress | null;
  private declare _peer: SocketAddress | null;

  /** @internal */
  constructor(sockets: Sockets) {
    assertOurs(sockets, new.target, 'openPackets and startPacketServer do');
    super(sockets, true, false, null);
    this._local = null;
    this._peer = null;
  }

  /**
   * Receives one packet.
   *
   * Returns: the packet, with the descriptors that came along; null at the end, whoever closed.
   * Throws: a system error (`ECONNRESET`). Checkpoint: only if none is there.
   * Cancel: nothing is taken; a packet that has come stays for the next one.
   */
  receive(): Future<Datagram | null> {
    return this._receive(true);
  }

  /**
   * Sends one packet, now; it waits only if the peer is behind. Leave its memory as it is until then.
   *
   * Throws: a system error (`EMSGSIZE`, `EPIPE`, `ECONNRESET`); ClosedResourceError; ArgumentTypeError; ArgumentRangeError,
   *   also for an empty packet, which the peer could not tell from the end.
   * Checkpoint: only if there is no room. Cancel: it is not sent.
   */
  send(data: Writable, options?: SendOptions): Future<void> {
    const bytes = toPacket(data, 'send');
    const descriptors = descriptorsToSend(options, 'send');
    if (this._closing) throw closedError();
    cancelCheck();
    return this._send(bytes, null, descriptors);
  }

  /**
   * Sends without waiting: a packet for which there is no room is copied, and goes in order. Follow it with `drain` now and
   * then, or a slow peer fills the memory.
   *
   * Throws: as `send`; what the kernel refuses, the next `drain` throws. Checkpoint: no.
   */
  write(data: Writable): void {
    const bytes = toPacket(data, 'write');
    if (this._closing) throw closedError();
    this._write(bytes, null);
  }

  /**
   * Waits until no more than 16 KiB of what was written wait, if it is more than 64 KiB now.
   *
   * Throws: the system error of the first written packet that was refused since the last call; ClosedResourceError.
   * Checkpoint: only above the high mark. Cancel: only the wait ends.
   */
  drain(): Future<void> {
    return this._drain();
  }

  /** Bytes of packets that wait for room. */
  get pendingBytes(): number {
    return this._pendingBytes;
  }

  /**
   * Who is at the other end, as the kernel says.
   *
   * Throws: a system error where it does not say; ClosedResourceError. Checkpoint: no.
   */
  peerCredentials(): PeerCredentials {
    if (this._closing) throw closedError();
    return credentialsOf(this._datagrams, this._slot, this._word);
  }

  /**
   * Closes the connection: what was received and not taken is dropped, sends that wait for room fail, and the peer sees the
   * end behind what was written. It need not be awaited.
   *
   * Checkpoint: only if something written waits. Cancel: the closing goes on.
   */
  close(): Future<void> {
    this._shut(false);
    return this._whenClosed();
  }

  /** Closes at once. Checkpoint: no. */
  abort(): void {
    this._shut(true);
  }

  /** Waits until the connection is closed on this side. Checkpoint: only if it is open. Cancel: only the wait ends. */
  waitClosed(): Future<void> {
    return this._whenClosed();
  }

  /** Whether `close` or `abort` was called. */
  get closed(): boolean {
    return this._closing;
  }

  /** Where this end is; null if it was not asked while it was open. */
  get localAddress(): SocketAddress | null {
    if (!this._released) this._local ??= this._addressOf(false);
    return this._local;
  }

  /** Where the peer is; null if it was not asked while it was open. */
  get remoteAddress(): SocketAddress | null {
    if (!this._released) this._peer ??= this._addressOf(true);
    return this._peer;
  }

  private _addressOf(ofPeer: boolean): SocketAddress | null {
    return parseAddress(this._sockets.transports.address(this._slot, this._word, ofPeer));
  }

  /** The packets up to the end, for `for await`; in coroutines: `while ((packet = yield* socket.receive()) !== null)`. */
  [Symbol.asyncIterator](): AsyncIterator<Datagram, void, unknown> {
    return untilNull(() => this.receive());
  }

  /** Closes, for `await using`. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}

showAs(PacketSocket, 'PacketSocket', partsOfDatagrams);

function toPacket(data: unknown, call: string): Uint8Array {
  const bytes = toWritten(data, call);
  if (bytes.length > 0) return bytes;
  throw new ArgumentRangeError(`${call}: an empty packet looks like the end; send at least one byte`);
}
