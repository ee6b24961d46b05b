// The loader of musl, which is also its C library: the system's own, or the one in Debian's package, for this or for
// another kind of machine. The package is unpacked beside the project's other tools; nothing is installed.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { fillOnce, toolCache } from './toolchain.mjs';

const MACHINES = { x64: 'x86_64', arm64: 'aarch64' };
const DEBIAN = { x64: 'amd64', arm64: 'arm64' };

/** Fetches a package for any architecture, with lists of packages of its own: the system's may know only its own. */
function download(name, arch, folder) {
  for (const part of ['lists/partial', 'cache/archives/partial']) mkdirSync(path.join(folder, part), { recursive: true });
  const settings = {
    'APT::Architecture': arch,
    'APT::Architectures': arch,
    'Dir::State::Lists': path.join(folder, 'lists'),
    'Dir::Cache': path.join(folder, 'cache'),
    'Acquire::Languages': 'none',
    'APT::Update::Post-Invoke-Success': '',
    'APT::Sandbox::User': '',
  };
  const options = Object.entries(settings).flatMap(([key, value]) => ['-o', `${key}=${value}`]);
  try {
    for (const command of [['update'], ['download', name]]) {
      execFileSync('apt-get', ['-q', ...options, ...command], { cwd: folder, stdio: ['ignore', 'ignore', 'pipe'] });
    }
  } catch (cause) {
    const where = 'Debian has every architecture in one place; Ubuntu has some elsewhere, so use Debian there';
    throw new Error(`${name} for ${arch} could not be had by apt (${where}): ${cause.message}`, { cause });
  }
  const file = readdirSync(folder).find((entry) => entry.endsWith('.deb'));
  return path.join(folder, file);
}

/** The loader for a kind of machine. Throws where it cannot be had. */
export function findMuslLoader(arch) {
  const name = `ld-musl-${MACHINES[arch]}.so.1`;
  if (arch === process.arch && existsSync(path.join('/lib', name))) return path.join('/lib', name);
  const folder = fillOnce(path.join(toolCache, `musl-${arch}`), (workshop) => {
    const unpacked = path.join(workshop, 'unpacked');
    execFileSync('dpkg-deb', ['--extract', download('musl', DEBIAN[arch], workshop), unpacked]);
    return unpacked;
  });
  return path.join(folder, 'lib', `${MACHINES[arch]}-linux-musl`, 'libc.so');
}
