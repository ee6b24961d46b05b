// Runs compilers and their like, whose words matter only when they fail.
import { spawn } from 'node:child_process';
import { root } from './targets.mjs';

/** Runs a program in the project's root; what it prints is shown only if it fails. */
export function runQuietly(command, args, options = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'], ...options });
    let printed = '';
    // By characters: one of several bytes may come in two pieces.
    for (const stream of [child.stdout, child.stderr]) stream.setEncoding('utf8').on('data', (text) => (printed += text));
    child.on('error', reject);
    child.on('close', (status, signal) => {
      const end = signal === null ? `ended with status ${status}` : `was killed by ${signal}`;
      if (status === 0) resolve(printed);
      else reject(new Error(`${command} ${args.join(' ')}\n${printed}${end}`));
    });
  });
}
