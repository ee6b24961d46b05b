// The plugin as ESLint gets it: its preset in a flat configuration, what it loads, and what it knows of the library.
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { Linter } from 'eslint';
import { Linter as Linter9 } from 'eslint-9';
import * as ts from 'typescript';
import readyloop, { configs, meta, rules } from '../../lib/eslint_plugin';
import { KNOWN_CALLS } from '../../lib/lint/known_calls';
import { readTree, root } from '../contracts/rules/source_tree';

const dist = path.join(root, 'dist');

const linters: readonly [string, Linter][] = [['9', new Linter9() as unknown as Linter], ['10', new Linter()]];

test.each(linters)('eslint plugin: the preset switches every rule on, as an error (ESLint %s)', (_, linter) => {
  const code = `
    import { sleep } from 'readyloop';
    export function* main() { try { yield sleep(1); sleep(2); yield* sleep(3); sleep(4).then(main); } catch {} }`;
  const found = linter.verify(code, [configs.recommended] as never);
  expect([...new Set(found.map(({ ruleId }) => ruleId))].sort()).toEqual(
    Object.keys(rules).map((name) => `readyloop/${name}`).sort(),
  );
  expect(found.every(({ severity }) => severity === 2)).toBe(true);
});

test('eslint plugin: other modules count as the library where the settings name them', () => {
  const code = `import { sleep } from './ours.js'; sleep(1);`;
  const settings = { readyloop: { modules: ['./ours.js'] } };
  const lint = (more: object): number => new Linter().verify(code, [configs.recommended, more] as never).length;
  expect([lint({}), lint({ settings })]).toEqual([0, 1]);
});

test('eslint plugin: the versions of ESLint that the package names as peers are those that the tests run on', () => {
  const manifest = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8')) as {
    readonly peerDependencies: Record<string, string>;
    readonly peerDependenciesMeta: Record<string, { readonly optional: boolean }>;
  };
  const tested = [Linter9.version, Linter.version].map((version) => `^${version.split('.')[0]!}.0.0`);
  expect(manifest.peerDependencies).toEqual({ eslint: tested.join(' || ') });
  expect(manifest.peerDependenciesMeta).toEqual({ eslint: { optional: true } });
});

test('eslint plugin: it is the default export, and says who it is', () => {
  expect(readyloop).toEqual({ meta, rules, configs });
  expect(configs.recommended.plugins['readyloop']).toBe(readyloop);
  const manifest = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8')) as { readonly version: string };
  expect(meta.version).toBe(manifest.version);
});

test('eslint plugin: every rule has a page, and every page a rule', () => {
  const pages = readTree(['docs/eslint'], ['.md']).map((file) => path.posix.basename(file.path, '.md'));
  expect(pages.filter((name) => name !== 'README').sort()).toEqual(Object.keys(rules).sort());
});

/** The files that a program loads, and what it prints. */
function loadedBy(program: string): string[] {
  const script = `${program}; console.log(JSON.stringify(Object.keys(require.cache)));`;
  const printed = execFileSync(process.execPath, ['--eval', script], { cwd: root, encoding: 'utf8' });
  return (JSON.parse(printed) as string[]).map((file) => path.relative(dist, file));
}

test('eslint plugin: it loads nothing but itself, and nobody else loads it', () => {
  const plugin = loadedBy(`require('readyloop/eslint-plugin')`);
  const library = loadedBy(`require('readyloop'); require('readyloop/testing')`);
  expect(plugin.filter((file) => !/eslint_plugin|^lint|node_version/.test(file))).toEqual([]);
  expect(library.filter((file) => /eslint|^lint/.test(file))).toEqual([]);
});

test('eslint plugin: what it knows of the library’s functions is what their declarations say', () => {
  const files = ['index.d.ts', 'testing.d.ts'].map((name) => path.join(dist, name));
  const program = ts.createProgram(files, { module: ts.ModuleKind.Node16, skipLibCheck: true, types: [] });
  const checker = program.getTypeChecker();
  const given: Record<string, string> = {};
  for (const file of files) {
    const module = checker.getSymbolAtLocation(program.getSourceFile(file)!)!;
    for (const exported of checker.getExportsOfModule(module)) {
      const symbol = (exported.flags & ts.SymbolFlags.Alias) === 0 ? exported : checker.getAliasedSymbol(exported);
      const [signature] = checker.getTypeOfSymbol(symbol).getCallSignatures();
      const kind = signature === undefined ? null : kindOf(checker, signature.getReturnType());
      if (kind !== null) given[exported.getName()] = kind;
    }
  }
  expect(KNOWN_CALLS).toEqual(given);
});

/** By the name of the class, which is another way than the plugin's. */
function kindOf(checker: ts.TypeChecker, type: ts.Type): string | null {
  const text = checker.typeToString(type);
  if (/^Task</.test(text)) return 'task';
  if (/^Future</.test(text)) return 'future';
  if (/^Promise</.test(text)) return 'promise';
  return /^(ScopedOperation|Operation)</.test(text) ? 'operation' : null;
}
