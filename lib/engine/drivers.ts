// Which driver makes hosted turns: `uv` joins the host's libuv, `poller` waits in a thread of its own and needs nothing
// but Node-API. The addon says which it can offer in this process; this file knows the hosts that only pretend.

import { ArgumentRangeError } from '../base/errors.js';

/** Who makes hosted turns. */
export type DriverName = 'uv' | 'poller';

// Hosts that report a version of libuv and export functions by its names, to satisfy addons that are linked against them,
// and have no such loop: Bun's functions abort the process when they are called.
const HOSTS_WITHOUT_UV = ['bun', 'deno'];

type Versions = Readonly<Record<string, string | undefined>>;

function pretender(versions: Versions): string | undefined {
  return HOSTS_WITHOUT_UV.find((host) => versions[host] !== undefined);
}

/** Returns: those of the addon's drivers that work in this host, the best first. */
export function workingDrivers(offered: readonly string[], versions: Versions = process.versions): DriverName[] {
  const pretends = pretender(versions) !== undefined;
  return offered.filter((name): name is DriverName => name === 'poller' || (name === 'uv' && !pretends));
}

/**
 * Returns: the driver asked for by `READYLOOP_DRIVER`, or the best that works in this host.
 *
 * Throws: ArgumentRangeError if that one does not exist, or cannot work here.
 */
export function chosenDriver(
  offered: readonly string[],
  wanted = process.env['READYLOOP_DRIVER'] ?? '',
  versions: Versions = process.versions,
): DriverName {
  const working = workingDrivers(offered, versions);
  const found = working.find((name) => wanted === '' || name === wanted);
  if (found !== undefined) return found;
  const host = pretender(versions) ?? 'unknown';
  const why = wanted === 'uv' ? `cannot work in this host, which has no libuv (${host})` : 'is none';
  throw new ArgumentRangeError(`READYLOOP_DRIVER=${wanted} ${why}; choose one of ${working.join(', ')}`);
}
