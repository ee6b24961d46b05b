// Taking over what somebody else opened. The transport works on a duplicate, so whoever opened the descriptor still closes
// it, when they like; both stand for the same file. A pipe has one direction: the other one is over before it begins.

import { systemError, UnsupportedError } from '../base/errors.js';
import { StreamKind } from '../engine/transports.js';
import { type Receiving, StreamFlag } from './receiving.js';
import type { Sockets } from './sockets.js';

/** @internal Makes `stream` the sink of a connected socket or a pipe. Throws: a system error, the slot given up. */
export function adoptStream<T extends Receiving>(sockets: Sockets, stream: T, fd: number): T {
  const kind = sockets.transports.adopt(stream._slot, stream._word, fd, false);
  if (kind >= 0) return ofKind(stream, kind);
  sockets.loop._release(stream._slot);
  throw refusedDescriptor(kind, fd);
}

/** @internal What a stream cannot do, because it is one end of a pipe, fails from the beginning. */
export function ofKind<T extends Receiving>(stream: T, kind: StreamKind): T {
  if (kind === StreamKind.reader) {
    stream._flags |= StreamFlag.sendFailed | StreamFlag.readsOnly;
    stream._ownRare().sendError = new UnsupportedError('this end of a pipe is for reading, so nothing can be written');
  } else if (kind === StreamKind.writer || kind === StreamKind.deviceWriter) {
    stream._flags |= StreamFlag.ended | StreamFlag.writesOnly;
    stream._ownRare().readError = new UnsupportedError('this end of a pipe is for writing, so nothing can be read');
  }
  return stream;
}

/** @internal */
export function refusedDescriptor(errno: number, fd: number): Error {
  return systemError(errno, `adopt descriptor ${fd}`, HINTS.get(systemError(errno, '').code) ?? '');
}

const HINTS = new Map([
  ['EBADF', 'it is not open'],
  ['ENOTSOCK', 'it is no socket, and only a socket listens'],
  ['EPROTOTYPE', 'it is not a socket of streams; openDatagram({ fd }) takes over one of datagrams or packets'],
  ['EOPNOTSUPP', 'the network of this engine is in memory and takes no descriptors'],
  ['EINVAL', 'it does not listen; ByteStream.fromFd(fd) takes over a connection'],
  ['EPERM', 'nothing tells when a file is ready; use node:fs'],
]);
