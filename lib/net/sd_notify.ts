// Telling a supervisor how the service is: the protocol of systemd, one datagram of `NAME=value` lines for each message.

import { ArgumentRangeError, ArgumentTypeError, UnsupportedError } from '../base/errors.js';
import { assertOptions } from '../kernel/arguments.js';
import { cancelCheck } from '../kernel/cancel_check.js';
import { describe, type Coroutine } from '../kernel/coroutine.js';
import type { Future } from '../kernel/future.js';
import { getRunningLoop } from '../kernel/running.js';
import { openDatagram } from './open_datagram.js';

/** What to tell, by name: `READY: 1`, `STATUS: 'serving'`, `STOPPING: 1`, `WATCHDOG: 1`, … */
export type ServiceState = Readonly<Record<string, string | number>>;

/** How to tell it. */
export interface NotifyOptions {
  /** Where to look for `NOTIFY_SOCKET`, instead of `process.env`. */
  readonly env?: Readonly<Record<string, string | undefined>>;
}

/**
 * Tells systemd (or who speaks as it does) how this service is.
 *
 * Returns: false if nobody asked to be told.
 * Throws: a system error with `address` if the supervisor does not listen; UnsupportedError for a socket that is neither a
 *   path nor an abstract name; ArgumentTypeError and ArgumentRangeError at the call.
 * Checkpoint: only if there is no room. Cancel: nothing was told.
 * Example: `yield* sdNotify({ READY: 1, STATUS: 'serving' })`.
 * Source: sd_notify(3).
 */
export function sdNotify(state: ServiceState, options: NotifyOptions = {}): Future<boolean> {
  assertOptions(state, 'sdNotify: state');
  assertOptions(options, 'sdNotify', ['env']);
  const text = toLines(state);
  const { env = process.env } = options;
  const socket = env['NOTIFY_SOCKET'] ?? '';
  if (socket !== '' && !/^[/@]./.test(socket)) {
    throw new UnsupportedError(`NOTIFY_SOCKET is ${JSON.stringify(socket)}: only UNIX sockets can be told`);
  }
  cancelCheck();
  return getRunningLoop()._makeTask<boolean>(tell(socket, text), { name: 'sdNotify', eager: true });
}

function toLines(state: ServiceState): string {
  const entries = Object.entries(state);
  if (entries.length === 0) throw new ArgumentRangeError('sdNotify: there is nothing to tell, such as READY: 1');
  return entries.map(([name, value]) => `${name}=${checked(name, value)}`).join('\n');
}

// One line is one field, so a line end in a value would begin another.
function checked(name: string, value: unknown): string {
  if (typeof value !== 'string' && typeof value !== 'number') {
    throw new ArgumentTypeError(`sdNotify: ${name} is a text or a number, not ${describe(value)}`);
  }
  if (/^\w+$/.test(name) && !String(value).includes('\n')) return String(value);
  throw new ArgumentRangeError(`sdNotify: ${JSON.stringify(`${name}=${value}`)} is not one line with a name`);
}

function* tell(socket: string, text: string): Coroutine<boolean> {
  if (socket === '') return false;
  const path = socket.startsWith('@') ? `\0${socket.slice(1)}` : socket;
  const sender = yield* openDatagram({ remote: { path } });
  try {
    yield* sender.send(text);
  } finally {
    void sender.close();
  }
  return true;
}
