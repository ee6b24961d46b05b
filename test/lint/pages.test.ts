// The plugin's pages, and the library's own programs: in a page exactly the lines that say so are reported, and in the
// README and the guide nothing is. (The examples and the benchmarks are linted with the rest of the project.)
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import * as parser from '@typescript-eslint/parser';
import { Linter } from 'eslint';
import { configs } from '../../lib/eslint_plugin';
import { snippetsOf, type Snippet } from '../contracts/rules/snippets';
import { readTree, root } from '../contracts/rules/source_tree';

const timeoutMs = 60_000;
// Inside the checkout, so that 'readyloop' is found by its own name.
const workshop = path.join(root, '.test-build', 'linted');

const tsconfig = {
  compilerOptions: {
    ...{ target: 'ES2022', lib: ['ES2022', 'ESNext.Disposable'], module: 'nodenext', moduleResolution: 'nodenext' },
    ...{ strict: true, noEmit: true, allowJs: true, skipLibCheck: true, types: ['node'] },
  },
  include: ['*'],
};

/** Lints snippets with types. Returns: for each what was found, with the line in it. */
function lint(folder: string, snippets: readonly Snippet[]): Map<Snippet, string[]> {
  const cwd = path.join(workshop, folder);
  rmSync(cwd, { recursive: true, force: true });
  mkdirSync(cwd, { recursive: true });
  writeFileSync(path.join(cwd, 'tsconfig.json'), JSON.stringify(tsconfig));
  const nameOf = ({ where, isTypeScript }: Snippet): string =>
    path.join(cwd, `${where.replace(/[^\w]+/g, '_')}${isTypeScript ? '.mts' : '.mjs'}`);
  for (const snippet of snippets) writeFileSync(nameOf(snippet), snippet.code);
  const languageOptions = { parser, parserOptions: { project: './tsconfig.json', tsconfigRootDir: cwd } };
  const config = [{ ...configs.recommended, files: ['**/*.{mjs,mts}'], languageOptions }] as Linter.Config[];
  const linter = new Linter({ cwd });
  return new Map(snippets.map((snippet) => {
    const messages = linter.verify(snippet.code, config, { filename: nameOf(snippet) });
    return [snippet, messages.map(({ line, message }) => `line ${line}: ${message}`)];
  }));
}

function reportedLines({ code }: Snippet): number[] {
  return code.split('\n').flatMap((line, at) => (/\/\/ reported$/.test(line) ? [at + 1] : []));
}

const rulePages = readTree(['docs/eslint'], ['.md']).filter((file) => !file.path.endsWith('README.md'));
const isPage = ({ path: file }: { path: string }): boolean => /^(README\.md|docs\/(guide\/.*|from-[\w-]+\.md))$/.test(file);

/** Programs that show what becomes of such a mistake. */
const meant = [/^docs\/from-trio\.md.* catches a cancellation/, /^docs\/guide\/errors\.md.* a coroutine object/];

test('eslint plugin: in the page of each rule, the lines that are marked are reported and no others', () => {
  const snippets = rulePages.flatMap(snippetsOf);
  expect(snippets).toHaveLength(rulePages.length);
  for (const [snippet, found] of lint('rules', snippets)) {
    const lines = [...new Set(found.map((message) => Number(/^line (\d+)/.exec(message)?.[1])))];
    expect([snippet.where, lines, found]).toEqual([snippet.where, reportedLines(snippet), found]);
  }
}, timeoutMs);

test('eslint plugin: programs of the README and the guide give it nothing to report but what they mean to show', () => {
  const found = lint('guide', readTree(['.'], ['.md']).filter(isPage).flatMap(snippetsOf));
  expect(found.size).toBeGreaterThan(50);
  const all = [...found].flatMap(([{ where }, messages]) => messages.map((message) => `${where}, ${message}`));
  const isMeant = (message: string): boolean => meant.some((pattern) => pattern.test(message));
  expect(all.filter((message) => !isMeant(message))).toEqual([]);
  expect(all.filter(isMeant)).toHaveLength(3);
}, timeoutMs);
