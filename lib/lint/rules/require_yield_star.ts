// In a coroutine every wait is written `yield*`. A `yield` alone hands the value to the task, which can only refuse it;
// and what is not awaited at all, but iterated by a loop or spread, is no list.

import type { Mend, RuleContext } from '../context.js';
import { defineRule } from '../define_rule.js';
import type { Judge } from '../judge.js';
import { isOurs } from '../known_calls.js';
import { functionAround, isGeneratorFunction, type FunctionNode, type Node, type NodeOf } from '../syntax.js';
import { suggestUntil } from '../suggestions.js';

type Yield = NodeOf<'YieldExpression'>;

export const requireYieldStar = defineRule(
  {
    type: 'problem',
    docs: { description: 'Require `yield*` where a coroutine waits' },
    fixable: 'code',
    hasSuggestions: true,
    schema: [],
    messages: {
      operation: '`yield` hands this to the task instead of waiting for it: write `yield*`.',
      promise: 'A promise was yielded: write `yield* until(promise)` to wait for it.',
      delegated: 'A promise cannot be iterated: write `yield* until(promise)` to wait for it.',
      value: 'A coroutine may only `yield*` what can be awaited; a bare `yield` is an error when it runs.',
      nothing: 'A bare `yield` is an error in a coroutine: write `yield* checkpoint()` to let the others run.',
      iterated: 'This is something to wait for and no list: write `yield*` or `await` instead of iterating it.',
      addStar: 'Write `yield*`.',
      enterUntil: 'Write `yield* until(…)`.',
      makeCheckpoint: 'Write `yield* checkpoint()`.',
    },
  },
  (context, judge) => ({
    YieldExpression(node) {
      const fn = functionAround(node);
      if (!isGeneratorFunction(fn)) return;
      if (node.delegate) checkDelegated(context, judge, node);
      else if (node.argument === null) checkBare(context, judge, node, fn);
      else checkYielded(context, judge, node, node.argument, fn);
    },
    ForOfStatement(node) {
      if (!node.await && judge.isOurs(node.right)) context.report({ node: node.right, messageId: 'iterated' });
    },
    SpreadElement(node) {
      if (judge.isOurs(node.argument)) context.report({ node: node.argument, messageId: 'iterated' });
    },
  }),
);

function checkDelegated(context: RuleContext, judge: Judge, node: Yield): void {
  const argument = node.argument as Node;
  if (judge.kindOf(argument) !== 'promise') return;
  context.report({ node, messageId: 'delegated', suggest: suggestUntil(judge, argument, null) });
}

function checkBare(context: RuleContext, judge: Judge, node: Yield, fn: FunctionNode): void {
  if (!judge.isCoroutine(fn)) return;
  const name = judge.imports.localName('checkpoint');
  const fix: Mend = (fixer) => fixer.replaceText(node, `yield* ${name ?? ''}()`);
  context.report({ node, messageId: 'nothing', suggest: name === null ? [] : [{ messageId: 'makeCheckpoint', fix }] });
}

function checkYielded(context: RuleContext, judge: Judge, node: Yield, argument: Node, fn: FunctionNode): void {
  const kind = judge.kindOf(argument);
  const isCoroutine = judge.isCoroutine(fn);
  const star = starFor(context, node);
  if (isOurs(kind)) {
    // A generator of operations, whose type says so, is a list that somebody else awaits.
    if (!isCoroutine && fn.returnType !== undefined && judge.types !== null) return;
    if (isCoroutine) context.report({ node, messageId: 'operation', fix: star });
    else context.report({ node, messageId: 'operation', suggest: [{ messageId: 'addStar', fix: star }] });
  } else if (isCoroutine && kind === 'promise') {
    context.report({ node, messageId: 'promise', suggest: suggestUntil(judge, argument, star) });
  } else if (isCoroutine) {
    context.report({ node, messageId: 'value', suggest: [{ messageId: 'addStar', fix: star }] });
  }
}

function starFor(context: RuleContext, node: Yield): Mend {
  const word = context.sourceCode.getFirstToken(node);
  return (fixer) => fixer.insertTextAfterRange(word?.range ?? node.range, '*');
}
