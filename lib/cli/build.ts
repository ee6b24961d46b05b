// `readyloop build`: compiles the sources that the package ships, in a temporary folder, because the package has no
// binding.gyp at its root and must not have one (package managers would compile on install). The result is loaded once
// in a process of its own before it goes where the loader finds it, so a build that does not work replaces nothing.

import { spawn } from 'node:child_process';
import { cpSync, copyFileSync, existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { asError } from '../base/errors.js';
import { ownPlace } from '../engine/binding.js';
import { PATH_VARIABLE } from '../engine/binary_search.js';
import { CommandFailure, type Terminal } from './terminal.js';
import { type Builder, findBuilder, headersBesideNode, requireTools } from './toolchain.js';

/** The options of `readyloop build`. */
export interface BuildOptions {
  readonly builder: Builder;
  /** Where the binary goes; null for the package's folder. */
  readonly out: string | null;
  readonly nodedir: string | null;
  readonly isVerbose: boolean;
}

const BINARY = join('build', 'Release', 'readyloop.node');

/** Returns: the exit status. Throws: CommandFailure, which says what is missing or has failed. */
export async function buildAddon(options: BuildOptions, terminal: Terminal): Promise<number> {
  const root = sourceFolder();
  requireTools(options.builder);
  const script = findBuilder(options.builder, process.cwd());
  const staging = mkdtempSync(join(tmpdir(), 'readyloop-build-'));
  try {
    stage(root, staging);
    terminal.line(`compiling with ${options.builder} (${script}), which takes half a minute`);
    await compile(options, script, staging, terminal);
    const built = join(staging, BINARY);
    if (!existsSync(built)) throw new CommandFailure(`${options.builder} has made no ${BINARY}; try --verbose`);
    await tryOut(root, built);
    const target = install(built, options.out === null ? join(root, BINARY) : resolve(options.out));
    terminal.line(`${target}: ${statSync(target).size} bytes; a loop runs on it`);
    if (options.out !== null) terminal.line(`set ${PATH_VARIABLE}=${target} to have it loaded`);
    return 0;
  } finally {
    rmSync(staging, { recursive: true, force: true });
  }
}

function sourceFolder(): string {
  const { root } = ownPlace();
  if (root !== null && existsSync(join(root, 'native', 'binding.gyp'))) return root;
  const place = `${root ?? 'no folder'}/native`;
  throw new CommandFailure(`the sources are not there (${place}): install the package as it was published`);
}

function stage(root: string, staging: string): void {
  for (const name of ['native', 'CMakeLists.txt', 'package.json']) {
    cpSync(join(root, name), join(staging, name), { recursive: true });
  }
  copyFileSync(join(root, 'native', 'binding.gyp'), join(staging, 'binding.gyp'));
}

async function compile(options: BuildOptions, script: string, staging: string, terminal: Terminal): Promise<void> {
  const given = options.nodedir ?? process.env['npm_config_nodedir'] ?? headersBesideNode();
  const args = {
    'node-gyp': ['rebuild', ...(given === null ? [] : [`--nodedir=${given}`])],
    'cmake-js': ['compile', '--directory', staging, '--out', join(staging, 'build')],
  }[options.builder];
  const env = given === null ? process.env : { ...process.env, npm_config_nodedir: given };
  const { status, output } = await start([script, ...args], staging, env);
  if (options.isVerbose) terminal.line(output.trimEnd());
  if (status === 0) return;
  const shown = options.isVerbose ? '' : `:\n${output.trimEnd()}`;
  const hint = given !== null ? '' :
    '\nIf the headers of Node could not be downloaded, let --nodedir name a folder that has them in include/node.';
  throw new CommandFailure(`${options.builder} has failed${shown}${hint}`);
}

/** Loads what was built as a program would, in another process: a bad binary can end the one that loads it. */
async function tryOut(root: string, built: string): Promise<void> {
  const env = { ...process.env, [PATH_VARIABLE]: built };
  const { status, output } = await start([join(root, 'dist', 'cli', 'main.js'), 'doctor'], root, env);
  if (status !== 0) throw new CommandFailure(`what was built does not work:\n${output.trimEnd()}`);
}

/** Returns: `target`. Written beside it first, so that nobody loads half of it. */
function install(built: string, target: string): string {
  try {
    mkdirSync(dirname(target), { recursive: true });
    copyFileSync(built, `${target}.new`);
    renameSync(`${target}.new`, target);
    return target;
  } catch (cause) {
    const message = `${dirname(target)} cannot be written (${asError(cause).message}): let --out name another file`;
    throw new CommandFailure(message, { cause });
  }
}

interface Outcome {
  readonly status: number;
  readonly output: string;
}

function start(args: readonly string[], cwd: string, env: NodeJS.ProcessEnv): Promise<Outcome> {
  return new Promise((settle, fail) => {
    const child = spawn(process.execPath, args, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'] });
    const parts: Buffer[] = [];
    child.stdout.on('data', (part: Buffer) => parts.push(part));
    child.stderr.on('data', (part: Buffer) => parts.push(part));
    child.on('error', fail);
    child.on('close', (status) => settle({ status: status ?? 1, output: Buffer.concat(parts).toString() }));
  });
}
