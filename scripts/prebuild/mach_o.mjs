// Reads 64-bit Mach-O files as far as they have to be judged: what they are for, what they show, and what they ask for.
// Layouts: <mach-o/loader.h> and <mach-o/nlist.h>.
import { createHash } from 'node:crypto';

const MAGIC = 0xfeedfacf;
const ARCHITECTURES = new Map([
  [0x01000007, 'x64'],
  [0x0100000c, 'arm64'],
]);
const FILE_TYPES = new Map([
  [1, 'object'],
  [6, 'dylib'],
  [8, 'bundle'],
]);
const LC = {
  symtab: 0x2,
  loadDylib: 0xc,
  segment: 0x19,
  codeSignature: 0x1d,
  buildVersion: 0x32,
  dyldInfo: 0x22,
  dyldInfoOnly: 0x80000022,
  exportsTrie: 0x80000033,
};
const SYMBOL = { size: 16, stab: 0xe0, type: 0x0e, external: 0x01 };
const DYNAMIC_LOOKUP = 0xfe;

export const isMachO = (bytes) => bytes.length >= 32 && bytes.readUInt32LE(0) === MAGIC;

function text(bytes, from) {
  return bytes.toString('latin1', from, bytes.indexOf(0, from));
}

function* commandsOf(bytes) {
  let at = 32;
  for (let left = bytes.readUInt32LE(16); left > 0; left--) {
    yield { kind: bytes.readUInt32LE(at), at };
    at += bytes.readUInt32LE(at + 4);
  }
}

function symbolsOf(bytes, at) {
  const [offset, count, names] = [8, 12, 16].map((field) => bytes.readUInt32LE(at + field));
  return Array.from({ length: count }, (_, index) => {
    const entry = offset + index * SYMBOL.size;
    const type = bytes[entry + 4];
    return {
      name: text(bytes, names + bytes.readUInt32LE(entry)),
      debug: (type & SYMBOL.stab) !== 0,
      external: (type & SYMBOL.external) !== 0,
      undefined: (type & SYMBOL.type) === 0,
      library: bytes.readUInt16LE(entry + 6) >> 8,
    };
  }).filter(({ debug }) => !debug);
}

/** A number in the variable-length form of the tries, and where it ends. */
function uleb(bytes, from) {
  let value = 0;
  let at = from;
  for (let shift = 0; ; shift += 7, at++) {
    value += (bytes[at] & 0x7f) * 2 ** shift;
    if ((bytes[at] & 0x80) === 0) return [value, at + 1];
  }
}

/** The names in an exports trie: what dlsym and other images can see. */
function exportedNames(bytes, start, node = 0, prefix = '') {
  const [terminal, from] = uleb(bytes, start + node);
  const names = terminal > 0 ? [prefix] : [];
  let at = from + terminal + 1;
  for (let children = bytes[from + terminal]; children > 0; children--) {
    const edge = text(bytes, at);
    const [child, next] = uleb(bytes, at + edge.length + 1);
    names.push(...exportedNames(bytes, start, child, prefix + edge));
    at = next;
  }
  return names;
}

/** A signature is a hash of each page; 64-bit ARM kills a process over one that differs. */
function judgeSignature(bytes, start) {
  const [blobs, directory] = [start, start + bytes.readUInt32BE(start + 16)];
  const [hashes, slots, limit] = [16, 28, 32].map((field) => bytes.readUInt32BE(directory + field));
  const [hashSize, hashKind, page] = [bytes[directory + 36], bytes[directory + 37], 1 << bytes[directory + 39]];
  if (hashSize !== 32 || hashKind !== 2 || limit > blobs) return 'broken';
  const holds = Array.from({ length: slots }).every((_, slot) => {
    const found = createHash('sha256').update(bytes.subarray(slot * page, Math.min((slot + 1) * page, limit))).digest();
    const at = directory + hashes + slot * hashSize;
    return found.equals(bytes.subarray(at, at + hashSize));
  });
  return holds ? 'good' : 'broken';
}

function version(packed) {
  return `${packed >>> 16}.${(packed >>> 8) & 0xff}`;
}

/** What a Mach-O file is: names are without the underscore that every C name has there. */
export function readMachO(bytes) {
  const libraries = [];
  let [symbols, exported, signature, minimum, end] = [[], [], 'none', null, 0];
  const wide = (at) => Number(bytes.readBigUInt64LE(at));
  const trie = (at, [offset, size]) => {
    if (bytes.readUInt32LE(at + size) > 0) exported = exportedNames(bytes, bytes.readUInt32LE(at + offset));
  };
  for (const { kind, at } of commandsOf(bytes)) {
    if (kind === LC.symtab) symbols = symbolsOf(bytes, at);
    else if (kind === LC.loadDylib) libraries.push(text(bytes, at + bytes.readUInt32LE(at + 8)));
    else if (kind === LC.dyldInfo || kind === LC.dyldInfoOnly) trie(at, [40, 44]);
    else if (kind === LC.exportsTrie) trie(at, [8, 12]);
    else if (kind === LC.codeSignature) signature = judgeSignature(bytes, bytes.readUInt32LE(at + 8));
    else if (kind === LC.buildVersion) minimum = version(bytes.readUInt32LE(at + 12));
    else if (kind === LC.segment) end = Math.max(end, wide(at + 40) + wide(at + 48));
  }
  const plain = (name) => name.replace(/^_/, '');
  return {
    format: 'Mach-O',
    arch: ARCHITECTURES.get(bytes.readUInt32LE(4)) ?? 'unknown',
    type: FILE_TYPES.get(bytes.readUInt32LE(12)) ?? 'unknown',
    complete: end <= bytes.length,
    libraries,
    minimum,
    signature,
    exported: exported.map(plain).sort(),
    // Node's own names are looked up in the whole process; others belong to the library that they were linked against.
    wanted: symbols
      .filter((symbol) => symbol.undefined && symbol.external)
      .map(({ name, library }) => [plain(name), library === DYNAMIC_LOOKUP ? null : libraries[library - 1]])
      .map(([name, library]) => ({ name, library })),
    locals: symbols.filter((symbol) => !symbol.undefined && !symbol.external).length,
  };
}
