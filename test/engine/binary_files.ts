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
