// The tools that compile the addon: which a builder needs, where they are, and what is said if one is missing. Nothing is
// run here, so that whoever has none of them learns of all at once.

import { accessSync, constants, existsSync, readFileSync, realpathSync, statSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { CommandFailure } from './terminal.js';

/** Who compiles. */
export type Builder = 'node-gyp' | 'cmake-js';

type Environment = Readonly<Record<string, string | undefined>>;

/** One tool: its names in the order of preference, and the variables that may name another. */
interface Tool {
  readonly what: string;
  readonly names: readonly string[];
  readonly variables: readonly string[];
}

const PYTHON: Tool = {
  what: 'Python 3',
  names: ['python3', 'python'],
  variables: ['NODE_GYP_FORCE_PYTHON', 'npm_config_python', 'PYTHON'],
};
const MAKE: Tool = { what: 'make', names: ['make', 'gmake'], variables: ['MAKE'] };
const COMPILER: Tool = { what: 'a C++17 compiler (g++ or clang++)', names: ['g++', 'c++', 'clang++'], variables: ['CXX'] };
const CMAKE: Tool = { what: 'CMake', names: ['cmake', 'cmake3'], variables: [] };
const MAKE_OR_NINJA: Tool = { what: 'make or ninja', names: ['make', 'ninja', 'ninja-build'], variables: ['MAKE'] };

const NEEDED: Readonly<Record<Builder, readonly Tool[]>> = {
  'node-gyp': [PYTHON, MAKE, COMPILER],
  'cmake-js': [CMAKE, MAKE_OR_NINJA, COMPILER],
};

const HOW_TO_INSTALL = [
  'Debian, Ubuntu: apt install build-essential python3 (and cmake)',
  'Fedora: dnf install gcc-c++ make python3 (and cmake)',
  'Alpine: apk add build-base python3 linux-headers (and cmake)',
  'macOS: xcode-select --install (and brew install cmake)',
];

/** Throws: CommandFailure, which names every tool that is missing and how to get it. */
export function requireTools(builder: Builder, env: Environment = process.env): void {
  const missing = NEEDED[builder].filter((tool) => findTool(tool, env) === null).map(({ what }) => what);
  if (missing.length === 0) return;
  const list = missing.length === 1 ? `${missing[0]} is missing` : `these are missing: ${missing.join(', ')}`;
  throw new CommandFailure([`${list}. ${builder} needs it.`, ...HOW_TO_INSTALL].join('\n  '));
}

function findTool({ names, variables }: Tool, env: Environment): string | null {
  const named = variables.map((variable) => env[variable]).find((value) => value !== undefined && value !== '');
  // A variable may hold options behind the name, as CXX='ccache g++'.
  const wanted = named === undefined ? names : [named.split(' ')[0] as string];
  return wanted.map((name) => findOnPath(name, env)).find((path) => path !== null) ?? null;
}

/** Returns: the file that a shell would run for this name, or null. */
export function findOnPath(name: string, env: Environment = process.env): string | null {
  const places = name.includes('/') ? [name] : (env['PATH'] ?? '').split(delimiter).map((folder) => join(folder, name));
  return places.find(isProgram) ?? null;
}

function isProgram(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return statSync(file).isFile();
  } catch {
    return false;
  }
}

const SCRIPTS: Readonly<Record<Builder, string>> = {
  'node-gyp': 'node-gyp/bin/node-gyp.js',
  'cmake-js': 'cmake-js/bin/cmake-js',
};

/**
 * Finds the builder itself: in the project, in npm (which brings a node-gyp of its own), or on the path.
 *
 * Throws: CommandFailure if it is nowhere.
 */
export function findBuilder(builder: Builder, project: string, env: Environment = process.env): string {
  const candidates = [resolveFrom(project, SCRIPTS[builder]), ...(builder === 'node-gyp' ? thoseOfNpm(env) : [])];
  const script = candidates.find((file) => file !== null && existsSync(file)) ?? scriptOnPath(builder, env);
  if (script !== null) return realpathSync(script);
  const hint = builder === 'node-gyp' ? ', or call this through npm, which brings one: npx readyloop build' : '';
  throw new CommandFailure(`${builder} is missing: npm install --save-dev ${builder}${hint}`);
}

/** A name on the path is a link to the script; or a shell script of some manager's, which Node cannot run. */
function scriptOnPath(name: string, env: Environment): string | null {
  const found = findOnPath(name, env);
  if (found === null) return null;
  const [first = ''] = readFileSync(found, 'latin1').split('\n', 1);
  return /\.[cm]?js$/.test(realpathSync(found)) || /^#!.*\bnode\b/.test(first) ? found : null;
}

function resolveFrom(folder: string, script: string): string | null {
  try {
    return require.resolve(script, { paths: [folder] });
  } catch {
    return null;
  }
}

function thoseOfNpm(env: Environment): (string | null)[] {
  const npm = findOnPath('npm', env);
  const below = (folder: string): string => join(folder, 'node_modules', SCRIPTS['node-gyp']);
  return [
    env['npm_config_node_gyp'] ?? null,
    below(join(dirname(process.execPath), '..', 'lib', 'node_modules', 'npm')),
    npm === null ? null : below(dirname(dirname(realpathSync(npm)))),
  ];
}
