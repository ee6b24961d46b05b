// Checks of where to connect to and where to listen.

import { ArgumentRangeError, ArgumentTypeError } from '../base/errors.js';
import { assertOptions } from '../kernel/arguments.js';
import { describe } from '../kernel/coroutine.js';

/** @internal Throws unless it is either a port (with or without a host) or a path. */
export function assertPlace(options: unknown, call: string): void {
  assertOptions(options, call);
  const { host, port, path } = options as { host?: unknown; port?: unknown; path?: unknown };
  if ((port === undefined) === (path === undefined)) {
    throw new ArgumentTypeError(`${call}: give either a port (with or without a host) or a path`);
  }
  if (path !== undefined) {
    assertText(path, `${call}: path`);
    if (host !== undefined) throw new ArgumentTypeError(`${call}: a path has no host`);
    return;
  }
  assertPort(port, `${call}: port`);
  if (host !== undefined) assertHost(host, `${call}: host`);
}

/** @internal */
export function assertText(text: unknown, what: string): asserts text is string {
  if (typeof text !== 'string') throw new ArgumentTypeError(`${what} is a string, not ${describe(text)}`);
  if (text === '') throw new ArgumentRangeError(`${what} is empty`);
}

/** @internal A C library would read a name up to its zero byte, which is another name than the one that was checked. */
export function assertHost(host: unknown, what: string): asserts host is string {
  assertText(host, what);
  if (host.includes('\0')) throw new ArgumentRangeError(`${what} has a zero byte: ${JSON.stringify(host)}`);
}

/** @internal Throws for options that are about something else than what is opened: they would change nothing. */
export function refuseOptions(options: object, names: readonly string[], call: string, why: string): void {
  for (const name of names) {
    const value = (options as Record<string, unknown>)[name];
    if (value !== undefined && value !== false) throw new ArgumentTypeError(`${call}: ${name} is ${why}`);
  }
}

/** @internal Throws unless each of these options is true, false or not there: `'no'` would count as true. */
export function assertSwitches(options: object, names: readonly string[], call: string): void {
  for (const name of names) {
    const value = (options as Record<string, unknown>)[name];
    if (value === undefined || typeof value === 'boolean') continue;
    throw new ArgumentTypeError(`${call}: ${name} is true or false, not ${describe(value)}`);
  }
}

/** @internal */
export function assertPort(port: unknown, what: string): void {
  if (typeof port !== 'number') throw new ArgumentTypeError(`${what} is a number, not ${describe(port)}`);
  if (Number.isInteger(port) && port >= 0 && port <= 65535) return;
  throw new ArgumentRangeError(`${what}: ${port} is not from 0 to 65535`);
}

/** @internal Permissions of a UNIX socket's file. */
export function assertMode(mode: unknown, what: string): void {
  if (mode === undefined) return;
  if (typeof mode !== 'number') throw new ArgumentTypeError(`${what} is a number, not ${describe(mode)}`);
  if (Number.isInteger(mode) && mode >= 0 && mode <= 0o7777) return;
  throw new ArgumentRangeError(`${what} ${mode} is no file mode from 0 to 0o7777`);
}
