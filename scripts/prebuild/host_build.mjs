// Builds the addon for this very kind of machine with prebuildify, which runs node-gyp. Only the compiler is replaced by
// the cross compiler, because the system's would link against the system's glibc, which is newer than what users have.
import { chmodSync, cpSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { commonFlags, compileAll } from './compile.mjs';
import { runQuietly } from './run_quietly.mjs';
import { runtimeSources } from './runtime.mjs';
import { strip } from './strip.mjs';
import { buildFolder, compilerFlags, NODE, root, unstripped } from './targets.mjs';

// Options of GNU's compiler and linker that mean nothing here: what may be seen of the C++ runtime is said by the version
// script.
const FOREIGN = ['-static-libstdc++', '-static-libgcc', '-Wl,--exclude-libs,ALL', '-rdynamic'];

/** A compiler that node-gyp's makefiles can call. It links as C does, with our own C++ runtime. */
function writeCompiler(file, zig, language, target, { flags, runtime }) {
  const program = path.join(zig, 'zig');
  const quoted = (words) => words.map((word) => `'${word}'`).join(' ');
  const machine = quoted(compilerFlags(target));
  const lines = [
    '#!/bin/sh',
    `# zig ${language}, less the options that it does not know.`,
    'links=no',
    'for option do',
    '  shift',
    `  case "$option" in ${FOREIGN.join('|')}) continue ;; -shared) links=yes ;; esac`,
    '  set -- "$@" "$option"',
    'done',
    `if [ $links = yes ]; then exec '${program}' cc ${machine} "$@" ${quoted(runtime)}; fi`,
    `exec '${program}' ${language} ${machine} "$@" ${quoted(flags)}`,
    '',
  ];
  writeFileSync(file, lines.join('\n'));
  chmodSync(file, 0o755);
}

/** Builds the host's target into its place in prebuilds/. */
export async function hostBuild(zig, target, headers) {
  const folder = path.join(root, buildFolder(target));
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(path.join(root, path.dirname(target.file)), { recursive: true });
  const objects = await compileAll(zig, target, runtimeSources(zig, target), path.join(buildFolder(target), 'objects'));
  // In a copy of the sources, so that the build of this checkout stays as it is.
  for (const name of ['binding.gyp', 'package.json', 'native']) {
    cpSync(path.join(root, name), path.join(folder, name), { recursive: true, dereference: true });
  }
  const use = {
    flags: [...commonFlags(zig), `-ffile-prefix-map=${folder}=.`],
    runtime: objects.map((object) => path.join(root, object)),
  };
  writeCompiler(path.join(folder, 'cc'), zig, 'cc', target, use);
  writeCompiler(path.join(folder, 'c++'), zig, 'c++', target, use);
  const modules = path.join(root, 'node_modules');
  const args = ['--napi', '--tag-libc', '--target', NODE, '--cwd', folder, '--out', root];
  const nodeGyp = ['--node-gyp', path.join(modules, '.bin', 'node-gyp')];
  await runQuietly(process.execPath, [path.join(modules, 'prebuildify', 'bin.js'), ...args, ...nodeGyp], {
    env: {
      ...process.env,
      CC: path.join(folder, 'cc'),
      CXX: path.join(folder, 'c++'),
      npm_config_nodedir: headers,
      npm_config_jobs: 'max',
    },
  });
  renameSync(path.join(root, target.file), path.join(root, unstripped(target)));
  await strip(zig, target);
}
