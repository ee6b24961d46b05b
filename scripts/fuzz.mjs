// Fuzzes the native core: bytes become operations on one of its parts, and each is checked against a simple model
// (test/fuzz/native). With clang the targets run on libFuzzer, which keeps what reaches new code in build/fuzz-work; with
// another compiler, on a driver that only varies the corpus. Both under AddressSanitizer and UBSan. What it finds is left
// as a file, with the command that replays it; it becomes a test, and the input joins the corpus.
//
//   npm run fuzz -- [--target ring|heap|watch|stream] [--seconds N] [--seed N] [--replay FILE]
//
// Without a target the seconds (10 by default) are each one's.
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');
const known = ['ring', 'heap', 'watch', 'stream'];
const { values } = parseArgs({
  options: {
    target: { type: 'string' },
    seconds: { type: 'string', default: '10' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000_000) },
    replay: { type: 'string' },
  },
});
const targets = values.target === undefined ? known : [values.target];
if (targets.some((target) => !known.includes(target)) || !(Number(values.seconds) >= 0)) {
  console.error(`fuzz: --target is one of ${known.join(', ')}; --seconds a number`);
  process.exit(2);
}

const clang = spawnSync('bash', ['-c', '. scripts/native_build.sh; find_clang'], { cwd: root, encoding: 'utf8' });
const kind = clang.stdout.trim() === '' ? 'asan' : 'fuzz';
console.log(kind === 'fuzz' ? 'on libFuzzer' : 'not run: libFuzzer: there is no clang; a driver of our own takes over');
execFileSync('bash', ['-c', `. scripts/native_build.sh; build_native ${kind}`], { cwd: root, stdio: 'inherit' });

/** The arguments that bound a run, for either driver. */
function bounds(target, corpus, work) {
  const finding = path.join(work, `${target}-`);
  if (values.replay !== undefined) return [path.resolve(values.replay)];
  if (kind === 'asan') {
    return ['--seconds', values.seconds, '--seed', values.seed, '--crash', `${finding}crash.bin`, corpus];
  }
  const kept = path.join(work, target);
  mkdirSync(kept, { recursive: true });
  return [`-max_total_time=${values.seconds}`, `-seed=${values.seed}`, '-max_len=1024', '-print_final_stats=0',
    '-verbosity=0', `-artifact_prefix=${finding}`, kept, corpus];
}

let failed = 0;
for (const target of targets) {
  const work = path.join(root, 'build', 'fuzz-work');
  mkdirSync(work, { recursive: true });
  const corpus = path.join(root, 'test', 'fuzz', 'native', 'corpus', target);
  console.log(`${target}: ${readdirSync(corpus).length} kept inputs, seed ${values.seed}`);
  const program = path.join(root, 'build', `native-${kind}`, 'test', 'fuzz', 'native', `fuzz_${target}`);
  const { status } = spawnSync(program, bounds(target, corpus, work), { cwd: work, stdio: 'inherit' });
  if (status === 0) continue;
  failed++;
  const found = existsSync(work) ? readdirSync(work).filter((name) => name.startsWith(`${target}-`)) : [];
  console.error(`${target} failed; replay with: npm run fuzz -- --target ${target} --replay FILE`);
  for (const name of found) console.error(`  ${path.join('build', 'fuzz-work', name)}`);
}
console.log(`${targets.length - failed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;
