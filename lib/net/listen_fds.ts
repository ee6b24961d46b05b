// Sockets that a parent opened: the protocol of systemd, which other supervisors speak too. The descriptors begin at 3, and
// the environment says how many there are, for whom, and what they are called.

import { ArgumentRangeError, ArgumentTypeError } from '../base/errors.js';
import { assertOptions } from '../kernel/arguments.js';

/** A descriptor that the parent opened. */
export interface InheritedFd {
  readonly fd: number;
  /** As in the unit's `FileDescriptorName=`; `unknown` where the parent gave none. */
  readonly name: string;
}

/** How to look for them. */
export interface ListenFdsOptions {
  /** Where to look instead of `process.env`. */
  readonly env?: Record<string, string | undefined>;
  /** Remove the variables, so that nobody finds them again. */
  readonly unsetEnvironment?: boolean | undefined;
}

const FIRST_FD = 3;
const VARIABLES = ['LISTEN_PID', 'LISTEN_FDS', 'LISTEN_FDNAMES'] as const;

/**
 * Finds the sockets that systemd (or who speaks as it does) has opened for this process. Serve them with
 * `startServer(handler, { fd })`.
 *
 * Returns: them in order; none if there are none, or if they are for another process.
 * Throws: ArgumentRangeError if the variables contradict each other; ArgumentTypeError.
 * Source: sd_listen_fds_with_names(3).
 */
export function listenFds(options: ListenFdsOptions = {}): InheritedFd[] {
  assertOptions(options, 'listenFds', ['env', 'unsetEnvironment']);
  const { env = process.env, unsetEnvironment = false } = options;
  if (typeof env !== 'object' || env === null) throw new ArgumentTypeError('listenFds: env is an object of variables');
  const [pid, count, names] = VARIABLES.map((name) => env[name]);
  if (unsetEnvironment) for (const name of VARIABLES) Reflect.deleteProperty(env, name);
  if (pid === undefined || count === undefined) return [];
  if (toCount(pid, 'LISTEN_PID') !== process.pid) return [];
  return named(toCount(count, 'LISTEN_FDS'), names);
}

function named(count: number, names: string | undefined): InheritedFd[] {
  const list = names === undefined ? [] : names.split(':');
  if (names !== undefined && list.length !== count) {
    throw new ArgumentRangeError(`LISTEN_FDNAMES has ${list.length} names for ${count} descriptors`);
  }
  return Array.from({ length: count }, (_, i) => ({ fd: FIRST_FD + i, name: list[i] ?? 'unknown' }));
}

function toCount(text: string, variable: string): number {
  if (/^\d{1,9}$/.test(text)) return Number(text);
  throw new ArgumentRangeError(`${variable} is ${JSON.stringify(text)}, which is no number`);
}
