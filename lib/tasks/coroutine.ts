// A mark on coroutine functions, with which debug mode sees the coroutines that nobody ever drives: a generator object
// leaves no trace by itself.

import { ArgumentTypeError } from '../base/errors.js';
import { type Coroutine, describe, isGeneratorFunction } from '../kernel/coroutine.js';
import { everDebugged } from '../kernel/debug_warning.js';
import { expectDriven } from '../kernel/unawaited.js';

/**
 * Marks a `function*`, so that debug mode reports each of its coroutines that is made in a task and never driven:
 * `const fetchAll = coroutine(function* (urls: string[]) { … })`.
 *
 * Returns: a function of the same type that does the same. Outside debug mode it only calls it.
 * Throws: ArgumentTypeError if `fn` is no `function*`.
 */
export function coroutine<F extends (...args: never[]) => Coroutine<unknown>>(fn: F): F {
  if (!isGeneratorFunction(fn)) throw new ArgumentTypeError(`coroutine: a function* is needed, not ${describe(fn)}`);
  const what = `the coroutine ${fn.name || '(anonymous)'}()`;
  const marked = function (this: unknown, ...args: never[]): Coroutine<unknown> {
    const made = fn.apply(this, args);
    return everDebugged.yes ? expectDriven(made, what) : made;
  };
  Object.defineProperty(marked, 'name', { value: fn.name, configurable: true });
  Object.defineProperty(marked, 'length', { value: fn.length, configurable: true });
  // It is told from other functions, and its coroutines are told to be its own, as those of any function* are.
  Object.setPrototypeOf(marked, Object.getPrototypeOf(fn) as object);
  marked.prototype = fn.prototype as unknown;
  return marked as unknown as F;
}
