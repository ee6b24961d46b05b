// One end of a connection, as the kernel has it: what has arrived and was not read, what was sent and is not read yet, and
// how it ends. The calls answer as the system calls do: a number of bytes, or a negative errno.
//
// What Linux does, and this does too: bytes that arrived before a reset can be read after it; the failure is said once, to
// whoever asks first, then reads say the end and writes EPIPE; closing with unread bytes is a reset.

import { constants } from 'node:os';
import { Deque } from '../../base/deque.js';
import { describeEndpoint, type Endpoint } from './addresses.js';
import type { ConnectionFaults } from './fault_plan.js';
import type { Wire } from './wire.js';
import type { World } from './world.js';

const { EAGAIN, ECONNRESET, EPIPE } = constants.errno;
const DEFAULT_KEEP_ALIVE_SECONDS = 7200;
const UNANSWERED_PROBES_MS = 9 * 75_000;

/** Where one end of a connection is. */
export interface StreamPlace {
  readonly hostName: string;
  readonly local: Endpoint;
  readonly remote: Endpoint;
  /** IPv4 addresses are shown as IPv6 ones: it came through a listener for both. */
  readonly isWrittenAs6: boolean;
}

/** What both ends of a connection share. */
export class ConnectionModel {
  readonly faults: ConnectionFaults;
  #sentBytes = 0;
  #nextBreak = 0;

  constructor(faults: ConnectionFaults) {
    this.faults = faults;
  }

  /** Returns: how many of `count` bytes can be sent before something goes wrong. */
  allowance(count: number): number {
    const next = this.faults.breaks[this.#nextBreak];
    const left = (next?.afterBytes ?? Infinity) - this.#sentBytes;
    return left <= 0 ? count : Math.min(count, left);
  }

  /** So many more bytes were sent, or none at the beginning. What goes wrong now happens to `end` and its peer. */
  sent(count: number, end: StreamModel): void {
    this.#sentBytes += count;
    for (;;) {
      const fault = this.faults.breaks[this.#nextBreak];
      if (fault === undefined || fault.afterBytes > this.#sentBytes) return;
      this.#nextBreak++;
      if (fault.kind === 'reset') end.resetBoth();
      else end.stallBoth(fault.forMs ?? Infinity);
    }
  }
}

export class StreamModel {
  readonly place: StreamPlace;
  readonly connection: ConnectionModel;
  /** Told when something has changed that its transport may want to know. */
  onChange: () => void = nothing;
  /** Told once, when nothing can be sent or received any more. */
  onGone: () => void = nothing;
  /** What it sends travels here. */
  readonly wire: Wire;
  /** Whether the three-way handshake is over; and why it has failed. */
  isConnected = false;
  connectError = 0;
  isClosed = false;
  readonly #world: World;
  #peer: StreamModel | null = null;
  readonly #arrived = new Deque<Uint8Array>();
  #firstOffset = 0;
  #arrivedBytes = 0;
  #outstanding = 0;
  #endArrived = false;
  #sendEnded = false;
  #isBroken = false;
  #error = 0;
  // Keep-alive: what is on the agenda, how long silence may last (-1: for ever), and when something came.
  #probe = -1;
  #probeSeconds = -1;
  #lastHeardMs = 0;

  constructor(world: World, wire: Wire, place: StreamPlace, connection: ConnectionModel) {
    this.#world = world;
    this.wire = wire;
    this.place = place;
    this.connection = connection;
  }

  get isUnix(): boolean {
    return this.place.local.family === 'unix';
  }

  /** For traces: `api:80`. */
  get label(): string {
    const { hostName, local } = this.place;
    if (local.family !== 'unix') return `${hostName}:${local.port}`;
    return `${hostName} ${local.host === '' ? '(unnamed)' : printablePath(local.host)}`;
  }

  /** Makes two ends of one connection. */
  join(peer: StreamModel, retransmitTimeoutMs: number): void {
    this.#peer = peer;
    peer.#peer = this;
    for (const end of [this, peer]) {
      end.wire.giveUpAfter(retransmitTimeoutMs, () => end.breakWith(constants.errno.ETIMEDOUT));
    }
  }

  connected(): void {
    this.isConnected = true;
    this.onChange();
    this.connection.sent(0, this);
  }

  connectFailed(errno: number): void {
    this.connectError = errno;
    this.#isBroken = true;
    this.onChange();
    this.#gone();
  }

  get isReadable(): boolean {
    return this.#arrivedBytes > 0 || this.#endArrived || this.#isBroken || this.#error !== 0;
  }

  get isWritable(): boolean {
    if (this.#isBroken || this.#error !== 0 || this.#sendEnded) return true;
    // As Linux has it: once a third is free, so that a slow reader does not make for many small writes.
    return this.#room * 3 >= this.wire.bufferBytes;
  }

  get #room(): number {
    return this.wire.bufferBytes - this.#outstanding;
  }

  /** Returns: how many bytes, 0 for the end, or a negative errno. */
  receive(into: Uint8Array, start: number, end: number): number {
    const most = Math.min(this.#arrivedBytes, end - start);
    if (most > 0) return this.#take(into, start, this.#cut(most, 4, 'a read gives less'));
    if (this.#endArrived) return 0;
    if (this.#error !== 0) return -this.#takeError();
    return this.#isBroken ? 0 : -EAGAIN;
  }

  #take(into: Uint8Array, start: number, count: number): number {
    let at = start;
    for (let left = count; left > 0;) {
      const chunk = this.#arrived.first() as Uint8Array;
      const size = Math.min(left, chunk.length - this.#firstOffset);
      into.set(chunk.subarray(this.#firstOffset, this.#firstOffset + size), at);
      at += size;
      left -= size;
      this.#firstOffset += size;
      if (this.#firstOffset === chunk.length) {
        this.#arrived.shift();
        this.#firstOffset = 0;
      }
    }
    this.#arrivedBytes -= count;
    const peer = this.#peer as StreamModel;
    if (!this.#isBroken) this.wire.carry(0, () => peer.#heard(count), false);
    return count;
  }

  // The peer has read so much.
  #heard(count: number): void {
    this.#outstanding -= count;
    if (!this.isClosed) this.onChange();
  }

  /** Returns: how many bytes were taken, or a negative errno. */
  send(bytes: Uint8Array, start: number, end: number): number {
    if (this.#error !== 0 && !this.isUnix) return -this.#takeError();
    if (this.#isBroken || this.#sendEnded) return -EPIPE;
    if (start === end) return 0;
    const most = Math.min(this.#room, end - start);
    if (most <= 0) return -EAGAIN;
    const count = this.connection.allowance(this.#cut(most, 8, 'a short write'));
    const sent = Buffer.from(bytes.subarray(start, start + count));
    const peer = this.#peer as StreamModel;
    this.#outstanding += count;
    this.wire.carry(count, () => peer.#deliver(sent));
    this.connection.sent(count, this);
    return count;
  }

  #cut(count: number, oneIn: number, label: string): number {
    const { choices } = this.#world;
    if (!choices.isSeeded || count === 1 || !choices.chance(1, oneIn, label)) return count;
    return choices.between(1, count, 'how much');
  }

  #takeError(): number {
    const error = this.#error;
    this.#error = 0;
    return error;
  }

  #deliver(bytes: Uint8Array): void {
    const peer = this.#peer as StreamModel;
    if (this.#world.trace !== null) this.#world.note(`deliver ${peer.label} -> ${this.label} ${bytes.length} bytes`);
    if (this.isClosed) {
      // Nobody is there to read it, which the sender learns.
      if (!this.isUnix) this.wire.carry(0, () => peer.#receiveReset());
      return;
    }
    if (this.#isBroken) return;
    this.#lastHeardMs = this.#world.nowMs;
    this.#arrived.push(bytes);
    this.#arrivedBytes += bytes.length;
    this.onChange();
  }

  #receiveEnd(): void {
    this.#noteArrival('end');
    if (this.isClosed || this.#isBroken) return;
    this.#endArrived = true;
    this.onChange();
  }

  #receiveReset(): void {
    this.#noteArrival('reset');
    if (this.isClosed || this.#isBroken) return;
    // Whoever has seen the end knows that nothing will come; the reset says that nothing can be sent.
    this.breakWith(this.#endArrived ? EPIPE : ECONNRESET);
  }

  #noteArrival(what: string): void {
    if (this.#world.trace !== null) this.#world.note(`${what} ${(this.#peer as StreamModel).label} -> ${this.label}`);
  }

  // A UNIX peer is gone: nothing travels, so it is known at once.
  #peerClosed(hadUnread: boolean): void {
    this.#noteArrival('close');
    if (hadUnread && !this.#endArrived) this.#error = ECONNRESET;
    this.#isBroken = true;
    this.onChange();
    this.#gone();
  }

  /** Nothing can be sent or received any more, but for what has arrived. */
  breakWith(errno: number): void {
    if (this.#isBroken || this.isClosed) return;
    this.#isBroken = true;
    this.#error = errno;
    this.wire.drop();
    this.onChange();
    this.#gone();
  }

  endSending(): void {
    if (this.#sendEnded || this.#isBroken || !this.isConnected) return;
    this.#sendEnded = true;
    const peer = this.#peer as StreamModel;
    this.wire.carry(0, () => peer.#receiveEnd());
  }

  /** Closes; `resets` as with SO_LINGER and no time. */
  close(resets: boolean): void {
    if (this.isClosed) return;
    this.isClosed = true;
    this.onChange = nothing;
    const peer = this.#peer;
    const hasUnread = this.#arrivedBytes > 0;
    if (peer === null) {
      this.wire.drop();
    } else if (!this.#isBroken) {
      if (this.isUnix) peer.#peerClosed(hasUnread);
      else if (resets || hasUnread) this.wire.carry(0, () => peer.#receiveReset());
      else if (!this.#sendEnded) this.wire.carry(0, () => peer.#receiveEnd());
    }
    this.#gone();
  }

  /** Somebody in between resets the connection. */
  resetBoth(): void {
    this.#world.note(`reset ${this.label} and its peer`);
    this.#peer?.breakWith(ECONNRESET);
    this.breakWith(ECONNRESET);
  }

  /** Nothing moves in either direction for a while. */
  stallBoth(forMs: number): void {
    const wires = [this.wire, (this.#peer as StreamModel).wire];
    this.#world.note(`stall ${this.label} and its peer`);
    for (const wire of wires) wire.isStalled = true;
    for (const end of [this, this.#peer as StreamModel]) end.reachChanged();
    if (forMs === Infinity) return;
    this.#world.after(forMs, () => {
      for (const wire of wires) {
        wire.isStalled = false;
        wire.resume();
      }
      for (const end of [this, this.#peer as StreamModel]) end.reachChanged();
    });
  }

  /** Whether these are its addresses. */
  isAt(local: { readonly address: string; readonly port: number }, remote: typeof local): boolean {
    const { place } = this;
    return isAddress(place.local, local, place.isWrittenAs6) && isAddress(place.remote, remote, place.isWrittenAs6);
  }

  /** With seconds from 0 on, silence of a peer that cannot be reached ends in a failure; 0 for the usual two hours. */
  keepAlive(seconds: number): void {
    this.#probeSeconds = seconds === 0 ? DEFAULT_KEEP_ALIVE_SECONDS : seconds;
    this.reachChanged();
  }

  /**
   * Its hosts may have lost each other, or found each other again. What Linux finds out by asking the peer after a while,
   * nine times and 75 seconds apart, is known here; so an idle connection that is sound costs nothing.
   */
  reachChanged(): void {
    const isProbing = this.#probeSeconds > 0 && this.wire.isCut && !this.#isBroken && !this.isClosed;
    if (isProbing === (this.#probe !== -1)) return;
    if (!isProbing) {
      this.#stopProbing();
      return;
    }
    const patience = Math.max(0, this.#lastHeardMs + this.#probeSeconds * 1000 - this.#world.nowMs) + UNANSWERED_PROBES_MS;
    this.#probe = this.#world.after(patience, () => {
      this.#probe = -1;
      this.breakWith(constants.errno.ETIMEDOUT);
    });
  }

  #stopProbing(): void {
    if (this.#probe !== -1) this.#world.agenda.cancel(this.#probe);
    this.#probe = -1;
  }

  #gone(): void {
    this.#stopProbing();
    const { onGone } = this;
    this.onGone = nothing;
    onGone();
  }
}

function nothing(): void {
  // Nobody wants to know.
}

function printablePath(path: string): string {
  return path.startsWith('\0') ? `@${path.slice(1)}` : path;
}

function isAddress(
  endpoint: Endpoint, { address, port }: { readonly address: string; readonly port: number }, isWrittenAs6: boolean,
): boolean {
  const described = describeEndpoint(endpoint, isWrittenAs6);
  return endpoint.port === port && described.endsWith(` ${address}`);
}
