// From a host to the one address that a socket of datagrams can send to.

import { constants } from 'node:os';
import { isIPv4 } from 'node:net';
import { socketError } from '../base/errors.js';
import type { Coroutine } from '../kernel/coroutine.js';
import type { EventLoop } from '../kernel/event_loop.js';
import type { Target } from './peers.js';
import { resolveHost } from './resolver.js';

/** Throws: what the resolver says; `EAFNOSUPPORT` if the host has no address that a socket of IPv4 can send to. */
export function* resolveTarget(loop: EventLoop, { host, port }: Target, isIpv6: boolean, call: string): Coroutine<string> {
  const found = yield* resolveHost(loop, host);
  // A socket of IPv6 reaches both, unless it was told otherwise.
  const usable = isIpv6 ? found[0] : found.find((address) => isIPv4(address));
  if (usable !== undefined) return usable;
  throw socketError(-constants.errno.EAFNOSUPPORT, call, { address: host, port }, 'the host has no IPv4 address');
}
