// The part of the Engine contract that is about sockets. A transport is named by its sink: the slot and the word of the
// records that it appends (kind `transport`). What they say is in abi.ts, `TransportEvent`; bytes are in `slab`, and
// whoever is given them copies them out before it returns.
//
// Commands answer zero or more, or a negative errno; -EBADF for a transport that is not there (any more).
// Every command that may append records takes care of their overflow by itself.

import type { Datagrams } from './datagrams.js';
import type { SmallWrites } from './outbox.js';

/** What `control` can ask of a stream; a listener knows the first two. */
export const enum Control {
  pause = 0,
  resume = 1,
  /** Append `readable` when something can be received, instead of receiving. */
  announce = 2,
  /** Receive into the slab: how it begins. */
  deliver = 3,
  /** End the sending side behind what waits. */
  endSending = 4,
  /** Try again to send what waits, for which there was no memory (`starved`). */
  retrySending = 5,
}

/** What `setOption` sets. */
export const enum StreamOption {
  /** 1: small segments leave at once (as they do from the beginning); 0: they wait for more. */
  noDelay = 0,
  /** Seconds of silence before the peer is probed, 0 for the system's own; -1 for never. */
  keepAlive = 1,
}

/** What an adopted descriptor is. */
export const enum StreamKind {
  socket = 0,
  /** Both directions, and neither can be ended alone: a terminal. */
  device = 1,
  /** Receives only: the reading end of a pipe. */
  reader = 2,
  /** Sends only, and ends by being closed: the writing end of a pipe. */
  writer = 3,
  /** The same of a terminal, where nothing tells whether somebody reads. */
  deviceWriter = 4,
}

/** How to listen. */
export const enum ListenFlag {
  reusePort = 1,
  ipv6Only = 2,
}

/** The sockets of an engine. */
export interface Transports {
  readonly slab: Buffer;
  readonly outbox: SmallWrites;
  readonly datagrams: Datagrams;

  /**
   * Begins to connect to a numeric host, or with the port -1 to a UNIX path. `localHost` may be empty.
   *
   * Returns: 1 if the connection stands; 0 if `connected` or `failed` will tell.
   */
  connect(slot: number, word: number, host: string, port: number, localHost: string, localPort: number): number;
  /** Listens; `mode` is that of a UNIX socket's file, or -1. `accepted` tells of each connection. */
  listen(slot: number, word: number, host: string, port: number, backlog: number, flags: number, mode: number): number;
  /** Gives the connection that has waited longest to a new sink. Returns: -EAGAIN if none waits. */
  accept(listenerSlot: number, listenerWord: number, slot: number, word: number): number;
  /** Makes a transport of a duplicate of somebody's descriptor. Returns: the StreamKind; of a listener, 0. */
  adopt(slot: number, word: number, fd: number, listens: boolean): number;
  /** Makes a pipe, of which each end is a stream. */
  openPipe(readerSlot: number, readerWord: number, writerSlot: number, writerWord: number): number;
  control(slot: number, word: number, what: Control): number;
  /** Sets an option of a stream's socket; sockets that know nothing of it are left alone. */
  setOption(slot: number, word: number, option: StreamOption, value: number): number;
  /** Receives into one's own memory. Returns: the number of bytes, 0 for the end; -EAGAIN. */
  receive(slot: number, word: number, into: Uint8Array, start: number, end: number): number;
  /** Sends without queueing. Returns: how many bytes were taken; `drained` tells when there is room for the rest. */
  send(slot: number, word: number, bytes: Uint8Array, start: number, end: number): number;
  /** Returns: bytes that the kernel has not taken. With `low` from 0 on, `drained` tells when no more than that wait. */
  queued(slot: number, word: number, low: number): number;
  /** Returns: `IPv4 PORT HOST`, `IPv6 PORT HOST`, `unix 0 PATH`, or nothing if it is not known. */
  address(slot: number, word: number, ofPeer: boolean): string;
  /** Returns: the descriptor, which stays the transport's own. */
  descriptor(slot: number, word: number): number;
  /** Returns: the numeric addresses of a name in a world of its own, none if it has no such name; null: ask the system. */
  resolve(host: string): readonly string[] | null;
  /** Sends what waits in the outbox now. */
  flush(): void;
  /** Closes, at once or (aborting) with a reset. Returns: false if `closed` follows once what waits is sent. */
  close(slot: number, word: number, aborts: boolean): boolean;
}
