// Deletes compiled files whose TypeScript source is gone: `node scripts/prune_outputs.mjs OUT_DIR SOURCE_DIR…`.
// The compiler never removes what it wrote earlier, so a renamed test would otherwise go on running as a ghost, and a
// removed module would still be packed. The ESM face (OUT_DIR/esm) is written by make_esm.mjs and is left alone.
import { existsSync, readdirSync, rmSync } from 'node:fs';
import path from 'node:path';

const [outDir, ...sourceRoots] = process.argv.slice(2);
if (outDir === undefined || sourceRoots.length === 0) {
  console.error('usage: node scripts/prune_outputs.mjs OUT_DIR SOURCE_DIR[=OUT_SUBDIR]…');
  process.exit(2);
}

/** The source file that an output stands for, or null when the output is not the compiler's. */
function stemOf(file) {
  const match = /^(.*?)(\.d\.ts|\.js\.map|\.js)$/.exec(file);
  return match === null ? null : match[1];
}

for (const pair of sourceRoots) {
  const [sourceRoot, subDirectory = ''] = pair.split('=');
  const outRoot = path.join(outDir, subDirectory);
  if (!existsSync(outRoot)) continue;
  for (const entry of readdirSync(outRoot, { recursive: true, withFileTypes: true })) {
    const file = path.relative(outRoot, path.join(entry.parentPath ?? entry.path, entry.name));
    const stem = entry.isFile() && !file.startsWith(`esm${path.sep}`) ? stemOf(file) : null;
    if (stem === null || existsSync(path.join(sourceRoot, `${stem}.ts`))) continue;
    rmSync(path.join(outRoot, file), { force: true });
  }
}
