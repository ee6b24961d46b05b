// Addresses of sockets as users see them.

/** Where a socket is: a host and a port, or a UNIX path (an abstract name begins with a zero byte). */
export interface SocketAddress {
  readonly family: 'IPv4' | 'IPv6' | 'unix';
  /** The numeric host or the path; empty for a UNIX socket without a name. */
  readonly address: string;
  /** 0 for UNIX sockets. */
  readonly port: number;
}

/** Reads what an engine says: `IPv4 PORT HOST`, `IPv6 PORT HOST`, `unix 0 PATH`. Returns: null for an empty text. */
export function parseAddress(text: string): SocketAddress | null {
  if (text === '') return null;
  const afterFamily = text.indexOf(' ');
  const afterPort = text.indexOf(' ', afterFamily + 1);
  return {
    family: text.slice(0, afterFamily) as SocketAddress['family'],
    address: text.slice(afterPort + 1),
    port: Number(text.slice(afterFamily + 1, afterPort)),
  };
}
