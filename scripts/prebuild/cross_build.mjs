// Builds the addon for another system with the cross compiler: every source to an object, then one link. The flags are
// those of binding.gyp, as far as they mean something here.
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { readMachO } from './mach_o.mjs';
import { EXPORTS, MACOS, root } from './targets.mjs';

const COMPILE = [
  '-std=c++17',
  '-O2',
  '-fPIC',
  '-fno-exceptions',
  '-fno-rtti',
  '-fvisibility=hidden',
  '-fvisibility-inlines-hidden',
  '-ffunction-sections',
  '-fdata-sections',
  '-Wall',
  '-Wextra',
  '-Wno-missing-field-initializers',
  '-DNAPI_VERSION=8',
  '-DNODE_API_NO_EXTERNAL_BUFFERS_ALLOWED',
  '-Inative',
];
const LINK_ELF = [
  '-shared',
  '-s',
  '-Wl,--gc-sections',
  `-Wl,--version-script=${path.join('native', 'addon', 'exports.map')}`,
  '-Wl,-z,relro',
  '-Wl,-z,now',
  '-ldl', // for dlsym: part of the C library from glibc 2.34 on
];

/** Runs a program in the project's root; what it prints is shown only if it fails. */
export function runQuietly(command, args, options = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'], ...options });
    let printed = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (printed += chunk));
    child.on('error', reject);
    child.on('close', (status) => {
      if (status === 0) resolve(printed);
      else reject(new Error(`${command} ${args.join(' ')}\n${printed}ended with status ${status}`));
    });
  });
}

/** The sources of a platform, from the list that binding.gyp and CMakeLists.txt read as well. */
function sourcesFor(platform) {
  const lists = JSON.parse(readFileSync(path.join(root, 'native', 'sources.json'), 'utf8'));
  const sources = [lists.portable, lists[platform], lists.addon].flat().map((file) => path.join('native', file));
  return platform === 'darwin' ? [...sources, path.join('scripts', 'prebuild', 'darwin', 'verbose_abort.cc')] : sources;
}

async function compileAll(zig, target, headers, folder) {
  const sources = sourcesFor(target.platform);
  const objects = sources.map((source) => path.join(folder, `${source.replaceAll(path.sep, '_')}.o`));
  const include = `-isystem${path.join(headers, 'include', 'node')}`;
  const left = [...sources.keys()];
  const worker = async () => {
    for (let index = left.shift(); index !== undefined; index = left.shift()) {
      const files = ['-c', sources[index], '-o', objects[index]];
      await runQuietly(path.join(zig, 'zig'), ['c++', '-target', target.zig, ...COMPILE, include, ...files]);
    }
  };
  await Promise.all(Array.from({ length: os.availableParallelism() }, worker));
  return objects;
}

/** The names that a loading Node brings along; any other one that is not found is an error of the link. */
function namesOfNode(objects) {
  const names = objects.flatMap((object) => readMachO(readFileSync(object)).wanted.map(({ name }) => name));
  return [...new Set(names)].filter((name) => /^(napi|node_api|uv)_/.test(name)).sort();
}

/**
 * Links for macOS. The linker of the cross compiler shows every hidden name, so LLVM's does it.
 * The C++ runtime is the system's, which every macOS has.
 */
async function linkMachO(zig, target, objects, output) {
  const arch = target.arch === 'x64' ? 'x86_64' : target.arch;
  const libraries = [
    path.join('scripts', 'prebuild', 'darwin', 'libc++.tbd'),
    path.join(zig, 'lib', 'libc', 'darwin', 'libSystem.tbd'),
  ];
  const options = ['-arch', arch, '-platform_version', 'macos', MACOS, MACOS, '-bundle', '-dead_strip'];
  const shown = EXPORTS.flatMap((name) => ['-exported_symbol', `_${name}`]);
  const fromNode = namesOfNode(objects).flatMap((name) => ['-U', `_${name}`]);
  const args = [...options, ...shown, ...fromNode, ...objects, ...libraries, '-o', output];
  await runQuietly(findTool('ld64.lld'), args);
  // Signs anew, too.
  await runQuietly(findTool('llvm-strip'), ['-x', output]);
}

/** A tool of LLVM: on the path, or where Debian's packages lld and llvm put it. */
function findTool(name) {
  const debian = '/usr/lib';
  const versions = existsSync(debian) ? readdirSync(debian).filter((entry) => entry.startsWith('llvm-')) : [];
  const folders = [...process.env.PATH.split(path.delimiter), ...versions.map((entry) => path.join(debian, entry, 'bin'))];
  const found = folders.map((folder) => path.join(folder, name)).find((file) => existsSync(file));
  if (found === undefined) throw new Error(`the darwin targets need ${name}, which is not here: apt-get install lld llvm`);
  return found;
}

/** Builds one target into its place in prebuilds/. */
export async function crossBuild(zig, target, headers) {
  const folder = path.join('build', 'prebuild', target.name);
  rmSync(path.join(root, folder), { recursive: true, force: true });
  mkdirSync(path.join(root, folder), { recursive: true });
  mkdirSync(path.join(root, path.dirname(target.file)), { recursive: true });
  const objects = await compileAll(zig, target, headers, folder);
  if (target.platform === 'darwin') await linkMachO(zig, target, objects, target.file);
  else await runQuietly(path.join(zig, 'zig'), ['c++', '-target', target.zig, ...LINK_ELF, ...objects, '-o', target.file]);
}
