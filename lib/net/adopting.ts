// Taking over what somebody else opened. The transport works on a duplicate, so whoever opened the descriptor still closes
// it, when they like; both stand for the same socket.

import { systemError } from '../base/errors.js';
import type { Sockets } from './sockets.js';

/** @internal What a descriptor is to become: the sink of its transport. */
export interface Adopter {
  readonly _slot: number;
  readonly _word: number;
}

/** @internal Makes `adopter` the sink of a connected socket. Throws: a system error, the slot given up. */
export function adoptStream<T extends Adopter>(sockets: Sockets, adopter: T, fd: number): T {
  const result = sockets.transports.adopt(adopter._slot, adopter._word, fd, false);
  if (result === 0) return adopter;
  sockets.loop._release(adopter._slot);
  throw refusedDescriptor(result, fd);
}

/** @internal */
export function refusedDescriptor(errno: number, fd: number): Error {
  return systemError(errno, `adopt descriptor ${fd}`, HINTS.get(systemError(errno, '').code) ?? '');
}

const HINTS = new Map([
  ['EBADF', 'it is not open'],
  ['ENOTSOCK', 'it is no socket; wait for other files with waitReadable and waitWritable'],
  ['EPROTOTYPE', 'it is not a socket of streams'],
  ['EINVAL', 'it does not listen; ByteStream.fromFd(fd) takes over a connection'],
]);
