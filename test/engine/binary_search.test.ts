// Where the binary is looked for, in which order, and what is taken.
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { findBinary, isShipped, prebuiltPath } from '../../lib/engine/binary_search';
import { type Host, thisHost } from '../../lib/engine/host';
import { useFolder } from './binary_files';

const folder = useFolder();
const host = thisHost();
const onLinux = process.platform === 'linux' ? test : test.skip;

/** A package's folder with these files, all of them empty. */
function packageWith(...files: string[]): string {
  const root = mkdtempSync(path.join(folder(), 'package-'));
  for (const file of files) {
    mkdirSync(path.dirname(path.join(root, file)), { recursive: true });
    writeFileSync(path.join(root, file), '');
  }
  return root;
}

const prebuilt = path.relative('/x', prebuiltPath('/x', host));
const found = (root: string | null, exact?: string, on: Host = host): unknown => {
  const { found: binary } = findBinary(root, exact, on);
  return binary === null || root === null ? binary : [path.relative(root, binary.path), binary.origin];
};

test('binary search: an exact path wins, whatever is there', () => {
  const root = packageWith('build/Release/readyloop.node', prebuilt);
  expect(findBinary(root, '/somewhere/else.node', host)).toEqual({
    found: { path: '/somewhere/else.node', origin: 'READYLOOP_NATIVE_PATH' },
    searched: ['/somewhere/else.node'],
  });
  expect(found(root, '')).toEqual([path.join('build', 'Release', 'readyloop.node'), 'local build']);
});

test('binary search: what was built here comes before what was shipped', () => {
  expect(found(packageWith('build/Release/readyloop.node', 'build/Debug/readyloop.node', prebuilt)))
    .toEqual([path.join('build', 'Release', 'readyloop.node'), 'local build']);
  expect(found(packageWith('build/Debug/readyloop.node', prebuilt)))
    .toEqual([path.join('build', 'Debug', 'readyloop.node'), 'local build']);
  expect(found(packageWith(prebuilt))).toEqual([prebuilt, 'prebuilt']);
});

test('binary search: nothing is nothing, and the places are named in their order', () => {
  const root = packageWith('package.json', 'prebuilds/aix-ppc64/readyloop.node');
  expect(findBinary(root, undefined, host)).toEqual({
    found: null,
    searched: [path.join(root, 'build', 'Release'), path.join(root, 'build', 'Debug'), path.join(root, prebuilt)],
  });
  expect(findBinary(null, undefined, host)).toEqual({ found: null, searched: [] });
});

test('binary search: the addon of another project is not taken', () => {
  expect(found(packageWith('build/Release/other.node'))).toBeNull();
});

onLinux('binary search: the libc that the process runs on decides, not the distribution', () => {
  const fileFor = (libc: Host['libc']): string => path.relative('/x', prebuiltPath('/x', { ...host, libc }));
  const both = packageWith(fileFor('glibc'), fileFor('musl'));
  for (const libc of ['glibc', 'musl'] as const) {
    expect(found(both, undefined, { ...host, libc })).toEqual([fileFor(libc), 'prebuilt']);
  }
  const other = host.libc === 'glibc' ? 'musl' : 'glibc';
  expect(found(packageWith(prebuilt), undefined, { ...host, libc: other })).toBeNull();
});

test('binary search: the version of a 32-bit ARM is part of the name, as node-gyp-build wants it', () => {
  const root = packageWith('prebuilds/linux-arm/readyloop.armv7.glibc.node');
  const ask = (armVersion: string): unknown => {
    const variables = { npm_config_platform: 'linux', npm_config_arch: 'arm', ARM_VERSION: armVersion, LIBC: 'glibc' };
    const env = { ...process.env, ...variables };
    const asked = `require('node-gyp-build').resolve(${JSON.stringify(root)})`;
    const code = `try { console.log(${asked}) } catch { console.log(null) }`;
    return spawnSync(process.execPath, ['-e', code], { env, encoding: 'utf8' }).stdout.trim();
  };
  const pi: Host = { platform: 'linux', arch: 'arm', armVersion: '7', libc: 'glibc', runtime: 'Node' };
  expect(ask('7')).toBe(prebuiltPath(root, pi));
  expect(ask('6')).toBe('null');
});

test('binary search: eight targets are shipped, and others are known not to be', () => {
  const on = (platform: string, arch: string, libc: Host['libc'], more: Partial<Host> = {}): boolean =>
    isShipped({ platform, arch, libc, runtime: 'Node', ...more });
  expect(on('linux', 'x64', 'glibc') && on('linux', 'arm64', 'musl') && on('darwin', 'arm64', null)).toBe(true);
  expect(on('linux', 'arm', 'glibc', { armVersion: '7' }) && on('linux', 'ppc64', 'glibc')).toBe(true);
  expect([on('linux', 'riscv64', 'glibc'), on('win32', 'x64', null)]).toEqual([false, false]);
  expect([on('linux', 'arm', 'glibc', { armVersion: '6' }), on('linux', 'ppc64', 'musl')]).toEqual([false, false]);
});
