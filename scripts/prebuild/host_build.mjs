// Builds the addon for this very kind of machine with prebuildify, which runs node-gyp. Only the compiler is replaced by
// the cross compiler, because the system's would link against the system's glibc, which is newer than what users have.
import { chmodSync, cpSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { runQuietly } from './cross_build.mjs';
import { NODE, root } from './targets.mjs';

// Options of GNU's compiler and linker that mean nothing here: the C++ runtime is linked in anyway, and what may be seen
// of it is said by the version script.
const FOREIGN = ['-static-libstdc++', '-static-libgcc', '-Wl,--exclude-libs,ALL', '-rdynamic'];

/** A compiler that node-gyp's makefiles can call. */
function writeCompiler(file, command, target) {
  const lines = [
    '#!/bin/sh',
    `# ${command} of the cross compiler, less the options that it does not know.`,
    'for option do',
    '  shift',
    `  case "$option" in ${FOREIGN.join('|')}) ;; *) set -- "$@" "$option" ;; esac`,
    'done',
    `exec ${command} -target ${target.zig} "$@"`,
    '',
  ];
  writeFileSync(file, lines.join('\n'));
  chmodSync(file, 0o755);
}

/** Builds the host's target into its place in prebuilds/. */
export async function hostBuild(zig, target, headers) {
  // In a copy of the sources, so that the build of this checkout stays as it is.
  const folder = path.join(root, 'build', 'prebuild', target.name);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  for (const name of ['binding.gyp', 'package.json', 'native']) {
    cpSync(path.join(root, name), path.join(folder, name), { recursive: true, dereference: true });
  }
  writeCompiler(path.join(folder, 'cc'), `${path.join(zig, 'zig')} cc`, target);
  writeCompiler(path.join(folder, 'c++'), `${path.join(zig, 'zig')} c++`, target);
  const bin = path.join(root, 'node_modules');
  const args = ['--napi', '--strip', '--tag-libc', '--target', NODE, '--cwd', folder, '--out', root];
  const nodeGyp = ['--node-gyp', path.join(bin, '.bin', 'node-gyp')];
  await runQuietly(process.execPath, [path.join(bin, 'prebuildify', 'bin.js'), ...args, ...nodeGyp], {
    env: {
      ...process.env,
      CC: path.join(folder, 'cc'),
      CXX: path.join(folder, 'c++'),
      npm_config_nodedir: headers,
      npm_config_jobs: 'max',
    },
  });
}
