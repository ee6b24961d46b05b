// A coroutine object that is made and dropped runs nothing, and a wait that is dropped is waited for by nobody; in both
// cases the star, or the `await`, was forgotten. Tasks are left alone: they run by themselves, and a failure that nobody
// looks at is reported by the loop.

import { type Call, isDropped, isResultDropped } from '../callbacks.js';
import type { RuleContext } from '../context.js';
import { defineRule } from '../define_rule.js';
import type { Judge } from '../judge.js';
import { isOurs, type Kind } from '../known_calls.js';
import { bare, is, isFunction, marked, type Node } from '../syntax.js';
import { suggestAwait, suggestTask } from '../suggestions.js';

const WHAT: Readonly<Record<Exclude<Kind, 'promise'>, string>> = {
  coroutine: 'a coroutine object, of which no line has run',
  operation: 'an operation, which does nothing before it is awaited',
  future: 'a wait, which nobody waits for',
  task: 'a task',
};

export const noFloatingOperation = defineRule(
  {
    type: 'problem',
    docs: { description: 'Disallow operations, coroutine objects and futures that are made and dropped' },
    hasSuggestions: true,
    schema: [],
    messages: {
      dropped: 'This makes {{what}}, and drops it: write `yield*` or `await` before it, or give it to createTask().',
      ignored: 'This function gives {{what}}, and who calls it ignores that: start a task in it with createTask().',
      awaitedObject:
        '`await` gives a coroutine object back as it is, and no line of it runs: write `await createTask(…)`, or ' +
        '`yield*` in a function*.',
      awaitIt: 'Await it with `{{word}}`.',
      makeTask: 'Run it as a task, with createTask().',
    },
  },
  (context, judge) => {
    const checkCall = (call: Call): void => {
      checkDropped(context, judge, call);
      checkCallbacks(context, judge, call);
    };
    return {
      CallExpression: checkCall,
      NewExpression: checkCall,
      AwaitExpression(node) {
        if (judge.kindOf(node.argument) !== 'coroutine') return;
        context.report({ node, messageId: 'awaitedObject', suggest: suggestTask(judge, node.argument, '') });
      },
    };
  },
);

function mayNotBeDropped(kind: Kind | null): kind is Exclude<Kind, 'promise' | 'task'> {
  return isOurs(kind) && kind !== 'task';
}

function checkDropped(context: RuleContext, judge: Judge, call: Call): void {
  if (!isDropped(call)) return;
  const kind = judge.kindOf(call);
  if (!mayNotBeDropped(kind)) return;
  const node = marked(call);
  context.report({
    node,
    messageId: 'dropped',
    data: { what: WHAT[kind] },
    // Where it can be awaited, a task of its own is the other wish.
    suggest: [...suggestAwait(judge, node, kind), ...(kind === 'coroutine' ? suggestTask(judge, node, '') : [])],
  });
}

function checkCallbacks(context: RuleContext, judge: Judge, call: Call): void {
  if (judge.isOurCall(call)) return;
  for (const argument of call.arguments) {
    if (!mayBeFunction(argument)) continue;
    const kind = judge.kindOfResult(argument);
    if (!mayNotBeDropped(kind) || !isResultDropped(judge, argument, call)) continue;
    context.report({ node: argument, messageId: 'ignored', data: { what: WHAT[kind] } });
  }
}

function mayBeFunction(argument: Node): boolean {
  return isFunction(bare(argument)) || is(bare(argument), 'Identifier', 'MemberExpression');
}
