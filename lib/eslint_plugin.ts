// The surface for ESLint: re-exports only. The default export is what ESLint's users expect of a plugin.

import './base/node_version.js'; // First: an older Node cannot parse the rest, and is told so here.

export { configs, meta, plugin as default, rules } from './lint/plugin.js';
export type { LintConfig, LintOptionSchema, LintPlugin, LintRule, LintRuleMeta } from './lint/plugin_types.js';
