// Runs the soak of test/stress/soak, on the addon that stands in build/Release or the one that READYLOOP_NATIVE_PATH names.
import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');
const addon = path.resolve(process.env.READYLOOP_NATIVE_PATH ?? path.join(root, 'build', 'Release', 'readyloop.node'));
const program = path.join(root, '.test-build', 'test', 'stress', 'soak', 'main.js');
const { status } = spawnSync(process.execPath, [program, ...process.argv.slice(2)], {
  stdio: 'inherit',
  env: { ...process.env, READYLOOP_NATIVE_PATH: addon },
});
process.exitCode = status ?? 1;
