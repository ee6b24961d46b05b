// A socket of datagrams towards its sink: the twin of native/transport/datagram_transport.cc. What has come is written
// into the slab as frames, many under one record; what the sink wrote is read from the outbox as frames.

import { constants } from 'node:os';
import { FrameLayout, TransportEvent } from '../abi.js';
import { PACKED_ADDRESS_WORDS } from '../datagrams.js';
import { describeEndpoint, type Endpoint, pack, unpack } from './addresses.js';
import type { DatagramOffice } from './datagram_sending.js';
import { type Ledger, SimulatedTransport } from './transport.js';

const DATAGRAM_BUDGET = 128;
const HEADER_BYTES = FrameLayout.words * 4;
const MOST_HEADER_BYTES = HEADER_BYTES + PACKED_ADDRESS_WORDS * 4;

export class DatagramTransport extends SimulatedTransport {
  readonly office: DatagramOffice;
  readonly #maxSize: number;
  #reads = true;
  #wantsRoom = false;

  constructor(ledger: Ledger, slot: number, word: number, office: DatagramOffice, maxSize: number) {
    super(ledger, slot, word);
    this.office = office;
    this.#maxSize = maxSize;
    office.model.onChange = () => this._touch();
  }

  get #hasRoom(): boolean {
    const peer = this.office.model.remoteModel;
    return this.#wantsRoom && (peer === null || peer.isClosed || !peer.isFull);
  }

  override isReady(): boolean {
    return !this._isRetired && ((this.#reads && this.office.model.isReadable) || this.#hasRoom);
  }

  override onReady(): void {
    if (this.#reads) this.#receive();
    if (!this.#hasRoom) return;
    this.#wantsRoom = false;
    this._append(TransportEvent.drained, 0);
  }

  #receive(): void {
    const { model } = this.office;
    const error = model.takeError();
    if (error !== 0) this._append(TransportEvent.datagramError, error);
    const { slab } = this._ledger;
    const room = slab.room((this.#maxSize + MOST_HEADER_BYTES + 4) * DATAGRAM_BUDGET);
    let at = slab.start;
    const end = at + room;
    for (let left = DATAGRAM_BUDGET; left > 0; left--) {
      const { first } = model;
      if (first === null) break;
      const size = Math.min(first.bytes.length, this.#maxSize);
      if (at + MOST_HEADER_BYTES + size + 4 > end) break;
      const flags = size < first.bytes.length ? FrameLayout.truncated : 0;
      at = this.#writeFrame(at, first.bytes.subarray(0, size), flags, first.from);
      model.take();
    }
    if (at > slab.start) slab.append(this.slot, this.word, at - slab.start);
  }

  // Returns: where the next frame begins.
  #writeFrame(at: number, payload: Uint8Array, flags: number, address: Endpoint | null): number {
    const { bytes } = this._ledger.slab;
    bytes.writeInt32LE(payload.length, at);
    bytes.writeInt32LE(flags, at + 4);
    const payloadAt = at + HEADER_BYTES + pack(address, this.office.model.isIpv6, bytes, at + HEADER_BYTES);
    bytes.set(payload, payloadAt);
    return payloadAt + ((payload.length + 3) & ~3);
  }

  setReading(reads: boolean): void {
    this.#reads = reads;
    if (reads) this._touch();
  }

  /** Sends one datagram now. */
  send(bytes: Uint8Array, address: Uint8Array | null): number {
    const to = address === null ? null : unpack(address, 0).endpoint;
    if (address !== null && to === null) return -constants.errno.EINVAL;
    const result = this.office.send(bytes, to);
    if (result === -constants.errno.EAGAIN && address === null) this.#wantsRoom = true;
    return result;
  }

  /** Sends frames of the outbox, and says which could not be sent. */
  write(frames: Uint8Array): void {
    const words = new DataView(frames.buffer, frames.byteOffset, frames.length);
    for (let at = 0; at < frames.length;) {
      const size = words.getInt32(at, true);
      const { endpoint, size: addressBytes } = unpack(frames, at + HEADER_BYTES);
      const payloadAt = at + HEADER_BYTES + addressBytes;
      const result = this.office.send(frames.subarray(payloadAt, payloadAt + size), endpoint);
      if (result < 0) this.#reportFailure(-result, endpoint);
      at = payloadAt + ((size + 3) & ~3);
    }
  }

  #reportFailure(errno: number, to: Endpoint | null): void {
    const { slab } = this._ledger;
    if (slab.room(MOST_HEADER_BYTES) === 0) {
      this._append(TransportEvent.datagramError, errno);
      return;
    }
    const end = this.#writeFrame(slab.start, NOTHING, FrameLayout.failed | (errno << 8), to);
    slab.append(this.slot, this.word, end - slab.start);
  }

  override address(ofPeer: boolean): string {
    const { model } = this.office;
    const endpoint = ofPeer ? model.remote : model.local;
    if (endpoint !== null) return describeEndpoint(endpoint, model.isIpv6);
    if (ofPeer) return '';
    return model.isUnix ? 'unix 0 ' : model.isIpv6 ? 'IPv6 0 ::' : 'IPv4 0 0.0.0.0';
  }

  override beginClosing(): boolean {
    return true;
  }

  protected override _closeSocket(): void {
    this.office.release();
  }
}

const NOTHING = new Uint8Array(0);
