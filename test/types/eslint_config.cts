// The same from CommonJS: the module as a whole is a plugin too.
import * as whole from 'readyloop/eslint-plugin';
import readyloop from 'readyloop/eslint-plugin';
import { type ESLint, type Linter } from 'eslint';

export const plugin: ESLint.Plugin = whole;
export const config: Linter.Config[] = [whole.configs.recommended, readyloop.configs.recommended];
