// Runs the TypeScript tests on an addon whose system calls are interrupted by seed: EINTR, EAGAIN, short counts, less
// readiness at a time (test/native/faults). What a program sees must be the same, so every test passes, but for those
// that say how much one turn or one read brings: they are left out by name, with reasons, in scripts/faults_skipped.json.
// With `--again N` files in which a test fails run again with other choices, up to N times, for those tests of that kind
// that no seed has shown yet; what failed stays in the output.
// The addon that ships is looked at first: it must have no trace of all this.
//
//   node scripts/test_faults.mjs [--seed N] [--rate FAULTS_IN_A_THOUSAND] [--again N] [names of test files…]
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');
const { values, positionals } = parseArgs({
  options: { seed: { type: 'string' }, rate: { type: 'string', default: '50' }, again: { type: 'string', default: '0' } },
  allowPositionals: true,
});
const seed = values.seed ?? String(Date.now() % 1_000_000_000);
const addon = path.join(root, 'build', 'addon-faults', 'Release', 'readyloop.node');
// What needs no system call of ours is not run twice.
const suites = positionals.length > 0 ? positionals : ['test/(net|engine|regressions)/', 'kernel/watch'];

function run(command, args, env = {}) {
  const { status } = spawnSync(command, args, { cwd: root, stdio: 'inherit', env: { ...process.env, ...env } });
  if (status !== 0) process.exit(status ?? 1);
}

function hasFaults(file) {
  return readFileSync(file).includes('READYLOOP_FAULT_');
}

if (hasFaults(path.join(root, 'build', 'Release', 'readyloop.node'))) {
  console.error('build/Release/readyloop.node was built with READYLOOP_FAULTS: it is not what ships');
  process.exit(1);
}
const quietly = ['compile', '--out', 'build/addon-faults', '--CDREADYLOOP_FAULTS=ON', '--log-level', 'error'];
run(process.execPath, ['scripts/run_builder.mjs', 'cmake-js', ...quietly]);
if (!hasFaults(addon)) {
  console.error(`${addon} has no faults in it`);
  process.exit(1);
}

const skipped = Object.keys(JSON.parse(readFileSync(path.join(root, 'scripts', 'faults_skipped.json'), 'utf8')));
const literally = skipped.map((name) => name.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&'));

let passed = 0;

/** Runs Jest with this seed. Returns: how many tests failed, or 1 if Jest did. */
function failuresWith(faultSeed, ...options) {
  console.log(`READYLOOP_FAULT_SEED=${faultSeed} READYLOOP_FAULT_RATE=${values.rate}`);
  const names = `^(?!.*(?:${literally.join('|')})$)`;
  const faults = { READYLOOP_NATIVE_PATH: addon, READYLOOP_FAULT_SEED: faultSeed, READYLOOP_FAULT_RATE: values.rate };
  const args = ['node_modules/jest/bin/jest.js', '--ci', ...options, '-t', names, ...suites];
  const settings = { cwd: root, encoding: 'utf8', maxBuffer: 2 ** 28, env: { ...process.env, ...faults } };
  const { status, stdout, stderr } = spawnSync('node', args, settings);
  // Its closing line counts in CI, where only the last run is to count.
  console.log(`${stdout}${stderr}`.replace(/^Tests:/gm, 'tests:'));
  passed = Math.max(passed, Number(/^Tests:.*?(\d+) passed/m.exec(stderr)?.[1] ?? 0));
  return status === 0 ? 0 : Number(/^Tests:.*?(\d+) failed/m.exec(stderr)?.[1] ?? 1);
}

let failed = failuresWith(seed);
for (let i = 1; failed > 0 && i <= Number(values.again); i++) {
  failed = failuresWith(String(Number(seed) + i), '--onlyFailures');
}
const apart = `${skipped.length} tests that count calls, turns or chunks`;
console.log(`not run: ${apart}: faults change what they count; scripts/faults_skipped.json names each with its reason`);
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;
