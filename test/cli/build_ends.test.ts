// `readyloop build`: how it ends when the builder or the disk does not do as it should. The command is the built one, in a
// process whose folder brings a builder of its own: a script that compiles nothing.
import { type SpawnSyncReturns, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { root } from '../contracts/rules/source_tree';
import { addon, useFolder } from '../engine/binary_files';

const folder = useFolder();

/** Builds with a builder that runs `code` in the staging folder. Returns: how it ended, and where the binary was to go. */
function buildWith(code: string): { readonly ended: SpawnSyncReturns<string>; readonly place: string } {
  const place = mkdtempSync(path.join(folder(), 'build-'));
  const script = path.join(place, 'node_modules', 'node-gyp', 'bin', 'node-gyp.js');
  mkdirSync(path.dirname(script), { recursive: true });
  const begin = "const fs = require('node:fs'); if (process.argv[2] !== 'rebuild') process.exit(0);";
  writeFileSync(script, `${begin} fs.mkdirSync('build/Release', { recursive: true });\n${code}\n`);
  for (const name of ['python3', 'make', 'g++', 'tmp/']) {
    if (name.endsWith('/')) mkdirSync(path.join(place, name));
    else writeFileSync(path.join(place, name), '#!/bin/sh\n', { mode: 0o755 });
  }
  const { npm_config_nodedir: _nodedir, ...rest } = process.env;
  const env = { ...rest, PATH: `${place}:${process.env['PATH']}`, TMPDIR: path.join(place, 'tmp') };
  const args = [path.join(root, 'dist', 'cli', 'main.js'), 'build', '--out', path.join(place, 'out', 'readyloop.node')];
  const ended = spawnSync(process.execPath, args, { cwd: place, encoding: 'utf8', env });
  return { ended, place };
}

/** What is in a folder; nothing if it is not there. */
function namesIn(...parts: string[]): string[] {
  const place = path.join(...parts);
  return existsSync(place) ? readdirSync(place) : [];
}

const COPY = `fs.copyFileSync(${JSON.stringify(addon)}, 'build/Release/readyloop.node');`;

test('build: what the builder has made goes where it was to go, and says that it works', () => {
  const { ended, place } = buildWith(COPY);
  expect([ended.status, ended.stderr]).toEqual([0, '']);
  expect(ended.stdout).toMatch(/readyloop\.node: \d+ bytes; a loop runs on it\nset READYLOOP_NATIVE_PATH=/);
  expect([namesIn(place, 'out'), namesIn(place, 'tmp')]).toEqual([['readyloop.node'], []]);
});

test.each([
  ['fails', "console.log('no rule to make target'); process.exit(2);", /node-gyp has failed:\nno rule to make target/],
  ['has made nothing', '', /node-gyp has made no build\/Release\/readyloop\.node; try --verbose/],
  ['has made what does not work', "fs.writeFileSync('build/Release/readyloop.node', 'no binary');",
    /what was built does not work:\n[^]*no binary of Linux or macOS/],
])('build: a builder that %s is told, and leaves nothing behind', (_what, code, said) => {
  const { ended, place } = buildWith(code);
  expect([ended.status, ended.stderr]).toEqual([1, expect.stringMatching(said)]);
  expect([namesIn(place, 'out'), namesIn(place, 'tmp')]).toEqual([[], []]);
});

test('build: a place that cannot be written after all is told', () => {
  const blocked = "fs.mkdirSync(process.env.TMPDIR + '/../out/readyloop.node.new', { recursive: true });";
  const { ended, place } = buildWith(`${COPY}\n${blocked}`);
  expect([ended.status, ended.stderr])
    .toEqual([1, expect.stringMatching(/out cannot be written \(.*readyloop\.node\.new.*\): let --out name another file/)]);
  expect([namesIn(place, 'out'), namesIn(place, 'tmp')]).toEqual([['readyloop.node.new'], []]);
});
