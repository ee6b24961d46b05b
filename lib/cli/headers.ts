// The headers of Node, without which nothing can be compiled: beside the program in most installations, else downloaded by
// the builder, and an error that says what to do where neither goes.

import { existsSync, readFileSync, realpathSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { CommandFailure } from './terminal.js';
import type { Builder } from './toolchain.js';

const prefixOf = (program: string): string => dirname(dirname(realpathSync(program)));

/** Returns: the folder above include/node for exactly this major version of Node, if it lies beside the program. */
export function headersBesideNode(program = process.execPath, version = process.versions.node): string | null {
  try {
    const prefix = prefixOf(program);
    const folder = join(prefix, 'include', 'node');
    const header = readFileSync(join(folder, 'node_version.h'), 'utf8');
    const [, major] = /#define NODE_MAJOR_VERSION (\d+)/.exec(header) ?? [];
    const isWhole = ['node_api.h', 'common.gypi'].every((name) => existsSync(join(folder, name)));
    return major === version.split('.')[0] && isWhole ? prefix : null;
  } catch {
    return null;
  }
}

/**
 * Returns: the folder that the option names, else npm's setting, else the one beside Node; null for none. It is absolute,
 *   because the tools run in another folder.
 *
 * Throws: CommandFailure if what was named has no headers.
 */
export function chosenHeaders(nodedir: string | null, env: NodeJS.ProcessEnv = process.env): string | null {
  if (nodedir !== null) return requireHeaders(resolve(nodedir), '--nodedir');
  const setting = env['npm_config_nodedir'] ?? '';
  return setting === '' ? headersBesideNode() : requireHeaders(resolve(setting), 'npm’s setting nodedir');
}

/**
 * Returns: the folder that was named, by what `by` says.
 *
 * Throws: CommandFailure if it has no headers: neither those of an installation nor those of Node's sources.
 */
export function requireHeaders(folder: string, by: string): string {
  const places = [join('include', 'node', 'node_api.h'), join('src', 'node_api.h')];
  if (places.some((place) => existsSync(join(folder, place)))) return folder;
  throw new CommandFailure(`${folder} has no ${places[0]}: let ${by} name the folder above include/node`);
}

const DOWNLOAD: Readonly<Record<Builder, readonly string[]>> = {
  'node-gyp': ['install', '--ensure'],
  'cmake-js': ['install'],
};

/** What a program has printed, and how it ended. */
export interface Outcome {
  readonly status: number;
  readonly output: string;
}

/**
 * Lets the builder download the headers, if it has not done so before: by a step of its own, so that whatever fails
 * later is something else.
 *
 * Throws: CommandFailure if it cannot.
 */
export async function downloadHeaders(builder: Builder, run: (args: readonly string[]) => Promise<Outcome>): Promise<void> {
  const { status, output } = await run(DOWNLOAD[builder]);
  if (status === 0) return;
  const beside = join(prefixOf(process.execPath), 'include', 'node');
  throw new CommandFailure([
    `the headers of Node ${process.version} cannot be had: they are not beside the program (${beside}), and ${builder} ` +
      'could not download them:',
    output.trimEnd(),
    'Let --nodedir name a folder that has them in include/node: the one that this version of Node unpacks to from its ' +
      'archive is such a folder. npm’s setting nodedir says the same for good.',
  ].join('\n'));
}
