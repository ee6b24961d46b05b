// Functions that are given to others as callbacks, and whose result nobody looks at: what such a function returns is lost.

import type { Judge } from './judge.js';
import { bare, is, isFunction, marked, methodCall, type Node, type NodeOf } from './syntax.js';

export type Call = NodeOf<'CallExpression' | 'NewExpression'>;

/** Methods and functions that are known to drop it, for files that are checked without types. */
const DROPPING = new Set([
  ...['forEach', 'setTimeout', 'setInterval', 'setImmediate', 'queueMicrotask', 'nextTick'],
  ...['on', 'once', 'addListener', 'prependListener', 'addEventListener'],
]);

/** True for an argument of a call that is called for its effects alone. */
export function isResultDropped(judge: Judge, argument: Node, call: Call): boolean {
  if (judge.types !== null) return judge.types.expectsNoResult(argument);
  if (!is(call, 'CallExpression') || !isFunction(bare(argument))) return false;
  const callee = bare(call.callee);
  return DROPPING.has(is(callee, 'Identifier') ? callee.name : (methodCall(call)?.name ?? ''));
}

/** The call that a function is an argument of, or null. */
export function callGiven(fn: Node): Call | null {
  const argument = marked(fn);
  const { parent } = argument;
  return is(parent, 'CallExpression', 'NewExpression') && parent.callee !== argument ? parent : null;
}

/** True where the value of an expression is not used: it is a statement, or a part of one that passes nothing on. */
export function isDropped(expression: Node): boolean {
  const node = marked(expression);
  const { parent } = node;
  if (is(parent, 'ExpressionStatement')) return true;
  if (is(parent, 'LogicalExpression')) return parent.right === node && isDropped(parent);
  if (is(parent, 'ConditionalExpression')) return parent.test !== node && isDropped(parent);
  if (is(parent, 'SequenceExpression')) return parent.expressions.at(-1) !== node || isDropped(parent);
  return false;
}
