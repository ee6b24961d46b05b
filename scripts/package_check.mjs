// Checks what a user would install, from the packed tarball: publint and attw on its shape and types, the list of its
// files against scripts/package_files.txt (`--update` writes it), and that installing it runs nothing. That it can be
// installed and works then is shown by scripts/install_check.mjs.
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { packForHere } from './install/tarball.mjs';
import { PACKAGE_LIMIT, SBOM, targets } from './prebuild/targets.mjs';

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

// Scripts are left out: the build is already there, and the addon is not part of what is looked at.
function pack() {
  const args = ['pack', '--ignore-scripts', '--json', '--pack-destination', workshop];
  const [description] = JSON.parse(execFileSync('npm', args, { cwd: root, encoding: 'utf8' }));
  const names = description.files.map(({ path: name }) => name);
  return { size: description.size, names };
}

/** Compiled modules and native sources are listed by folder and kind: a new one among them is no news. */
function outline(names) {
  const member = /^(dist|native)\/(.+\/)?[^/]+?(\.d\.[cm]?ts|\.[a-z.]+)$/;
  const shapes = names.map((name) => name.replace(member, '$1/$2*$3'));
  return `${[...new Set(shapes)].sort().join('\n')}\n`;
}

function checkFiles(names) {
  const built = names.some((name) => name.startsWith('prebuilds/'));
  // A checkout that has not run `npm run prebuild` packs none of them; whoever publishes is stopped by the workflow.
  const found = outline(built ? names : [...names, ...targets.map(({ file }) => file), SBOM]);
  if (process.argv.includes('--update')) writeFileSync(snapshot, found);
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

try {
  const { size, names } = pack();
  checkFiles(names);
  check('binding.gyp is not packed', names.includes('binding.gyp') ? 'npm would build it on install' : null);
  check(`${size} bytes packed`, size <= PACKAGE_LIMIT ? null : `more than ${PACKAGE_LIMIT}`);
  checkScripts();
  // With a binary for this machine at least: exports name the folder.
  const { tarball: file } = packForHere(workshop);
  check('publint', failureOf(process.execPath, ['node_modules/publint/src/cli.js', 'run', file, '--strict']));
  check('attw', failureOf(process.execPath, ['node_modules/@arethetypeswrong/cli/dist/index.js', file]));
} finally {
  rmSync(workshop, { recursive: true, force: true });
}
const failed = results.filter((passed) => !passed).length;
console.log(`${results.length - failed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;
