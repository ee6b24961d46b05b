// gather: fan out, fan in. Its siblings go on after a failure, as in asyncio; `all` is the structured one.

import { ArgumentTypeError, CancelledError } from '../base/errors.js';
import { assertOptions } from '../kernel/arguments.js';
import { cancelledError } from '../kernel/cancelled_error.js';
import { describe } from '../kernel/coroutine.js';
import { type CancelRequest, Future, State, type Waiter } from '../kernel/future.js';
import type { LoopCore } from '../kernel/loop_core.js';
import { getRunningLoop } from '../kernel/running.js';
import { toFuture, type Waitable, type WaitableValue } from './ensure_future.js';
import { type Listener, tell } from './relay.js';
import { readGiven, type WaitableValues } from './waitables.js';

/** Options of `gather`. */
export interface GatherOptions {
  /** Put failures and cancellations among the results instead of failing. */
  readonly returnExceptions?: boolean;
}

type ResultsOrErrors<A> = { -readonly [K in keyof A]: WaitableValue<A[K]> | Error };

// Stays with a child of gatherings that have failed: its own failure, which they drop, is not one that nobody looked at.
const SEES: Waiter = {
  _looks: true,
  _wake(child: Future<unknown>): void {
    if ((child._state & State.outcome) !== State.finished) child._look();
  },
};

class Gathering extends Future<unknown> implements Waiter, Listener {
  readonly #children: Future<unknown>[];
  readonly #keys: readonly string[] | null;
  readonly #returnExceptions: boolean;
  #left = 0;
  #request: CancelRequest | null = null;

  constructor(loop: LoopCore, children: Future<unknown>[], keys: readonly string[] | null, returnExceptions: boolean) {
    super(loop);
    this.#children = children;
    this.#keys = keys;
    this.#returnExceptions = returnExceptions;
    for (const child of children) {
      if (child.done()) continue;
      this.#left++;
      child._addWaiter(this);
    }
    for (const child of children) if (child.done()) this.#account(child);
    if (this.#left === 0) this.#finishAll();
  }

  get _looks(): boolean {
    return true;
  }

  _wake(child: Future<unknown>): void {
    this.#left--;
    // Most children only count; what may complete the gathering goes through the relay, because gatherings nest.
    if (this.#left > 0 && (child._state & State.outcome) === State.finished) return;
    tell(this, child);
  }

  _told(child: Future<unknown>): void {
    this.#account(child);
    if (this.#left === 0) this.#finishAll();
  }

  #account(child: Future<unknown>): void {
    if ((child._state & State.outcome) === State.finished) return;
    child._look();
    if (this.done()) this.#reportLate(child);
    else if (!this.#returnExceptions) {
      // Asked to cancel, a child that fails in its cleaning up still has something to say.
      this.#failBy(this.#request === null || !child.cancelled() ? child._takeError() : this.#ownCancel());
    }
  }

  // A cancellation is no failure that somebody would have to be told about.
  #failBy(error: Error): void {
    if (error instanceof CancelledError) this._state |= State.looked;
    this._fail(error);
    // In debug mode it stays, to tell of the later ones.
    if (!this._loop._debug) for (const child of this.#children) if (!child.done()) this.#leave(child);
  }

  // A child may outlive many gatherings that have failed: one listener does for all of them.
  #leave(child: Future<unknown>): void {
    child._removeWaiters((waiter) => waiter === this || waiter === SEES);
    child._addWaiter(SEES);
  }

  #finishAll(): void {
    if (this.done()) return;
    if (this.#request !== null) {
      this.#failBy(this.#ownCancel());
      return;
    }
    const results = this.#children.map((child) =>
      (child._state & State.outcome) === State.finished ? child._value : child._takeError(),
    );
    this._finish(this.#keys === null ? results : Object.fromEntries(this.#keys.map((key, i) => [key, results[i]])));
  }

  // Somebody else has failed first, and the awaiter has that error. In debug mode the later ones are told as well.
  #reportLate(child: Future<unknown>): void {
    if (!this._loop._debug || child.cancelled()) return;
    this._loop.callExceptionHandler({
      message: 'a sibling failed after its gather had failed already',
      exception: child._takeError(),
      future: child,
    });
  }

  // The children are asked; the gathering is over when they are. Those of gatherings in it are asked from here, in order,
  // so that the depth of what gathers what costs no stack.
  override _cancelBy(request: CancelRequest): boolean {
    if (this.done()) return false;
    let accepted = false;
    const asked = new Set<Future<unknown>>();
    const toAsk: Future<unknown>[] = [this];
    for (let next = toAsk.pop(); next !== undefined; next = toAsk.pop()) {
      if (asked.has(next)) continue;
      asked.add(next);
      if (!(next instanceof Gathering)) accepted = next._cancelBy(request) || accepted;
      else if (!next.done()) {
        next.#request ??= request;
        for (let i = next.#children.length - 1; i >= 0; i--) toAsk.push(next.#children[i] as Future<unknown>);
      }
    }
    if (!accepted) this.#request = null;
    return accepted;
  }

  override get _cancelRequest(): unknown {
    return this.#request;
  }

  #ownCancel(): CancelledError {
    const { reason, origin } = this.#request as CancelRequest;
    return cancelledError(reason, origin);
  }
}

/**
 * Runs everything concurrently and gives the results in the order of the arguments.
 *
 * Takes futures, tasks, coroutines, promises and functions returning either; as arguments, as an array, or as a record.
 * Throws: the first failure, at once, while the siblings go on (their later failures are dropped); ArgumentTypeError.
 * Checkpoint: only if something is pending. Cancel: every unfinished child is cancelled; the wait is over
 *   when the first of them has ended, with `returnExceptions` when all have.
 * Source: asyncio.gather.
 */
export function gather<const A extends readonly Waitable[]>(
  items: A,
  options: { readonly returnExceptions: true },
): Future<ResultsOrErrors<A>>;
export function gather<const A extends readonly Waitable[]>(items: A, options?: GatherOptions): Future<WaitableValues<A>>;
export function gather<A extends readonly Waitable[]>(...items: A): Future<WaitableValues<A>>;
export function gather<R extends Readonly<Record<string, Waitable>>>(
  items: R,
  options: { readonly returnExceptions: true },
): Future<ResultsOrErrors<R>>;
export function gather<R extends Readonly<Record<string, Waitable>>>(
  items: R,
  options?: GatherOptions,
): Future<WaitableValues<R>>;
export function gather(...args: unknown[]): Future<unknown> {
  const { items, keys, options: given } = readGiven(args, 'gather');
  const options = readOptions(given);
  const loop = getRunningLoop();
  // The same awaitable given twice is one child, with its result at both places.
  const known = new Map<unknown, Future<unknown>>();
  const children = items.map((item) => {
    const child = known.get(item) ?? toFuture(item, 'gather');
    // A function is not an awaitable but a way to make one, so each time it is given is a call of its own.
    if (typeof item !== 'function') known.set(item, child);
    return child;
  });
  return new Gathering(loop, children, keys, options.returnExceptions === true);
}

function readOptions(options: unknown): GatherOptions {
  assertOptions(options, 'gather', ['returnExceptions']);
  const { returnExceptions } = options as { returnExceptions?: unknown };
  if (returnExceptions !== undefined && typeof returnExceptions !== 'boolean') {
    throw new ArgumentTypeError(`gather: returnExceptions is true or false, not ${describe(returnExceptions)}`);
  }
  return options as GatherOptions;
}
