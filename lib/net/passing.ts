// What only UNIX sockets can do: hand descriptors over, and tell who is at the other end.

import { ArgumentRangeError, ArgumentTypeError, socketError } from '../base/errors.js';
import type { Datagrams } from '../engine/datagrams.js';
import { assertOptions } from '../kernel/arguments.js';
import { describe } from '../kernel/coroutine.js';

/** Who is at the other end of a UNIX socket. */
export interface PeerCredentials {
  /** The process as it was when it connected; -1 if the system does not say. */
  readonly pid: number;
  readonly uid: number;
  readonly gid: number;
}

/** What may go along with a datagram. */
export interface SendOptions {
  /** Descriptors for the receiver, over UNIX sockets only. It gets duplicates; these stay yours, open until it is sent. */
  readonly descriptors?: readonly number[] | undefined;
}

/** The most that one message carries. */
const MOST_DESCRIPTORS = 253;

/** Throws: a system error. */
export function credentialsOf(datagrams: Datagrams, slot: number, word: number): PeerCredentials {
  const into = new Int32Array(3);
  const result = datagrams.peerCredentials(slot, word, into);
  if (result < 0) throw socketError(result, 'getsockopt', {}, 'only a connected UNIX socket knows who its peer is');
  const [pid, uid, gid] = into as unknown as [number, number, number];
  return { pid, uid: uid >>> 0, gid: gid >>> 0 };
}

/** Returns: null for none. Throws: ArgumentTypeError, ArgumentRangeError. */
export function descriptorsToSend(options: SendOptions | undefined, call: string): Int32Array | null {
  if (options === undefined) return null;
  assertOptions(options, call, ['descriptors']);
  return toDescriptors(options.descriptors, call);
}

function toDescriptors(descriptors: unknown, call: string): Int32Array | null {
  if (descriptors === undefined) return null;
  if (!Array.isArray(descriptors)) {
    throw new ArgumentTypeError(`${call}: descriptors are an array of numbers, not ${describe(descriptors)}`);
  }
  for (const descriptor of descriptors as readonly unknown[]) {
    if (typeof descriptor !== 'number') {
      throw new ArgumentTypeError(`${call}: a descriptor is a number, not ${describe(descriptor)}`);
    }
    if (!Number.isInteger(descriptor) || descriptor < 0 || descriptor > 0x7fffffff) {
      throw new ArgumentRangeError(`${call}: ${descriptor} is not a descriptor`);
    }
  }
  if (descriptors.length > MOST_DESCRIPTORS) {
    throw new ArgumentRangeError(`${call}: a message carries at most ${MOST_DESCRIPTORS} descriptors`);
  }
  return descriptors.length === 0 ? null : Int32Array.from(descriptors as readonly number[]);
}
