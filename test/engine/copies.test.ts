// Two copies of the package on one thread: noticed when the second one wants a loop, named, and refused.
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync } from 'node:fs';
import path from 'node:path';
import type { DuplicateCopyError } from '../../lib/base/binary_errors';
import { enterCopy } from '../../lib/engine/copies';
import { root } from '../contracts/rules/source_tree';
import { thrownBy, withCode } from '../helpers/failures';
import { useFolder } from './binary_files';

const folder = useFolder();
const first = { path: '/app/node_modules/readyloop', version: '1.0.0' };
const second = { path: '/app/node_modules/dep/node_modules/readyloop', version: '1.1.0' };

test('copies: a second one is refused, and both are named with path and version', () => {
  const thread = {};
  enterCopy(first, thread);
  const error = thrownBy(() => enterCopy(second, thread)) as DuplicateCopyError;
  expect(error).toEqual(withCode('ERR_DUPLICATE_COPY', /1\.0\.0 in \/app\/node_modules\/readyloop, and 1\.1\.0 in .*dep/));
  expect([error.name, error.copies]).toEqual(['DuplicateCopyError', [first, second]]);
  expect(error.message).toMatch(/npm ls readyloop[\s\S]*READYLOOP_ALLOW_COPIES=1/);
  expect(thrownBy(() => enterCopy(second, thread))).toEqual(withCode('ERR_DUPLICATE_COPY'));
});

test('copies: the same one may come again, and other threads have their own', () => {
  const thread = {};
  enterCopy(first, thread);
  expect(() => enterCopy({ ...first }, thread)).not.toThrow();
  expect(() => enterCopy(second, {})).not.toThrow();
});

/** Runs a program that sees this package at `a` and a copy of it at `b`. */
function runWithBoth(program: string, env: Record<string, string> = {}): { stdout: string; stderr: string } {
  const copy = path.join(folder(), 'node_modules', 'readyloop');
  mkdirSync(copy, { recursive: true });
  cpSync(path.join(root, 'dist'), path.join(copy, 'dist'), { recursive: true });
  const text = `
    const { Worker } = require('node:worker_threads');
    const [a, b] = ${JSON.stringify([root, copy])}.map((each) => require(each + '/dist/index.js'));
    ${program}`;
  const options = { encoding: 'utf8', env: { ...process.env, ...env } } as const;
  return spawnSync(process.execPath, ['--eval', text], options);
}

test('copies: two that are only imported do no harm, and the second to run is refused', () => {
  const { stdout, stderr } = runWithBoth(`
    a.run(function* () { yield* a.sleep(0); return 'the first runs'; }).then(console.log);
    try { b.run(function* () {}); } catch (error) { console.log(error.code, error.copies.length); }`);
  expect([stdout, stderr]).toEqual(['ERR_DUPLICATE_COPY 2\nthe first runs\n', '']);
});

test('copies: where they are allowed, it is a warning', () => {
  const { stdout, stderr } = runWithBoth(
    `Promise.all([a.run(function* () { return 1; }), b.run(function* () { return 2; })])
      .then(([x, y]) => console.log(x + y));`,
    { READYLOOP_ALLOW_COPIES: '1' },
  );
  expect(stdout).toBe('3\n');
  expect(stderr).toMatch(/ReadyloopWarning.*\[?ERR_DUPLICATE_COPY|ERR_DUPLICATE_COPY.*ReadyloopWarning/);
});

test('copies: READYLOOP_ALLOW_COPIES=0 does not allow them', () => {
  const { stdout } = runWithBoth(
    `a.run(function* () {}); try { b.run(function* () {}); } catch (error) { console.log(error.code); }`,
    { READYLOOP_ALLOW_COPIES: '0' },
  );
  expect(stdout).toBe('ERR_DUPLICATE_COPY\n');
});

test('copies: one in the main thread and another in a worker are no conflict', () => {
  const { stdout, stderr } = runWithBoth(`
    const other = require.resolve(${JSON.stringify(path.join(folder(), 'node_modules', 'readyloop', 'dist', 'index.js'))});
    const text = \`
      const { run } = require(\${JSON.stringify(other)});
      run(function* () { return 'worker'; }).then((name) => require('node:worker_threads').parentPort.postMessage(name));\`;
    a.run(function* () { return 'main'; }).then((name) => {
      new Worker(text, { eval: true }).on('message', (message) => console.log(name, message));
    });`);
  expect([stdout, stderr]).toEqual(['main worker\n', '']);
});
