// Builds the binaries that the package ships into prebuilds/, all from one Linux x64 machine with nothing but the npm
// registry and Debian's lld: `npm run prebuild`, or `npm run prebuild -- linux-x64-glibc …` for some of them. The host's
// is made by prebuildify, the others by the cross compiler; scripts/check_prebuilds.mjs judges the result.
//
// npm takes a script of this name for what precedes every `npm run build`, too; then this does nothing.
import { readFileSync, rmSync, statSync } from 'node:fs';
import path from 'node:path';
import { crossBuild } from './prebuild/cross_build.mjs';
import { hostBuild } from './prebuild/host_build.mjs';
import { chooseTargets, root } from './prebuild/targets.mjs';
import { findNodeHeaders, findZig } from './prebuild/toolchain.mjs';

/** The arguments and the parent of a process; npm's name itself after the script that it runs. */
function describeProcess(pid) {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const parent = Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]);
  return { command: readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' '), parent };
}

function precedesBuild() {
  if (process.env.npm_lifecycle_event !== 'prebuild' || process.platform !== 'linux') return false;
  for (let pid = process.ppid; pid > 1; ) {
    const { command, parent } = describeProcess(pid);
    if (/^npm\b/.test(command)) return !/\bprebuild\b/.test(command);
    pid = parent;
  }
  return false;
}

if (precedesBuild()) process.exit(0);
if (process.platform !== 'linux') {
  console.error('prebuild: the binaries of all targets are built on Linux; npm ci has built this machine’s own');
  process.exit(process.env.npm_lifecycle_event === 'prebuild' ? 0 : 1);
}

const chosen = chooseTargets(process.argv.slice(2));
const zig = findZig();
const headers = findNodeHeaders();
// What the cross compiler keeps for the next time (its C++ runtime for each target) stays beside it.
process.env.ZIG_GLOBAL_CACHE_DIR ??= path.join(path.dirname(zig), 'cache');
process.env.ZIG_LOCAL_CACHE_DIR ??= path.join(path.dirname(zig), 'cache');

const isHost = (target) =>
  target.platform === process.platform && target.arch === process.arch && target.libc === 'glibc';

for (const target of chosen) {
  const started = Date.now();
  rmSync(path.join(root, target.file), { force: true });
  await (isHost(target) ? hostBuild : crossBuild)(zig, target, headers);
  const { size } = statSync(path.join(root, target.file));
  console.log(`${target.file}: ${size} bytes, ${((Date.now() - started) / 1000).toFixed(1)} s`);
}
