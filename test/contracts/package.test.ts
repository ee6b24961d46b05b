// Contract: what the code says of the package is what package.json and the prebuild scripts say.
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { VERSION } from '../../lib/base/version';
import { SHIPPED_TARGETS } from '../../lib/engine/binary_search';
import { readTree, root } from './rules/source_tree';

const manifest = readFileSync(path.join(root, 'package.json'), 'utf8');
const description = JSON.parse(manifest) as Record<string, unknown>;

test('package: the version in the code is that of package.json', () => {
  expect(VERSION).toBe(description['version']);
});

test('package: the targets that messages name are those that are built', () => {
  const file = pathToFileURL(path.join(root, 'scripts', 'prebuild', 'targets.mjs')).href;
  const program = `import { targets } from '${file}'; console.log(targets.map(({ name }) => name).join());`;
  const child = spawnSync(process.execPath, ['--input-type=module', '--eval', program], { encoding: 'utf8' });
  expect(child.stdout.trim().split(',')).toEqual(SHIPPED_TARGETS);
});

test('package: installing runs nothing, and the loader of the addon is the one dependency', () => {
  const scripts = Object.keys(description['scripts'] as object);
  expect(scripts.filter((name) => /^(pre|post)?install$/.test(name))).toEqual([]);
  expect([description['gypfile'], Object.keys(description['dependencies'] as object)]).toEqual([false, ['node-gyp-build']]);
});

test('package: the oldest Node is the one that the code refuses to go below', () => {
  const [oldest] = readTree(['lib/base'], ['node_version.ts']);
  expect(description['engines']).toEqual({ node: '>=20.11' });
  expect(oldest?.text).toContain('const MINIMUM = [20, 11];');
});

// What is promised is what is tested: a version that is only in one of these places is a promise, or a test, forgotten.
const NODES = [20, 22, 24, 26];

test('package: the versions of Node that are promised are those that CI and the workflows run', () => {
  const text = (name: string): string => readFileSync(path.join(root, name), 'utf8');
  expect(text('README.md')).toContain(`from 20.11 on, every even major: tested are ${listed(NODES)}.`);
  expect(text('docs/guide/installing.md')).toContain(`| Node 20.11 or later | ${listed(NODES)} run the whole suite |`);
  expect(text('docs/platforms.md')).toContain(`the whole suite, on Node ${listed(NODES)}`);
  expect(text('scripts/install/runtimes.mjs')).toContain(`const SUPPORTED = [${NODES.join(', ')}];`);
  // The oldest that is declared stands for its major.
  expect(text('.ci/run')).toContain(`for version in 20.11 ${NODES.slice(1).join(' ')}; do`);
  for (const name of ['ci.yml', 'prebuilds.yml']) {
    const rows = text(`.github/workflows/${name}`).match(/node-version: \[.*\]/g);
    expect(new Set(rows)).toEqual(new Set([`node-version: [${NODES.join(', ')}]`]));
  }
});

test('package: the systems that pages promise are those that the binaries are made for', () => {
  const [targets] = readTree(['scripts/prebuild'], ['targets.mjs']);
  const [, glibc] = /GLIBC = '([\d.]+)'/.exec(targets!.text) ?? [];
  const [, macos] = /MACOS = '(\d+)\.0'/.exec(targets!.text) ?? [];
  for (const name of ['README.md', 'docs/platforms.md', 'docs/guide/installing.md']) {
    const page = readFileSync(path.join(root, name), 'utf8');
    expect([page.match(/glibc (\d[\d.]*\d)/g), page.match(/macOS (\d+)/g)].map((found) => [...new Set(found)]))
      .toEqual([[`glibc ${glibc}`], [`macOS ${macos}`]]);
  }
});

function listed(versions: readonly number[]): string {
  return `${versions.slice(0, -1).join(', ')} and ${versions.at(-1)}`;
}
