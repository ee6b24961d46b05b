// Package managers run a script called `prebuild` before each `build`, too, and tell it nothing about that: arguments and
// environment are the same. Only the command line of the package manager itself says what it was asked for.
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';

const SHELLS = new Set(['sh', 'bash', 'dash', 'ash', 'zsh', 'ksh', 'busybox']);

/** A process's parent and command line, words apart by spaces; null where the system does not tell. */
function describeProcess(pid) {
  try {
    if (process.platform === 'linux') {
      const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
      const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
      return { parent: Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1]), command };
    }
    const line = execFileSync('ps', ['-o', 'ppid=,args=', '-p', String(pid)], { encoding: 'utf8' });
    const [, parent, command] = /^\s*(\d+)\s+(.*)/.exec(line);
    return { parent: Number(parent), command };
  } catch {
    return null;
  }
}

/** The command lines of the processes above this one, the nearest first. */
function* commandsAbove() {
  for (let pid = process.ppid; pid > 0; ) {
    const described = describeProcess(pid);
    if (described === null) return;
    yield described.command;
    pid = described.parent;
  }
}

/**
 * Whether somebody wants the binaries: false only under a package manager that was asked for something else. It is the
 * nearest process above that is not a shell, and one that was asked has the word `prebuild` to itself in its command
 * line: `npm run prebuild`, `node /usr/bin/pnpm prebuild`. (npm writes its own command line over as `npm run NAME`.)
 */
export function askedByName(event = process.env.npm_lifecycle_event, commands = commandsAbove()) {
  if (event !== 'prebuild') return true;
  for (const command of commands) {
    const [program, ...words] = command.trim().split(/\s+/);
    if (!SHELLS.has(path.basename(program).replace(/^-/, ''))) return words.includes('prebuild');
  }
  return false;
}
