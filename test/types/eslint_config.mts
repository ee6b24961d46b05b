// The plugin fits the configurations of ESLint and of typescript-eslint, without their types in its own.
import { defineConfig } from 'eslint/config';
import { type ESLint, type Linter } from 'eslint';
import tseslint from 'typescript-eslint';
import readyloop, { configs, rules, type LintPlugin } from 'readyloop/eslint-plugin';
import { expectType } from './expect.js';

expectType<LintPlugin>()(readyloop);
const plugin: ESLint.Plugin = readyloop;
const config: Linter.Config = configs.recommended;

export const forEslint = defineConfig([
  config,
  { extends: [readyloop.configs.recommended] },
  { plugins: { readyloop: plugin }, rules: { 'readyloop/no-swallowed-cancel': ['error', { checkAllAwaits: true }] } },
]);
// eslint-disable-next-line @typescript-eslint/no-deprecated -- many configurations still use it
export const forTypescriptEslint = tseslint.config({ files: ['**/*.ts'], extends: [configs.recommended] });
export const names = Object.keys(rules);
