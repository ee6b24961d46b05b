// Runs the binaries in prebuilds/, each in the fullest way that this machine has, and says of the others that they were not
// run: `node scripts/test_prebuilds.mjs` for all, or with the names of targets, which then have to be run; `host` is this
// machine's own.
//
//   this machine's own target         the whole suite, and test/prebuilds/smoke.mjs
//   linux-arm64-glibc on x64          the smoke test and the tests of the kernel, by Node for arm64 under qemu-user
//   linux-x64-musl, linux-arm64-musl  test/prebuilds/probe.cc, which loads the binary under musl and runs loops with it:
//                                     the registries have no Node for musl. Under qemu-user for arm64 on x64.
//
// `npm run build && npm run build:test` have to come first. `--smoke` leaves the suite out.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { emulatedNode, findEmulator } from './prebuild/emulation.mjs';
import { findMuslLoader } from './prebuild/musl_loader.mjs';
import { buildProbe } from './prebuild/probe.mjs';
import { chooseTargets, hostTarget, root } from './prebuild/targets.mjs';

const JEST = ['node_modules/jest/bin/jest.js', '--ci'];
const SMOKE = ['test/prebuilds/smoke.mjs'];

const words = process.argv.slice(2);
const smokeOnly = words.includes('--smoke');
const named = words
  .filter((word) => word !== '--smoke')
  .map((word) => (word === 'host' ? (hostTarget()?.name ?? `${process.platform}-${process.arch}`) : word));
const outcomes = [];

/** Runs a program with a target's binary; false when it fails. */
function runs(target, command, args) {
  const env = { ...process.env, READYLOOP_NATIVE_PATH: path.join(root, target.file) };
  return spawnSync(command, args, { cwd: root, env, stdio: 'inherit' }).status === 0;
}

function runSuite(target) {
  const programs = smokeOnly ? [SMOKE] : [SMOKE, JEST];
  return programs.every((program) => runs(target, process.execPath, program));
}

function runEmulated(target) {
  const node = emulatedNode();
  // Emulated code is slow, not wrong: the time limit of a test is another one.
  const kernel = [...JEST, '--runInBand', '--testTimeout', '120000', 'test/kernel/'];
  const programs = smokeOnly ? [SMOKE] : [SMOKE, kernel];
  return programs.every((program) => runs(target, node, program));
}

async function runProbe(target) {
  const probe = await buildProbe(target);
  const command = [findMuslLoader(target.arch), probe, path.join(root, target.file)];
  if (target.arch !== process.arch) command.unshift(findEmulator());
  return runs(target, command[0], command.slice(1));
}

/** The way to run a target here; null where there is none. */
function wayOf(target) {
  if (target === hostTarget()) return ['the suite', runSuite];
  if (target.platform !== 'linux' || process.platform !== 'linux') return null;
  const emulates = target.arch === 'arm64' && process.arch === 'x64';
  if (target.arch !== process.arch && !emulates) return null;
  if (target.libc === 'musl') return ['a probe under musl', runProbe];
  return emulates ? ['Node for arm64 under qemu-user', runEmulated] : null;
}

async function judge(target) {
  const way = wayOf(target);
  if (way === null) return 'not run: this machine cannot';
  if (!existsSync(path.join(root, target.file))) return `FAILED: no ${target.file}: npm run prebuild -- ${target.name}`;
  const [how, run] = way;
  console.log(`--- ${target.name}: ${how}`);
  try {
    return (await run(target)) ? `ran: ${how}` : `FAILED: ${how}`;
  } catch (error) {
    return `${named.length > 0 ? 'FAILED' : 'not run'}: ${error.message}`;
  }
}

for (const target of chooseTargets(named)) outcomes.push([target.name, await judge(target)]);
console.log();
for (const [name, outcome] of outcomes) console.log(`${name}: ${outcome}`);
const isBad = ([, outcome]) => outcome.startsWith('FAILED') || (named.length > 0 && !outcome.startsWith('ran'));
process.exitCode = outcomes.some(isBad) ? 1 : 0;
