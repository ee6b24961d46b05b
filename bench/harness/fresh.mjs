// Runs a program, or one side of it, in a process of its own and reads the JSON line that it prints.
import { spawn } from 'node:child_process';
import { isQuick } from './contest.mjs';

export const NODE_FLAGS = ['--expose-gc', '--max-old-space-size=8192'];

/** Returns: what the command printed, parsed. Throws: an Error with the end of its error output if it failed. */
export function runForJson(command, args, { timeoutMs = 120_000, env = {} } = {}) {
  return new Promise((resolve, reject) => {
    const settings = { stdio: ['ignore', 'pipe', 'pipe'], timeout: timeoutMs, env: { ...process.env, ...env } };
    const child = spawn(command, args, settings);
    let output = '';
    let errors = '';
    child.stdout.on('data', (chunk) => (output += chunk));
    child.stderr.on('data', (chunk) => (errors += chunk));
    child.on('error', reject);
    child.on('close', (code, signal) => {
      const line = output.trim().split('\n').at(-1) ?? '';
      if (code === 0 && line.startsWith('{')) resolve(JSON.parse(line));
      else reject(new Error(`${args.join(' ')} ended with ${code ?? signal}: ${errors.trim().slice(-2000)}`));
    });
  });
}

/** Runs a Node program, with more in its environment than this one has. */
export function runProgram(file, args = [], env = {}) {
  return runForJson(process.execPath, [...NODE_FLAGS, file, ...args, ...(isQuick ? ['--quick'] : [])], { env });
}

/** Runs this very program again as one of its sides. */
export function runSide(meta, side, env = {}) {
  return runProgram(meta.filename ?? new URL(meta.url).pathname, ['--side', side], env);
}

/** The side that this process is, or null when it is the whole program. */
export function requestedSide() {
  const at = process.argv.indexOf('--side');
  return at < 0 ? null : process.argv[at + 1];
}
