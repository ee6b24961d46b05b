// How a rule is put together: what it says of itself, and what it does with the nodes of a file.

import type { RuleContext } from './context.js';
import { type Judge, judgeOf } from './judge.js';
import type { LintRule, LintRuleMeta } from './plugin_types.js';
import type { NodeOf, NodeType } from './syntax.js';

export type Visitors = { [K in NodeType]?: (node: NodeOf<K>) => void };

export function defineRule(meta: LintRuleMeta, create: (context: RuleContext, judge: Judge) => Visitors): LintRule {
  return {
    meta,
    create(context) {
      const ruleContext = context as RuleContext;
      return create(ruleContext, judgeOf(ruleContext)) as unknown as Record<string, (node: object) => void>;
    },
  };
}

/** The one object of options that these rules take, over their defaults. */
export function optionsOf<O extends object>(context: RuleContext, defaults: O): O {
  return { ...defaults, ...(context.options[0] as Partial<O> | undefined) };
}
