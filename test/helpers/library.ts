// Libraries and programs that tests use and this package does not depend on. Where one is not installed its tests are
// skipped with a line that says so; but in CI a library that is missing is a failure, because `npm ci` installs them.
import { existsSync, readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { root } from '../contracts/rules/source_tree';

const requireFromRoot = createRequire(path.join(root, 'package.json'));

function missing(what: string, remedy: string): null {
  process.stderr.write(`not run: tests of ${what}: it is not installed (${remedy})\n`);
  return null;
}

/** Returns: the module, of which a test says how much it uses; null if it is not there. */
export function library(name: string): unknown {
  try {
    return requireFromRoot(name);
  } catch (error) {
    if ((error as { code?: string }).code !== 'MODULE_NOT_FOUND' || process.env.CI !== undefined) throw error;
    return missing(name, 'npm ci');
  }
}

/** Returns: the path of a program, from PATH or where Debian keeps those of PostgreSQL; null if it is not there. */
export function program(name: string, debianPackage: string): string | null {
  const versions = '/usr/lib/postgresql';
  const places = existsSync(versions) ? readdirSync(versions).map((version) => path.join(versions, version, 'bin')) : [];
  const folders = [...places, ...(process.env.PATH ?? '').split(':')];
  const found = folders.map((folder) => path.join(folder, name)).find((file) => existsSync(file));
  return found ?? missing(name, `apt-get install ${debianPackage}`);
}
