// Checks what a user would install, from the packed tarball: publint and attw on its shape and types, the list of its
// files against scripts/package_files.txt (`--update` writes it), and that installing it runs nothing. That it can be
// installed and works then is shown by scripts/install_check.mjs. `--tarball FILE` checks that one, as it is published:
// the binaries of all targets have to be in it, and are judged as well.
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { pack, packForHere } from './install/tarball.mjs';
import { PACKAGE_LIMIT, SBOM, targets } from './prebuild/targets.mjs';

const { values: { update, tarball: given } } = parseArgs({
  options: { update: { type: 'boolean', default: false }, tarball: { type: 'string' } },
});
const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');
const snapshot = path.join(root, 'scripts', 'package_files.txt');
const workshop = mkdtempSync(path.join(tmpdir(), 'readyloop-package-'));
const results = [];

function check(name, problem) {
  results.push(problem === null);
  console.log(`${problem === null ? 'ok  ' : 'FAIL'} ${name}`);
  if (problem !== null) console.log(problem);
}

/** Runs a program; null when it succeeds, else what it printed. */
function failureOf(command, args, cwd = root) {
  const child = spawnSync(command, args, { cwd, encoding: 'utf8' });
  return child.status === 0 ? null : `${child.stdout ?? ''}${child.stderr ?? child.error}`;
}

/** The names of the files in a tarball, and its size. */
function describe(tarball) {
  const lines = execFileSync('tar', ['-tzf', tarball], { encoding: 'utf8', maxBuffer: 2 ** 26 }).trim().split('\n');
  return { size: statSync(tarball).size, names: lines.map((line) => line.replace(/^package\//, '')) };
}

/** Declarations and native sources are listed by folder and kind: a new one among them is no news. What runs is named. */
function outline(names) {
  const member = /^(dist|native)\/(.+\/)?[^/]+?(\.d\.[cm]?ts|\.cc|\.h)$/;
  const shapes = names.map((name) => name.replace(member, '$1/$2*$3'));
  return `${[...new Set(shapes)].sort().join('\n')}\n`;
}

function checkFiles(names) {
  // A checkout that has not run `npm run prebuild` for all has not all of them; what is published must.
  const shipped = given === undefined ? [...targets.map(({ file }) => file), SBOM] : [];
  const found = outline([...names, ...shipped]);
  if (update) writeFileSync(snapshot, found);
  const expected = existsSync(snapshot) ? readFileSync(snapshot, 'utf8') : '';
  const hint = 'if this is meant: node scripts/package_check.mjs --update';
  const difference = `expected:\n${expected}\nfound:\n${found}\n${hint}`;
  check('the files are those expected', found === expected ? null : difference);
}

function checkScripts() {
  const { scripts, gypfile } = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8'));
  const run = ['preinstall', 'install', 'postinstall'].filter((name) => name in scripts);
  check('installing runs no script', run.length === 0 && gypfile === false ? null : `runs ${run.join()} or node-gyp`);
}

/** The binaries in the tarball, each by itself and against the list of what is in them. */
function checkBinaries(tarball) {
  execFileSync('tar', ['-xzf', tarball, '-C', workshop]);
  const judge = ['scripts/check_prebuilds.mjs', '--in', path.join(workshop, 'package')];
  check('the binaries are those that the list of contents names', failureOf(process.execPath, judge));
}

try {
  // Scripts are left out: the build is already there, and the addon is not part of what is looked at.
  const tarball = given === undefined ? pack(root, workshop) : path.resolve(given);
  const { size, names } = describe(tarball);
  checkFiles(names);
  check('binding.gyp is not packed', names.includes('binding.gyp') ? 'npm would build it on install' : null);
  check(`${size} bytes packed`, size <= PACKAGE_LIMIT ? null : `more than ${PACKAGE_LIMIT}`);
  checkScripts();
  if (given !== undefined) checkBinaries(tarball);
  // With a binary for this machine at least: exports name the folder.
  const { tarball: file } = packForHere(workshop, given);
  check('publint', failureOf(process.execPath, ['node_modules/publint/src/cli.js', 'run', file, '--strict']));
  check('attw', failureOf(process.execPath, ['node_modules/@arethetypeswrong/cli/dist/index.js', file]));
} finally {
  rmSync(workshop, { recursive: true, force: true });
}
const failed = results.filter((passed) => !passed).length;
console.log(`${results.length - failed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;
