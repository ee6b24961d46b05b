// Contract: docs/api/readyloop.api.txt says what is public, so that a review sees each change of it.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { root } from './rules/source_tree';

function snapshot(...args: string[]): { readonly status: number | null; readonly said: string } {
  const script = path.join(root, 'scripts', 'api_snapshot.mjs');
  const { status, stderr } = spawnSync(process.execPath, [script, ...args], { encoding: 'utf8' });
  return { status, said: stderr };
}

describe('the rules', () => {
  let dist = '';
  const file = (): string => path.join(dist, 'api.txt');
  const take = (...args: string[]): ReturnType<typeof snapshot> => snapshot('--dist', dist, '--file', file(), ...args);
  const write = (thing: string): void => {
    writeFileSync(path.join(dist, 'index.d.ts'), `export { run, Thing, LIMIT, type Size } from './thing.js';\n`);
    writeFileSync(path.join(dist, 'thing.d.ts'), thing);
  };
  const thing = (members: string): string => `
    /** Runs. */ export declare function run<T>(value: T, size?: Size): T;
    /** A size. */ export type Size = 'small' | 'large';
    export declare const LIMIT: number;
    declare class Base { shared(): void }
    export declare class Thing extends Base { ${members} }`;

  beforeEach(() => {
    dist = mkdtempSync(path.join(tmpdir(), 'readyloop-api-'));
    write(thing('private hidden: number; open(): void; close(a: 1): void;'));
    expect(take().status).toBe(0);
  });
  afterEach(() => {
    rmSync(dist, { recursive: true });
  });

  test('api snapshot: it names each export once, with its members and its base, and nothing private', () => {
    const text = readFileSync(file(), 'utf8').split('\n\n').slice(2).join('\n\n');
    expect(text).toBe(`## 'readyloop'

const LIMIT: number;

type Size = 'small' | 'large';

class Thing extends Base {
    close(a: 1): void;
    open(): void;
    #private;
}

function run<T>(value: T, size?: Size): T;

## not exported, and part of what is

class Base {
    shared(): void;
}
`);
  });

  test('api snapshot: comments, private members and the order of members are no change', () => {
    write(thing('/** Closes. */ close(a: 1): void; private other: string; open(): void;'));
    expect(take('--check')).toEqual({ status: 0, said: '' });
  });

  test('api snapshot: a change is told as a difference of lines, with what to do', () => {
    write(thing('private hidden: number; open(): void; close(a: 2): void;'));
    const { status, said } = take('--check');
    expect(status).toBe(1);
    expect(said).toContain('-    close(a: 1): void;\n+    close(a: 2): void;\n     open(): void;');
    expect(said).toContain('npm run api');
    expect(said).not.toContain('LIMIT');
  });

  test('api snapshot: a base that changes is a change, and so is a name that is gone', () => {
    write(thing('private hidden: number; open(): void; close(a: 1): void;').replace('shared(): void', 'shared(): 1'));
    expect(take('--check').said).toContain('+    shared(): 1;');
    writeFileSync(path.join(dist, 'index.d.ts'), `export { run, Thing, type Size } from './thing.js';\n`);
    expect(take('--check').said).toContain('-const LIMIT: number;');
  });
});

test('api snapshot: the public declarations are those that the snapshot records', () => {
  expect(snapshot('--check')).toEqual({ status: 0, said: '' });
});
