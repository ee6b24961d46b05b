// Notices a second copy of the package on the same thread: two versions in one tree of dependencies, or one installed and
// one in a bundle. Each would have a loop, and a task of one cannot await one of the other, so the second is refused
// when it wants a loop. Worker threads have globals of their own and may differ.

import type { PackageCopy } from '../base/binary_errors.js';
import { isSwitchedOn } from '../base/switches.js';
import { duplicateCopy } from './binary_messages.js';

const COPIES = Symbol.for('readyloop.copies');
const VARIABLE = 'READYLOOP_ALLOW_COPIES';

interface Registry {
  [COPIES]?: PackageCopy[];
}

/**
 * Enters a copy that is about to drive a loop on this thread.
 *
 * The same copy may come again: a test runner evaluates modules anew.
 * Throws: DuplicateCopyError if another copy was entered before, unless `READYLOOP_ALLOW_COPIES` is on; then it is a
 * warning of the process.
 */
export function enterCopy(own: PackageCopy, registry: object = globalThis): void {
  const copies = ((registry as Registry)[COPIES] ??= []);
  if (copies.some(({ path }) => path === own.path)) return;
  if (copies.length > 0) {
    const error = duplicateCopy([...copies, own], VARIABLE);
    if (!isSwitchedOn(VARIABLE)) throw error;
    process.emitWarning(error.message, { type: 'ReadyloopWarning', code: error.code });
  }
  copies.push(own);
}
