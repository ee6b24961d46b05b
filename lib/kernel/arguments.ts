// Checks of arguments that several calls share.

import { ArgumentRangeError, ArgumentTypeError } from '../base/errors.js';
import { describe, isCoroutine, isCoroutineFunction, isThenable } from './coroutine.js';

/** @internal Throws: what D14 and H4 ask for. */
export function assertInstant(ms: unknown, call: string): asserts ms is number {
  if (typeof ms !== 'number') throw new ArgumentTypeError(`${call}: milliseconds are a number, not ${describe(ms)}`);
  if (Number.isNaN(ms)) throw new ArgumentRangeError(`${call}: milliseconds must not be NaN`);
}

/**
 * @internal Throws: ArgumentTypeError for what can hold no options, such as one more thing to wait for, and for an option
 * that is not among the `known` ones: a misspelt limit would be no limit.
 */
export function assertOptions(options: unknown, call: string, known?: readonly string[]): void {
  const isRecord = typeof options === 'object' && options !== null;
  if (isRecord && !Array.isArray(options) && !isThenable(options) && !isCoroutine(options)) {
    if (known !== undefined) refuseUnknown(options, call, known);
    return;
  }
  throw new ArgumentTypeError(`${call}: options are an object, not ${describe(options)}`);
}

function refuseUnknown(options: object, call: string, known: readonly string[]): void {
  const unknown = Object.keys(options).find((key) => !known.includes(key));
  if (unknown === undefined) return;
  throw new ArgumentTypeError(`${call}: there is no option \`${unknown}\`; there is ${known.join(', ')}`);
}

/**
 * @internal As a callback it would be called and what it returns dropped: a generator would never run, a promise never be
 * awaited.
 */
export function refuseCoroutineFunction(fn: unknown): void {
  if (!isCoroutineFunction(fn)) return;
  throw new ArgumentTypeError('a coroutine function was given as a callback, where nobody awaits it; use createTask(…)');
}

/** @internal */
export function assertCallable(fn: unknown, call: string): void {
  if (typeof fn === 'function') return;
  const hint = isCoroutine(fn) ? '; give the function itself, which is called later' : '';
  throw new ArgumentTypeError(`${call}: a function is needed, not ${describe(fn)}${hint}`);
}
