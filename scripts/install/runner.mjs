// Running things for the install checks, and counting: what passed, what failed, and what could not be had, which is
// printed with its reason and never counted as passed.
import { spawn } from 'node:child_process';

const results = { passed: 0, failed: 0, notRun: 0 };

/** Thrown by a check that cannot be made here. */
export class NotRun extends Error {}

/** Runs one check; it fails by throwing. */
export async function check(name, body) {
  const started = Date.now();
  try {
    const remark = await body();
    results.passed += 1;
    const time = ((Date.now() - started) / 1000).toFixed(1);
    console.log(`ok   ${name}${typeof remark === 'string' ? `: ${remark}` : ''} (${time} s)`);
  } catch (error) {
    if (error instanceof NotRun) {
      results.notRun += 1;
      console.log(`not run: ${name}: ${error.message}`);
      return;
    }
    results.failed += 1;
    console.log(`FAIL ${name}\n${error.message}`);
  }
}

/** Prints the closing lines. Returns: whether all is well. */
export function conclude() {
  if (results.notRun > 0) console.log(`${results.notRun} not run`);
  console.log(`${results.passed} passed, ${results.failed} failed`);
  return results.failed === 0 && results.passed > 0;
}

/** Runs a program to its end. Returns: its status, and what it printed. */
export function outcomeOf(command, args, { cwd, env = process.env, timeoutMs = 120_000 }) {
  return new Promise((settle) => {
    const child = spawn(command, args, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'], timeout: timeoutMs });
    let stdout = '';
    let all = '';
    child.stdout.on('data', (part) => {
      stdout += part;
      all += part;
    });
    child.stderr.on('data', (part) => (all += part));
    child.on('error', (error) => settle({ status: null, stdout, all: `${all}${error.message}` }));
    child.on('close', (status, signal) => settle({ status: status ?? signal, stdout, all }));
  });
}

/** Runs a program that has to succeed. Returns: what it printed on its standard output. */
export async function output(command, args, options) {
  const { status, stdout, all } = await outcomeOf(command, args, options);
  if (status !== 0) throw new Error(`${[command, ...args].join(' ')} ended with ${status}:\n${all.trimEnd()}`);
  return stdout;
}

/** Runs a program that has to print `works`. */
export async function works(command, args, options) {
  const printed = await output(command, args, options);
  if (printed.trim() !== 'works') throw new Error(`${[command, ...args].join(' ')} printed:\n${printed.trimEnd()}`);
}
