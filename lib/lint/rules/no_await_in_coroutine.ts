// The waits of a `function*` belong to its task: a cancellation reaches each of them. What waits by promises behind the
// task's back is out of its reach: an async function that is called instead of handed over, `then`, `Promise.all` of
// operations. And an `async function*`, where both words seem to be allowed, is no coroutine at all.

import { callGiven, isDropped, isResultDropped } from '../callbacks.js';
import type { RuleContext } from '../context.js';
import { defineRule } from '../define_rule.js';
import type { Judge } from '../judge.js';
import {
  bare,
  type FunctionNode,
  functionAround,
  is,
  isAsyncFunction,
  isFunction,
  isGeneratorFunction,
  marked,
  methodCall,
  type Node,
  type NodeOf,
  someOwn,
} from '../syntax.js';

const INSTEAD: Readonly<Record<string, string>> = {
  all: 'all(…)',
  race: 'race(…)',
  any: 'any(…)',
  allSettled: 'gather(…, { returnExceptions: true })',
};

export const noAwaitInCoroutine = defineRule(
  {
    type: 'problem',
    docs: { description: 'Disallow waiting by promises where a coroutine should wait' },
    schema: [],
    messages: {
      asyncGenerator:
        'An `async function*` is no coroutine: write a function* with `yield*`, or an async function with `await`.',
      combinator: '`Promise.{{name}}` waits behind the back of the coroutine’s task: write `yield* {{instead}}`.',
      then: '`then` makes a promise that no cancellation of this task reaches: write `yield*`.',
      called:
        'The waits of this async function belong to no task when it is called here: hand it over, ' +
        '`yield* createTask(() => …)`.',
      droppedCallback:
        'The promise of this async callback is dropped: start a task for each, in a withTaskGroup() or with ' +
        'mapConcurrent().',
      callback:
        'The waits of this async callback belong to no task: use mapConcurrent(), or createTask() in a function that is ' +
        'not async.',
    },
  },
  (context, judge) => {
    const checkFunction = (fn: FunctionNode): void => {
      if (fn.async && fn.generator) checkAsyncGenerator(context, judge, fn);
      else if (isAsyncFunction(fn)) checkCallback(context, judge, fn);
    };
    return {
      FunctionDeclaration: checkFunction,
      FunctionExpression: checkFunction,
      ArrowFunctionExpression: checkFunction,
      CallExpression(call) {
        const fn = functionAround(call);
        if (!isGeneratorFunction(fn)) return;
        checkThen(context, judge, call);
        if (!judge.isCoroutine(fn)) return;
        checkCombinator(context, judge, call);
        checkCalled(context, judge, call);
      },
    };
  },
);

// `mapConcurrent` and others take an async generator's object as a list: only where its function is given, or where it
// waits as a coroutine does, is it meant to be one.
function checkAsyncGenerator(context: RuleContext, judge: Judge, fn: FunctionNode): void {
  const waits = someOwn(
    fn.body,
    judge.source.visitorKeys,
    (node) => is(node, 'YieldExpression') && node.argument !== null && judge.isOurs(node.argument),
  );
  if (waits || isGivenAsCoroutine(judge, fn)) context.report({ node: fn, messageId: 'asyncGenerator' });
}

function isGivenAsCoroutine(judge: Judge, fn: FunctionNode): boolean {
  const call = callGiven(fn);
  return call !== null && judge.isOurCall(call);
}

function checkCombinator(context: RuleContext, judge: Judge, call: NodeOf<'CallExpression'>): void {
  const { receiver = null, name = '', arguments: [list] = [] } = methodCall(call) ?? {};
  if (!is(receiver, 'Identifier') || receiver.name !== 'Promise' || !Object.hasOwn(INSTEAD, name)) return;
  if (list === undefined || !holdsOurs(judge, list)) return;
  context.report({ node: call, messageId: 'combinator', data: { name, instead: INSTEAD[name] ?? '' } });
}

function holdsOurs(judge: Judge, list: Node): boolean {
  const items = bare(list);
  if (is(items, 'ArrayExpression')) {
    return items.elements.some((item) => item !== null && !is(item, 'SpreadElement') && judge.isOurs(item));
  }
  const kind = judge.types?.kindOfItems(list);
  if (kind !== undefined) return kind !== null && kind !== 'promise';
  // `items.map(f)`
  const method = methodCall(items);
  const mapped = method?.name === 'map' ? method.arguments[0] : undefined;
  const result = mapped === undefined ? null : judge.kindOfResult(mapped);
  return result !== null && result !== 'promise';
}

function checkThen(context: RuleContext, judge: Judge, call: NodeOf<'CallExpression'>): void {
  const method = methodCall(call);
  if (method?.name === 'then' && judge.isOurs(method.receiver)) context.report({ node: call, messageId: 'then' });
}

// `until(work())` and `(async () => {…})()`, where the function waits for something of ours.
function checkCalled(context: RuleContext, judge: Judge, call: NodeOf<'CallExpression'>): void {
  const fn = judge.functionBehind(call.callee);
  if (!isAsyncFunction(fn)) return;
  const isInPlace = isFunction(bare(call.callee));
  if (judge.waitsForOurs(fn) || (isInPlace && isDropped(call))) context.report({ node: call, messageId: 'called' });
}

function checkCallback(context: RuleContext, judge: Judge, fn: FunctionNode): void {
  const call = callGiven(fn);
  if (call === null || !judge.isCoroutine(functionAround(call)) || judge.isOurCall(call)) return;
  if (isResultDropped(judge, marked(fn), call)) context.report({ node: fn, messageId: 'droppedCallback' });
  else if (judge.waitsForOurs(fn)) context.report({ node: fn, messageId: 'callback' });
}
