// Runs node-gyp or cmake-js on this checkout: `node scripts/run_builder.mjs node-gyp rebuild`. The headers of Node are
// those that npm's setting `nodedir` names; else those beside the program, as most installations have them; else the
// builder downloads them. (npm hands its setting on to what it runs. Who was not started by npm asks it only where nothing
// is beside the program.) `--headers` in place of a command says which are taken. lib/cli/headers.ts does the same for the
// package, which is not compiled yet when this runs.
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, realpathSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const { resolve } = createRequire(import.meta.url);
const BUILDERS = {
  'node-gyp': { script: 'node-gyp/bin/node-gyp.js', download: ['install', '--ensure'] },
  'cmake-js': { script: 'cmake-js/bin/cmake-js', download: ['install'] },
};

/** The folder above include/node beside the program, if it has the headers of this major version. */
function headersBesideNode() {
  const prefix = path.dirname(path.dirname(realpathSync(process.execPath)));
  const file = (name) => path.join(prefix, 'include', 'node', name);
  if (!['node_version.h', 'node_api.h', 'common.gypi'].every((name) => existsSync(file(name)))) return null;
  const [, major] = /#define NODE_MAJOR_VERSION (\d+)/.exec(readFileSync(file('node_version.h'), 'utf8')) ?? [];
  return major === process.versions.node.split('.')[0] ? prefix : null;
}

/** npm's setting as npm hands it on. An empty one is none. */
function headersOfSetting() {
  const { npm_config_nodedir: setting = '' } = process.env;
  return setting === '' ? null : path.resolve(setting);
}

/** npm's setting, for whoever was not started by npm, which hands it on. */
function headersOfNpm() {
  const { status, stdout } = spawnSync('npm', ['config', 'get', 'nodedir'], { encoding: 'utf8' });
  const said = status === 0 ? stdout.trim() : '';
  return ['', 'undefined', 'null'].includes(said) ? null : said;
}

const findHeaders = () => headersOfSetting() ?? headersBesideNode() ?? headersOfNpm();

/** Runs a builder. Returns: what `spawnSync` does; its standard error says what to do where the headers are missing. */
export function runBuilder(name, args, options = {}) {
  const { script, download } = BUILDERS[name];
  const headers = findHeaders();
  const env = headers === null ? process.env : { ...process.env, npm_config_nodedir: headers };
  const start = (words, how) => spawnSync(process.execPath, [resolve(script), ...words], { env, ...how });
  if (headers === null) {
    const { status, stdout, stderr } = start(download, { encoding: 'utf8' });
    if (status !== 0) return { status: 1, stdout, stderr: `${stderr}\n${whatToDo(name)}\n` };
  }
  return start(args, options);
}

function whatToDo(name) {
  return `the headers of Node ${process.version} cannot be had: they are not beside the program (${process.execPath}), ` +
    `and ${name} could not download them. Install a Node that has its headers, or let npm's setting nodedir name a ` +
    'folder that has them in include/node: npm config set nodedir DIR';
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [name, ...args] = process.argv.slice(2);
  if (args[0] === '--headers') {
    console.log(findHeaders() ?? 'none');
  } else {
    const { status, stderr } = runBuilder(name, args, { stdio: 'inherit' });
    if (stderr !== null) process.stderr.write(stderr);
    process.exitCode = status ?? 1;
  }
}
