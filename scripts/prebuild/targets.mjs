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

/**
 * `machine` and `abi` are the cross compiler's words for an architecture. `more`: `armVersion`, which of the ARM
 * architectures of 32 bits; `cpu`, the machine that code is made for, where the compiler's own choice will not do; and
 * `kind`, what an ELF file has to say of its class and flags.
 */
function linux(arch, libc, machine, more = {}) {
  const { armVersion = null, cpu = null, abi = '', kind = '64 bits, flags 0x0' } = more;
  const version = armVersion === null ? '' : `armv${armVersion}`;
  return {
    name: `linux-${version === '' ? arch : version}-${libc}`,
    file: path.join('prebuilds', `linux-${arch}`, ['readyloop', version, libc, 'node'].filter(Boolean).join('.')),
    platform: 'linux',
    arch,
    libc,
    zig: `${machine}-linux-${libc === 'glibc' ? `gnu${abi}.${GLIBC}` : `musl${abi}`}`,
    cpu,
    kind,
  };
}

const darwin = (arch, machine) => ({
  name: `darwin-${arch}`,
  file: path.join('prebuilds', `darwin-${arch}`, 'readyloop.node'),
  platform: 'darwin',
  arch,
  libc: null,
  zig: `${machine}-macos.${MACOS}`,
  cpu: null,
});

export const targets = [
  linux('x64', 'glibc', 'x86_64'),
  linux('x64', 'musl', 'x86_64'),
  linux('arm64', 'glibc', 'aarch64'),
  linux('arm64', 'musl', 'aarch64'),
  // As Node's own for this machine: ARMv7-A with a floating-point unit whose registers carry arguments.
  linux('arm', 'glibc', 'arm', {
    armVersion: '7',
    cpu: 'generic+v7a',
    abi: 'eabihf',
    kind: '32 bits, flags 0x5000400',
  }),
  // Little-endian, by the second version of the ABI.
  linux('ppc64', 'glibc', 'powerpc64le', { kind: '64 bits, flags 0x2' }),
  darwin('x64', 'x86_64'),
  darwin('arm64', 'aarch64'),
];

/** What tells the cross compiler of a target. */
export const compilerFlags = ({ zig, cpu }) => ['-target', zig, ...(cpu === null ? [] : [`-mcpu=${cpu}`])];

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
