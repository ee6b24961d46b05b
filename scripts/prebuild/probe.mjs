// Builds test/prebuilds, a small program that loads the binary of a Linux target and runs loops with it, for machines
// where there is no Node for that target. Compiled by the same compiler against the same C library as the binary.
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { compileAll } from './compile.mjs';
import { readElf } from './elf.mjs';
import { runQuietly } from './run_quietly.mjs';
import { runtimeSources } from './runtime.mjs';
import { compilerFlags, OF_NODE, root } from './targets.mjs';
import { findNodeHeaders, findZig } from './toolchain.mjs';

const SOURCES = ['probe.cc', 'loop_under_test.cc', 'host.cc', 'entry.c'];
const FLAGS = ['-std=c++17', '-Wall', '-Wextra', '-DNAPI_VERSION=8', '-Itest/prebuilds', '-fvisibility=default'];

/** Every name of Node that the binary wants, as a function that names itself and ends; host.cc defines the real ones. */
function stubsFor(target) {
  const { wanted } = readElf(readFileSync(path.join(root, target.file)));
  const names = wanted.map(({ name }) => name).filter((name) => OF_NODE.test(name));
  const lines = names.map((name) => `STUB(${name})`);
  const macro = [
    '#define STUB(name) \\',
    '  __attribute__((weak)) void name(void) { fputs("host: " #name " was called, a stub\\n", stderr); abort(); }',
  ];
  return ['#include <stdio.h>', '#include <stdlib.h>', ...macro, ...lines, ''].join('\n');
}

/** Builds the program for a target of musl. Returns: its path. */
export async function buildProbe(target) {
  const zig = findZig();
  const folder = path.join('build', 'prebuild', 'probe', target.name);
  rmSync(path.join(root, folder), { recursive: true, force: true });
  mkdirSync(path.join(root, folder), { recursive: true });
  const stubs = path.join(folder, 'stubs.c');
  writeFileSync(path.join(root, stubs), stubsFor(target));
  const include = `-isystem${path.join(findNodeHeaders(), 'include', 'node')}`;
  const flagsOf = (file) => (file.endsWith('.c') ? ['-xc', '-fvisibility=default'] : [...FLAGS, include]);
  const ours = SOURCES.map((name) => path.join('test', 'prebuilds', name));
  const sources = [...ours, stubs].map((file) => ({ file, flags: flagsOf(file) }));
  const objects = await compileAll(zig, target, [...sources, ...runtimeSources(zig, target)], folder);
  const program = path.join(root, folder, 'probe');
  const link = ['cc', ...compilerFlags(target), '-shared', '-Wl,-e,probe_entry', ...objects, '-o', program];
  await runQuietly(path.join(zig, 'zig'), link);
  return program;
}
