// From the binary as it was linked to the one that ships.
import { copyFileSync } from 'node:fs';
import path from 'node:path';
import { findLlvmTool } from './find_tool.mjs';
import { runQuietly } from './run_quietly.mjs';
import { root, unstripped } from './targets.mjs';

/** Strips the linked binary of a target into its place in prebuilds/. */
export async function strip(zig, target) {
  if (target.platform === 'darwin') {
    copyFileSync(path.join(root, unstripped(target)), path.join(root, target.file));
    // Signs anew, too, which 64-bit ARM insists on.
    await runQuietly(findLlvmTool('llvm-strip'), ['-x', target.file]);
  } else {
    await runQuietly(path.join(zig, 'zig'), ['objcopy', '--strip-all', unstripped(target), target.file]);
  }
}
