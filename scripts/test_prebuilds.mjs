// Runs the binaries in prebuilds/, each in the fullest way that this machine has, and says of the others that they were not
// run: `node scripts/test_prebuilds.mjs` for all, or with the names of targets, which then have to be run; `host` is this
// machine's own, and `others` are those besides that a machine of this kind can run, which then have to be run, too.
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
import { chooseTargets, hostTarget, root, targets } from './prebuild/targets.mjs';

const JEST = ['node_modules/jest/bin/jest.js', '--ci'];
const SMOKE = ['test/prebuilds/smoke.mjs'];
const PROBE = 'a probe under musl';

const words = process.argv.slice(2);
const smokeOnly = words.includes('--smoke');
const wanted = words.filter((word) => word !== '--smoke');
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
  if (target.libc === 'musl') return [PROBE, runProbe];
  return emulates ? ['Node for arm64 under qemu-user', runEmulated] : null;
}

/** The targets that a word means: `host`, `others`, or a name. */
function namesOf(word) {
  if (word === 'host') return [hostTarget()?.name ?? `${process.platform}-${process.arch}`];
  if (word !== 'others') return [word];
  return targets.filter((target) => target !== hostTarget() && wayOf(target) !== null).map(({ name }) => name);
}

async function judge(target, isWanted) {
  const way = wayOf(target);
  if (way === null) return isWanted ? 'FAILED: this machine cannot run it' : 'not run: this machine cannot';
  if (!existsSync(path.join(root, target.file))) return `FAILED: no ${target.file}: npm run prebuild -- ${target.name}`;
  const [how, run] = way;
  console.log(`--- ${target.name}: ${how}`);
  try {
    return (await run(target)) ? `ran: ${how}` : `FAILED: ${how}`;
  } catch (error) {
    return `${isWanted ? 'FAILED' : 'not run'}: ${error.message}`;
  }
}

/** A line about a target. CI gathers those that begin with `not run: `. */
function tell(name, outcome) {
  const why = /^not run: ([^]*)/.exec(outcome)?.[1];
  console.log(why === undefined ? `${name}: ${outcome}` : `not run: ${name}: ${why}`);
  if (outcome === `ran: ${PROBE}`) console.log(`not run: ${name} by a Node for musl: the registries have none`);
}

const named = chooseTargets(wanted.flatMap(namesOf));
for (const target of named) outcomes.push([target.name, await judge(target, wanted.length > 0)]);
if (wanted.includes('others')) {
  const beyond = targets.filter((target) => wayOf(target) === null);
  for (const target of beyond) outcomes.push([target.name, await judge(target, false)]);
}
console.log();
for (const [name, outcome] of outcomes) tell(name, outcome);
process.exitCode = outcomes.some(([, outcome]) => outcome.startsWith('FAILED')) ? 1 : 0;
