// The part of the Engine contract that is about datagrams and packets. Sockets are named by their sinks, as all transports
// are. What came lies in the slab as frames (abi.ts, `FrameLayout`) under one record for many; what is written goes into
// the outbox as frames. Addresses are packed: whole words, the first `family | bytes << 8 | port << 16`.

/** What to ask for when a socket is made. */
export const enum DatagramFlag {
  reusePort = 1,
  ipv6Only = 2,
  reuseAddress = 4,
  broadcast = 8,
  /** Receive descriptors that come along. */
  takeDescriptors = 16,
}

/** What can be asked of a socket later. */
export const enum DatagramOption {
  broadcast = 0,
  ttl = 1,
  multicastTtl = 2,
  multicastLoopback = 3,
  multicastInterface = 4,
  joinGroup = 5,
  leaveGroup = 6,
  receiveBuffer = 7,
  sendBuffer = 8,
}

/** Words that the longest packed address takes. */
export const PACKED_ADDRESS_WORDS = 28;

/** Sockets of datagrams and packets. Answers are zero or more, or a negative errno. */
export interface Datagrams {
  /**
   * Makes a socket bound to a numeric host, or with the port -1 to a UNIX path; without a host, a UNIX one without a name.
   * Returns: 0, or what failed, as `ERRNO SYSCALL`.
   */
  openDatagrams(
    slot: number, word: number, host: string, port: number,
    flags: number, mode: number, receiveBuffer: number, sendBuffer: number, maxSize: number,
  ): number | string;
  connectDatagrams(slot: number, word: number, address: Uint8Array): number;
  /** Sends at once. Returns: -EAGAIN without room; `drained` tells of it, except where a UNIX receiver is full. */
  sendDatagram(
    slot: number, word: number, bytes: Uint8Array, address: Uint8Array | null, descriptors: Int32Array | null,
  ): number;
  /** Returns: bytes that wait. With `low` from 0 on, `drained` tells when no more than that do. */
  queuedDatagrams(slot: number, word: number, low: number): number;
  readDatagrams(slot: number, word: number, reads: boolean): void;
  /** Fills `into` with descriptors that have come, the oldest first; they are the caller's now. Returns: how many. */
  takeDescriptors(slot: number, word: number, into: Int32Array): number;
  setDatagramOption(
    slot: number, word: number, option: DatagramOption, value: number, group: string, networkInterface: string,
  ): number;
  datagramOption(slot: number, word: number, option: DatagramOption): number;
  /** Connects a UNIX socket of packets. Returns: -EAGAIN if the backlog of the listener is full. */
  connectPackets(slot: number, word: number, path: string, flags: number, maxSize: number): number;
  listenPackets(slot: number, word: number, path: string, backlog: number, mode: number): number;
  /** Gives the connection that has waited longest to a new sink. Returns: -EAGAIN if none waits. */
  acceptPackets(
    slot: number, word: number, listenerSlot: number, listenerWord: number, flags: number, maxSize: number,
  ): number;
  /** Makes a socket of a duplicate of somebody's descriptor. Returns: 0 if it is of datagrams, 1 if it is of packets. */
  adoptDatagrams(slot: number, word: number, fd: number, flags: number, maxSize: number): number;
  /** Writes process, user and group of the peer of any transport on a UNIX socket. */
  peerCredentials(slot: number, word: number, into: Int32Array): number;
  /** Packs a numeric host and port, or with the port -1 a path. Returns: how many bytes. */
  packAddress(host: string, port: number, into: Uint8Array): number;
  /** Returns: `IPv4 PORT HOST`, `IPv6 PORT HOST`, `unix 0 PATH`, or nothing for nobody. */
  describeAddress(packed: Uint8Array): string;
}
