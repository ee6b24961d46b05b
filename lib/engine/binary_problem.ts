// Why a file cannot be the binary for a host, as far as its headers tell. Asked before it is loaded.

import { realpathSync } from 'node:fs';
import { extname } from 'node:path';
import { type BinaryHeader, readBinaryHeader } from './binary_header.js';
import { asError } from '../base/errors.js';
import { type Host, type Libc } from './host.js';

/** Returns: the problem as a clause (`it is empty`), or null if the file may be tried. */
export function problemOfFile(path: string, host: Host): string | null {
  let header: BinaryHeader;
  let name: string;
  try {
    header = readBinaryHeader(path);
    name = realpathSync(path);
  } catch (error) {
    return `it cannot be read (${asError(error).message})`;
  }
  return problemOfHeader(header, host) ?? problemOfName(name);
}

// Node reads a file of any other name, or a link to one, as JavaScript.
function problemOfName(path: string): string | null {
  return extname(path) === '.node' ? null : `the name of the file (${path}) does not end in .node`;
}

/** The same of headers that were read. */
export function problemOfHeader(header: BinaryHeader, host: Host): string | null {
  if (header.bytes === 0) return 'it is empty';
  if (header.platform === null) return 'it is no binary of Linux or macOS';
  if (header.bytes < header.expectedBytes) {
    return `it is truncated (${header.bytes} bytes of ${header.expectedBytes})`;
  }
  if (header.platform !== host.platform || (header.arch !== host.arch && header.arch !== 'universal')) {
    return `it is for ${header.platform}-${header.arch}, and this is ${host.platform}-${host.arch}`;
  }
  const libc = libcOf(header.libraries);
  if (libc === null || host.libc === null || libc === host.libc) return null;
  return `it is for ${libc}, and this process runs on ${host.libc}`;
}

/** The C library that a binary wants; null if it names none. */
export function libcOf(libraries: readonly string[]): Libc | null {
  if (libraries.some((name) => /^libc\.(so$|musl-)/.test(name))) return 'musl';
  return libraries.some((name) => /^libc\.so\.\d|^ld-linux/.test(name)) ? 'glibc' : null;
}
