// Runs the TypeScript tests on an addon whose system calls are interrupted by seed: EINTR, EAGAIN, short counts, less
// readiness at a time (test/native/faults). What a program sees must be the same, so every test passes, but for those
// that say how much one turn or one read brings: they are left out by name, with reasons, in scripts/faults_skipped.json.
// The addon that ships is looked at first: it must have no trace of all this.
//
//   node scripts/test_faults.mjs [--seed N] [--rate FAULTS_IN_A_THOUSAND] [names of test files…]
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');
const { values, positionals } = parseArgs({
  options: { seed: { type: 'string' }, rate: { type: 'string', default: '50' } },
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
const quietly = ['--no-install', 'cmake-js', 'compile', '--out', 'build/addon-faults', '--CDREADYLOOP_FAULTS=ON'];
run('npx', [...quietly, '--log-level', 'error']);
if (!hasFaults(addon)) {
  console.error(`${addon} has no faults in it`);
  process.exit(1);
}

const skipped = Object.keys(JSON.parse(readFileSync(path.join(root, 'scripts', 'faults_skipped.json'), 'utf8')));
const literally = skipped.map((name) => name.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&'));
console.log(`READYLOOP_FAULT_SEED=${seed} READYLOOP_FAULT_RATE=${values.rate}`);
run('node', ['node_modules/jest/bin/jest.js', '--ci', '-t', `^(?!.*(?:${literally.join('|')})$)`, ...suites], {
  READYLOOP_NATIVE_PATH: addon,
  READYLOOP_FAULT_SEED: seed,
  READYLOOP_FAULT_RATE: values.rate,
});
