// The shapes of the plugin, as its users see them. They are written so that ESLint's and typescript-eslint's own types
// accept them, without asking for either.

/** The part of a JSON schema that the options of these rules need. */
export interface LintOptionSchema {
  readonly type: 'object' | 'boolean';
  readonly description?: string;
  readonly properties?: Record<string, LintOptionSchema>;
  readonly additionalProperties?: boolean;
}

/** What a rule says of itself. */
export interface LintRuleMeta {
  readonly type: 'problem';
  readonly docs: { readonly description: string };
  readonly fixable?: 'code';
  readonly hasSuggestions?: boolean;
  readonly schema: LintOptionSchema[];
  readonly messages: Record<string, string>;
}

/** A rule, as ESLint runs it. */
export interface LintRule {
  readonly meta: LintRuleMeta;
  /** Called by ESLint, with its context of the rule in one file. */
  create(context: object): Record<string, (node: object) => void>;
}

/** A preset for `eslint.config.js`: the plugin and the rules that are switched on. */
export interface LintConfig {
  readonly name: string;
  readonly plugins: Record<string, LintPlugin>;
  readonly rules: Record<string, 'error'>;
}

/** The plugin, as `eslint.config.js` takes it. */
export interface LintPlugin {
  readonly meta: { readonly name: string; readonly version: string; readonly namespace: string };
  readonly rules: Record<string, LintRule>;
  readonly configs: Record<'recommended', LintConfig>;
}
