// The files of the checkout as the contracts see them: paths relative to the project's root, with forward slashes, and
// their text. Rules take such files as values, so each rule is tested on a small made-up tree as well as on this one.
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';

export interface SourceFile {
  readonly path: string;
  readonly text: string;
}

/** One broken rule: where, and what is wrong with it. */
export interface Violation {
  readonly where: string;
  readonly what: string;
}

function findRoot(from: string): string {
  const manifest = path.join(from, 'package.json');
  if (existsSync(manifest) && readFileSync(manifest, 'utf8').includes('"name": "readyloop"')) return from;
  const parent = path.dirname(from);
  if (parent === from) throw new Error(`no readyloop package.json above ${__dirname}`);
  return findRoot(parent);
}

/** The project's root: compiled tests stand one folder deeper than their sources, so it is searched, not counted. */
export const root = findRoot(__dirname);

const neverSource = new Set(['node_modules', 'build', 'dist', 'coverage', '.git', '.test-build', '.cache', 'results']);

/** The files below `folders` (or the folders themselves, when they are files) whose names end in one of `endings`. */
export function readTree(folders: readonly string[], endings: readonly string[]): SourceFile[] {
  const found: SourceFile[] = [];
  const visit = (relative: string): void => {
    const absolute = path.join(root, relative);
    if (!existsSync(absolute)) return;
    for (const entry of readdirSync(absolute, { withFileTypes: true })) {
      const child = path.posix.join(relative, entry.name);
      if (entry.isDirectory() && !neverSource.has(entry.name) && !entry.name.startsWith('build')) visit(child);
      else if (entry.isFile() && endings.some((ending) => entry.name.endsWith(ending))) {
        found.push({ path: child, text: readFileSync(path.join(root, child), 'utf8') });
      }
    }
  };
  for (const folder of folders) visit(folder);
  return found.sort((a, b) => (a.path < b.path ? -1 : 1));
}

/** One line per violation, so that a failed expectation prints them readably. */
export function report(violations: readonly Violation[]): string[] {
  return violations.map(({ where, what }) => `${where}: ${what}`);
}
