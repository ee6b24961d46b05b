// What a binary says of itself, read without loading it, and what follows from that.
import { closeSync, copyFileSync, openSync, unlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { readBinaryHeader } from '../../lib/engine/binary_header';
import { libcOf, problemOfFile, problemOfHeader } from '../../lib/engine/binary_problem';
import { type Host, libcOfProgram, targetOf, thisHost } from '../../lib/engine/host';
import { addon, changedAddon, elf32, machO, useFolder } from './binary_files';

const folder = useFolder();
const onLinux = process.platform === 'linux' ? test : test.skip;
const host: Host = { platform: 'linux', arch: 'x64', libc: 'glibc', runtime: 'Node v20.11.1' };

test('binary header: the addon of this checkout is for this host, and whole', () => {
  const header = readBinaryHeader(addon);
  expect(header).toMatchObject({ platform: process.platform, arch: process.arch });
  expect(header.bytes).toBeGreaterThanOrEqual(header.expectedBytes);
  expect(header.expectedBytes).toBeGreaterThan(10_000);
  expect(problemOfFile(addon, thisHost())).toBeNull();
});

onLinux('binary header: the program that runs names its dynamic linker, and the addon its libraries', () => {
  const program = readBinaryHeader(process.execPath);
  expect(libcOfProgram(program)).toBe(thisHost().libc);
  expect(libcOf(readBinaryHeader(addon).libraries)).toBe(thisHost().libc);
});

test('binary header: every way to cut the addon short is noticed', () => {
  const { bytes, expectedBytes } = readBinaryHeader(addon);
  expect(bytes - expectedBytes).toBeLessThan(4096);
  for (const length of [1, 3, 4, 20, 63, 64, 500, 4096, bytes >> 1, expectedBytes - 1]) {
    const cut = changedAddon(folder(), `cut_${length}.node`, (all) => all.subarray(0, length));
    expect([length, problemOfFile(cut, thisHost())]).toEqual([
      length,
      expect.stringMatching(length < 4 ? /no binary/ : /^it is truncated \(\d+ bytes of \d+\)$/),
    ]);
  }
});

test('binary header: a file that is none says so', () => {
  const write = (name: string, text: string): string => {
    writeFileSync(path.join(folder(), name), text);
    return path.join(folder(), name);
  };
  expect(problemOfFile(write('empty', ''), host)).toBe('it is empty');
  expect(problemOfFile(write('pointer', 'version https://git-lfs.github.com/spec/v1\n'), host)).toMatch(/no binary/);
  expect(problemOfFile(path.join(folder(), 'absent'), host)).toMatch(/^it cannot be read \(ENOENT/);
  expect(problemOfFile(folder(), host)).toMatch(/^it cannot be read \(EISDIR/);
});

// The name of a descriptor whose file was removed can be read, and leads nowhere.
onLinux('regression: a binary that vanishes after its headers were read is a problem, and no failure', () => {
  const file = path.join(folder(), 'vanishing.node');
  copyFileSync(addon, file);
  const fd = openSync(file, 'r');
  unlinkSync(file);
  try {
    expect(readBinaryHeader(`/proc/self/fd/${fd}`).bytes).toBeGreaterThan(0);
    expect(problemOfFile(`/proc/self/fd/${fd}`, thisHost())).toMatch(/^it cannot be read \(ENOENT/);
  } finally {
    closeSync(fd);
  }
});

test('binary header: binaries of macOS are told by architecture, and cut ones noticed', () => {
  const write = (name: string, bytes: Buffer): string => {
    writeFileSync(path.join(folder(), name), bytes);
    return path.join(folder(), name);
  };
  const mac = (arch: string): Host => ({ platform: 'darwin', arch, libc: null, runtime: 'Node v20.11.1' });
  const arm = write('arm64.node', machO(0x0100_000c, 104));
  expect(problemOfFile(arm, mac('arm64'))).toBeNull();
  expect(problemOfFile(arm, mac('x64'))).toBe('it is for darwin-arm64, and this is darwin-x64');
  expect(problemOfFile(arm, host)).toBe('it is for darwin-arm64, and this is linux-x64');
  expect(problemOfFile(write('cut.node', machO(0x0100_0007, 5000)), mac('x64'))).toMatch(/truncated \(104 bytes of 5000\)/);
  const universal = Buffer.alloc(64);
  universal.writeUInt32BE(0xcafe_babe, 0);
  expect(problemOfFile(write('both.node', universal), mac('arm64'))).toBeNull();
});

test('binary header: a binary of 32 bits is read as well, and a cut one noticed', () => {
  const pi: Host = { platform: 'linux', arch: 'arm', armVersion: '7', libc: 'glibc', runtime: 'Node v20.11.0' };
  const bytes = elf32(40, ['libdl.so.2', 'libc.so.6'], '/lib/ld-linux-armhf.so.3');
  const file = path.join(folder(), 'arm.node');
  writeFileSync(file, bytes);
  const header = readBinaryHeader(file);
  expect(header).toEqual({
    platform: 'linux', arch: 'arm', interpreter: '/lib/ld-linux-armhf.so.3', libraries: ['libdl.so.2', 'libc.so.6'],
    bytes: bytes.length, expectedBytes: bytes.length,
  });
  expect(libcOfProgram(header)).toBe('glibc');
  expect(problemOfFile(file, pi)).toBeNull();
  expect(problemOfFile(file, { ...pi, libc: 'musl' })).toBe('it is for glibc, and this process runs on musl');
  expect(problemOfFile(file, host)).toBe('it is for linux-arm, and this is linux-x64');
  writeFileSync(file, bytes.subarray(0, bytes.length - 1));
  expect(problemOfFile(file, pi)).toBe(`it is truncated (${bytes.length - 1} bytes of ${bytes.length})`);
});

test('binary header: a binary for another libc is told by the libraries that it wants', () => {
  const header = {
    platform: 'linux', arch: 'x64', interpreter: null, libraries: ['libm.so.6', 'libc.so.6'], bytes: 9, expectedBytes: 9,
  } as const;
  expect(problemOfHeader(header, host)).toBeNull();
  expect(problemOfHeader(header, { ...host, libc: 'musl' })).toBe('it is for glibc, and this process runs on musl');
  expect([libcOf(['libc.so']), libcOf(['libc.musl-x86_64.so.1']), libcOf([])]).toEqual(['musl', 'musl', null]);
  expect(problemOfHeader({ ...header, libraries: [] }, host)).toBeNull();
});

test('binary header: dynamic linkers tell glibc from musl', () => {
  const of = (interpreter: string | null): unknown =>
    libcOfProgram({ platform: 'linux', arch: 'x64', interpreter, libraries: [], bytes: 1, expectedBytes: 1 });
  expect(['/lib64/ld-linux-x86-64.so.2', '/lib/ld-linux-aarch64.so.1', '/nix/store/x-glibc-2.40/lib/ld-linux-x86-64.so.2',
    '/lib64/ld64.so.2', '/lib/ld-musl-x86_64.so.1', '/lib/ld-musl-aarch64.so.1', '/other', null].map(of))
    .toEqual(['glibc', 'glibc', 'glibc', 'glibc', 'musl', 'musl', null, null]);
});

test('host: the name of a target has the libc where there are several, and the version of a 32-bit ARM', () => {
  expect(targetOf(host)).toBe('linux-x64-glibc');
  expect(targetOf({ ...host, arch: 'arm', armVersion: '7' })).toBe('linux-armv7-glibc');
  expect(targetOf({ ...host, platform: 'darwin', arch: 'arm64', libc: null })).toBe('darwin-arm64');
});
