// Contract: the CI counts what ran. A stage that ends badly never counts as all passed, whatever it printed.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { root } from './rules/source_tree';

let folder = '';
beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'readyloop-count-'));
});
afterAll(() => {
  rmSync(folder, { recursive: true });
});

/** `passed failed`, as the script reads a log of a stage that ended with `status`. */
function count(log: string, status = 0): string {
  const file = path.join(folder, 'log');
  writeFileSync(file, log);
  const script = path.join(root, 'scripts', 'count_tests.mjs');
  return spawnSync(process.execPath, [script, file, String(status)], { encoding: 'utf8' }).stdout.trim();
}

test('ci count: the closing lines of Jest, ctest and scripts are added up', () => {
  const jest = 'Test Suites: 1 failed, 2 passed, 3 total\nTests:       1 failed, 2 skipped, 34 passed, 37 total\n';
  const ctest = '98% tests passed, 1 tests failed out of 50\n';
  expect(count(`${jest}${ctest}6 passed, 0 failed\n`, 1)).toMatch(/^89 2\n/);
  expect(count('100% tests passed, 0 tests failed out of 7\n')).toBe('7 0');
});

test('ci count: colours do not hide the closing line', () => {
  expect(count('\u001b[1mTests:\u001b[22m       \u001b[32m3 passed\u001b[39m, 3 total\n')).toBe('3 0');
});

test('ci count: a stage that counts nothing is one test', () => {
  expect(count('all is well\n')).toBe('1 0');
  expect(count('', 2)).toBe('0 1');
});

test('ci count: a stage that says that it tested nothing is no test', () => {
  expect(count('not tried\n0 passed, 0 failed\n')).toBe('0 0');
  expect(count('Tests:       5 skipped, 5 total\n')).toMatch(/^0 0\n/);
});

test('ci count: a stage that passed its tests and then ended badly has failed', () => {
  expect(count('Tests:       3 passed, 3 total\n', 1)).toBe('3 1');
});

test('ci count: what was not run follows with its reasons, each once', () => {
  const coloured = '\u001b[2mnot run: deno: neither\u001b[22m\n';
  const log = `not run: bun: it is not here\nok 1\n${coloured}not run: bun: it is not here\n3 not run\n`;
  expect(count(`${log}2 passed, 0 failed\n`)).toBe('2 0\nnot run: bun: it is not here\nnot run: deno: neither');
  expect(count('Tests:       5 skipped, 2 passed, 7 total\n')).toBe('2 0\nnot run: 5 tests: Jest skipped them');
  expect(count('a line that says not run: nothing\n')).toBe('1 0');
});
