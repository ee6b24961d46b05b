// Reads little-endian ELF files of 32 and 64 bits as far as they have to be judged: what they are for, what they show, and
// what they ask for. Layouts: <elf.h>.
const MAGIC = 0x464c457f;
const ARCHITECTURES = new Map([
  [21, 'ppc64'],
  [40, 'arm'],
  [62, 'x64'],
  [183, 'arm64'],
]);
const SHARED_OBJECT = 3;
const SECTION = { symtab: 2, dynamic: 6, dynsym: 11, versionNeeds: 0x6ffffffe, versions: 0x6fffffff };
const TAG = { needed: 1, runpath: 29, rpath: 15, flags: 30 };
const BIND_NOW = 8;
const WEAK = 2;
const FILE = 4;

/** Where the fields are, by the class of the file; `read` reads those that are as wide as an address. */
const LAYOUTS = new Map([
  [1, {
    bits: 32,
    read: (bytes, at) => bytes.readUInt32LE(at),
    header: { sections: 32, flags: 36, sectionSize: 46, sectionCount: 48 },
    section: { offset: 16, size: 20, link: 24 },
    symbol: { bytes: 16, info: 12, section: 14 },
    entry: { bytes: 8, value: 4 },
  }],
  [2, {
    bits: 64,
    read: (bytes, at) => Number(bytes.readBigUInt64LE(at)),
    header: { sections: 40, flags: 48, sectionSize: 58, sectionCount: 60 },
    section: { offset: 24, size: 32, link: 40 },
    symbol: { bytes: 24, info: 4, section: 6 },
    entry: { bytes: 16, value: 8 },
  }],
]);
const LITTLE_ENDIAN = 1;

const layoutOf = (bytes) => (bytes[5] === LITTLE_ENDIAN ? LAYOUTS.get(bytes[4]) : undefined);

export const isElf = (bytes) => bytes.length >= 64 && bytes.readUInt32LE(0) === MAGIC && layoutOf(bytes) !== undefined;

function text(bytes, from) {
  return bytes.toString('latin1', from, bytes.indexOf(0, from));
}

function sectionsOf(bytes) {
  const { read, header, section } = layoutOf(bytes);
  const offset = read(bytes, header.sections);
  const [size, count] = [bytes.readUInt16LE(header.sectionSize), bytes.readUInt16LE(header.sectionCount)];
  if (offset + size * count > bytes.length) return null;
  return Array.from({ length: count }, (_, index) => {
    const at = offset + index * size;
    const wide = (field) => read(bytes, at + field);
    const link = bytes.readUInt32LE(at + section.link);
    return { type: bytes.readUInt32LE(at + 4), offset: wide(section.offset), size: wide(section.size), link };
  });
}

/** The names of the versions that are asked of libraries, by their index. */
function versionsNeeded(bytes, section, strings) {
  const names = new Map();
  let at = section.offset;
  for (;;) {
    const [count, first, next] = [bytes.readUInt16LE(at + 2), bytes.readUInt32LE(at + 8), bytes.readUInt32LE(at + 12)];
    let entry = at + first;
    for (let left = count; left > 0; left--) {
      names.set(bytes.readUInt16LE(entry + 6) & 0x7fff, text(bytes, strings + bytes.readUInt32LE(entry + 8)));
      entry += bytes.readUInt32LE(entry + 12);
    }
    if (next === 0) return names;
    at += next;
  }
}

function dynamicEntries(bytes, section) {
  const { read, entry } = layoutOf(bytes);
  return Array.from({ length: section.size / entry.bytes }, (_, index) => {
    const at = section.offset + index * entry.bytes;
    return { tag: read(bytes, at), value: read(bytes, at + entry.value) };
  });
}

function symbolsOf(bytes, sections) {
  const { symbol } = layoutOf(bytes);
  const table = sections.find(({ type }) => type === SECTION.dynsym);
  const strings = sections[table.link].offset;
  const versions = sections.find(({ type }) => type === SECTION.versions);
  const needs = sections.find(({ type }) => type === SECTION.versionNeeds);
  const names = needs === undefined ? new Map() : versionsNeeded(bytes, needs, sections[needs.link].offset);
  return Array.from({ length: table.size / symbol.bytes }, (_, index) => {
    const at = table.offset + index * symbol.bytes;
    const version = versions === undefined ? 0 : bytes.readUInt16LE(versions.offset + index * 2) & 0x7fff;
    return {
      name: text(bytes, strings + bytes.readUInt32LE(at)),
      weak: bytes[at + symbol.info] >> 4 === WEAK,
      undefined: bytes.readUInt16LE(at + symbol.section) === 0,
      version: names.get(version) ?? null,
    };
  }).slice(1);
}

/** The names of the sources that an unstripped file was made of. */
export function sourcesOf(bytes) {
  const { symbol } = layoutOf(bytes);
  const sections = sectionsOf(bytes);
  const table = sections.find(({ type }) => type === SECTION.symtab);
  const strings = sections[table.link].offset;
  const entries = Array.from({ length: table.size / symbol.bytes }, (_, index) => table.offset + index * symbol.bytes);
  const files = entries.filter((at) => (bytes[at + symbol.info] & 0xf) === FILE);
  const names = files.map((at) => text(bytes, strings + bytes.readUInt32LE(at)));
  return [...new Set(names)].sort();
}

/** What an ELF file is. */
export function readElf(bytes) {
  const sections = sectionsOf(bytes);
  const arch = ARCHITECTURES.get(bytes.readUInt16LE(18)) ?? 'unknown';
  if (sections === null) return { format: 'ELF', arch, complete: false };
  const { bits, header } = layoutOf(bytes);
  const dynamic = sections.find(({ type }) => type === SECTION.dynamic);
  const entries = dynamicEntries(bytes, dynamic);
  const strings = sections[dynamic.link].offset;
  const symbols = symbolsOf(bytes, sections);
  return {
    format: 'ELF',
    arch,
    kind: `${bits} bits, flags 0x${bytes.readUInt32LE(header.flags).toString(16)}`,
    type: bytes.readUInt16LE(16) === SHARED_OBJECT ? 'shared object' : 'unknown',
    complete: true,
    libraries: entries.filter(({ tag }) => tag === TAG.needed).map(({ value }) => text(bytes, strings + value)),
    bindsNow: entries.some(({ tag, value }) => tag === TAG.flags && (value & BIND_NOW) !== 0),
    searchesPaths: entries.some(({ tag }) => tag === TAG.runpath || tag === TAG.rpath),
    exported: symbols.filter((symbol) => !symbol.undefined).map(({ name }) => name).sort(),
    wanted: symbols.filter((symbol) => symbol.undefined),
    stripped: !sections.some(({ type }) => type === SECTION.symtab),
  };
}
