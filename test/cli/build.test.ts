// `readyloop build`, short of compiling: which tools it wants, where it finds them, and what it says without them. That it
// compiles the packed sources is tested by scripts/install_check.mjs, in a folder without anything else.
import { chmodSync, mkdirSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { requirePlace, stageSources } from '../../lib/cli/build';
import { findBuilder, findOnPath, requireTools } from '../../lib/cli/toolchain';
import { useFolder } from '../engine/binary_files';
import { thrownBy } from '../helpers/failures';
import { command } from './terminal';

const folder = useFolder();

/** A folder with programs of these names. */
function programs(...names: string[]): string {
  const place = path.join(folder(), `bin-${names.join('-')}`);
  mkdirSync(place, { recursive: true });
  for (const name of names) {
    writeFileSync(path.join(place, name), '#!/bin/sh\n');
    chmodSync(path.join(place, name), 0o755);
  }
  return place;
}

const missing = (builder: 'node-gyp' | 'cmake-js', env: Record<string, string>): string =>
  thrownBy(() => requireTools(builder, env)).message;

test('build: every tool that is missing is named at once, with the command that installs it', () => {
  const text = missing('node-gyp', { PATH: programs() });
  expect(text).toMatch(/^these are missing: Python 3, make, a C\+\+17 compiler \(g\+\+ or clang\+\+\)\. node-gyp needs it/);
  expect(text).toMatch(/Debian, Ubuntu: apt install build-essential python3/);
  expect(text).toMatch(/Alpine: apk add build-base python3/);
  expect(missing('cmake-js', {})).toMatch(/^these are missing: CMake, make or ninja, a C\+\+17 compiler/);
});

test('build: one tool that is missing is named alone', () => {
  expect(missing('node-gyp', { PATH: programs('python3', 'g++') })).toMatch(/^make is missing\. node-gyp needs it/);
  expect(missing('cmake-js', { PATH: programs('ninja', 'clang++') })).toMatch(/^CMake is missing\. cmake-js needs it/);
});

test('build: other names of a tool, and those in variables, count', () => {
  expect(() => requireTools('node-gyp', { PATH: programs('python', 'gmake', 'clang++') })).not.toThrow();
  const env = { PATH: programs('python3', 'make', 'zig', 'g++') };
  expect(() => requireTools('node-gyp', { ...env, CXX: 'zig c++' })).not.toThrow();
  expect(missing('node-gyp', { ...env, CXX: '/opt/absent/c++' })).toMatch(/^a C\+\+17 compiler/);
  expect(() => requireTools('node-gyp', { ...env, npm_config_python: `${env.PATH}/python3` })).not.toThrow();
});

test('build: a folder, and a file that nobody may run, are no tools', () => {
  const place = programs('make');
  mkdirSync(path.join(place, 'folder'), { recursive: true });
  writeFileSync(path.join(place, 'text'), '', { mode: 0o644 });
  expect(findOnPath('make', { PATH: `/nowhere:${place}` })).toBe(path.join(place, 'make'));
  expect([findOnPath('folder', { PATH: place }), findOnPath('text', { PATH: place }), findOnPath('make', {})])
    .toEqual([null, null, null]);
});

test('build: node-gyp comes from the project, else from npm, else from the path', () => {
  const script = (...parts: string[]): string => {
    const file = path.join(folder(), ...parts);
    mkdirSync(path.dirname(file), { recursive: true });
    writeFileSync(file, '');
    return file;
  };
  const own = script('project', 'node_modules', 'node-gyp', 'bin', 'node-gyp.js');
  const given = script('given', 'node-gyp.js');
  expect(findBuilder('node-gyp', path.join(folder(), 'project'), { npm_config_node_gyp: given })).toBe(own);
  expect(findBuilder('node-gyp', path.join(folder(), 'given'), { npm_config_node_gyp: given })).toBe(given);
  const bin = programs('nothing');
  symlinkSync(given, path.join(bin, 'cmake-js'));
  chmodSync(given, 0o755);
  expect(findBuilder('cmake-js', path.join(folder(), 'given'), { PATH: bin })).toBe(given);
});

test('build: a script on the path is taken if Node runs it, and not one for a shell', () => {
  const bin = programs('cmake-js');
  expect(thrownBy(() => findBuilder('cmake-js', folder(), { PATH: bin })).message).toMatch(/^cmake-js is missing/);
  writeFileSync(path.join(bin, 'cmake-js'), '#!/usr/bin/env node\n');
  expect(findBuilder('cmake-js', folder(), { PATH: bin })).toBe(path.join(bin, 'cmake-js'));
});

test('build: a builder that is nowhere is named, with what installs it', () => {
  expect(thrownBy(() => findBuilder('cmake-js', folder(), { PATH: programs() })).message)
    .toBe('cmake-js is missing: npm install --save-dev cmake-js');
});

test('build: a copy of the package without its sources says so', async () => {
  const { status, complaints } = await command('build');
  expect(status).toBe(1);
  expect(complaints).toMatch(/^readyloop build: the sources are not there \(.*native\): install the package as it was published/);
});

test('build: a place that the binary cannot go to is told before anything is compiled', () => {
  const refused = (name: string): string => thrownBy(() => requirePlace(path.join(folder(), name))).message;
  expect(refused('readyloop.so')).toMatch(/readyloop\.so does not end in \.node/);
  mkdirSync(path.join(folder(), 'folder.node'));
  expect(refused('folder.node')).toMatch(/folder\.node is a folder: let --out name a file/);
  expect(() => requirePlace(path.join(folder(), 'new', 'below', 'readyloop.node'))).not.toThrow();
});

test('regression: a place below a file is told before anything is compiled', () => {
  writeFileSync(path.join(folder(), 'plain'), '');
  expect(thrownBy(() => requirePlace(path.join(folder(), 'plain', 'below', 'readyloop.node'))).message)
    .toMatch(/plain is a file, and nothing can lie below it: let --out name another place$/);
});

test('build: copies of a package that nobody may write to can be removed', () => {
  const [from, to] = [path.join(folder(), 'package'), path.join(folder(), 'staging')];
  const inner = path.join('native', 'addon');
  mkdirSync(path.join(from, inner), { recursive: true });
  mkdirSync(to);
  for (const name of ['CMakeLists.txt', 'package.json', 'native/binding.gyp']) writeFileSync(path.join(from, name), '');
  for (const name of [inner, 'native']) chmodSync(path.join(from, name), 0o555);
  stageSources(from, to);
  for (const name of [inner, 'native']) expect(statSync(path.join(to, name)).mode & 0o777).toBe(0o700);
  for (const name of ['native', inner]) chmodSync(path.join(from, name), 0o755);
});
