// Contract: every public name has a docstring and one surface that exports it, and the surfaces are nothing but lists.
// It reads the declarations in dist/, because those are what a user's editor and compiler see.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import * as ts from 'typescript';
import {
  findExportedTwice,
  findStatements,
  findUndocumented,
  findUnnamed,
  FIRST_IMPORT,
  readSurfaces,
} from './rules/public_names';
import { readTree, report, root } from './rules/source_tree';

const options: ts.CompilerOptions = {
  target: ts.ScriptTarget.ES2022,
  module: ts.ModuleKind.Node16,
  moduleResolution: ts.ModuleResolutionKind.Node16,
  typeRoots: [path.join(root, 'node_modules', '@types')],
  types: ['node'],
  skipLibCheck: true,
};
const dist = path.join(root, 'dist');

describe('the rules', () => {
  let folder = '';
  beforeAll(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'readyloop-exports-'));
  });
  afterAll(() => {
    rmSync(folder, { recursive: true });
  });

  function surfacesOf(files: Readonly<Record<string, string>>): ReturnType<typeof readSurfaces> {
    for (const [name, text] of Object.entries(files)) writeFileSync(path.join(folder, name), text);
    return readSurfaces(['index.d.ts', 'testing.d.ts'].map((name) => path.join(folder, name)), { noLib: true });
  }

  test('exports: names without a docstring, exported twice, or reachable but unnamed are found', () => {
    const surfaces = surfacesOf({
      'a.d.ts': `/** Options. */ export interface Options { hidden?: Hidden }
        export interface Hidden { x: number }
        export type Pick<T> = T extends Hidden ? T : never;
        export interface Shape { }
        declare class Base { deep(): Deep } interface Deep { x: 1 }
        /** A thing. */ export declare class Thing extends Base implements Shape { pick: Pick<number> }
        /** Runs. */ export declare function run<T>(value: T, options?: Options): T;
        export declare class Bare {}`,
      'index.d.ts': `export { run, Bare, Thing } from './a'; export type { Options } from './a';`,
      'testing.d.ts': `export { run } from './a';`,
    });
    expect(report(findUndocumented(surfaces))).toEqual(['index: Bare has no docstring']);
    expect(report(findExportedTwice(surfaces))).toEqual(['testing: run is already run of index']);
    expect(report(findUnnamed(surfaces, folder))).toEqual([
      'surfaces: Deep is in the type of Thing (index) and no surface exports it',
      'surfaces: Hidden is in the type of Options (index) and no surface exports it',
    ]);
  });

  test('exports: a surface that declares something is found', () => {
    const text = `export { a } from './a';\nexport const b = 1;\nimport './c';\nexport {};\n`;
    const found = (of: string): string[] => findStatements({ path: 'lib/index.ts', text: of }).map(({ where }) => where);
    expect(found(text)).toEqual(['lib/index.ts:2', 'lib/index.ts:3', 'lib/index.ts:4']);
    expect(found(`${FIRST_IMPORT}\n${text}`)).toEqual(['lib/index.ts:3', 'lib/index.ts:4', 'lib/index.ts:5']);
    expect(found(`${text}${FIRST_IMPORT}\n`)).toHaveLength(4);
  });
});

/** Compares both faces in a process of its own: Jest's realm has another module system than a user's. */
function compareFaces(name: string): unknown {
  const script = `
    import { createRequire } from 'node:module';
    const face = await import(${JSON.stringify(path.join(dist, 'esm', `${name}.mjs`))});
    const whole = createRequire(import.meta.url)(${JSON.stringify(path.join(dist, `${name}.js`))});
    const names = Object.keys(whole).filter((name) => name !== '__esModule').sort();
    const sameObjects = names.every((name) => face[name] === whole[name]);
    console.log(JSON.stringify({ sameNames: names.join() === Object.keys(face).sort().join(), sameObjects }));`;
  const child = execFileSync(process.execPath, ['--input-type=module', '--eval', script], { encoding: 'utf8' });
  return JSON.parse(child) as unknown;
}

const names = ['index', 'testing', 'eslint_plugin'];

describe('the build', () => {
  let surfaces: ReturnType<typeof readSurfaces> = [];
  beforeAll(() => {
    surfaces = readSurfaces(names.map((name) => path.join(dist, `${name}.d.ts`)), options);
  });

  test('exports: every public name has a docstring', () => {
    expect(report(findUndocumented(surfaces))).toEqual([]);
  });

  test('exports: no public name is exported by two surfaces', () => {
    expect(report(findExportedTwice(surfaces))).toEqual([]);
  });

  test('exports: every type that a public name mentions is exported by a surface', () => {
    expect(report(findUnnamed(surfaces, dist))).toEqual([]);
  });

  test('exports: the surfaces hold re-exports behind the look at Node’s version, and only they stand at the top', () => {
    const tops = readTree(['lib'], ['.ts']).filter((file) => path.posix.dirname(file.path) === 'lib');
    for (const file of [...tops, ...readTree(['lib/cli'], ['main.ts'])]) {
      expect(/^import .*?;/m.exec(file.text)?.[0]).toBe(FIRST_IMPORT.replace('./', file.path.includes('cli') ? '../' : './'));
    }
    expect(tops.map((file) => path.posix.basename(file.path))).toEqual(names.map((name) => `${name}.ts`).sort());
    expect(report(tops.flatMap(findStatements))).toEqual([]);
  });

  test('exports: only surfaces re-export what another file declares', () => {
    const inner = readTree(['lib'], ['.ts']).filter((file) => path.posix.dirname(file.path) !== 'lib');
    const reExports = inner.filter((file) => /^export (type )?(\*|\{[^}]*\}) from /m.test(file.text));
    expect(reExports.map((file) => file.path)).toEqual([]);
  });

  test.each(names)('exports: the ESM face of %s gives the objects of its CommonJS build', (name) => {
    expect(compareFaces(name)).toEqual({ sameNames: true, sameObjects: true });
  });
});

test('exports: a member of the main surface can be replaced before its part is loaded, and stays so', () => {
  const script = `
    'use strict';
    const surface = require(${JSON.stringify(path.join(dist, 'index.js'))});
    surface.sleep = 'replaced';
    const seen = [surface.sleep, typeof surface.run, surface.sleep, 'Queue' in surface, 'absent' in surface];
    console.log(JSON.stringify(seen));`;
  const child = execFileSync(process.execPath, ['--eval', script], { encoding: 'utf8' });
  expect(JSON.parse(child)).toEqual(['replaced', 'function', 'replaced', true, false]);
});
