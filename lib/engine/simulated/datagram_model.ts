// A socket of datagrams, as the kernel has it: what has arrived and was not received, up to a limit.
// A UDP socket that is full loses what comes; a UNIX one makes its senders wait.

import { Deque } from '../../base/deque.js';
import type { Endpoint } from './addresses.js';

/** A datagram that has arrived. A sender without a name is null. */
export interface ArrivedDatagram {
  readonly bytes: Uint8Array;
  readonly from: Endpoint | null;
}

/** What Linux counts for a datagram beside its bytes, and keeps by default; and how many wait at a UNIX socket. */
const OVERHEAD_BYTES = 512;
const DEFAULT_BUFFER_BYTES = 212_992;
const LEAST_BUFFER_BYTES = 2304;
const UNIX_QUEUE_LENGTH = 10;

export class DatagramModel {
  readonly isUnix: boolean;
  readonly isIpv6: boolean;
  readonly ipv6Only: boolean;
  /** Where it is; null before it has a port or a name. */
  local: Endpoint | null = null;
  /** Whom it is connected to. */
  remote: Endpoint | null = null;
  remoteModel: DatagramModel | null = null;
  onChange: () => void = nothing;
  isClosed = false;
  allowsBroadcast = false;
  hearsItself = true;
  sendBufferBytes = DEFAULT_BUFFER_BYTES;
  receiveBufferBytes = DEFAULT_BUFFER_BYTES;
  readonly groups = new Set<string>();
  readonly #queue = new Deque<ArrivedDatagram>();
  readonly #waitingSenders = new Set<DatagramModel>();
  #queuedBytes = 0;
  #error = 0;

  constructor(isUnix: boolean, isIpv6: boolean, ipv6Only: boolean) {
    this.isUnix = isUnix;
    this.isIpv6 = isIpv6;
    this.ipv6Only = ipv6Only;
  }

  get isReadable(): boolean {
    return this.#queue.size > 0 || this.#error !== 0;
  }

  /** Whether one more has room, for senders that can wait. */
  get isFull(): boolean {
    return this.#queue.size > UNIX_QUEUE_LENGTH;
  }

  /** Something has arrived. Returns: false if it was lost. */
  offer(datagram: ArrivedDatagram): boolean {
    const size = datagram.bytes.length + OVERHEAD_BYTES;
    if (this.isClosed || (!this.isUnix && this.#queuedBytes + size > this.receiveBufferBytes)) return false;
    this.#queue.push(datagram);
    this.#queuedBytes += size;
    this.onChange();
    return true;
  }

  /** Returns: what has waited longest, which `take` takes; null if nothing waits. */
  get first(): ArrivedDatagram | null {
    return this.#queue.first() ?? null;
  }

  take(): void {
    const taken = this.#queue.shift() as ArrivedDatagram;
    this.#queuedBytes -= taken.bytes.length + OVERHEAD_BYTES;
    for (const sender of this.#waitingSenders) sender.onChange();
    this.#waitingSenders.clear();
  }

  /** A sender is to hear when there is room. */
  tellOfRoom(sender: DatagramModel): void {
    this.#waitingSenders.add(sender);
  }

  /** The network says something about what was sent. */
  fail(errno: number): void {
    if (this.isClosed) return;
    this.#error = errno;
    this.onChange();
  }

  takeError(): number {
    const error = this.#error;
    this.#error = 0;
    return error;
  }

  /** As Linux counts: twice what was asked for. */
  setBuffer(receives: boolean, bytes: number): void {
    const counted = Math.max(LEAST_BUFFER_BYTES, 2 * Math.min(bytes, DEFAULT_BUFFER_BYTES));
    if (receives) this.receiveBufferBytes = counted;
    else this.sendBufferBytes = counted;
  }

  close(): void {
    this.isClosed = true;
    this.onChange = nothing;
    for (const sender of this.#waitingSenders) sender.onChange();
  }
}

function nothing(): void {
  // Nobody wants to know.
}
