// What the style asks for and a program can check. Layout is the author's: lines aim at 120 columns and end at 124. The
// type-aware rules need the TypeScript projects of lib/, test/ and test/types; plain JavaScript gets the rules that do
// not.
// The plugin is that of the build, so `npm run build` comes first.
import readyloop from 'readyloop/eslint-plugin';
import tseslint from 'typescript-eslint';

const typescript = ['**/*.{ts,mts,cts}'];
const product = ['lib/**/*.ts'];
const tests = ['test/**/*.{ts,mts}'];

// Whatever this Node knows.
const globals = Object.fromEntries(Object.getOwnPropertyNames(globalThis).map((name) => [name, 'readonly']));

const everywhere = {
  'max-lines': ['error', { max: 400 }],
  'max-len': ['error', { code: 124, ignoreUrls: true, ignoreRegExpLiterals: true, ignorePattern: '^import ' }],
  'no-var': 'error',
  'prefer-const': 'error',
  eqeqeq: 'error',
  'no-self-compare': 'error',
  'no-unreachable-loop': 'error',
  'no-useless-return': 'error',
  'object-shorthand': 'error',
  'no-restricted-syntax': [
    'error',
    { selector: 'ExportDefaultDeclaration', message: 'Export names: a default has none to search for.' },
    { selector: 'ForInStatement', message: 'Iterate over Object.keys or Object.entries.' },
  ],
  'no-warning-comments': ['error', { terms: ['todo', 'fixme', 'xxx'], location: 'anywhere' }],
};

const naming = [
  { selector: 'default', format: ['camelCase'], leadingUnderscore: 'allow' },
  { selector: 'import', format: null },
  { selector: 'variable', format: ['camelCase', 'UPPER_CASE'], leadingUnderscore: 'allow' },
  // A class may be handed about as a value.
  { selector: 'variable', types: ['function'], format: ['camelCase', 'PascalCase', 'UPPER_CASE'] },
  { selector: 'parameter', format: ['camelCase', 'PascalCase'], leadingUnderscore: 'allow' },
  { selector: 'typeLike', format: ['PascalCase'] },
  { selector: 'enumMember', format: ['camelCase'] },
  // Members of foreign objects: environment variables, headers, classes of the addon.
  { selector: ['objectLiteralProperty', 'typeProperty', 'objectLiteralMethod'], format: null },
];

const typed = {
  '@typescript-eslint/naming-convention': ['error', ...naming],
  '@typescript-eslint/no-floating-promises': ['error', { checkThenables: true }],
  '@typescript-eslint/only-throw-error': ['error', { allowThrowingUnknown: true }],
  '@typescript-eslint/switch-exhaustiveness-check': 'error',
  '@typescript-eslint/consistent-type-imports': ['error', { fixStyle: 'inline-type-imports' }],
  '@typescript-eslint/explicit-module-boundary-types': 'error',
  '@typescript-eslint/prefer-readonly': 'error',
  // A number in a template is printed as intended.
  '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true, allowBoolean: true }],
  // `return f();` in a void function says that nothing follows.
  '@typescript-eslint/no-confusing-void-expression': 'off',
  // Words of shared memory and bits of a state are read at indices and masks that the layout guarantees.
  '@typescript-eslint/no-non-null-assertion': 'off',
  '@typescript-eslint/no-unsafe-enum-assignment': 'off',
  '@typescript-eslint/no-unsafe-enum-comparison': 'off',
  '@typescript-eslint/no-duplicate-enum-values': 'off',
  '@typescript-eslint/prefer-literal-enum-member': ['error', { allowBitwiseExpressions: true }],
  // An `as` that narrows what a state word says is checked by the tests, not by the compiler.
  '@typescript-eslint/no-unsafe-class-instance-assignment': 'off',
  '@typescript-eslint/no-base-to-string': 'off',
  // Arguments are checked at run time too: a caller may be JavaScript.
  '@typescript-eslint/no-unnecessary-condition': 'off',
  '@typescript-eslint/no-unnecessary-type-conversion': 'off',
  '@typescript-eslint/no-this-alias': ['error', { allowedNames: ['self', 'task', 'future', 'loop'] }],
  '@typescript-eslint/no-unused-vars': ['error', { varsIgnorePattern: '^_', argsIgnorePattern: '^_' }],
  // `this: void` and `Step<void>` say what they mean.
  '@typescript-eslint/no-invalid-void-type': 'off',
  // A coroutine may have nothing to wait for, and an async function nothing to await.
  'require-yield': 'off',
  '@typescript-eslint/require-await': 'off',
};

export default tseslint.config(
  { ignores: ['dist/', '.test-build/', 'build*/', 'coverage/', '**/node_modules/', '.cache/', 'bench/results/'] },
  { linterOptions: { reportUnusedDisableDirectives: 'error' }, rules: everywhere },
  {
    files: ['**/*.{mjs,cjs,js}'],
    languageOptions: { globals },
    rules: { 'no-undef': 'error', 'no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }] },
  },
  { files: ['**/*.cjs'], languageOptions: { sourceType: 'commonjs', globals: { __dirname: 'readonly' } } },
  {
    files: typescript,
    extends: [tseslint.configs.strictTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: typed,
  },
  {
    files: product,
    rules: {
      'max-lines-per-function': ['error', { max: 60 }],
      'no-console': 'error',
    },
  },
  {
    // The default exception handler, and the runner of whole programs, are the places that print.
    files: ['lib/kernel/report.ts', 'lib/tasks/run_main.ts'],
    rules: { 'no-console': 'off' },
  },
  {
    files: tests,
    rules: {
      // Tests give and throw what the types forbid, make functions that do nothing, and start tasks that nobody awaits.
      '@typescript-eslint/no-floating-promises': ['error', { checkThenables: false }],
      '@typescript-eslint/no-explicit-any': 'off',
      '@typescript-eslint/no-unsafe-argument': 'off',
      '@typescript-eslint/no-unsafe-assignment': 'off',
      '@typescript-eslint/no-unsafe-call': 'off',
      '@typescript-eslint/no-unsafe-member-access': 'off',
      '@typescript-eslint/no-unsafe-return': 'off',
      '@typescript-eslint/only-throw-error': 'off',
      '@typescript-eslint/prefer-promise-reject-errors': 'off',
      '@typescript-eslint/no-empty-function': 'off',
      '@typescript-eslint/explicit-module-boundary-types': 'off',
      '@typescript-eslint/unbound-method': 'off',
    },
  },
  {
    // Compiled, never run: unused expressions and values are the tests.
    files: ['test/types/*'],
    rules: {
      '@typescript-eslint/no-unused-vars': 'off',
      '@typescript-eslint/no-floating-promises': 'off',
      '@typescript-eslint/no-unnecessary-type-parameters': 'off',
      '@typescript-eslint/await-thenable': 'off',
      '@typescript-eslint/no-invalid-void-type': 'off',
      '@typescript-eslint/no-unnecessary-type-assertion': 'off',
      '@typescript-eslint/consistent-type-imports': 'off',
    },
  },
  { files: ['examples/**', 'bench/**'], extends: [readyloop.configs.recommended] },
  { files: ['eslint.config.mjs'], rules: { 'no-restricted-syntax': 'off' } },
);
