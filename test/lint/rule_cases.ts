// Runs the cases of a rule in ESLint's own RuleTester, of each version that the package names as a peer: with ESLint's
// parser and no types, or with typescript-eslint's and the types of the built package. A case is named as tests are.
import { RuleTester } from 'eslint';
import { RuleTester as RuleTester9 } from 'eslint-9';
import * as parser from '@typescript-eslint/parser';
import path from 'node:path';
import { rules } from '../../lib/eslint_plugin';
import { root } from '../contracts/rules/source_tree';

export interface Finding {
  readonly messageId: string;
  readonly line?: number;
  /** The code after each suggestion; a number where only how many there are is looked at. */
  readonly suggestions?: number | { readonly messageId: string; readonly output: string }[];
}

export interface Invalid {
  readonly code: string;
  readonly errors: readonly Finding[];
  readonly output?: string | null;
  readonly options?: unknown[];
}

export interface Cases {
  readonly valid: Readonly<Record<string, string | { readonly code: string; readonly options: unknown[] }>>;
  readonly invalid: Readonly<Record<string, Invalid>>;
}

const project = path.join(root, 'test', 'lint', 'project');
const plain = { ecmaVersion: 'latest', sourceType: 'module' } as const;
// Where CI is set the parser would take the file for the one on the disk, once for all cases, and not for the given code.
const parserOptions = { project: './tsconfig.json', tsconfigRootDir: project, disallowAutomaticSingleRunInference: true };
const typed = { parser, parserOptions };

type TesterOptions = ConstructorParameters<typeof RuleTester>[0];

const testers: Readonly<Record<string, (options: TesterOptions) => RuleTester>> = {
  'ESLint 9': (options) => new RuleTester9(options) as unknown as RuleTester,
  'ESLint 10': (options) => new RuleTester(options),
};

function run(name: string, how: string, languageOptions: object, filename: string, cases: Cases): void {
  for (const [version, make] of Object.entries(testers)) {
    runWith(make({ languageOptions } as TesterOptions), name, `${how}, ${version}`, filename, cases);
  }
}

function runWith(tester: RuleTester, name: string, how: string, filename: string, { valid, invalid }: Cases): void {
  const titled = (title: string): string => `${name}: ${title} (${how})`;
  tester.run(name, rules[name] as never, {
    valid: Object.entries(valid).map(([title, given]) => ({
      ...(typeof given === 'string' ? { code: given } : given),
      name: titled(title),
      filename,
    })),
    invalid: Object.entries(invalid).map(([title, given]) => ({ ...given, name: titled(title), filename })),
  } as never);
}

/** Cases for JavaScript that ESLint knows nothing more of. */
export function withoutTypes(name: string, cases: Cases): void {
  run(name, 'without types', plain, path.join(project, 'file.mjs'), cases);
}

/** Cases for TypeScript, in a project. */
export function withTypes(name: string, cases: Cases): void {
  run(name, 'with types', typed, path.join(project, 'file.ts'), cases);
}
