// mapConcurrent: one function over many items, some of them at a time.

import { ArgumentRangeError, ArgumentTypeError } from '../base/errors.js';
import { assertCallable, assertOptions } from '../kernel/arguments.js';
import { type Coroutine, describe, isCoroutine, isGeneratorFunction } from '../kernel/coroutine.js';
import { AWAITS_PER_STEP } from '../kernel/current.js';
import type { Future } from '../kernel/future.js';
import { ScopedOperation } from '../kernel/scoped.js';
import { type FailureOptions, readFailureOptions, throwFailure } from './all.js';
import { type Items, ItemSource } from './item_source.js';
import { hasNoResult, Siblings } from './siblings.js';

/** Options of `mapConcurrent`. */
export interface MapConcurrentOptions extends FailureOptions {
  /** How many items may be worked on at a time: a whole number from 1, or Infinity. 16 by default. */
  readonly limit?: number;
  /** Whether results stand in the order of the items, the default, or in the order in which they came. */
  readonly ordered?: boolean;
}

/** What `mapConcurrent` calls for each item. */
export type ItemFunction<T, R> = (item: T, index: number) => Coroutine<R> | PromiseLike<R>;

const DEFAULT_LIMIT = 16;

/**
 * Calls `fn(item, index)` for every item, at most `limit` at a time, and gives an array of the results. An item is taken
 * only when there is room for it, from an iterable, an async iterable, a channel or a queue.
 *
 * Throws: the first failure (of `fn` or of the items), after the others were cancelled, the iterator was closed, and all
 *   have ended; with `groupFailures` all failures together; ArgumentTypeError; ArgumentRangeError for a limit that is no
 *   whole number from 1; AsyncFunctionRefusedError for promises where the loop owns the thread.
 * Checkpoint: for each item; of nothing it looks for a cancellation. Cancel: the calls are cancelled and waited for, and
 *   the iterator is closed; one that is busy with a promise is told to close and left to itself.
 * Source: p-map; anyio's amap.
 */
export function mapConcurrent<T, R>(
  items: Items<T>,
  fn: ItemFunction<T, R>,
  options: MapConcurrentOptions = {},
): ScopedOperation<R[]> {
  try {
    const settings = readSettings(items, fn, options);
    return new ScopedOperation(() => perform(items, fn, settings));
  } catch (error) {
    if (isCoroutine(items)) items.return(undefined);
    throw error;
  }
}

function isIterable(items: unknown): boolean {
  if (items === null || items === undefined) return false;
  return Symbol.iterator in Object(items) || Symbol.asyncIterator in Object(items);
}

interface Settings {
  readonly limit: number;
  readonly ordered: boolean;
  readonly groupFailures: boolean;
}

function readSettings(items: unknown, fn: unknown, options: unknown): Settings {
  if (!isIterable(items)) {
    throw new ArgumentTypeError(`mapConcurrent: an iterable or async iterable is needed, not ${describe(items)}`);
  }
  assertCallable(fn, 'mapConcurrent');
  assertOptions(options, 'mapConcurrent', ['limit', 'ordered', 'groupFailures']);
  const { limit = DEFAULT_LIMIT, ordered = true } = options as { limit?: unknown; ordered?: unknown };
  if (typeof limit !== 'number') throw new ArgumentTypeError(`mapConcurrent: limit is a number, not ${describe(limit)}`);
  if (!(limit >= 1) || (limit !== Infinity && !Number.isInteger(limit))) {
    throw new ArgumentRangeError(`mapConcurrent: limit is a whole number from 1, or Infinity, not ${limit}`);
  }
  if (typeof ordered !== 'boolean') {
    throw new ArgumentTypeError(`mapConcurrent: ordered is true or false, not ${describe(ordered)}`);
  }
  return { limit, ordered, groupFailures: readFailureOptions(options, 'mapConcurrent') };
}

function* perform<T, R>(items: Items<T>, fn: ItemFunction<T, R>, settings: Settings): Coroutine<R[]> {
  const results: R[] = [];
  // Where the result of each unfinished call belongs.
  const places = new Map<Future<unknown>, number>();
  const onEnd = (child: Future<unknown>): void => {
    const place = places.get(child);
    if (place === undefined) return;
    places.delete(child);
    if (hasNoResult(child)) return;
    if (settings.ordered) results[place] = child._value as R;
    else results.push(child._value as R);
  };
  const siblings = new Siblings({ call: 'mapConcurrent', decides: hasNoResult, onEnd });
  yield* siblings.join(feed(siblings, items, fn, settings.limit, places));
  throwFailure(siblings, settings.groupFailures);
  if (siblings.isAsked) throw siblings.cancelledError();
  return results;
}

function* feed<T, R>(
  siblings: Siblings,
  items: Items<T>,
  fn: ItemFunction<T, R>,
  limit: number,
  places: Map<Future<unknown>, number>,
): Coroutine<void> {
  siblings.checkCancel();
  if (siblings.isStopped) return;
  const source = new ItemSource(items, siblings, 'mapConcurrent');
  let isOver = false;
  try {
    for (let index = 0; !siblings.isStopped; index++) {
      if (siblings.live >= limit) yield* siblings.until(() => siblings.live < limit || siblings.isStopped);
      // Items that are there at once must not keep everybody else from running.
      else if (!source.isAsync && index % AWAITS_PER_STEP === AWAITS_PER_STEP - 1) yield* pause(siblings);
      if (siblings.isStopped) break;
      const item = yield* source.next();
      if (item === null) break;
      const child = begin(siblings, fn, item.value, index);
      if (child !== undefined) places.set(child, index);
    }
    isOver = true;
  } finally {
    if (!isOver) source.forsake();
  }
  yield* source.close();
}

function begin<T, R>(siblings: Siblings, fn: ItemFunction<T, R>, item: T, index: number): Future<unknown> | undefined {
  if (!isGeneratorFunction(fn)) return siblings.start(() => fn(item, index));
  try {
    return siblings.start(fn(item, index));
  } catch (error) {
    siblings.fail(error);
    return undefined;
  }
}

function* pause(siblings: Siblings): Coroutine<void> {
  let hasPassed = false;
  siblings.loop.callSoon(() => {
    hasPassed = true;
    siblings.poke();
  });
  yield* siblings.until(() => hasPassed || siblings.isStopped);
}
