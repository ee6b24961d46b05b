// What the process runs on, as far as a native binary depends on it: platform, architecture and C library. It is found
// out without asking the system for a report, which takes longer than loading the addon: the program that runs names
// the dynamic linker it was made for, and that is the one which will load the addon.

import { type BinaryHeader, readBinaryHeader } from './binary_header.js';

/** The C library of a Linux process. */
export type Libc = 'glibc' | 'musl';

/** Where the addon has to run. */
export interface Host {
  readonly platform: string;
  readonly arch: string;
  /** Which of the ARM architectures of 32 bits the runtime was made for, as `7`; absent for all others. */
  readonly armVersion?: string;
  /** Null where the platform has only one, and where it cannot be told. */
  readonly libc: Libc | null;
  /** Names and version of the runtime, as `Node v20.11.1`. */
  readonly runtime: string;
}

let known: Host | null = null;

/** This process. */
export function thisHost(): Host {
  known ??= { platform: process.platform, arch: process.arch, ...ownArmVersion(), libc: ownLibc(), runtime: ownRuntime() };
  return known;
}

/** The host's name among the targets, as `linux-x64-glibc`, `linux-armv7-glibc`. */
export function targetOf(host: Host): string {
  return `${machineOf(host)}${host.libc === null ? '' : `-${host.libc}`}`;
}

function machineOf({ platform, arch, armVersion }: Host): string {
  return `${platform}-${arch}${armVersion === undefined ? '' : `v${armVersion}`}`;
}

/** The version of glibc, which takes the system a while to say; null if it is another library, or nobody knows. */
export function glibcVersion(): string | null {
  // Absent from some other runtimes; Deno's names a version that is made up.
  const report = (process as { report?: { excludeNetwork?: boolean; getReport(): object } }).report;
  if (report === undefined || 'deno' in process.versions) return null;
  const before = report.excludeNetwork;
  report.excludeNetwork = true; // It would look up the names of all peers.
  try {
    const { header } = report.getReport() as { header?: { glibcVersionRuntime?: string } };
    return header?.glibcVersionRuntime ?? null;
  } finally {
    if (before !== undefined) report.excludeNetwork = before;
  }
}

/** The host in words for a message: `linux-x64 (glibc 2.36), Node v20.11.1`. */
export function describeHost(host: Host): string {
  const version = host.libc === 'glibc' ? glibcVersion() : null;
  const libc = host.libc === null ? 'the system’s libc' : `${host.libc}${version === null ? '' : ` ${version}`}`;
  return `${machineOf(host)} (${libc}), ${host.runtime}`;
}

// node-gyp-build asks the same. A Node of 32 bits that does not say is taken for none that is shipped.
function ownArmVersion(): Pick<Host, 'armVersion'> {
  if (process.arch !== 'arm') return {};
  const { arm_version: version } = process.config.variables as { arm_version?: string | number };
  return version === undefined ? {} : { armVersion: String(version) };
}

function ownLibc(): Libc | null {
  if (process.platform !== 'linux') return null;
  // A program that was started through its dynamic linker, or replaced since, does not say: then the report has to.
  return libcOfFile(process.execPath) ?? (glibcVersion() === null ? 'musl' : 'glibc');
}

function libcOfFile(program: string): Libc | null {
  try {
    return libcOfProgram(readBinaryHeader(program));
  } catch {
    return null;
  }
}

/** The library whose dynamic linker a program asks for; null if it asks for none or one that is not known. */
export function libcOfProgram(header: BinaryHeader): Libc | null {
  if (header.interpreter === null) return null;
  if (/\/ld-musl-/.test(header.interpreter)) return 'musl';
  return /\/ld-linux|\/ld64?\.so/.test(header.interpreter) ? 'glibc' : null;
}

function ownRuntime(): string {
  const { bun, deno, electron } = process.versions as Record<string, string | undefined>;
  const node = `Node ${process.version}`;
  if (bun !== undefined) return `Bun ${bun} (as ${node})`;
  if (deno !== undefined) return `Deno ${deno} (as ${node})`;
  return electron === undefined ? node : `Electron ${electron} (${node})`;
}
