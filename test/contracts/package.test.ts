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
