// What combinators are given: in which shapes, checked at the call, and what becomes of it when it is refused.

import { types } from 'node:util';
import { ArgumentTypeError, CoroutineReusedError, WrongLoopError } from '../base/errors.js';
import { assertOptions } from '../kernel/arguments.js';
import { describe, isCoroutine, isDriven, isOperation, isThenable } from '../kernel/coroutine.js';
import { Future } from '../kernel/future.js';
import { currentLoop } from '../kernel/running.js';
import type { Waitable, WaitableValue } from './ensure_future.js';

/** What waiting for each of several gives, in the shape in which they were given. */
export type WaitableValues<A> = { -readonly [K in keyof A]: WaitableValue<A[K]> };

/** What waiting for any one of several gives. */
export type WaitableUnion<A extends readonly Waitable[]> = WaitableValue<A[number]>;

/** @internal What was given to a combinator. `keys` are those of a record, else null. */
export interface Given {
  readonly items: readonly unknown[];
  readonly keys: readonly string[] | null;
  readonly options: unknown;
}

/** @internal Tells several arguments, one array and one record apart; the latter two may be followed by options. */
export function readGiven(args: readonly unknown[], call: string): Given {
  const [first, options = {}] = args;
  if (args.length === 0 || args.length > 2) return { items: args, keys: null, options: {} };
  if (Array.isArray(first)) return { items: first, keys: null, options };
  if (isRecord(first, call)) return { items: Object.values(first), keys: Object.keys(first), options };
  return { items: args, keys: null, options: {} };
}

function isRecord(value: unknown, call: string): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null) return false;
  if (isCoroutine(value) || isThenable(value) || Symbol.iterator in value) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype === null || Object.getPrototypeOf(prototype) === null) return true;
  throw new ArgumentTypeError(`${call}: ${describe(value)} cannot be awaited`);
}

/**
 * @internal The same for a structured combinator, which owns what it is given: all of it is checked before any of it is
 * started, and if something is refused, the rest is closed or cancelled.
 */
export function readOwned(args: readonly unknown[], call: string, known: readonly string[]): Given {
  let items = args.length <= 2 && Array.isArray(args[0]) ? args[0] : args;
  try {
    const given = readGiven(args, call);
    items = given.items;
    assertOptions(given.options, call, known);
    for (const item of items) assertWaitable(item, call);
    return given;
  } catch (error) {
    discard(items);
    throw error;
  }
}

/**
 * @internal Throws: what starting `item` would throw, as far as it can be told now.
 *
 * A promise that is given counts as attended to from here on: it may fail before anybody waits for it, or when it has lost
 * already, and that would end the process.
 */
export function assertWaitable(item: unknown, call: string): void {
  if (item instanceof Future) {
    const loop = currentLoop();
    if (loop === null || item._loop === loop) return;
    throw new WrongLoopError(`${call}: a future of another loop was given`);
  }
  if (isCoroutine(item)) {
    if (!isDriven(item)) return;
    throw new CoroutineReusedError(`${call}: this coroutine is driven by a task; call its function again for a fresh one`);
  }
  if (types.isPromise(item)) item.then(undefined, () => undefined);
  if (typeof item === 'function' || isOperation(item) || isThenable(item)) return;
  throw new ArgumentTypeError(`${call}: ${describe(item)} cannot be awaited`);
}

/** @internal Closes coroutines that have not begun and cancels futures, because nobody is going to await them. */
export function discard(items: Iterable<unknown>): void {
  for (const item of items) {
    if (item instanceof Future) item.cancel('what it was given to was refused');
    else if (isCoroutine(item) && !isDriven(item)) item.return(undefined);
  }
}
