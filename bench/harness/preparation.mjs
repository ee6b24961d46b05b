// What must be there before anything is measured: a build of the library, the peers from npm, a Python with peers.
// Only the build is indispensable; a peer that is missing is left out with a line that says so.
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { dist, isBuilt } from './library.mjs';

const bench = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');
const execute = promisify(execFile);
const PEERS = ['effect', 'effection', 'better-sqlite3'];
const sqlite = path.join(bench, 'node_modules', 'better-sqlite3');

/** The peer's native binary, which `compileSqlite` makes. */
export const sqliteBinary = path.join(sqlite, 'build', 'Release', 'better_sqlite3.node');

/** Throws: an Error that says how to build the library, if it is not built. */
export function assertBuilt() {
  if (!isBuilt()) throw new Error(`there is no build in ${dist}; run \`npm ci && npm run build\` first`);
}

/** Installs the peers from npm when they are missing. Returns: what to tell about those that still are. */
export async function preparePeers() {
  const missing = () => PEERS.filter((name) => !existsSync(path.join(bench, 'node_modules', name)));
  if (missing().length === 0) return [];
  try {
    await execute('npm', ['ci', '--prefix', bench, '--ignore-scripts', '--no-audit', '--no-fund'], { timeout: 120_000 });
  } catch (error) {
    const reason = String(error.stderr ?? error.message).trim().split('\n')[0];
    return [`skipped: ${missing().join(', ')} (npm ci --prefix bench failed: ${reason})`];
  }
  return missing().map((name) => `skipped: ${name} (not installed)`);
}

/**
 * Compiles better-sqlite3's binary from its sources, once: its install script would download one from elsewhere.
 * Returns: what to tell if it is not there.
 */
export async function compileSqlite() {
  if (existsSync(sqliteBinary) || !existsSync(sqlite)) return [];
  process.stderr.write('compiling better-sqlite3, once; a minute or two\n');
  try {
    // Through npx, because npm knows where the headers of Node are.
    const args = ['--no-install', 'node-gyp', 'rebuild', '--release', '--directory', sqlite];
    await execute('npx', args, { cwd: path.dirname(bench), timeout: 600_000, maxBuffer: 64 * 1024 * 1024 });
    return [];
  } catch (error) {
    const reason = String(error.stderr ?? error.message).trim().split('\n').findLast((line) => /ERR! stack/.test(line));
    return [`skipped: better-sqlite3 (its binary does not compile here: ${reason ?? error.message.split('\n')[0]})`];
  }
}

/** Returns: for each Python loop that can be run, its name and interpreter; and what to tell about the others. */
export async function findPythonLoops() {
  const found = [];
  const skipped = [];
  for (const [name, module] of [['asyncio', 'asyncio'], ['uvloop', 'uvloop']]) {
    const python = await interpreterWith(module);
    if (python === null) skipped.push(`skipped: ${name} (no python3 that can import it; Debian has python3-uvloop)`);
    else found.push({ name, python });
  }
  return { found, skipped };
}

// The first python3 of the path may be one that the system's packages are not installed for.
async function interpreterWith(module) {
  for (const python of ['python3', '/usr/bin/python3']) {
    try {
      await execute(python, ['-c', `import ${module}`], { timeout: 20_000 });
      return python;
    } catch {
      // Not this one; the next may have it.
    }
  }
  return null;
}

/** The program that measures Python's loops. */
export const pythonPeers = path.join(bench, 'python', 'peers.py');
