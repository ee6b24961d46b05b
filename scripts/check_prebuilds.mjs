// Judges each binary in prebuilds/ without running it: kind and architecture, the names it shows, the names it wants and
// from whom, what it says of the machine that built it, and its size. `node scripts/check_prebuilds.mjs` wants all targets,
// and the list of what is in them; with names, these. `--in FOLDER` looks there instead of in this checkout. Every binary
// is judged by what is in the file; musl's names are those in the cross compiler's list.
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { isElf, readElf } from './prebuild/elf.mjs';
import { isMachO, readMachO } from './prebuild/mach_o.mjs';
import { judgeSbom } from './prebuild/sbom.mjs';
import { BINARY_LIMIT, chooseTargets, EXPORTS, GLIBC, MACOS, OF_NODE, root, SBOM } from './prebuild/targets.mjs';
import { findZig } from './prebuild/toolchain.mjs';

// Looked up only if the process has them: GNU's profiler and transactional memory, which no C library has.
const OPTIONAL = /^(__gmon_start__|_ITM_(de)?registerTMCloneTable)$/;
const LIBRARIES = {
  glibc: /^(lib(c|m|pthread|dl)\.so\.\d+|(ld-linux-(x86-64|aarch64|armhf)|ld64)\.so\.\d)$/,
  musl: /^libc\.so$/,
};

// Paths that a binary may name: files of the kernel's, and the libraries of macOS.
const ALLOWED_PATHS = /^\/(proc|dev|sys)\/|^\/usr\/lib\/lib(System\.B|c\+\+\.1)\.dylib$/;

const { folder, names } = readArguments(process.argv.slice(2));
const results = [];

function readArguments(words) {
  const at = words.indexOf('--in');
  if (at < 0) return { folder: root, names: words };
  return { folder: path.resolve(words[at + 1]), names: words.toSpliced(at, 2) };
}

function check(target, what, problem) {
  results.push(problem === null);
  console.log(`${problem === null ? 'ok  ' : 'FAIL'} ${target.name}: ${what}${problem === null ? '' : `: ${problem}`}`);
}

const unless = (good, problem) => (good ? null : problem);

const listed = (names) => (names.length === 0 ? null : names.join(', '));

function isNewer(version, limit) {
  const [[major, minor], [limitMajor, limitMinor]] = [version, limit].map((text) => text.split('.').map(Number));
  return major > limitMajor || (major === limitMajor && minor > limitMinor);
}

/** Every name that musl defines, from the cross compiler's list of them. */
function namesOfMusl() {
  const list = readFileSync(path.join(findZig(), 'lib', 'libc', 'musl', 'libc.S'), 'utf8');
  return new Set([...list.matchAll(/^(\w+):$/gm)].map(([, name]) => name));
}

/** What a Linux binary wants and may not. */
function strayNames(binary, target) {
  const wanted = binary.wanted.filter(({ name, weak }) => !OF_NODE.test(name) && !(weak && OPTIONAL.test(name)));
  if (target.libc === 'musl') {
    const musl = namesOfMusl();
    return wanted.filter(({ name }) => !musl.has(name)).map(({ name }) => name);
  }
  const fits = (version) => version?.startsWith('GLIBC_') && !isNewer(version.slice('GLIBC_'.length), GLIBC);
  return wanted.filter(({ version }) => !fits(version)).map(({ name, version }) => `${name}@${version}`);
}

/** Absolute paths in a binary's text: those of the machine that built it are nobody's business, and differ each time. */
function strayPaths(bytes) {
  const texts = bytes.toString('latin1').match(/[\x20-\x7e]{6,}/g) ?? [];
  const paths = texts.flatMap((text) => text.match(/(?<![\w.:+-])\/[\w.+@-]+\/[\w.+@/-]+/g) ?? []);
  return [...new Set(paths)].filter((found) => !ALLOWED_PATHS.test(found));
}

function checkElf(target, binary) {
  check(target, target.kind, unless(binary.kind === target.kind, `found ${binary.kind}`));
  check(target, 'a shared object', unless(binary.type === 'shared object', `found ${binary.type}`));
  const foreign = binary.libraries.filter((name) => !LIBRARIES[target.libc].test(name));
  check(target, `no library but ${target.libc}'s`, listed(foreign));
  const limit = target.libc === 'glibc' ? `glibc ${GLIBC}` : 'musl';
  check(target, `wants nothing but Node-API, libuv and ${limit}`, listed(strayNames(binary, target)));
  check(target, 'is bound at once and searches no paths', unless(binary.bindsNow && !binary.searchesPaths, 'it does not'));
  check(target, 'stripped', unless(binary.stripped, 'it has a table of symbols'));
}

function checkMachO(target, binary) {
  check(target, 'a bundle', unless(binary.type === 'bundle', `found ${binary.type}`));
  const allowed = ['/usr/lib/libSystem.B.dylib', '/usr/lib/libc++.1.dylib'];
  check(target, 'no library but the system’s', listed(binary.libraries.filter((name) => !allowed.includes(name))));
  const stray = binary.wanted.filter(({ name, library }) => (library === null) !== OF_NODE.test(name));
  check(target, 'wants nothing but Node-API, libuv and the system', listed(stray.map(({ name }) => name)));
  check(target, `made for macOS ${MACOS}`, unless(binary.minimum === MACOS, `made for ${binary.minimum}`));
  const enough = target.arch === 'arm64' ? ['good'] : ['good', 'none'];
  check(target, 'signed, where the system insists', unless(enough.includes(binary.signature), binary.signature));
  check(target, 'stripped', unless(binary.locals === 0, `it names ${binary.locals} of its own functions`));
}

function checkTarget(target) {
  const file = path.join(folder, target.file);
  check(target, 'is there', unless(existsSync(file), `no ${target.file}: npm run prebuild -- ${target.name}`));
  if (!existsSync(file)) return;
  const bytes = readFileSync(file);
  const isOfKind = target.platform === 'darwin' ? isMachO(bytes) : isElf(bytes);
  check(target, 'is a binary of its platform', unless(isOfKind, 'it is something else'));
  if (!isOfKind) return;
  const binary = target.platform === 'darwin' ? readMachO(bytes) : readElf(bytes);
  check(target, 'complete', unless(binary.complete, 'it ends too early'));
  if (!binary.complete) return;
  check(target, `for ${target.arch}`, unless(binary.arch === target.arch, `for ${binary.arch}`));
  const shown = binary.exported.join();
  check(target, 'shows Node its entry points and nothing else', unless(shown === EXPORTS.join(), `shows ${shown}`));
  if (target.platform === 'darwin') checkMachO(target, binary);
  else checkElf(target, binary);
  check(target, 'names no path of the machine that built it', listed(strayPaths(bytes)));
  check(target, `${bytes.length} bytes`, unless(bytes.length <= BINARY_LIMIT, `more than ${BINARY_LIMIT}`));
}

for (const target of chooseTargets(names)) checkTarget(target);
if (names.length === 0) check({ name: SBOM }, 'lists what is in these binaries', await judgeSbom(folder));
const failed = results.filter((passed) => !passed).length;
console.log(`${results.length - failed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;
