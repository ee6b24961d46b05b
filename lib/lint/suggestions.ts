// The changes that rules offer. Each is one word or one call around an expression, so the layout of the code is kept.

import type { Fix, Fixer, Mend, Suggestion } from './context.js';
import { colourAt, type Judge } from './judge.js';
import type { Kind } from './known_calls.js';
import { is, marked, type Node } from './syntax.js';

/** Suggests to await an expression, in the way of the function around it; nothing where it cannot be awaited there. */
export function suggestAwait(judge: Judge, expression: Node, kind: Kind): Suggestion[] {
  const colour = colourAt(expression);
  if (colour === 'function*') {
    return [{ messageId: 'awaitIt', data: { word: 'yield*' }, fix: withPrefix(expression, 'yield* ') }];
  }
  // An async function cannot await a coroutine object, only a task of it.
  if (kind === 'coroutine') return suggestTask(judge, expression, colour === 'async' ? 'await ' : '');
  return colour === 'async'
    ? [{ messageId: 'awaitIt', data: { word: 'await' }, fix: withPrefix(expression, 'await ') }]
    : [];
}

/** Suggests to run a coroutine object as a task. */
export function suggestTask(judge: Judge, expression: Node, prefix: string): Suggestion[] {
  const name = judge.imports.localName('createTask');
  if (name === null) return [];
  return [{ messageId: 'makeTask', fix: (fixer) => wrap(fixer, expression, `${prefix}${name}(`) }];
}

/** Suggests `until(promise)` for a promise in a coroutine, where `until` is imported. */
export function suggestUntil(judge: Judge, promise: Node, star: Mend | null): Suggestion[] {
  const name = judge.imports.localName('until');
  if (name === null) return [];
  const fix: Mend = (fixer) => [...(star === null ? [] : [star(fixer)].flat()), ...wrap(fixer, promise, `${name}(`)];
  return [{ messageId: 'enterUntil', fix }];
}

// A `yield*` binds so loosely that it needs parentheses within anything but a statement.
function withPrefix(expression: Node, word: string): Mend {
  const isWhole = is(marked(expression).parent, 'ExpressionStatement') || word === 'await ';
  return (fixer) => (isWhole ? fixer.insertTextBefore(expression, word) : wrap(fixer, expression, `(${word}`));
}

function wrap(fixer: Fixer, expression: Node, opening: string): Fix[] {
  return [fixer.insertTextBefore(expression, opening), fixer.insertTextAfter(expression, ')')];
}
