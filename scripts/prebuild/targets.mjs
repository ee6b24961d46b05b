// The targets that the package ships a binary for, and where each is kept: as prebuildify names them, so that
// node-gyp-build finds them. prebuild.mjs builds them and check_prebuilds.mjs judges them.
import path from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..', '..');

/** What is in the binaries, in CycloneDX's format. */
export const SBOM = path.join('prebuilds', 'sbom.cdx.json');

/** No binary may be larger, in bytes; nor may the packed package. */
export const BINARY_LIMIT = 400_000;
export const PACKAGE_LIMIT = 2_000_000;
/** The newest symbols of glibc that a binary may ask for. */
export const GLIBC = '2.28';
/** The oldest macOS, and the oldest Node, whose headers everything is compiled against. */
export const MACOS = '11.0';
export const NODE = '20.11.1';

/** Names that the loading Node brings along. */
export const OF_NODE = /^(napi|node_api|uv)_/;

/** The only names that a binary shows. */
export const EXPORTS = ['napi_register_module_v1', 'node_api_module_get_api_version_v1'];

const linux = (arch, libc, machine) => ({
  name: `linux-${arch}-${libc}`,
  file: path.join('prebuilds', `linux-${arch}`, `readyloop.${libc}.node`),
  platform: 'linux',
  arch,
  libc,
  zig: `${machine}-linux-${libc === 'glibc' ? `gnu.${GLIBC}` : 'musl'}`,
});

const darwin = (arch, machine) => ({
  name: `darwin-${arch}`,
  file: path.join('prebuilds', `darwin-${arch}`, 'readyloop.node'),
  platform: 'darwin',
  arch,
  libc: null,
  zig: `${machine}-macos.${MACOS}`,
});

export const targets = [
  linux('x64', 'glibc', 'x86_64'),
  linux('x64', 'musl', 'x86_64'),
  linux('arm64', 'glibc', 'aarch64'),
  linux('arm64', 'musl', 'aarch64'),
  darwin('x64', 'x86_64'),
  darwin('arm64', 'aarch64'),
];

/** Where a target is built, and what it is before it is stripped: for whoever has to read a crash. */
export const buildFolder = (target) => path.join('build', 'prebuild', target.name);
export const unstripped = (target) => path.join(buildFolder(target), 'readyloop.unstripped.node');

/** The targets of these names, all of them for none. */
export function chooseTargets(names) {
  const unknown = names.filter((name) => !targets.some((target) => target.name === name));
  if (unknown.length > 0) {
    const known = targets.map(({ name }) => name).join(', ');
    throw new Error(`no such target: ${unknown.join(', ')}; there are ${known}`);
  }
  return names.length === 0 ? targets : targets.filter(({ name }) => names.includes(name));
}

/** The target that this very machine loads; undefined where there is none. */
export function hostTarget() {
  const { glibcVersionRuntime } = process.report.getReport().header;
  const libc = process.platform === 'linux' ? (glibcVersionRuntime === undefined ? 'musl' : 'glibc') : null;
  return targets.find((target) => {
    return target.platform === process.platform && target.arch === process.arch && target.libc === libc;
  });
}
