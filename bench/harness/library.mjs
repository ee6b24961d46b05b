// The library under measurement: the compiled one of this checkout, or another build named by READYLOOP_BENCH_DIST, so
// that two builds can be compared with the same programs. Programs take every name from here.
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..', '..');

export const dist = path.resolve(process.env.READYLOOP_BENCH_DIST ?? path.join(root, 'dist'));

/** Whether there is a build to measure. */
export function isBuilt() {
  return existsSync(path.join(dist, 'index.js'));
}

const load = (file) => (isBuilt() ? createRequire(import.meta.url)(path.join(dist, file)) : null);

export const readyloop = load('index.js');
export const testing = load('testing.js');
