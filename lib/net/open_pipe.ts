// Pipes of one's own: both ends are streams of the same loop.

import { systemError } from '../base/errors.js';
import { StreamKind } from '../engine/transports.js';
import { getRunningLoop } from '../kernel/running.js';
import { ofKind } from './adopting.js';
import { ByteStream } from './byte_stream.js';
import { socketsOf } from './sockets.js';

/**
 * Opens a pipe. What is written to the second stream is read from the first. Each has one direction: the other one fails
 * with UnsupportedError.
 *
 * Returns: the reading end and the writing end.
 * Throws: a system error (`EMFILE`, `ENFILE`). Checkpoint: no.
 * Source: os.pipe, trio's pipes.
 */
export function openPipe(): [reader: ByteStream, writer: ByteStream] {
  const sockets = socketsOf(getRunningLoop());
  const reader = new ByteStream(sockets, -1);
  const writer = new ByteStream(sockets, -1);
  const result = sockets.transports.openPipe(reader._slot, reader._word, writer._slot, writer._word);
  if (result < 0) {
    for (const end of [reader, writer]) sockets.loop._release(end._slot);
    throw systemError(result, 'pipe');
  }
  return [ofKind(reader, StreamKind.reader)._belong(), ofKind(writer, StreamKind.writer)._belong()];
}
