// Compiles for a target with the cross compiler, a few files at a time.
import { mkdirSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { runQuietly } from './run_quietly.mjs';
import { compilerFlags, root } from './targets.mjs';

/**
 * What everything in a binary is compiled with. Tables of lines stay in the unstripped copy, for whoever has to read a
 * crash; the paths in them, and in what the code says, are the same on every machine.
 */
export function commonFlags(zig) {
  const maps = [`-ffile-prefix-map=${root}=.`, `-ffile-prefix-map=${zig}=zig`];
  return [
    // One layout of what the system tells of files, on machines of 32 bits, too. Node's headers count on it.
    '-D_FILE_OFFSET_BITS=64',
    '-O2',
    '-fPIC',
    '-gline-tables-only',
    '-fno-ident',
    '-fno-exceptions',
    '-fno-rtti',
    '-fvisibility=hidden',
    '-fvisibility-inlines-hidden',
    '-ffunction-sections',
    '-fdata-sections',
    ...maps,
  ];
}

/** Compiles `{ file, flags }` each to an object in the folder. Returns: the objects, in the same order. */
export async function compileAll(zig, target, sources, folder) {
  mkdirSync(path.join(root, folder), { recursive: true });
  const common = commonFlags(zig);
  const objects = sources.map(({ file }) => path.join(folder, `${path.basename(file)}.o`));
  if (new Set(objects).size !== objects.length) throw new Error(`two sources for ${folder} have the same name`);
  const left = [...sources.keys()];
  const worker = async () => {
    for (let index = left.shift(); index !== undefined; index = left.shift()) {
      const { file, flags } = sources[index];
      const files = ['-c', file, '-o', objects[index]];
      await runQuietly(path.join(zig, 'zig'), ['c++', ...compilerFlags(target), ...common, ...flags, ...files]);
    }
  };
  await Promise.all(Array.from({ length: os.availableParallelism() }, worker));
  return objects;
}
