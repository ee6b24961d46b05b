// Contract: docs/conformance.md lists what the tests say today, and every line of promised behaviour has a test or a
// reason why it has none, never both.
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { root } from './rules/source_tree';

function conformance(...args: string[]): { readonly status: number | null; readonly problems: string[] } {
  const script = path.join(root, 'scripts', 'conformance.mjs');
  const child = spawnSync(process.execPath, [script, ...args], { encoding: 'utf8' });
  return { status: child.status, problems: child.stderr.split('\n').filter((line) => line !== '') };
}

describe('the rules', () => {
  let tree = '';
  const write = (name: string, text: string): void => {
    mkdirSync(path.dirname(path.join(tree, name)), { recursive: true });
    writeFileSync(path.join(tree, name), text);
  };
  beforeEach(() => {
    tree = mkdtempSync(path.join(tmpdir(), 'readyloop-conformance-'));
    write('docs/conformance_codes.json', '{"R1": "order", "R2": "snapshot", "K7": "raw yield"}');
    write('docs/conformance_left_out.json', '{"K7": "arrives with the types"}');
    write('test/a.test.ts', `test('R1: loop: runs in order', () => {});`);
    write('test/native/b.cc', `TEST_CASE("R1, R2: ring: keeps the order") {}`);
  });
  afterEach(() => {
    rmSync(tree, { recursive: true });
  });

  test('conformance: a page just written is up to date', () => {
    expect(conformance('--root', tree)).toEqual({ status: 0, problems: [] });
    expect(conformance('--root', tree, '--check')).toEqual({ status: 0, problems: [] });
  });

  test('conformance: a page older than the tests is found', () => {
    conformance('--root', tree);
    write('test/c.test.ts', 'test(`R2: loop: takes the count once, ${1}`, () => {});');
    expect(conformance('--root', tree, '--check').problems).toEqual([expect.stringContaining('out of date')]);
  });

  test('conformance: a line without a test, and one with a test and a reason, are found', () => {
    write('docs/conformance_codes.json', '{"R1": "order", "R2": "snapshot", "R3": "fair", "K7": "raw yield"}');
    write('test/c.test.ts', `test.each([1])('K7: task: says so', () => {}); describe('R3: not a test', () => {});`);
    conformance('--root', tree);
    expect(conformance('--root', tree, '--check').problems).toEqual([
      'K7 is left out, but has a test',
      'R3 (fair) has no test and no reason',
    ]);
  });

  test('conformance: a title that names no line is found', () => {
    write('test/c.test.ts', `test('R99: loop: does something', () => {});`);
    conformance('--root', tree);
    expect(conformance('--root', tree, '--check').problems).toEqual([expect.stringContaining('names R99')]);
  });
});

describe('the tree', () => {
  test('conformance: the page is up to date and every line has a test or a reason', () => {
    expect(conformance('--check')).toEqual({ status: 0, problems: [] });
  });
});
