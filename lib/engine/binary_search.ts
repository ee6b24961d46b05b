// Where the native binary is looked for: the exact file of READYLOOP_NATIVE_PATH, else what was built in the package's
// folder, else the prebuilt one for this host. The last two are node-gyp-build's answer. Nothing is loaded here.

import { existsSync } from 'node:fs';
import { basename, dirname, join, relative, sep } from 'node:path';
import { type Host, targetOf } from './host.js';

/** By what right a file was chosen. */
export type BinaryOrigin = 'READYLOOP_NATIVE_PATH' | 'local build' | 'prebuilt' | 'beside the program';

/** The file that is to be loaded. */
export interface FoundBinary {
  readonly path: string;
  readonly origin: BinaryOrigin;
}

/** What a search has come to; `searched` are the places in their order, whatever was found. */
export interface BinarySearch {
  readonly found: FoundBinary | null;
  readonly searched: readonly string[];
}

/** The variable that names one exact file. */
export const PATH_VARIABLE = 'READYLOOP_NATIVE_PATH';

/** What node-gyp-build offers: the path of the binary for a package's folder, or an error if there is none. */
interface Resolver {
  resolve(root: string): string;
}

/**
 * Looks for the binary.
 *
 * `root` is the package's folder, or that of the bundle which the package became part of; null if not even that is known.
 */
export function findBinary(root: string | null, exact: string | undefined, host: Host): BinarySearch {
  if (exact !== undefined && exact !== '') {
    return { found: { path: exact, origin: PATH_VARIABLE }, searched: [exact] };
  }
  if (root === null) return { found: null, searched: [] };
  const searched = [join(root, 'build', 'Release'), join(root, 'build', 'Debug'), prebuiltPath(root, host)];
  const resolved = resolve(root);
  const path = resolved === null ? null : ofOwnLibc(resolved, host);
  return { found: path === null ? null : { path, origin: originOf(root, path) }, searched };
}

/** Where the prebuilt binary for a host is, if there is one. */
export function prebuiltPath(root: string, host: Host): string {
  const version = host.armVersion === undefined ? '' : `.armv${host.armVersion}`;
  const libc = host.libc === null ? '' : `.${host.libc}`;
  return join(root, 'prebuilds', `${host.platform}-${host.arch}`, `readyloop${version}${libc}.node`);
}

function resolve(root: string): string | null {
  // eslint-disable-next-line @typescript-eslint/no-require-imports -- the loader is a CommonJS function
  const loader = require('node-gyp-build') as Resolver;
  try {
    const path = loader.resolve(root);
    // It takes the first addon of a folder, which is another project's if a bundle lies beside that one's build.
    return basename(path).startsWith('readyloop') ? path : null;
  } catch {
    return null;
  }
}

/**
 * node-gyp-build takes for musl what has Alpine's release file, and for glibc what has not: wrong in other
 * distributions of musl, and for a glibc Node on Alpine. Its answer is held against what the process really runs on.
 */
function ofOwnLibc(path: string, host: Host): string | null {
  const tagged = /\.(glibc|musl)\.node$/.exec(path)?.[1];
  if (tagged === undefined || host.libc === null || tagged === host.libc) return path;
  const own = join(dirname(path), basename(prebuiltPath('', host)));
  return existsSync(own) ? own : null;
}

function originOf(root: string, path: string): BinaryOrigin {
  const [top] = relative(root, path).split(sep);
  if (top === 'build') return 'local build';
  return top === 'prebuilds' ? 'prebuilt' : 'beside the program';
}

/** The targets that the package ships a binary for. A test holds them against what `npm run prebuild` builds. */
export const SHIPPED_TARGETS: readonly string[] = [
  'linux-x64-glibc', 'linux-x64-musl', 'linux-arm64-glibc', 'linux-arm64-musl', 'linux-armv7-glibc', 'linux-ppc64-glibc',
  'darwin-x64', 'darwin-arm64',
];

/** True if the package ships a binary for this host. */
export function isShipped(host: Host): boolean {
  return SHIPPED_TARGETS.includes(targetOf(host));
}
