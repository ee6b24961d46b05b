// The commands by name: their options, their help, and what is said about a name that is none. Exit statuses: 0 done,
// 1 it could not be done, 2 it was called wrongly.

import { parseArgs, type ParseArgsConfig } from 'node:util';
import { asError } from '../base/errors.js';
import { VERSION } from '../base/version.js';
import { buildAddon } from './build.js';
import { runDoctor } from './doctor.js';
import { CommandFailure, type Terminal } from './terminal.js';

type Values = Readonly<Record<string, string | boolean | undefined>>;

interface Command {
  readonly summary: string;
  readonly usage: string;
  readonly options: NonNullable<ParseArgsConfig['options']>;
  readonly about: readonly string[];
  run(values: Values, terminal: Terminal): Promise<number> | number;
}

const text = (value: string | boolean | undefined): string | null => (typeof value === 'string' ? value : null);

const COMMANDS: Readonly<Record<string, Command>> = {
  doctor: {
    summary: 'says which native binary is loaded and why, what the system offers, and what would be slow',
    usage: 'readyloop doctor [--json]',
    options: { json: { type: 'boolean' } },
    about: ['--json   the same as one object of JSON', '', 'The exit status is 1 if there is no binary that works.'],
    run: ({ json }, terminal) => runDoctor({ json: json === true }, terminal),
  },
  build: {
    summary: 'compiles the native part from the sources in the package, for this machine and this Node',
    usage: 'readyloop build [--cmake] [--out FILE] [--nodedir DIR] [--verbose]',
    options: {
      cmake: { type: 'boolean' },
      out: { type: 'string' },
      nodedir: { type: 'string' },
      verbose: { type: 'boolean' },
    },
    about: [
      '--cmake         with cmake-js and CMake instead of node-gyp and make',
      '--out FILE      where the binary goes, instead of build/Release in the package’s folder; then',
      '                READYLOOP_NATIVE_PATH has to name it',
      '--nodedir DIR   where include/node of this Node is; otherwise beside the program, or downloaded',
      '--verbose       shows what the tools print',
    ],
    run: (values, terminal) =>
      buildAddon({
        builder: values['cmake'] === true ? 'cmake-js' : 'node-gyp',
        out: text(values['out']),
        nodedir: text(values['nodedir']),
        isVerbose: values['verbose'] === true,
      }, terminal),
  },
};

const FAILED = 1;
const MISUSED = 2;

/** Runs the command that the arguments name. Returns: the exit status. Every failure is told on the terminal. */
export async function runCommand(args: readonly string[], terminal: Terminal): Promise<number> {
  const [name, ...rest] = args;
  if (name === undefined || name === '--help' || name === '-h' || name === 'help') {
    const help = helpOn(rest[0]);
    if (name === undefined) terminal.complain(help);
    else terminal.line(help);
    return name === undefined ? MISUSED : 0;
  }
  if (name === '--version' || name === '-v') {
    terminal.line(VERSION);
    return 0;
  }
  const command = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
  if (command === undefined) {
    terminal.complain(`readyloop has no command ${name}${suggestion(name)}; \`readyloop --help\` lists them`);
    return MISUSED;
  }
  return await follow(command, name, rest, terminal);
}

async function follow(command: Command, name: string, args: string[], terminal: Terminal): Promise<number> {
  let values: Values;
  try {
    values = parseArgs({ args, options: { ...command.options, help: { type: 'boolean', short: 'h' } } }).values;
  } catch (error) {
    terminal.complain(`readyloop ${name}: ${asError(error).message}\nusage: ${command.usage}`);
    return MISUSED;
  }
  if (values['help'] === true) {
    terminal.line(helpOn(name));
    return 0;
  }
  try {
    return await command.run(values, terminal);
  } catch (error) {
    if (!(error instanceof CommandFailure) && !isOfSystem(error)) throw error;
    terminal.complain(`readyloop ${name}: ${error.message}`);
    return FAILED;
  }
}

/** What the system refuses, such as a temporary folder that is not there, says enough in its message. */
function isOfSystem(error: unknown): error is Error {
  return error instanceof Error && 'syscall' in error;
}

function helpOn(name: string | undefined): string {
  const command = name !== undefined && Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
  if (command !== undefined) {
    return [`usage: ${command.usage}`, '', `It ${command.summary}.`, '', ...command.about].join('\n');
  }
  return [
    `readyloop ${VERSION}`,
    '',
    'usage: readyloop COMMAND [OPTIONS]',
    '',
    ...Object.entries(COMMANDS).map(([each, { summary }]) => `  ${each.padEnd(10)}${summary}`),
    '',
    '  --version   the version of the package',
    '  --help      this; COMMAND --help tells about one of them',
  ].join('\n');
}

/** The command that was probably meant. */
function suggestion(name: string): string {
  const near = Object.keys(COMMANDS).find((each) => each.startsWith(name.slice(0, 2)) || name.includes(each));
  return near === undefined ? '' : ` (did you mean ${near}?)`;
}
