// Datagrams of the C++ core: the calls as they are, and the records that did not fit into the ring.

import type { Datagrams, DatagramOption } from './datagrams.js';

export class NativeDatagrams implements Datagrams {
  readonly #native: Datagrams;
  readonly #adoptOverflow: () => void;

  constructor(native: Datagrams, adoptOverflow: () => void) {
    this.#native = native;
    this.#adoptOverflow = adoptOverflow;
  }

  openDatagrams(
    slot: number, word: number, host: string, port: number,
    flags: number, mode: number, receiveBuffer: number, sendBuffer: number, maxSize: number,
  ): number | string {
    return this.#native.openDatagrams(slot, word, host, port, flags, mode, receiveBuffer, sendBuffer, maxSize);
  }
  connectDatagrams(slot: number, word: number, address: Uint8Array): number {
    return this.#adopting(this.#native.connectDatagrams(slot, word, address));
  }
  sendDatagram(
    slot: number, word: number, bytes: Uint8Array, address: Uint8Array | null, descriptors: Int32Array | null,
  ): number {
    return this.#adopting(this.#native.sendDatagram(slot, word, bytes, address, descriptors));
  }
  queuedDatagrams(slot: number, word: number, low: number): number {
    return this.#adopting(this.#native.queuedDatagrams(slot, word, low));
  }
  readDatagrams(slot: number, word: number, reads: boolean): void {
    this.#native.readDatagrams(slot, word, reads);
    this.#adoptOverflow();
  }
  takeDescriptors(slot: number, word: number, into: Int32Array): number {
    return this.#native.takeDescriptors(slot, word, into);
  }
  setDatagramOption(
    slot: number, word: number, option: DatagramOption, value: number, group: string, networkInterface: string,
  ): number {
    return this.#native.setDatagramOption(slot, word, option, value, group, networkInterface);
  }
  datagramOption(slot: number, word: number, option: DatagramOption): number {
    return this.#native.datagramOption(slot, word, option);
  }
  connectPackets(slot: number, word: number, path: string, flags: number, maxSize: number): number {
    return this.#native.connectPackets(slot, word, path, flags, maxSize);
  }
  listenPackets(slot: number, word: number, path: string, backlog: number, mode: number): number {
    return this.#native.listenPackets(slot, word, path, backlog, mode);
  }
  acceptPackets(
    slot: number, word: number, listenerSlot: number, listenerWord: number, flags: number, maxSize: number,
  ): number {
    return this.#native.acceptPackets(slot, word, listenerSlot, listenerWord, flags, maxSize);
  }
  adoptDatagrams(slot: number, word: number, fd: number, flags: number, maxSize: number): number {
    return this.#native.adoptDatagrams(slot, word, fd, flags, maxSize);
  }
  peerCredentials(slot: number, word: number, into: Int32Array): number {
    return this.#native.peerCredentials(slot, word, into);
  }
  packAddress(host: string, port: number, into: Uint8Array): number {
    return this.#native.packAddress(host, port, into);
  }
  describeAddress(packed: Uint8Array): string {
    return this.#native.describeAddress(packed);
  }

  #adopting<T>(answer: T): T {
    this.#adoptOverflow();
    return answer;
  }
}
