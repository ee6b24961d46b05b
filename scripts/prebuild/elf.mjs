// Reads 64-bit little-endian ELF files as far as they have to be judged: what they are for, what they show, and what they
// ask for. Layouts: <elf.h>.
const MAGIC = 0x464c457f;
const ARCHITECTURES = new Map([
  [62, 'x64'],
  [183, 'arm64'],
]);
const SHARED_OBJECT = 3;
const SECTION = { symtab: 2, dynamic: 6, dynsym: 11, versionNeeds: 0x6ffffffe, versions: 0x6fffffff };
const TAG = { needed: 1, runpath: 29, rpath: 15, flags: 30 };
const BIND_NOW = 8n;
const WEAK = 2;
const FILE = 4;

export const isElf = (bytes) => bytes.length >= 64 && bytes.readUInt32LE(0) === MAGIC;

function text(bytes, from) {
  return bytes.toString('latin1', from, bytes.indexOf(0, from));
}

function sectionsOf(bytes) {
  const offset = Number(bytes.readBigUInt64LE(40));
  const [size, count] = [bytes.readUInt16LE(58), bytes.readUInt16LE(60)];
  if (offset + size * count > bytes.length) return null;
  return Array.from({ length: count }, (_, index) => {
    const at = offset + index * size;
    const wide = (field) => Number(bytes.readBigUInt64LE(at + field));
    return { type: bytes.readUInt32LE(at + 4), offset: wide(24), size: wide(32), link: bytes.readUInt32LE(at + 40) };
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
  return Array.from({ length: section.size / 16 }, (_, index) => {
    const at = section.offset + index * 16;
    return { tag: Number(bytes.readBigUInt64LE(at)), value: bytes.readBigUInt64LE(at + 8) };
  });
}

function symbolsOf(bytes, sections) {
  const table = sections.find(({ type }) => type === SECTION.dynsym);
  const strings = sections[table.link].offset;
  const versions = sections.find(({ type }) => type === SECTION.versions);
  const needs = sections.find(({ type }) => type === SECTION.versionNeeds);
  const names = needs === undefined ? new Map() : versionsNeeded(bytes, needs, sections[needs.link].offset);
  return Array.from({ length: table.size / 24 }, (_, index) => {
    const at = table.offset + index * 24;
    const version = versions === undefined ? 0 : bytes.readUInt16LE(versions.offset + index * 2) & 0x7fff;
    return {
      name: text(bytes, strings + bytes.readUInt32LE(at)),
      weak: bytes[at + 4] >> 4 === WEAK,
      undefined: bytes.readUInt16LE(at + 6) === 0,
      version: names.get(version) ?? null,
    };
  }).slice(1);
}

/** The names of the sources that an unstripped file was made of. */
export function sourcesOf(bytes) {
  const sections = sectionsOf(bytes);
  const table = sections.find(({ type }) => type === SECTION.symtab);
  const strings = sections[table.link].offset;
  const entries = Array.from({ length: table.size / 24 }, (_, index) => table.offset + index * 24);
  const files = entries.filter((at) => (bytes[at + 4] & 0xf) === FILE);
  const names = files.map((at) => text(bytes, strings + bytes.readUInt32LE(at)));
  return [...new Set(names)].sort();
}

/** What an ELF file is. */
export function readElf(bytes) {
  const sections = sectionsOf(bytes);
  const arch = ARCHITECTURES.get(bytes.readUInt16LE(18)) ?? 'unknown';
  if (sections === null) return { format: 'ELF', arch, complete: false };
  const dynamic = sections.find(({ type }) => type === SECTION.dynamic);
  const entries = dynamicEntries(bytes, dynamic);
  const strings = sections[dynamic.link].offset;
  const symbols = symbolsOf(bytes, sections);
  return {
    format: 'ELF',
    arch,
    type: bytes.readUInt16LE(16) === SHARED_OBJECT ? 'shared object' : 'unknown',
    complete: true,
    libraries: entries.filter(({ tag }) => tag === TAG.needed).map(({ value }) => text(bytes, strings + Number(value))),
    bindsNow: entries.some(({ tag, value }) => tag === TAG.flags && (value & BIND_NOW) !== 0n),
    searchesPaths: entries.some(({ tag }) => tag === TAG.runpath || tag === TAG.rpath),
    exported: symbols.filter((symbol) => !symbol.undefined).map(({ name }) => name).sort(),
    wanted: symbols.filter((symbol) => symbol.undefined),
    stripped: !sections.some(({ type }) => type === SECTION.symtab),
  };
}
