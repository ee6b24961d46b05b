// Contract: a command that a page, a script or a workflow names is there: `npm run NAME` is a script of package.json, and
// `node scripts/FILE`, `bash FILE` are files of the checkout.
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { readTree, report, root, type SourceFile, type Violation } from './rules/source_tree';

const manifest = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8')) as {
  readonly scripts: Readonly<Record<string, string>>;
};

/** Commands named in a text that `scripts` and the checkout do not have. */
function findMissing(file: SourceFile, scripts: readonly string[], exists: (file: string) => boolean): Violation[] {
  const violations: Violation[] = [];
  file.text.split('\n').forEach((line, index) => {
    const where = `${file.path}:${index + 1}`;
    for (const [, name] of line.matchAll(/\bnpm run (?:-s |--silent )?([a-z][\w:]*)/g)) {
      if (!scripts.includes(name as string)) violations.push({ where, what: `npm run ${name} is no script` });
    }
    for (const [, name] of line.matchAll(/\b(?:node|bash) ((?:scripts|test|bench|\.ci)\/[\w./]+)/g)) {
      if (!exists(name as string)) violations.push({ where, what: `${name} is not there` });
    }
  });
  return violations;
}

test('commands: a script and a file that are not there are found', () => {
  const text = 'run: npm run build && npm run -s fly -- fast\nbash .ci/run; node scripts/gone.mjs\n';
  const violations = findMissing({ path: 'a.yml', text }, ['build'], (file) => file === '.ci/run');
  expect(report(violations)).toEqual(['a.yml:1: npm run fly is no script', 'a.yml:2: scripts/gone.mjs is not there']);
});

test('commands: pages, scripts and workflows name only what is there', () => {
  const pages = readTree(['.'], ['.md']).filter((file) => file.path !== 'CHANGELOG.md');
  const programs = readTree(['scripts', '.github', 'examples'], ['.mjs', '.sh', '.yml']);
  const read = (name: string): SourceFile => ({ path: name, text: readFileSync(path.join(root, name), 'utf8') });
  const others = ['package.json', '.ci/run'].map(read);
  const files = [...pages, ...programs, ...others];
  expect(files.some(({ path: name }) => name === '.github/workflows/release.yml')).toBe(true);
  const exists = (file: string): boolean => existsSync(path.join(root, file));
  expect(report(files.flatMap((file) => findMissing(file, Object.keys(manifest.scripts), exists)))).toEqual([]);
});

// Package managers run a script `preX` before X: `prebuild:test` once ran before each `build:test`. These are meant; that
// `prebuild` is not, its own test says.
const meantToPrecede = ['pretest', 'predemo', 'prebench', 'prebuild'];

test('commands: no script runs before or after another by the accident of its name', () => {
  const names = Object.keys(manifest.scripts);
  const hooks = names.filter((name) => names.some((other) => name === `pre${other}` || name === `post${other}`));
  expect(hooks.filter((name) => !meantToPrecede.includes(name))).toEqual([]);
});
