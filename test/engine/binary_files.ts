// Binaries for tests of loading: the addon of this checkout, changed in one respect, and made-up headers of foreign ones.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

/** The addon that this test process runs on. */
export const addon = process.env['READYLOOP_NATIVE_PATH'] as string;

/** A folder that goes after the test file. */
export function useFolder(): () => string {
  let folder = '';
  beforeAll(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'readyloop-binaries-'));
  });
  afterAll(() => {
    rmSync(folder, { recursive: true });
  });
  return () => folder;
}

/** Writes a copy of the addon after `change` has had its bytes. Returns: the new file. */
export function changedAddon(folder: string, name: string, change: (bytes: Buffer) => Buffer): string {
  const file = path.join(folder, name);
  writeFileSync(file, change(readFileSync(addon)));
  return file;
}

/** Writes another text over every place of one that is no shorter. */
export function overwrite(bytes: Buffer, text: string, other: string): Buffer {
  const replacement = Buffer.from(other.padEnd(text.length, '\0'));
  let places = 0;
  for (let at = bytes.indexOf(text); at >= 0; at = bytes.indexOf(text, at + text.length)) {
    replacement.copy(bytes, at);
    places += 1;
  }
  if (places === 0) throw new Error(`the addon does not contain ${text}`);
  return bytes;
}

/** The headers of a bundle for macOS, whose one segment ends at `end`. */
export function machO(machine: number, end: number): Buffer {
  const bytes = Buffer.alloc(32 + 72);
  bytes.writeUInt32LE(0xfeed_facf, 0);
  bytes.writeUInt32LE(machine, 4);
  bytes.writeUInt32LE(1, 16);
  bytes.writeUInt32LE(72, 20);
  bytes.writeUInt32LE(0x19, 32);
  bytes.writeUInt32LE(72, 36);
  bytes.writeBigUInt64LE(BigInt(end), 32 + 48);
  return bytes;
}

/** An ELF file of 32 bits, little-endian: one part that is all of it, its libraries, and a dynamic linker. */
export function elf32(machine: number, libraries: readonly string[], interpreter: string): Buffer {
  const [LOADED, DYNAMIC, INTERPRETER, NEEDED, STRINGS] = [1, 2, 3, 1, 5];
  const [table, entries] = [52, 52 + 3 * 32];
  const strings = entries + (libraries.length + 2) * 8;
  const texts = ['', ...libraries, interpreter].map((text) => `${text}\0`);
  const places = texts.map((_, index) => texts.slice(0, index).join('').length);
  const bytes = Buffer.concat([Buffer.alloc(strings), Buffer.from(texts.join(''))]);
  const words = (at: number, ...values: number[]): void =>
    values.forEach((value, index) => bytes.writeUInt32LE(value, at + index * 4));
  bytes.write('\u007fELF\u0001\u0001\u0001', 'latin1');
  bytes.writeUInt16LE(machine, 18);
  words(28, table);
  [32, 3].forEach((value, index) => bytes.writeUInt16LE(value, 42 + index * 2));
  // Type, place, address, and after another address the size.
  words(table, LOADED, 0, 0x1000, 0, bytes.length);
  words(table + 32, DYNAMIC, entries, 0x1000 + entries, 0, strings - entries);
  words(table + 64, INTERPRETER, strings + places[texts.length - 1]!, 0, 0, interpreter.length + 1);
  libraries.forEach((_, index) => words(entries + index * 8, NEEDED, places[index + 1]!));
  words(entries + libraries.length * 8, STRINGS, 0x1000 + strings);
  return bytes;
}
