// Runs the binaries in prebuilds/, each in the fullest way that this machine has, and says of the others that they were not
// run: `node scripts/test_prebuilds.mjs` for all, or with the names of targets, which then have to be run; `host` is this
// machine's own, and `others` are those besides that a machine of this kind can run, which then have to be run, too.
//
//   this machine's own target         the whole suite, and test/prebuilds/smoke.mjs
//   linux-arm64-glibc, linux-armv7-glibc, linux-ppc64-glibc on x64
//                                     the smoke test and the tests of the kernel, by Node for that machine under qemu-user
//   linux-x64-musl, linux-arm64-musl  test/prebuilds/probe.cc, which loads the binary under musl and runs loops with it:
//                                     the registries have no Node for musl. Under qemu-user for arm64 on x64.
//
// This machine's own is run first, the others then side by side: the programs of each need one processor.
// `npm run build && npm run build:test` have to come first. `--smoke` leaves the suite out.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { canEmulate, emulatedNode, findEmulator } from './prebuild/emulation.mjs';
import { findMuslLoader } from './prebuild/musl_loader.mjs';
import { buildProbe } from './prebuild/probe.mjs';
import { chooseTargets, hostTarget, root, targets } from './prebuild/targets.mjs';

const JEST = ['node_modules/jest/bin/jest.js', '--ci'];
const SMOKE = ['test/prebuilds/smoke.mjs'];
const PROBE = 'a probe under musl';

const words = process.argv.slice(2);
const smokeOnly = words.includes('--smoke');
const wanted = words.filter((word) => word !== '--smoke');

/** Runs programs with a target's binary, false when one fails. What they print is shown at once, or put into `printed`. */
function starterFor(target, printed) {
  const env = { ...process.env, READYLOOP_NATIVE_PATH: path.join(root, target.file) };
  const stdio = printed === null ? 'inherit' : ['ignore', 'pipe', 'pipe'];
  return (command, args) =>
    new Promise((resolve, reject) => {
      const child = spawn(command, args, { cwd: root, env, stdio });
      for (const stream of [child.stdout, child.stderr]) stream?.on('data', (chunk) => printed.push(chunk));
      child.on('error', reject);
      child.on('close', (status) => resolve(status === 0));
    });
}

/** Runs programs of a Node one after the other, until one fails. */
async function runInTurn(start, node, programs) {
  for (const program of programs) if (!(await start(node, program))) return false;
  return true;
}

function runSuite(_target, start) {
  return runInTurn(start, process.execPath, smokeOnly ? [SMOKE] : [SMOKE, JEST]);
}

function runEmulated(target, start) {
  const node = emulatedNode(target.arch);
  // Emulated code is slow, not wrong: the time limit of a test is another one.
  const kernel = [...JEST, '--runInBand', '--testTimeout', '120000', 'test/kernel/'];
  return runInTurn(start, node, smokeOnly ? [SMOKE] : [SMOKE, kernel]);
}

async function runProbe(target, start) {
  const probe = await buildProbe(target);
  const command = [findMuslLoader(target.arch), probe, path.join(root, target.file)];
  if (target.arch !== process.arch) command.unshift(findEmulator(target.arch));
  return start(command[0], command.slice(1));
}

/** The way to run a target here; null where there is none. */
function wayOf(target) {
  if (target === hostTarget()) return ['the suite', runSuite];
  if (target.platform !== 'linux' || process.platform !== 'linux') return null;
  const emulates = canEmulate(target.arch) && process.arch === 'x64';
  if (target.arch !== process.arch && !emulates) return null;
  if (target.libc === 'musl') return [PROBE, runProbe];
  return emulates ? [`Node for ${target.arch} under qemu-user`, runEmulated] : null;
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
  const printed = target === hostTarget() ? null : [];
  console.log(`--- ${target.name}: ${how}`);
  try {
    return (await run(target, starterFor(target, printed))) ? `ran: ${how}` : `FAILED: ${how}`;
  } catch (error) {
    return `${isWanted ? 'FAILED' : 'not run'}: ${error.message}`;
  } finally {
    if (printed !== null) console.log(`--- ${target.name} has printed:\n${Buffer.concat(printed)}`);
  }
}

/** Judges targets, this machine's own alone and the others side by side. Returns: [name, outcome] of each, in order. */
async function judgeAll(chosen, isWanted) {
  const outcomes = new Map(chosen.map(({ name }) => [name, null]));
  const take = async (target) => outcomes.set(target.name, await judge(target, isWanted));
  const own = chosen.filter((target) => target === hostTarget());
  for (const target of own) await take(target);
  const left = chosen.filter((target) => !own.includes(target));
  const work = async () => {
    for (let target = left.shift(); target !== undefined; target = left.shift()) await take(target);
  };
  await Promise.all(Array.from({ length: os.availableParallelism() }, work));
  return [...outcomes];
}

/** A line about a target. CI gathers those that begin with `not run: `. */
function tell(name, outcome) {
  const why = /^not run: ([^]*)/.exec(outcome)?.[1];
  console.log(why === undefined ? `${name}: ${outcome}` : `not run: ${name}: ${why}`);
  if (outcome === `ran: ${PROBE}`) console.log(`not run: ${name} by a Node for musl: the registries have none`);
}

// `others` may be none, as on macOS, which no name is for.
const names = wanted.flatMap(namesOf);
const named = wanted.length > 0 && names.length === 0 ? [] : chooseTargets(names);
const outcomes = await judgeAll(named, wanted.length > 0);
if (wanted.includes('others')) {
  outcomes.push(...(await judgeAll(targets.filter((target) => wayOf(target) === null), false)));
}
console.log();
for (const [name, outcome] of outcomes) tell(name, outcome);
process.exitCode = outcomes.some(([, outcome]) => outcome.startsWith('FAILED')) ? 1 : 0;
