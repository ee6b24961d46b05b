// Addresses of the simulated network: text to its one canonical form, and to the packed words that datagrams travel with.
// IPv4 addresses that are written as IPv6 ones are the IPv4 addresses that they are.

import { isIPv4, isIPv6 } from 'node:net';
import { constants } from 'node:os';

/** The end of a connection or where a datagram is from. UNIX names have the port 0; an empty host is nobody. */
export interface Endpoint {
  readonly family: 'IPv4' | 'IPv6' | 'unix';
  readonly host: string;
  readonly port: number;
}

/** A numeric host, and whether it was written as an IPv6 one. */
export interface NumericHost {
  readonly family: 'IPv4' | 'IPv6';
  readonly host: string;
  readonly isWrittenAs6: boolean;
}

const GROUPS = 8;
const LONGEST_PATH = 107;
const FAMILY = { nobody: 0, unix: 1, IPv4: 4, IPv6: 6 } as const;

/** Returns: null for what is no numeric address. Zones are left out: the network has no interfaces. */
export function parseHost(text: string): NumericHost | null {
  const host = text.split('%', 1)[0] as string;
  if (isIPv4(host)) return { family: 'IPv4', host, isWrittenAs6: false };
  if (!isIPv6(host)) return null;
  const groups = groupsOf(host);
  const isMapped = groups.slice(0, 5).every((group) => group === 0) && groups[5] === 0xffff;
  if (!isMapped) return { family: 'IPv6', host: writeGroups(groups), isWrittenAs6: true };
  const [high, low] = [groups[6]!, groups[7]!];
  return { family: 'IPv4', host: [high >> 8, high & 255, low >> 8, low & 255].join('.'), isWrittenAs6: true };
}

function groupsOf(host: string): number[] {
  let text = host;
  const lastColon = text.lastIndexOf(':');
  if (text.includes('.')) {
    const [a, b, c, d] = text.slice(lastColon + 1).split('.').map(Number) as [number, number, number, number];
    text = `${text.slice(0, lastColon + 1)}${((a << 8) | b).toString(16)}:${((c << 8) | d).toString(16)}`;
  }
  const [before, after] = text.split('::') as [string, string | undefined];
  const groups = (part: string): number[] => (part === '' ? [] : part.split(':').map((group) => parseInt(group, 16)));
  const front = groups(before);
  if (after === undefined) return front;
  const back = groups(after);
  return [...front, ...new Array<number>(GROUPS - front.length - back.length).fill(0), ...back];
}

// The longest run of zero groups is left out, the first of several.
function writeGroups(groups: readonly number[]): string {
  let start = 0;
  let length = 0;
  for (let i = 0; i < GROUPS; i++) {
    let end = i;
    while (end < GROUPS && groups[end] === 0) end++;
    if (end - i > length) [start, length] = [i, end - i];
  }
  const text = (part: readonly number[]): string => part.map((group) => group.toString(16)).join(':');
  if (length < 2) return text(groups);
  return `${text(groups.slice(0, start))}::${text(groups.slice(start + length))}`;
}

export function isAnyHost(host: string): boolean {
  return host === '0.0.0.0' || host === '::';
}

export function isLoopback(host: string): boolean {
  return host === '::1' || host.startsWith('127.');
}

export function isMulticast(host: string): boolean {
  return host.startsWith('ff') || (/^2(2[4-9]|3\d)\./).test(host);
}

/** Returns: `IPv4 PORT HOST`, `IPv6 PORT HOST` or `unix 0 PATH`, as the Engine contract has it. */
export function describeEndpoint({ family, host, port }: Endpoint, isWrittenAs6: boolean): string {
  if (family === 'IPv4' && isWrittenAs6) return `IPv6 ${port} ${host === '0.0.0.0' ? '::' : `::ffff:${host}`}`;
  return `${family} ${port} ${host}`;
}

/** Returns: why a path cannot be one, as a negative errno; 0 if it can. */
export function pathFailure(path: string): number {
  const isAbstract = path.startsWith('\0');
  if (path === '' || (!isAbstract && path.includes('\0'))) return -constants.errno.EINVAL;
  return Buffer.byteLength(path) > LONGEST_PATH + Number(isAbstract) ? -constants.errno.ENAMETOOLONG : 0;
}

/** Writes `family | bytes << 8 | port << 16` and the address, in whole words. Returns: how many bytes. */
export function pack(endpoint: Endpoint | null, isWrittenAs6: boolean, into: Uint8Array, at: number): number {
  if (endpoint === null || endpoint.host === '') return writePacked(FAMILY.nobody, 0, NOTHING, into, at);
  const { family, host, port } = endpoint;
  if (family === 'unix') return writePacked(FAMILY.unix, 0, Buffer.from(host), into, at);
  const numbers = family === 'IPv4' ? host.split('.').map(Number) : [];
  if (family === 'IPv4' && !isWrittenAs6) return writePacked(FAMILY.IPv4, port, Uint8Array.from(numbers), into, at);
  const groups = family === 'IPv6'
    ? groupsOf(host)
    : [0, 0, 0, 0, 0, 0xffff, (numbers[0]! << 8) | numbers[1]!, (numbers[2]! << 8) | numbers[3]!];
  const bytes = new Uint8Array(20);
  groups.forEach((group, i) => {
    bytes[2 * i] = group >> 8;
    bytes[2 * i + 1] = group & 255;
  });
  return writePacked(FAMILY.IPv6, port, bytes, into, at);
}

const NOTHING = new Uint8Array(0);

function writePacked(family: number, port: number, bytes: Uint8Array, into: Uint8Array, at: number): number {
  const whole = 4 + ((bytes.length + 3) & ~3);
  into.fill(0, at, at + whole);
  into[at] = family;
  into[at + 1] = bytes.length;
  into[at + 2] = port & 255;
  into[at + 3] = port >> 8;
  into.set(bytes, at + 4);
  return whole;
}

/** A packed address, read. */
export interface Unpacked {
  /** Null for nobody, and for what is no address. */
  readonly endpoint: Endpoint | null;
  readonly isWrittenAs6: boolean;
  /** Bytes that it takes. */
  readonly size: number;
}

export function unpack(bytes: Uint8Array, at: number): Unpacked {
  const [family, length] = [bytes[at]!, bytes[at + 1]!];
  const port = bytes[at + 2]! | (bytes[at + 3]! << 8);
  const size = 4 + ((length + 3) & ~3);
  const part = bytes.subarray(at + 4, at + 4 + length);
  const read = (endpoint: Endpoint | null, isWrittenAs6 = false): Unpacked => ({ endpoint, isWrittenAs6, size });
  if (family === FAMILY.unix) return read({ family: 'unix', host: Buffer.from(part).toString(), port: 0 });
  if (family === FAMILY.IPv4) return read({ family: 'IPv4', host: part.join('.'), port });
  if (family !== FAMILY.IPv6) return read(null);
  const groups = Array.from({ length: GROUPS }, (_, i) => ((part[2 * i]! << 8) | part[2 * i + 1]!).toString(16));
  const parsed = parseHost(groups.join(':')) as NumericHost;
  return read({ family: parsed.family, host: parsed.host, port }, true);
}
