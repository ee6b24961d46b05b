// What is said when the native part cannot be loaded. Each message names the host, what was looked at, why it will not do,
// what is shipped and what to do; programs may rely on the codes and the fields.
import { spawnSync } from 'node:child_process';
import { copyFileSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { MissingBinaryError, type WrongBinaryError } from '../../lib/base/binary_errors';
import { SHIPPED_TARGETS } from '../../lib/engine/binary_search';
import { loadFrom } from '../../lib/engine/binding';
import { describeHost, type Host, thisHost } from '../../lib/engine/host';
import { root } from '../contracts/rules/source_tree';
import { thrownBy, withCode } from '../helpers/failures';
import { addon, changedAddon, machO, overwrite, useFolder } from './binary_files';

const folder = useFolder();
const host = thisHost();
const onLinux = process.platform === 'linux' ? test : test.skip;

/** What loading this file on this host says. */
const wrong = (file: string, on: Host = host): WrongBinaryError =>
  thrownBy(() => loadFrom(null, file, on)) as WrongBinaryError;

/** What every message has to hold, and `problem`. */
function expectReadable(error: Error, problem: RegExp): void {
  expect(error.message).toMatch(problem);
  expect(error.message).toContain(describeHost(host));
  expect(error.message).toMatch(/Node v\d+/);
  expect(error.message).toContain(`Shipped are: ${SHIPPED_TARGETS.join(', ')} (`);
  expect(error.message).toContain('`npx readyloop build`');
  expect(error.message.split('\n').length).toBeGreaterThan(2);
}

test('loading: the addon of this checkout loads, and says by what right', () => {
  const { binding, source } = loadFrom(null, addon, host);
  expect(binding.selectors.length).toBeGreaterThan(0);
  expect(source).toEqual({ path: addon, origin: 'READYLOOP_NATIVE_PATH' });
});

test('loading: an unknown platform is named, with what was looked for and what is shipped', () => {
  const riscv: Host = { platform: 'linux', arch: 'riscv64', libc: 'glibc', runtime: 'Node v22.1.0' };
  const error = thrownBy(() => loadFrom(folder(), undefined, riscv)) as MissingBinaryError;
  expect(error).toEqual(withCode('ERR_MISSING_BINARY', /no native binary for linux-riscv64 \(glibc .*\), Node v22\.1\.0/));
  expect(error).toMatchObject({ name: 'MissingBinaryError', target: 'linux-riscv64-glibc' });
  expect(error.searched).toEqual([
    path.join(folder(), 'build', 'Release'),
    path.join(folder(), 'build', 'Debug'),
    path.join(folder(), 'prebuilds', 'linux-riscv64', 'readyloop.glibc.node'),
  ]);
  for (const place of error.searched) expect(error.message).toContain(place);
  expect(error.message).toContain('`npx readyloop build`');
  expect(error.message).not.toContain('install it again');
});

test('loading: Windows is told what to do', () => {
  const windows: Host = { platform: 'win32', arch: 'x64', libc: null, runtime: 'Node v22.1.0' };
  expect(thrownBy(() => loadFrom(folder(), undefined, windows)).message).toMatch(/Windows is not supported; .*Subsystem/);
});

test('loading: a shipped target without its binary was not installed whole', () => {
  const error = thrownBy(() => loadFrom(folder(), undefined, host));
  expectReadable(error, /no native binary[\s\S]*part of the published package[\s\S]*install it again/);
});

test('loading: a bundle that says nothing of its place wants the path', () => {
  const error = thrownBy(() => loadFrom(null, undefined, host));
  expectReadable(error, /nowhere to look[\s\S]*Set READYLOOP_NATIVE_PATH/);
});

test('loading: a truncated binary is refused before the system maps it', () => {
  const file = changedAddon(folder(), 'truncated.node', (bytes) => bytes.subarray(0, bytes.length >> 1));
  const error = wrong(file);
  expectReadable(error, /truncated \(\d+ bytes of \d+\)/);
  expect(error).toEqual(withCode('ERR_WRONG_BINARY'));
  expect(error).toBeInstanceOf(MissingBinaryError);
  expect([error.path, error.searched, error.name]).toEqual([file, [file], 'WrongBinaryError']);
  expect(error.message).toContain(`${file} on `);
  expect(error.message).toContain('READYLOOP_NATIVE_PATH names this file: unset it');
});

test('loading: a file that is not there, or no binary, is refused', () => {
  expectReadable(wrong(path.join(folder(), 'absent.node')), /cannot be read \(ENOENT/);
  writeFileSync(path.join(folder(), 'text.node'), 'not a binary');
  expectReadable(wrong(path.join(folder(), 'text.node')), /no binary of Linux or macOS/);
});

test('loading: a binary without the ending that Node wants is refused, also behind a link', () => {
  const file = path.join(folder(), 'readyloop.so');
  copyFileSync(addon, file);
  expectReadable(wrong(file), /the name of the file \(.*readyloop\.so\) does not end in \.node/);
  const link = path.join(folder(), 'link.node');
  symlinkSync(file, link);
  expectReadable(wrong(link), /readyloop\.so\) does not end in \.node/);
});

test('loading: a folder in the place of the binary is refused', () => {
  expectReadable(wrong(folder()), /cannot be read \(EISDIR/);
});

test('loading: a binary for another system is refused', () => {
  const file = path.join(folder(), 'other.node');
  writeFileSync(file, machO(0x0100_0007, 104));
  const linux: Host = { platform: 'linux', arch: 'x64', libc: 'glibc', runtime: host.runtime };
  expect(wrong(file, linux).message).toMatch(/it is for darwin-x64, and this is linux-x64/);
});

onLinux('loading: a binary for another architecture is refused', () => {
  const [other, machine] = process.arch === 'arm64' ? (['x64', 62] as const) : (['arm64', 183] as const);
  const file = changedAddon(folder(), 'arch.node', (bytes) => {
    bytes.writeUInt16LE(machine, 18);
    return bytes;
  });
  expectReadable(wrong(file), new RegExp(`it is for linux-${other}, and this is linux-${process.arch}`));
});

onLinux('loading: a binary for another libc is refused', () => {
  const musl = changedAddon(folder(), 'musl.node', (bytes) => overwrite(bytes, 'libc.so.6', 'libc.so'));
  const glibcHost: Host = { ...host, libc: 'glibc' };
  expect(wrong(musl, glibcHost).message).toMatch(/it is for musl, and this process runs on glibc/);
  expect(wrong(addon, { ...host, libc: host.libc === 'musl' ? 'glibc' : 'musl' }).message)
    .toMatch(/it is for (musl|glibc), and this process runs on/);
});

onLinux('loading: what the system says of a binary that it refuses is passed on', () => {
  const file = changedAddon(folder(), 'mute.node', (bytes) =>
    overwrite(bytes, 'napi_register_module_v1', 'napi_register_module_v0'));
  const error = wrong(file);
  expectReadable(error, /the system refuses it \(.*did not self-register/);
  expect(error.cause).toMatchObject({ message: expect.stringMatching(/self-register/) as unknown });
});

onLinux('loading: a binary of another version is refused, with the difference', () => {
  const file = changedAddon(folder(), 'older.node', (bytes) => overwrite(bytes, 'recordWords\0', 'recordBytes\0'));
  expectReadable(wrong(file), /it is of another version of readyloop \(recordWords is absent, and 4 here\)/);
});

test('loading: each origin has its own remedy', () => {
  const at = (...parts: string[]): string => path.join(folder(), 'roots', ...parts);
  const says = (file: string, from: string): string => {
    spawnSync('mkdir', ['-p', path.dirname(file)]);
    writeFileSync(file, '');
    return thrownBy(() => loadFrom(from, undefined, host)).message;
  };
  expect(says(at('built', 'build', 'Release', 'readyloop.node'), at('built'))).toMatch(/build it again here, or delete/);
  const tag = host.libc === null ? '' : `.${host.libc}`;
  const prebuilt = at('shipped', 'prebuilds', `${host.platform}-${host.arch}`, `readyloop${tag}.node`);
  expect(says(prebuilt, at('shipped'))).toMatch(/that the package ships: install the package again/);
});

test('loading: the error comes at the first run, not at the import, and again at each', () => {
  const program = `
    const { run, MissingBinaryError } = require(${JSON.stringify(path.join(root, 'dist', 'index.js'))});
    for (let i = 0; i < 2; i++) {
      try { run(function* () {}); } catch (error) {
        console.log(error instanceof MissingBinaryError, error.code);
      }
    }`;
  const env = { ...process.env, READYLOOP_NATIVE_PATH: path.join(folder(), 'absent.node') };
  const child = spawnSync(process.execPath, ['--eval', program], { encoding: 'utf8', env });
  expect(child.stdout).toBe('true ERR_WRONG_BINARY\ntrue ERR_WRONG_BINARY\n');
});
