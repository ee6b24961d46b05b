// The sockets of the C++ core: the calls as they are, and the records that did not fit into the ring.

import { systemError } from '../base/errors.js';
import type { NativeLoop, NativeTransports } from './binding.js';
import { NativeDatagrams } from './native_datagrams.js';
import { Outbox } from './outbox.js';
import { makeSlabMemory } from './slab_memory.js';
import type { Control, StreamOption, Transports } from './transports.js';

/** Bytes that may be received in one turn before what came is run. */
const SLAB_BYTES = 1024 * 1024;

/** Throws: a system error if the loop is closed. */
export function openNativeTransports(loop: NativeLoop, adoptOverflow: () => void): Transports & { outbox: Outbox } {
  const slab = makeSlabMemory(SLAB_BYTES);
  const outbox = new Outbox();
  const native = loop.openTransports(slab, outbox.buffer);
  if (typeof native === 'number') throw systemError(native, 'open transports');
  return new Native(native, Buffer.from(slab), outbox, adoptOverflow);
}

class Native implements Transports {
  readonly slab: Buffer;
  readonly outbox: Outbox;
  readonly datagrams: NativeDatagrams;
  readonly #native: NativeTransports;
  readonly #adoptOverflow: () => void;

  constructor(native: NativeTransports, slab: Buffer, outbox: Outbox, adoptOverflow: () => void) {
    this.#native = native;
    this.slab = slab;
    this.outbox = outbox;
    this.datagrams = new NativeDatagrams(native, adoptOverflow);
    this.#adoptOverflow = adoptOverflow;
  }

  connect(slot: number, word: number, host: string, port: number, localHost: string, localPort: number): number {
    return this.#native.connect(slot, word, host, port, localHost, localPort);
  }
  listen(
    slot: number, word: number, host: string, port: number, backlog: number, flags: number, mode: number,
  ): number {
    return this.#native.listen(slot, word, host, port, backlog, flags, mode);
  }
  accept(listenerSlot: number, listenerWord: number, slot: number, word: number): number {
    return this.#native.accept(listenerSlot, listenerWord, slot, word);
  }
  adopt(slot: number, word: number, fd: number, listens: boolean): number {
    return this.#native.adopt(slot, word, fd, listens);
  }
  openPipe(readerSlot: number, readerWord: number, writerSlot: number, writerWord: number): number {
    return this.#native.openPipe(readerSlot, readerWord, writerSlot, writerWord);
  }
  control(slot: number, word: number, what: Control): number {
    return this.#adopting(this.#native.control(slot, word, what));
  }
  setOption(slot: number, word: number, option: StreamOption, value: number): number {
    return this.#native.setOption(slot, word, option, value);
  }
  receive(slot: number, word: number, into: Uint8Array, start: number, end: number): number {
    return this.#native.receive(slot, word, into, start, end);
  }
  send(slot: number, word: number, bytes: Uint8Array, start: number, end: number): number {
    return this.#adopting(this.#native.send(slot, word, bytes, start, end));
  }
  queued(slot: number, word: number, low: number): number {
    return this.#adopting(this.#native.queued(slot, word, low));
  }
  address(slot: number, word: number, ofPeer: boolean): string {
    return this.#native.address(slot, word, ofPeer);
  }
  descriptor(slot: number, word: number): number {
    return this.#native.descriptor(slot, word);
  }
  resolve(): null {
    return null;
  }
  flush(): void {
    this.#native.flush();
    this.#adoptOverflow();
  }
  close(slot: number, word: number, aborts: boolean): boolean {
    return this.#adopting(this.#native.close(slot, word, aborts));
  }

  #adopting<T>(answer: T): T {
    this.#adoptOverflow();
    return answer;
  }
}
