// A catch around a wait catches the cancellation too. Unless it throws it on, the task that was asked to stop goes on,
// and a scope that insists throws again at each further wait. The same goes for the second function of `then`, for the
// one of `catch`, and for a `finally` that leaves by itself.

import type { Mend, RuleContext, Suggestion } from '../context.js';
import { defineRule, optionsOf } from '../define_rule.js';
import { fateIn, namesCancellation } from '../handler_flow.js';
import type { Judge } from '../judge.js';
import { isThrownLater } from '../kept_error.js';
import {
  bare,
  type FunctionNode,
  functionAround,
  forEachOwn,
  is,
  isFunction,
  isLoop,
  methodCall,
  type Node,
  type NodeOf,
  parentOf,
  someOwn,
} from '../syntax.js';

interface Options {
  /** Take every `await` for one of the library's: for code whose async functions come from other files. */
  readonly checkAllAwaits: boolean;
}

const RETHROW = 'if ({{error}} instanceof CancelledError) throw {{error}};';

export const noSwallowedCancel = defineRule(
  {
    type: 'problem',
    docs: { description: 'Disallow handlers that swallow a cancellation' },
    hasSuggestions: true,
    schema: [
      {
        type: 'object',
        properties: {
          checkAllAwaits: { type: 'boolean', description: 'Take every `await` for a wait of the library.' },
        },
        additionalProperties: false,
      },
    ],
    messages: {
      swallowed:
        `This catches a cancellation of the wait above as well, and does not throw it on: begin with \`${RETHROW}\``,
      callback: `This handler is given cancellations as well, and does not throw them on: begin with \`${RETHROW}\``,
      left:
        'A `{{word}}` in a `finally` drops the cancellation, or the error, that is on its way: leave the block by its end.',
      rethrow: 'Throw a CancelledError on.',
    },
  },
  (context, judge) => {
    const options = optionsOf<Options>(context, { checkAllAwaits: false });
    return {
      TryStatement(node) {
        if (node.handler !== null && waitsIn(judge, node.block, options)) checkHandler(context, judge, node.handler);
        const waits = [node.block, ...(node.handler === null ? [] : [node.handler])];
        if (node.finalizer !== null && waits.some((part) => waitsIn(judge, part, options))) {
          checkFinalizer(context, judge, node.finalizer);
        }
      },
      CallExpression(node) {
        checkReaction(context, judge, node, options);
      },
    };
  },
);

function waitsIn(judge: Judge, block: Node, { checkAllAwaits }: Options): boolean {
  if (functionAround(block) === null && !checkAllAwaits) return false; // No task runs the top of a file.
  const isAwait = (node: Node): boolean => is(node, 'AwaitExpression') || (is(node, 'ForOfStatement') && node.await);
  return someOwn(block, judge.source.visitorKeys, (node) => judge.isWait(node) || (checkAllAwaits && isAwait(node)));
}

function checkHandler(context: RuleContext, judge: Judge, handler: NodeOf<'CatchClause'>): void {
  if (namesCancellation(judge, handler.body)) return;
  const { goesOn, isLost } = fateIn(judge, handler.body, handler.param);
  if (!isLost && (!goesOn || isThrownLater(judge, handler))) return;
  const error = is(handler.param, 'Identifier') ? handler.param.name : 'error';
  context.report({
    node: handler,
    loc: { start: handler.loc.start, end: handler.body.loc.start },
    messageId: 'swallowed',
    data: { error },
    suggest: suggestRethrow(judge, handler, error),
  });
}

function suggestRethrow(judge: Judge, handler: NodeOf<'CatchClause'>, error: string): Suggestion[] {
  const local = judge.imports.localName('CancelledError');
  const addition = local === null ? judge.imports.addition('CancelledError') : null;
  const isPattern = handler.param !== null && !is(handler.param, 'Identifier');
  const opening = judge.source.getFirstToken(handler.body);
  if (isPattern || opening === null || (local === null && addition === null)) return [];
  const fix: Mend = (fixer) => [
    ...(addition === null ? [] : [addition(fixer)]),
    ...(handler.param === null ? [fixer.insertTextBefore(handler.body, `(${error}) `)] : []),
    fixer.insertTextAfterRange(opening.range, ` if (${error} instanceof ${local ?? 'CancelledError'}) throw ${error};`),
  ];
  return [{ messageId: 'rethrow', fix }];
}

const LEAVING = ['ReturnStatement', 'BreakStatement', 'ContinueStatement'] as const;

function checkFinalizer(context: RuleContext, judge: Judge, finalizer: NodeOf<'BlockStatement'>): void {
  forEachOwn(finalizer, judge.source.visitorKeys, (node) => {
    if (is(node, ...LEAVING) && leaves(node, finalizer)) {
      context.report({ node, messageId: 'left', data: { word: node.type.replace('Statement', '').toLowerCase() } });
    }
    return true;
  });
}

// A `break` within a loop of the same block stays in it.
function leaves(node: NodeOf<(typeof LEAVING)[number]>, block: Node): boolean {
  if (is(node, 'ReturnStatement')) return true;
  for (let outer = parentOf(node); outer !== null && outer !== block; outer = parentOf(outer)) {
    if (node.label !== null) {
      if (is(outer, 'LabeledStatement') && outer.label.name === node.label.name) return false;
    } else if (isLoop(outer) || (is(outer, 'SwitchStatement') && is(node, 'BreakStatement'))) {
      return false;
    }
  }
  return true;
}

/** Which argument of a promise's method is given its rejection. */
const HANDLER_AT: Readonly<Record<string, number>> = { catch: 0, then: 1 };

// `work().catch(() => null)`, `task.then(use, () => null)`, where the result is waited for in a coroutine of either colour.
function checkReaction(context: RuleContext, judge: Judge, call: NodeOf<'CallExpression'>, options: Options): void {
  const method = methodCall(call);
  if (method === null || !Object.hasOwn(HANDLER_AT, method.name) || functionAround(call) === null) return;
  const handler = method.arguments[HANDLER_AT[method.name] as number];
  if (handler === undefined || !comesFromOurs(judge, method.receiver, options)) return;
  const fn = judge.functionBehind(handler);
  if (fn === null ? !isLogging(handler) : !swallows(judge, fn)) return;
  const parameter = fn?.params[0];
  const error = is(parameter, 'Identifier') ? parameter.name : 'error';
  context.report({ node: handler, messageId: 'callback', data: { error } });
}

function comesFromOurs(judge: Judge, source: Node, options: Options): boolean {
  const node = bare(source);
  if (judge.isOurs(node)) return true;
  if (!is(node, 'CallExpression')) return false;
  const method = methodCall(node);
  if (method !== null && ['then', 'catch', 'finally'].includes(method.name)) {
    return comesFromOurs(judge, method.receiver, options);
  }
  return judge.waitsForOurs(judge.functionBehind(node.callee)) || (options.checkAllAwaits && isAwaited(node));
}

function isAwaited(node: Node): boolean {
  let outer = parentOf(node);
  while (is(outer, 'MemberExpression', 'CallExpression', 'ChainExpression')) outer = parentOf(outer);
  return is(outer, 'AwaitExpression');
}

function isLogging(handler: Node): boolean {
  const node = bare(handler);
  return is(node, 'MemberExpression') && is(node.object, 'Identifier') && node.object.name === 'console';
}

function swallows(judge: Judge, fn: FunctionNode): boolean {
  const { body } = fn;
  if (namesCancellation(judge, body)) return false;
  if (is(body, 'BlockStatement')) {
    const { goesOn, isLost } = fateIn(judge, body, fn.params[0]);
    return goesOn || isLost;
  }
  const isRejection = methodCall(body)?.name === 'reject';
  return !isRejection && !(judge.types?.isNever(bare(body)) ?? false) && !isFunction(bare(body));
}
