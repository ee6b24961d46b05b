// asCompleted: the tasks themselves, in the order in which they are done.

import { ArgumentTypeError, ClosedResourceError, TimeoutError } from '../base/errors.js';
import type { Operation, Suspension } from '../kernel/coroutine.js';
import { assertInstant, assertOptions } from '../kernel/arguments.js';
import type { EventLoop } from '../kernel/event_loop.js';
import { Future } from '../kernel/future.js';
import type { LoopCore, ScheduledCall } from '../kernel/loop_core.js';
import { getRunningLoop } from '../kernel/running.js';
import { toFuture, type Waitable, type WaitableValue } from './ensure_future.js';
import { assertWaitable } from './waitables.js';

/** Options of `asCompleted`. */
export interface AsCompletedOptions {
  /** Milliseconds after which every item throws TimeoutError that was not done in time; nothing is cancelled. */
  readonly timeout?: number;
}

// One waiter for the next completion. `wrap` is how the completed future is given: promises unwrap thenables, so an
// async iterator gets it inside an iterator result.
class NextFuture<F, R> extends Future<R> {
  readonly #owner: Completions<F & Future<unknown>>;
  readonly #wrap: (future: F) => R;
  constructor(loop: LoopCore, owner: Completions<F & Future<unknown>>, wrap: (future: F) => R) {
    super(loop);
    this.#owner = owner;
    this.#wrap = wrap;
  }
  give(future: F): void {
    this._finish(this.#wrap(future));
  }
  override _undo(): void {
    this.#owner._forget(this);
  }
}

/** A future to the compiler, but no thenable: `for await` would take its type for that of its result. */
export type Completed<F> = F & { readonly then: never };

/** Futures in completion order; iterate it with `for … of` and `yield*` each item, or with `for await`. */
export class Completions<F extends Future<unknown>> implements Iterable<Operation<F>>, AsyncIterable<Completed<F>> {
  readonly #loop: EventLoop;
  readonly #implicit: Future<unknown>[];
  readonly #pending: Set<F>;
  // Those from #given on are still to be given.
  readonly #done: F[];
  #given = 0;
  readonly #waiters: NextFuture<F, unknown>[] = [];
  readonly #timer: ScheduledCall | null = null;
  #toHandOut: number;
  #isTimedOut = false;
  #isClosed = false;

  /** @internal */
  constructor(loop: EventLoop, futures: Set<F>, implicit: Future<unknown>[], timeout: number | undefined) {
    this.#loop = loop;
    this.#implicit = implicit;
    this.#pending = new Set([...futures].filter((future) => !future.done()));
    this.#toHandOut = futures.size;
    this.#done = [...futures].filter((future) => future.done());
    for (const future of this.#pending) future._addWaiter(this);
    if (timeout !== undefined && this.#pending.size > 0) this.#timer = loop.callLater(timeout, () => this.#timeOut());
  }

  /** @internal */
  _wake(source: Future<unknown>): void {
    const future = source as F;
    // It was closed by what was told before it of the same end.
    if (!this.#pending.delete(future)) return;
    if (this.#pending.size === 0) this.#timer?.cancel();
    const waiter = this.#waiters.shift();
    if (waiter === undefined) this.#done.push(future);
    else waiter.give(future);
  }

  /** @internal */
  _forget(waiter: object): void {
    // Its place in the iteration is free again, or the last completion would never be given.
    this.#toHandOut++;
    void this.#waiters.splice(this.#waiters.indexOf(waiter as NextFuture<F, unknown>), 1);
  }

  /** @internal The next completion, whichever item asks first. */
  _next<R>(wrap: (future: F) => R): Future<R> {
    const next = new NextFuture<F, R>(this.#loop, this, wrap);
    if (this.#given < this.#done.length) next.give(this.#done[this.#given++] as F);
    else if (this.#isClosed) next._fail(closed());
    else if (this.#isTimedOut) next._fail(timedOut());
    else this.#waiters.push(next);
    return next;
  }

  #timeOut(): void {
    this.#isTimedOut = true;
    this.#leave();
    for (const waiter of this.#waiters.splice(0)) waiter._fail(timedOut());
  }

  // What is done from now on is given to nobody.
  #leave(): void {
    for (const future of this.#pending) future._removeWaiter(this);
    this.#pending.clear();
  }

  /** Gives as many items as are left; leaving the loop early keeps the rest for another one. */
  *[Symbol.iterator](): Generator<Operation<F>, void, unknown> {
    while (this.#toHandOut > 0) {
      this.#toHandOut--;
      yield new Item(this);
    }
  }

  [Symbol.asyncIterator](): AsyncIterator<Completed<F>, void, unknown> {
    return {
      next: async () => {
        if (this.#toHandOut === 0) return { done: true, value: undefined };
        this.#toHandOut--;
        return this._next((value) => ({ done: false, value: value as Completed<F> }) as const);
      },
    };
  }

  /**
   * Cancels the tasks that were made for coroutines given; what was given as a future is left alone. There are no further
   * items, and one that is waited for throws ClosedResourceError.
   */
  close(): void {
    this.#isClosed = true;
    this.#toHandOut = 0;
    this.#timer?.cancel();
    this.#leave();
    for (const waiter of this.#waiters.splice(0)) waiter._fail(closed());
    for (const task of this.#implicit) task.cancel('asCompleted was closed');
  }
  [Symbol.dispose](): void {
    this.close();
  }
}

function closed(): ClosedResourceError {
  return new ClosedResourceError('asCompleted: it was closed before the next one was done');
}

function timedOut(): TimeoutError {
  return new TimeoutError('asCompleted: the timeout passed before the next one was done');
}

// Asks for its completion when it is first awaited, so that items are served in the order of awaiting.
// `await` gives the result rather than the future, because a promise that is resolved with a thenable unwraps it.
class Item<F extends Future<unknown>> implements Operation<F> {
  readonly #owner: Completions<F>;
  #next: Future<F> | null = null;
  /** @internal */
  get _isOperation(): boolean {
    return true;
  }
  constructor(owner: Completions<F>) {
    this.#owner = owner;
  }
  [Symbol.iterator](): Iterator<Suspension, F, unknown> {
    return this.#future()[Symbol.iterator]();
  }
  then<R, E = never>(
    onFulfilled?: ((value: Awaited<F>) => R | PromiseLike<R>) | null,
    onRejected?: ((reason: unknown) => E | PromiseLike<E>) | null,
  ): Promise<R | E> {
    return this.#future()._toPromise().then(onFulfilled as (value: F) => R, onRejected);
  }
  #future(): Future<F> {
    this.#next ??= this.#owner._next((future) => future);
    return this.#next;
  }
}

/**
 * Gives futures in the order in which they are done.
 *
 * Coroutines: `for (const next of asCompleted(list)) { const task = yield* next; … }`. Async functions:
 * `for await (const task of asCompleted(list))`. Each task given is done: ask it for `result()`.
 * For coroutines, tasks are made.
 * Throws: ArgumentTypeError for a single awaitable or something that is not iterable; each item throws TimeoutError
 *   after the timeout.
 * Checkpoint: an item only if nothing is done. Cancel: the wait for an item; the tasks go on. `close()` (or disposal)
 *   cancels the tasks that were made here.
 * Source: asyncio.as_completed (3.13).
 */
export function asCompleted<A extends Waitable>(
  waitables: Iterable<A>,
  options: AsCompletedOptions = {},
): Completions<Future<WaitableValue<A>>> {
  assertOptions(options, 'asCompleted', ['timeout']);
  const { timeout } = options;
  const isObject = typeof waitables === 'object' && (waitables as object | null) !== null;
  if (!isObject || !(Symbol.iterator in waitables) || waitables instanceof Future || 'next' in waitables) {
    throw new ArgumentTypeError('asCompleted: a collection of awaitables is needed, as in asCompleted([a, b])');
  }
  if (timeout !== undefined) assertInstant(timeout, 'asCompleted');
  const loop = getRunningLoop();
  const given = [...new Set(waitables)];
  // Before any is started, which nobody would wait for then.
  for (const waitable of given) assertWaitable(waitable, 'asCompleted');
  const futures = given.map((waitable) => toFuture(waitable, 'asCompleted') as Future<WaitableValue<A>>);
  const implicit = futures.filter((future, i) => (given[i] as unknown) !== future);
  return new Completions(loop, new Set(futures), implicit, timeout);
}
