// Builds the addon for another system with the cross compiler: every source to an object, then one link. The flags are
// those of binding.gyp, as far as they mean something here.
import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { compileAll } from './compile.mjs';
import { findLlvmTool } from './find_tool.mjs';
import { readMachO } from './mach_o.mjs';
import { runQuietly } from './run_quietly.mjs';
import { runtimeSources } from './runtime.mjs';
import { strip } from './strip.mjs';
import { buildFolder, compilerFlags, EXPORTS, MACOS, OF_NODE, root, unstripped } from './targets.mjs';

const COMPILE = [
  '-std=c++17',
  '-Wall',
  '-Wextra',
  '-Wno-missing-field-initializers',
  '-DNAPI_VERSION=8',
  '-DNODE_API_NO_EXTERNAL_BUFFERS_ALLOWED',
  '-Inative',
];
const LINK_ELF = [
  '-shared',
  '-Wl,--gc-sections',
  `-Wl,--version-script=${path.join('native', 'addon', 'exports.map')}`,
  '-Wl,-z,relro',
  '-Wl,-z,now',
  '-ldl', // for dlsym: part of the C library from glibc 2.34 on
];

/** The sources of a platform, from the list that binding.gyp and CMakeLists.txt read as well. */
function sourcesFor(platform, headers) {
  const lists = JSON.parse(readFileSync(path.join(root, 'native', 'sources.json'), 'utf8'));
  const flags = [...COMPILE, `-isystem${path.join(headers, 'include', 'node')}`];
  return [lists.portable, lists[platform], lists.addon].flat().map((name) => ({ file: path.join('native', name), flags }));
}

/** The names that a loading Node brings along; any other one that is not found is an error of the link. */
function namesOfNode(objects) {
  const wanted = objects.flatMap((object) => readMachO(readFileSync(path.join(root, object))).wanted);
  const names = wanted.map(({ name }) => name);
  return [...new Set(names)].filter((name) => OF_NODE.test(name)).sort();
}

/** Links for macOS. The linker of the cross compiler shows every hidden name, so LLVM's does it. */
async function linkMachO(zig, target, objects, output) {
  const arch = target.arch === 'x64' ? 'x86_64' : target.arch;
  const system = path.join(zig, 'lib', 'libc', 'darwin', 'libSystem.tbd');
  const options = ['-arch', arch, '-platform_version', 'macos', MACOS, MACOS, '-bundle', '-dead_strip'];
  const shown = EXPORTS.flatMap((name) => ['-exported_symbol', `_${name}`]);
  const fromNode = namesOfNode(objects).flatMap((name) => ['-U', `_${name}`]);
  const args = [...options, ...shown, ...fromNode, ...objects, system, '-o', output];
  // The linker notes where the objects are and when they were made, and the file’s identity follows from that.
  const env = { ...process.env, ZERO_AR_DATE: '1' };
  await runQuietly(findLlvmTool('ld64.lld'), [...args, '-oso_prefix', `${root}/`], { env });
}

// As C: the C++ runtime is among the objects.
async function linkElf(zig, target, objects, output) {
  await runQuietly(path.join(zig, 'zig'), ['cc', ...compilerFlags(target), ...LINK_ELF, ...objects, '-o', output]);
}

/** Builds one target into its place in prebuilds/. */
export async function crossBuild(zig, target, headers) {
  const folder = buildFolder(target);
  rmSync(path.join(root, folder), { recursive: true, force: true });
  mkdirSync(path.join(root, path.dirname(target.file)), { recursive: true });
  const sources = [...sourcesFor(target.platform, headers), ...runtimeSources(zig, target)];
  const objects = await compileAll(zig, target, sources, path.join(folder, 'objects'));
  await (target.platform === 'darwin' ? linkMachO : linkElf)(zig, target, objects, unstripped(target));
  await strip(zig, target);
}
