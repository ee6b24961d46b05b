// What is said when the native part cannot be loaded: what it was wanted for, what was looked at and where, why it will
// not do, which targets are shipped, and the command that helps.

import { DuplicateCopyError, MissingBinaryError, type PackageCopy, WrongBinaryError } from '../base/binary_errors.js';
import { VERSION } from '../base/version.js';
import { type BinarySearch, type FoundBinary, isShipped, PATH_VARIABLE, SHIPPED_TARGETS } from './binary_search.js';
import { describeHost, type Host, targetOf } from './host.js';

const BUILD = 'npx readyloop build';

const HOW_TO_BUILD =
  `Build it here: \`${BUILD}\` (needs Python 3, make and a C++17 compiler, or with --cmake CMake and cmake-js); ` +
  `or let ${PATH_VARIABLE} name a readyloop.node made for this platform.`;

const shippedLine = (): string => `Shipped are: ${SHIPPED_TARGETS.join(', ')} (glibc 2.28 or later, macOS 11 or later).`;

/** The error for a search that has found nothing. */
export function missingBinary(search: BinarySearch, host: Host): MissingBinaryError {
  const lines = [
    `readyloop ${VERSION} has no native binary for ${describeHost(host)}.`,
    search.searched.length === 0
      ? 'It is part of a bundle that says nothing of its own place, so there was nowhere to look.'
      : `Looked for: ${search.searched.join(', ')}.`,
    shippedLine(),
    whyNotThere(search, host),
    HOW_TO_BUILD,
  ];
  return new MissingBinaryError(lines.filter((line) => line !== null).join('\n  '), targetOf(host), search.searched);
}

function whyNotThere(search: BinarySearch, host: Host): string | null {
  if (host.platform === 'win32') return 'Windows is not supported; the Windows Subsystem for Linux is.';
  if (search.searched.length === 0) return `Set ${PATH_VARIABLE}, or leave readyloop out of the bundle.`;
  if (!isShipped(host)) return null;
  return 'A binary for this host is part of the published package: if this is a bundle, copy the package’s folder ' +
    'prebuilds/ beside it; if it was installed, some tool has left the file out, so install it again.';
}

/** The error for a file that cannot serve. `problem` is a whole clause, as `it is empty`. */
export function wrongBinary(found: FoundBinary, host: Host, problem: string, cause?: unknown): WrongBinaryError {
  const lines = [
    `readyloop ${VERSION} cannot use the native binary ${found.path} on ${describeHost(host)}: ${problem}.`,
    whatToDoAbout(found),
    shippedLine(),
    HOW_TO_BUILD,
  ];
  const options = cause === undefined ? {} : { cause };
  return new WrongBinaryError(lines.join('\n  '), targetOf(host), found.path, options);
}

function whatToDoAbout({ origin }: FoundBinary): string {
  switch (origin) {
    case 'READYLOOP_NATIVE_PATH':
      return `${PATH_VARIABLE} names this file: unset it to have the package’s own looked for.`;
    case 'local build':
      return 'It was built in this folder, perhaps on another machine: build it again here, or delete the folder build.';
    case 'prebuilt':
      return 'It is the one that the package ships: install the package again.';
    case 'beside the program':
      return 'It was found beside the program that runs: remove it, or put the right one in its place.';
  }
}

/** The error for a copy of the package that comes to a thread on which another one drives a loop. */
export function duplicateCopy(copies: readonly PackageCopy[], variable: string): DuplicateCopyError {
  const list = copies.map(({ path, version }) => `${version} in ${path}`);
  const lines = [
    'a second copy of readyloop wants to drive a loop on this thread, where tasks of one could not await those of the ' +
      `other: ${list.join(', and ')}.`,
    'Let all use one: `npm ls readyloop` shows who brings which, `npm dedupe` or the same range of versions unites them, ' +
      'and a bundle leaves readyloop out (external) or contains all of its users.',
    `${variable}=1 lets each copy have a loop of its own.`,
  ];
  return new DuplicateCopyError(lines.join('\n  '), copies);
}
