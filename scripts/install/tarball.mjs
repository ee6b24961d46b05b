// The tarball that the install checks start from: what `npm pack` makes of this checkout, or one that is given. Where
// `npm run prebuild` has not been run, the build of this checkout stands in for the binary of this machine, and the report
// says so.
import { execFileSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { root, targets } from '../prebuild/targets.mjs';

const isMusl = process.platform === 'linux' && process.report.getReport().header.glibcVersionRuntime === undefined;
const libc = process.platform === 'linux' ? (isMusl ? 'musl' : 'glibc') : null;

/** What is shipped for this machine. */
export const ownTarget = targets.find((target) =>
  target.platform === process.platform && target.arch === process.arch && target.libc === libc);

/** What `npm pack` makes of a folder. Returns: the tarball. */
export function pack(from, to) {
  const args = ['pack', '--ignore-scripts', '--json', '--pack-destination', to];
  // npm 12 answers with an object where older ones gave a list.
  const answer = JSON.parse(execFileSync('npm', args, { cwd: from, encoding: 'utf8' }));
  const [description] = Array.isArray(answer) ? answer : Object.values(answer);
  return path.join(to, description.filename);
}

/** Packs into a folder, if no tarball is given. Returns: the tarball, and whether its binary is a stand-in. */
export function packForHere(folder, given) {
  if (ownTarget === undefined) throw new Error(`nothing is shipped for ${process.platform}-${process.arch}`);
  if (given !== undefined) return { tarball: path.resolve(given), isStandIn: false };
  const tarball = pack(root, folder);
  if (existsSync(path.join(root, ownTarget.file))) return { tarball, isStandIn: false };
  execFileSync('tar', ['-xzf', tarball, '-C', folder]);
  const unpacked = path.join(folder, 'package');
  mkdirSync(path.dirname(path.join(unpacked, ownTarget.file)), { recursive: true });
  copyFileSync(path.join(root, 'build', 'Release', 'readyloop.node'), path.join(unpacked, ownTarget.file));
  return { tarball: pack(unpacked, folder), isStandIn: true };
}

/** Makes an empty project with these files and dependencies. Returns: its folder. */
export function makeProject(workshop, name, files, manifest = {}) {
  const folder = path.join(workshop, name);
  mkdirSync(folder, { recursive: true });
  const all = { ...files, 'package.json': JSON.stringify({ name: 'app', version: '1.0.0', private: true, ...manifest }) };
  for (const [file, text] of Object.entries(all)) {
    mkdirSync(path.dirname(path.join(folder, file)), { recursive: true });
    writeFileSync(path.join(folder, file), text);
  }
  return folder;
}

/** Which binary a `readyloop doctor --json` has found, held against the folder that it has to come from. */
export function originIn(report, folder) {
  const { binary, problem } = JSON.parse(report);
  if (binary === null) throw new Error(`no binary: ${problem.message}`);
  if (!binary.path.startsWith(folder)) throw new Error(`${binary.path} is not in ${folder}`);
  return binary.origin;
}

/** The text of a file of this checkout. */
export const textOf = (name) => readFileSync(path.join(root, name), 'utf8');
