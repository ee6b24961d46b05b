// Taking over sockets of datagrams or packets that somebody else opened, on a duplicate, as for streams.

import { constants } from 'node:os';
import { parseAddress, type SocketAddress } from './addresses.js';
import { refusedDescriptor } from './adopting.js';
import type { DatagramReceiving } from './datagram_receiving.js';

const EPROTOTYPE = -constants.errno.EPROTOTYPE;

/** @internal Where an adopted socket is, and its peer if it is connected. */
export interface AdoptedPlaces {
  readonly local: SocketAddress | null;
  readonly remote: SocketAddress | null;
}

/** @internal Makes `socket` the sink of a duplicate. Throws: a system error, the socket closed. */
export function adoptDatagrams(
  socket: DatagramReceiving, fd: number, flags: number, maxBytes: number, ofPackets: boolean,
): AdoptedPlaces {
  const { _slot: slot, _word: word, _datagrams: datagrams } = socket;
  const { transports } = socket._sockets;
  const kind = datagrams.adoptDatagrams(slot, word, fd, flags, maxBytes);
  if (kind < 0) {
    socket._release();
    throw refusedDescriptor(kind, fd);
  }
  if ((kind === 1) !== ofPackets) {
    socket.abort();
    throw refusedDescriptor(EPROTOTYPE, fd);
  }
  const addressOf = (ofPeer: boolean) => parseAddress(transports.address(slot, word, ofPeer));
  return { local: addressOf(false), remote: addressOf(true) };
}
