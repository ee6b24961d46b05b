// The errors of loading the native part: none there, the wrong one, and a second copy of the package. What they say in
// full is made in engine/binary_messages.ts, which knows what was looked for.

import { ReadyloopError } from './errors.js';

/** There is no native binary for this platform where it was looked for. */
export class MissingBinaryError extends ReadyloopError {
  readonly code: string = 'ERR_MISSING_BINARY';
  /** What was needed, as `linux-x64-glibc`. */
  readonly target: string;
  /** The files and folders in which it was looked for, in that order. */
  readonly searched: readonly string[];
  constructor(message: string, target: string, searched: readonly string[], options?: ErrorOptions) {
    super(message, options);
    this.target = target;
    this.searched = searched;
  }
}

/** A native binary was found and cannot serve here: damaged, for another platform, or of another version. */
export class WrongBinaryError extends MissingBinaryError {
  override readonly code = 'ERR_WRONG_BINARY';
  /** The file. */
  readonly path: string;
  constructor(message: string, target: string, path: string, options?: ErrorOptions) {
    super(message, target, [path], options);
    this.path = path;
  }
}

/** One copy of the package in a process. */
export interface PackageCopy {
  readonly path: string;
  readonly version: string;
}

/** A second copy of the package wants to drive a loop of its own on a thread where another copy does already. */
export class DuplicateCopyError extends ReadyloopError {
  readonly code = 'ERR_DUPLICATE_COPY';
  /** The copies on this thread; the last one was refused. */
  readonly copies: readonly PackageCopy[];
  constructor(message: string, copies: readonly PackageCopy[]) {
    super(message);
    this.copies = copies;
  }
}
