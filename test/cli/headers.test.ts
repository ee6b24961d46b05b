// The headers of Node for `readyloop build` and for this checkout: where they are looked for, and what is said when they
// cannot be had. The builders are the real ones; what they would download from is a port that nobody listens on.
import { type SpawnSyncReturns, spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { chosenHeaders, downloadHeaders, headersBesideNode, requireHeaders } from '../../lib/cli/headers';
import type { Builder } from '../../lib/cli/toolchain';
import { root } from '../contracts/rules/source_tree';
import { useFolder } from '../engine/binary_files';
import { thrownBy } from '../helpers/failures';

const folder = useFolder();

/** An installation of Node with these headers. Returns: its folder. */
function installation(major: number, ...names: string[]): string {
  const prefix = path.join(folder(), 'prefix');
  for (const each of ['bin', 'include/node']) mkdirSync(path.join(prefix, each), { recursive: true });
  writeFileSync(path.join(prefix, 'bin', 'node'), '');
  for (const name of names) {
    writeFileSync(path.join(prefix, 'include', 'node', name), `#define NODE_MAJOR_VERSION ${major}\n`);
  }
  return prefix;
}

const NOWHERE = 'http://127.0.0.1:1/';

/** An environment in which no header can be had: nothing is configured, nothing kept, and nothing answers. */
function without(): NodeJS.ProcessEnv {
  const named = Object.entries(process.env).filter(([name]) => !name.toLowerCase().startsWith('npm_config_'));
  const npm = { npm_config_userconfig: '/nowhere', npm_config_globalconfig: '/nowhere' };
  const mirrors = { npm_config_disturl: NOWHERE, NVM_NODEJS_ORG_MIRROR: NOWHERE };
  return { ...Object.fromEntries(named), ...npm, ...mirrors, HOME: folder(), XDG_CACHE_HOME: folder() };
}

test('headers: those beside Node are taken if they are whole and of its major version', () => {
  const program = path.join(installation(22), 'bin', 'node');
  expect(headersBesideNode(program, '22.1.0')).toBeNull();
  installation(22, 'node_version.h', 'node_api.h');
  expect(headersBesideNode(program, '22.1.0')).toBeNull();
  const prefix = installation(22, 'common.gypi');
  expect(headersBesideNode(program, '22.1.0')).toBe(prefix);
  expect(headersBesideNode(program, '24.1.0')).toBeNull();
  expect(headersBesideNode(path.join(folder(), 'absent'), '22.1.0')).toBeNull();
});

test('headers: a named folder is an installation or the sources of Node, and anything else is told', () => {
  const prefix = installation(22, 'node_api.h');
  expect(requireHeaders(prefix, '--nodedir')).toBe(prefix);
  const sources = path.join(folder(), 'sources');
  mkdirSync(path.join(sources, 'src'), { recursive: true });
  writeFileSync(path.join(sources, 'src', 'node_api.h'), '');
  expect(requireHeaders(sources, '--nodedir')).toBe(sources);
  expect(thrownBy(() => requireHeaders(path.join(prefix, 'include', 'node'), '--nodedir')).message)
    .toMatch(/include\/node has no include\/node\/node_api\.h: let --nodedir name the folder above include\/node$/);
});

test('regression: npm’s setting is looked at and made absolute as the option is, and an empty one is none', () => {
  const prefix = installation(22, 'node_api.h');
  const relative = path.relative(process.cwd(), prefix);
  const by = (setting: string): string | null => chosenHeaders(null, { npm_config_nodedir: setting });
  expect([by(relative), by(prefix), chosenHeaders(relative, { npm_config_nodedir: '/nowhere' })])
    .toEqual([prefix, prefix, prefix]);
  expect([by(''), chosenHeaders(null, {})]).toEqual([headersBesideNode(), headersBesideNode()]);
  expect(thrownBy(() => by('/nowhere')).message)
    .toBe('/nowhere has no include/node/node_api.h: let npm’s setting nodedir name the folder above include/node');
});

const builders: Builder[] = ['node-gyp', 'cmake-js'];

test.each(builders)('headers: if %s cannot download them, the error says so and what to do', async (name) => {
  const script = require.resolve(`${name}/bin/${name === 'node-gyp' ? 'node-gyp.js' : name}`, { paths: [root] });
  const run = async (args: readonly string[]): Promise<{ status: number; output: string }> => {
    const { status, stdout, stderr } = spawnSync(process.execPath, [script, ...args],
      { cwd: folder(), encoding: 'utf8', env: without() });
    return { status: status ?? 1, output: `${stdout}${stderr}` };
  };
  writeFileSync(path.join(folder(), 'package.json'), '{"name": "x", "version": "1.0.0"}');
  const message = await downloadHeaders(name, run).then(() => '', (error: unknown) => (error as Error).message);
  expect(message).toMatch(/^the headers of Node v[\d.]+ cannot be had: they are not beside the program \(\/.*include\/node\)/);
  expect(message).toMatch(/could not download them:[^]*(127\.0\.0\.1|ECONNREFUSED)[^]*Let --nodedir name a folder/);
});

test('headers: if the builder has them, nothing is said', async () => {
  const asked: (readonly string[])[] = [];
  await downloadHeaders('node-gyp', (args) => {
    asked.push(args);
    return Promise.resolve({ status: 0, output: '' });
  });
  expect(asked).toEqual([['install', '--ensure']]);
});

describe('this checkout', () => {
  const script = path.join(root, 'scripts', 'run_builder.mjs');
  const builder = (program: string, env: NodeJS.ProcessEnv, ...args: string[]): SpawnSyncReturns<string> =>
    spawnSync(program, [script, ...args], { cwd: root, encoding: 'utf8', env });

  test('headers: npm’s setting comes before those beside Node', () => {
    const env = { ...without(), npm_config_nodedir: '/named' };
    expect(builder(process.execPath, env, 'node-gyp', '--headers').stdout.trim()).toBe('/named');
    const found = builder(process.execPath, without(), 'node-gyp', '--headers').stdout.trim();
    expect(found).toBe(headersBesideNode() ?? 'none');
    const empty = builder(process.execPath, { ...without(), npm_config_nodedir: '' }, 'node-gyp', '--headers');
    expect(empty.stdout.trim()).toBe(found);
  });

  test('headers: without any, compiling the addon says so and what to do', () => {
    // A Node that has nothing beside it.
    const program = path.join(folder(), 'bin', 'node');
    mkdirSync(path.dirname(program));
    copyFileSync(process.execPath, program);
    const { status, stderr } = builder(program, without(), 'node-gyp', 'rebuild');
    expect(status).toBe(1);
    expect(stderr).toMatch(/the headers of Node v\d+[^]*npm config set nodedir/);
  });
});
