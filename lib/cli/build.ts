// `readyloop build`: compiles the sources that the package ships, in a temporary folder, because the package has no
// binding.gyp at its root and must not have one (package managers would compile on install). The result is loaded once
// in a process of its own before it goes where the loader finds it, so a build that does not work replaces nothing.

import { spawn } from 'node:child_process';
import {
  accessSync,
  chmodSync,
  constants,
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, extname, join, resolve } from 'node:path';
import { asError } from '../base/errors.js';
import { ownPlace } from '../engine/binding.js';
import { PATH_VARIABLE } from '../engine/binary_search.js';
import { chosenHeaders, downloadHeaders, type Outcome } from './headers.js';
import { CommandFailure, type Terminal } from './terminal.js';
import { type Builder, findBuilder, requireTools } from './toolchain.js';

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
  const target = options.out === null ? join(root, BINARY) : resolve(options.out);
  requirePlace(target);
  requireTools(options.builder);
  const script = findBuilder(options.builder, process.cwd());
  const staging = mkdtempSync(join(tmpdir(), 'readyloop-build-'));
  try {
    stageSources(root, staging);
    terminal.line(`compiling with ${options.builder} (${script}), which takes half a minute`);
    await compile(options, script, staging, terminal);
    const built = join(staging, BINARY);
    if (!existsSync(built)) throw new CommandFailure(`${options.builder} has made no ${BINARY}; try --verbose`);
    await tryOut(root, built);
    install(built, target);
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

/** Throws: CommandFailure for a place that the binary cannot go to, which is told before anything is compiled. */
export function requirePlace(target: string): void {
  if (extname(target) !== '.node') {
    throw new CommandFailure(`${target} does not end in .node, and Node would not load it: let --out name such a file`);
  }
  if (existsSync(target) && statSync(target).isDirectory()) {
    throw new CommandFailure(`${target} is a folder: let --out name a file`);
  }
  let folder = dirname(target);
  while (!existsSync(folder)) folder = dirname(folder);
  if (!statSync(folder).isDirectory()) {
    throw new CommandFailure(`${folder} is a file, and nothing can lie below it: let --out name another place`);
  }
  try {
    accessSync(folder, constants.W_OK);
  } catch (cause) {
    throw unwritable(folder, cause);
  }
}

function unwritable(folder: string, cause: unknown): CommandFailure {
  const message = `${folder} cannot be written (${asError(cause).message}): let --out name another file`;
  return new CommandFailure(message, { cause });
}

/** Copies what is compiled into a folder. */
export function stageSources(root: string, staging: string): void {
  for (const name of ['native', 'CMakeLists.txt', 'package.json']) {
    cpSync(join(root, name), join(staging, name), { recursive: true });
  }
  copyFileSync(join(root, 'native', 'binding.gyp'), join(staging, 'binding.gyp'));
  makeRemovable(staging);
}

// Copies have the modes of a package that nobody may write to, and what is in such folders could not be removed.
function makeRemovable(folder: string): void {
  chmodSync(folder, 0o700);
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    if (entry.isDirectory()) makeRemovable(join(folder, entry.name));
  }
}

async function compile(options: BuildOptions, script: string, staging: string, terminal: Terminal): Promise<void> {
  const given = chosenHeaders(options.nodedir);
  const args = {
    'node-gyp': ['rebuild', ...(given === null ? [] : [`--nodedir=${given}`])],
    'cmake-js': ['compile', '--directory', staging, '--out', join(staging, 'build')],
  }[options.builder];
  const env = given === null ? process.env : { ...process.env, npm_config_nodedir: given };
  const run = (words: readonly string[]): Promise<Outcome> => start([script, ...words], staging, env);
  if (given === null) await downloadHeaders(options.builder, run);
  const { status, output } = await run(args);
  if (options.isVerbose) terminal.line(output.trimEnd());
  if (status === 0) return;
  const shown = options.isVerbose ? '' : `:\n${output.trimEnd()}`;
  throw new CommandFailure(`${options.builder} has failed${shown}`);
}

/** Loads what was built as a program would, in another process: a bad binary can end the one that loads it. */
async function tryOut(root: string, built: string): Promise<void> {
  const env = { ...process.env, [PATH_VARIABLE]: built };
  const { status, output } = await start([join(root, 'dist', 'cli', 'main.js'), 'doctor'], root, env);
  if (status !== 0) throw new CommandFailure(`what was built does not work:\n${output.trimEnd()}`);
}

/** Written beside the target first, so that nobody loads half of it. */
function install(built: string, target: string): void {
  try {
    mkdirSync(dirname(target), { recursive: true });
    copyFileSync(built, `${target}.new`);
    renameSync(`${target}.new`, target);
  } catch (cause) {
    throw unwritable(dirname(target), cause);
  }
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
