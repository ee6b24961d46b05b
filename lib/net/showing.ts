// How sockets and servers look in `console.log`: where they are and how they are, in one line. Their parts lead to the loop
// and to memory that all connections share, which is nothing for a log.

import { inspect } from 'node:util';
import type { SocketAddress } from './addresses.js';

/** @internal Lets the instances of a class, and of the classes under it, be shown as `name <part, part>`. */
export function showAs<T extends object>(
  kind: { readonly prototype: T }, name: string, partsOf: (socket: T) => string[],
): void {
  Object.defineProperty(kind.prototype, inspect.custom, {
    configurable: true,
    writable: true,
    value(this: T): string {
      return `${name} <${partsOf(this).join(', ')}>`;
    },
  });
}

/** @internal For `showAs`. */
export function partsOfServer(
  server: { readonly addresses: readonly SocketAddress[]; readonly closed: boolean; readonly connections: number },
): string[] {
  const places = server.addresses.map((address) => `at ${showAddress(address)}`);
  return [...places, server.closed ? 'closed' : 'listening', `connections: ${server.connections}`];
}

/** @internal For `showAs`. */
export function partsOfDatagrams(
  socket: {
    readonly localAddress: SocketAddress | null;
    readonly remoteAddress: SocketAddress | null;
    readonly closed: boolean;
    readonly _released: boolean;
  },
): string[] {
  const state = socket._released ? 'closed' : socket.closed ? 'closing' : 'open';
  return [...showEnds(socket.localAddress, socket.remoteAddress), state];
}

/** @internal Both ends of a socket, as far as they have names. */
export function showEnds(local: SocketAddress | null, remote: SocketAddress | null): string[] {
  const ends: string[] = [];
  if (hasName(local)) ends.push(`at ${showAddress(local)}`);
  if (hasName(remote)) ends.push(`peer ${showAddress(remote)}`);
  return ends;
}

function hasName(address: SocketAddress | null): address is SocketAddress {
  return address !== null && address.address !== '';
}

/** @internal As one writes it. */
export function showAddress({ family, address, port }: SocketAddress): string {
  if (family === 'unix') return showPath(address);
  return family === 'IPv6' ? `[${address}]:${port}` : `${address}:${port}`;
}

/** @internal A path; an abstract name has a visible `\0` in front. */
export function showPath(path: string): string {
  return path.replaceAll('\0', '\\0');
}
