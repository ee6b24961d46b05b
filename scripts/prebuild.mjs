// Builds the binaries that the package ships into prebuilds/, all from one Linux machine with nothing but the npm
// registry and, for macOS, Debian's lld: `npm run prebuild`, or `npm run prebuild -- linux-x64-glibc …` for some of them.
// That of this very kind of machine is made by prebuildify, the others by the cross compiler. Of all together it writes
// what is in them, prebuilds/sbom.cdx.json. scripts/check_prebuilds.mjs judges the result.
//
// npm takes a script of this name for what precedes every `npm run build`, too; then this does nothing.
import { rmSync, statSync } from 'node:fs';
import path from 'node:path';
import { askedByName } from './prebuild/asked_by_name.mjs';
import { crossBuild } from './prebuild/cross_build.mjs';
import { hostBuild } from './prebuild/host_build.mjs';
import { writeSbom } from './prebuild/sbom.mjs';
import { chooseTargets, hostTarget, root, targets } from './prebuild/targets.mjs';
import { findNodeHeaders, findZig } from './prebuild/toolchain.mjs';

async function build(chosen) {
  const zig = findZig();
  const headers = findNodeHeaders();
  // What an earlier version of this left there is no part of the package.
  if (chosen.length === targets.length) rmSync(path.join(root, 'prebuilds'), { recursive: true, force: true });
  for (const target of chosen) {
    const started = Date.now();
    rmSync(path.join(root, target.file), { force: true });
    await (target === hostTarget() && target.libc === 'glibc' ? hostBuild : crossBuild)(zig, target, headers);
    const { size } = statSync(path.join(root, target.file));
    console.log(`${target.file}: ${size} bytes, ${((Date.now() - started) / 1000).toFixed(1)} s`);
  }
  if (chosen.length === targets.length) console.log(writeSbom());
}

if (!askedByName()) {
  // The package manager is about to run `build`.
} else if (process.platform !== 'linux') {
  console.error('prebuild: the binaries of all targets are built on Linux; npm ci has built this machine’s own');
  process.exitCode = 1;
} else {
  await build(chooseTargets(process.argv.slice(2)));
}
