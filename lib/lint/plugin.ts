// The plugin itself: its rules by name, and the preset that switches all of them on. It loads nothing of the runtime, so
// that a machine without the native binary can lint.

import type { LintConfig, LintPlugin, LintRule } from './plugin_types.js';
import { noAwaitInCoroutine } from './rules/no_await_in_coroutine.js';
import { noFloatingOperation } from './rules/no_floating_operation.js';
import { noSwallowedCancel } from './rules/no_swallowed_cancel.js';
import { requireYieldStar } from './rules/require_yield_star.js';
import { VERSION } from './version.js';

const NAMESPACE = 'readyloop';

/** Who the plugin is, for ESLint's cache and its messages. */
export const meta: LintPlugin['meta'] = { name: 'readyloop/eslint-plugin', version: VERSION, namespace: NAMESPACE };

/** The rules, by the names that configurations use, without the `readyloop/` in front. */
export const rules: LintPlugin['rules'] = {
  'no-await-in-coroutine': noAwaitInCoroutine,
  'no-floating-operation': noFloatingOperation,
  'no-swallowed-cancel': noSwallowedCancel,
  'require-yield-star': requireYieldStar,
} satisfies Record<string, LintRule>;

const recommended: { -readonly [K in keyof LintConfig]: LintConfig[K] } = {
  name: 'readyloop/recommended',
  plugins: {},
  rules: Object.fromEntries(Object.keys(rules).map((name) => [`${NAMESPACE}/${name}`, 'error' as const])),
};

/** Presets for `eslint.config.js`; `recommended` switches all rules on. */
export const configs: LintPlugin['configs'] = { recommended };

/** The plugin: what `import readyloop from 'readyloop/eslint-plugin'` gives. */
export const plugin: LintPlugin = { meta, rules, configs };

// A preset names the plugin, and the plugin has its presets.
recommended.plugins = { [NAMESPACE]: plugin };
