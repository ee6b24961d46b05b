// Contract: what the documentation shows works. Every snippet of the README, the guide and the pages for newcomers from
// elsewhere compiles against the built types and runs to its end in a process of its own, and every program in examples/
// passes its own quick check.
import { spawnSync } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import * as ts from 'typescript';
import { snippetsOf, toJavaScript, typeErrors, type Snippet } from './rules/snippets';
import { readTree, root, type SourceFile } from './rules/source_tree';

const childTimeoutMs = 30_000;
// Inside the checkout, so that `import 'readyloop'` finds this package by its own name, as a user's code does.
const workshop = path.join(root, '.test-build', 'snippets');
const options: ts.CompilerOptions = {
  target: ts.ScriptTarget.ES2022,
  module: ts.ModuleKind.NodeNext,
  moduleResolution: ts.ModuleResolutionKind.NodeNext,
  lib: ['lib.es2022.d.ts'],
  strict: true,
  allowJs: true,
  typeRoots: [path.join(root, 'node_modules', '@types')],
  types: ['node'],
};

/** Modules at the top of examples/ that other examples import. */
const helpers = ['examples/check.mjs'];

/** Runs a program to its end; the answer is null, or what it printed when it failed. */
function failureOf(file: string, ...args: string[]): string | null {
  const { READYLOOP_NATIVE_PATH: _, ...env } = process.env; // A user has to do without it.
  const options = { cwd: root, env, encoding: 'utf8', timeout: childTimeoutMs } as const;
  const child = spawnSync(process.execPath, [file, ...args], options);
  if (child.status === 0) return null;
  return `${path.relative(root, file)} ended with ${child.signal ?? child.status}\n${child.stdout}\n${child.stderr}`;
}

function writeSnippet(snippet: Snippet): string {
  const stem = path.join(workshop, snippet.where.replace(/[^\w]+/g, '_'));
  const source = `${stem}${snippet.isTypeScript ? '.mts' : '.mjs'}`;
  writeFileSync(source, snippet.code);
  if (snippet.isTypeScript) writeFileSync(`${stem}.mjs`, toJavaScript(snippet.code));
  return source;
}

/** The examples: each program at the top of examples/, and `main` in each folder. */
function listExamples(): string[] {
  const files = readTree(['examples'], ['.mjs', '.cjs', '.js']).map((file) => file.path);
  return files.filter((file) => !helpers.includes(file) && (file.split('/').length === 2 || /\/main\.\w+$/.test(file)));
}

const isPage = (file: SourceFile): boolean => /^(README\.md|docs\/guide\/.*|docs\/from-[\w-]+\.md)$/.test(file.path);
const pages = readTree(['.'], ['.md']).filter(isPage);
const snippets = pages.flatMap(snippetsOf).map((snippet) => [snippet.where, snippet] as const);
const examples = listExamples();

describe('the rules', () => {
  test('docs examples: blocks of code are found with their line, excused and foreign ones left out', () => {
    const block = (language: string, code: string): string => `text\n\n\`\`\`${language}\n${code}\n\`\`\`\n`;
    const text = [
      block('ts', 'const a: number = 1;'),
      block('sh', 'npm ci'),
      block('ts', '// not run: a fragment\nyield* x;'),
      block('js', '// not run:\nb();'),
    ].join('');
    expect(snippetsOf({ path: 'README.md', text })).toEqual([
      { where: 'README.md:4', isTypeScript: true, code: 'const a: number = 1;\n' },
      { where: 'README.md:20', isTypeScript: false, code: '// not run:\nb();\n' },
    ]);
  });

  test('docs examples: a type error and a failing program are found', () => {
    rmSync(path.join(workshop, 'rules'), { recursive: true, force: true });
    mkdirSync(path.join(workshop, 'rules'), { recursive: true });
    const broken = path.join(workshop, 'rules', 'broken.mts');
    writeFileSync(broken, `const a: string = 1;\nexport { a };\n`);
    expect(typeErrors([broken], options).get(broken)).toEqual([expect.stringMatching(/^line 1: .*not assignable/)]);
    const failing = path.join(workshop, 'rules', 'failing.mjs');
    writeFileSync(failing, toJavaScript(`const why: string = 'no'; throw new Error(why);`));
    expect(failureOf(failing)).toMatch(/ended with 1[\s\S]*Error: no/);
  });
});

describe('the pages', () => {
  let errors = new Map<string, string[]>();
  const written = new Map<string, string>();

  beforeAll(() => {
    mkdirSync(workshop, { recursive: true });
    for (const [where, snippet] of snippets) written.set(where, writeSnippet(snippet));
    errors = typeErrors([...written.values()], options);
  });

  test('docs examples: the README is there and shows at least one program', () => {
    expect(snippets.map(([where]) => where).filter((where) => where.startsWith('README.md'))).not.toEqual([]);
    expect(errors.get('(options)') ?? []).toEqual([]);
  });

  for (const [where] of snippets) {
    test(`docs examples: ${where} compiles and runs`, () => {
      const source = written.get(where) ?? '';
      expect(errors.get(source) ?? []).toEqual([]);
      expect(failureOf(source.replace(/\.mts$/, '.mjs'))).toBeNull();
    }, 2 * childTimeoutMs);
  }
});

describe('the examples', () => {
  test('docs examples: there are examples', () => {
    expect(examples).not.toEqual([]);
  });

  for (const example of examples) {
    test(`docs examples: ${example} passes its own check`, () => {
      expect(failureOf(path.join(root, example), '--check')).toBeNull();
    }, 2 * childTimeoutMs);
  }
});
