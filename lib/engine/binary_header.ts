// Reads from the headers of a binary what it was made for, and whether all of it is there, without loading it. Loading a
// truncated file can end the process with a bus error, and one for another C library may load and then misbehave, so
// this is asked first. It reads a few hundred bytes and knows the two formats of the platforms that are shipped: ELF,
// little-endian, of 64 and 32 bits, and Mach-O. A file that cannot be read at all is an error of the system, as
// readFileSync's.

import { closeSync, fstatSync, openSync, readSync } from 'node:fs';

/** What a binary says of itself. Null stands for "it does not say". */
export interface BinaryHeader {
  /** Null if the file is not a binary of a known format. */
  readonly platform: 'linux' | 'darwin' | null;
  /** In Node's words; `universal` for several in one file. */
  readonly arch: string | null;
  /** The dynamic linker that a program asks for. */
  readonly interpreter: string | null;
  /** The libraries that it wants. */
  readonly libraries: readonly string[];
  readonly bytes: number;
  /** How many bytes its own tables speak of. */
  readonly expectedBytes: number;
}

const NOTHING = { platform: null, arch: null, interpreter: null, libraries: [], expectedBytes: 0 } as const;

const ELF_ARCHITECTURES: Readonly<Record<number, string>> = {
  3: 'ia32', 8: 'mips', 20: 'ppc', 21: 'ppc64', 22: 's390x', 40: 'arm', 62: 'x64', 183: 'arm64', 243: 'riscv64',
  258: 'loong64',
};
const MACH_O_ARCHITECTURES: Readonly<Record<number, string>> = { 0x0100_0007: 'x64', 0x0100_000c: 'arm64' };

/** Where the fields of an ELF file are, and how wide those that are as wide as an address. */
interface ElfLayout {
  readonly read: (from: Buffer, at: number) => number;
  readonly wordBytes: number;
  /** Where the header has the place of the table of segments, that of the table of sections, and their sizes. */
  readonly header: { readonly segments: number; readonly sections: number; readonly segmentBytes: number };
  readonly segment: { readonly bytes: number; readonly offset: number; readonly address: number; readonly size: number };
}

/** Reads a 64-bit number that is an offset or a length; those of a real file are far below 2^53. */
const long = (from: Buffer, at: number): number => Number(from.readBigUInt64LE(at));

const ELF_64: ElfLayout = {
  read: long,
  wordBytes: 8,
  header: { segments: 32, sections: 40, segmentBytes: 54 },
  segment: { bytes: 56, offset: 8, address: 16, size: 32 },
};
const ELF_32: ElfLayout = {
  read: (from, at) => from.readUInt32LE(at),
  wordBytes: 4,
  header: { segments: 28, sections: 32, segmentBytes: 42 },
  segment: { bytes: 32, offset: 4, address: 8, size: 16 },
};

const LOADED = 1;
const DYNAMIC = 2;
const INTERPRETER = 3;
const NEEDED = 1;
const STRINGS = 5;

/** A file of which parts are read. What lies behind its end reads as zeros. */
class Parts {
  readonly #fd: number;
  readonly bytes: number;
  constructor(fd: number) {
    this.#fd = fd;
    this.bytes = fstatSync(fd).size;
  }
  read(offset: number, length: number): Buffer {
    const part = Buffer.alloc(Math.max(0, Math.min(length, 1 << 20)));
    if (offset >= 0 && offset < this.bytes) readSync(this.#fd, part, 0, part.length, offset);
    return part;
  }
}

/** Throws: Node's error of the system if the file cannot be read (ENOENT, EACCES). */
export function readBinaryHeader(path: string): BinaryHeader {
  const fd = openSync(path, 'r');
  try {
    const file = new Parts(fd);
    const magic = file.read(0, 4);
    if (magic.toString('latin1') === '\u007fELF') return readElf(file);
    const number = magic.readUInt32LE(0);
    if (number === 0xfeed_facf) return readMachO(file);
    if (magic.readUInt32BE(0) === 0xcafe_babe) {
      return { ...NOTHING, platform: 'darwin', arch: 'universal', bytes: file.bytes };
    }
    return { ...NOTHING, bytes: file.bytes };
  } finally {
    closeSync(fd);
  }
}

/** The parts of an ELF file that are mapped, from its program headers. */
interface Segment {
  readonly type: number;
  readonly offset: number;
  readonly address: number;
  readonly bytes: number;
}

function readElf(file: Parts): BinaryHeader {
  const header = file.read(0, 64);
  const isBigEndian = header[5] === 2;
  const machine = isBigEndian ? header.readUInt16BE(18) : header.readUInt16LE(18);
  const arch = ELF_ARCHITECTURES[machine] ?? `machine ${machine}`;
  const said = { ...NOTHING, platform: 'linux', arch, bytes: file.bytes, expectedBytes: header.length } as const;
  if (isBigEndian) return said;
  const layout = header[4] === 2 ? ELF_64 : ELF_32;
  const sizes = layout.header.segmentBytes;
  const sections = layout.read(header, layout.header.sections) +
    header.readUInt16LE(sizes + 4) * header.readUInt16LE(sizes + 6);
  const segments = readSegments(file, header, layout);
  const ends = segments.filter(({ type }) => type === LOADED).map(({ offset, bytes }) => offset + bytes);
  const interpreter = segments.find(({ type }) => type === INTERPRETER);
  return {
    ...said,
    interpreter: interpreter === undefined ? null : textIn(file.read(interpreter.offset, interpreter.bytes), 0),
    libraries: readLibraries(file, segments, layout),
    expectedBytes: Math.max(header.length, sections, ...ends),
  };
}

function readSegments(file: Parts, header: Buffer, { read, header: places, segment }: ElfLayout): Segment[] {
  const [size, count] = [header.readUInt16LE(places.segmentBytes), header.readUInt16LE(places.segmentBytes + 2)];
  const table = file.read(read(header, places.segments), size * count);
  const segments: Segment[] = [];
  for (let at = 0; at + segment.bytes <= table.length && size >= segment.bytes; at += size) {
    segments.push({
      type: table.readUInt32LE(at),
      offset: read(table, at + segment.offset),
      address: read(table, at + segment.address),
      bytes: read(table, at + segment.size),
    });
  }
  return segments;
}

function readLibraries(file: Parts, segments: readonly Segment[], { read, wordBytes }: ElfLayout): string[] {
  const dynamic = segments.find(({ type }) => type === DYNAMIC);
  if (dynamic === undefined) return [];
  const entries = file.read(dynamic.offset, dynamic.bytes);
  const names: number[] = [];
  let strings = 0;
  for (let at = 0; at + 2 * wordBytes <= entries.length; at += 2 * wordBytes) {
    const tag = read(entries, at);
    if (tag === NEEDED) names.push(read(entries, at + wordBytes));
    if (tag === STRINGS) strings = read(entries, at + wordBytes);
  }
  const home = segments.find(({ type, address, bytes }) =>
    type === LOADED && address <= strings && strings < address + bytes);
  if (home === undefined) return [];
  const start = strings - home.address + home.offset;
  return names.map((name) => textIn(file.read(start + name, 256), 0));
}

function textIn(part: Buffer, start: number): string {
  const end = part.indexOf(0, start);
  return part.toString('latin1', start, end < 0 ? part.length : end);
}

function readMachO(file: Parts): BinaryHeader {
  const header = file.read(0, 32);
  const commands = file.read(32, header.readUInt32LE(20));
  let expectedBytes = header.length + commands.length;
  for (let at = 0; at + 8 <= commands.length; ) {
    const [command, size] = [commands.readUInt32LE(at), commands.readUInt32LE(at + 4)];
    const isSegment = command === 0x19 && at + 72 <= commands.length;
    if (isSegment) expectedBytes = Math.max(expectedBytes, long(commands, at + 40) + long(commands, at + 48));
    at += Math.max(size, 8);
  }
  const machine = header.readUInt32LE(4);
  const arch = MACH_O_ARCHITECTURES[machine] ?? `machine ${machine}`;
  return { ...NOTHING, platform: 'darwin', arch, bytes: file.bytes, expectedBytes };
}
