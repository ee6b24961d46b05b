// wait: until some or all of a set of futures are done. It raises nothing of theirs and cancels nothing.

import { ArgumentRangeError, ArgumentTypeError, WrongLoopError } from '../base/errors.js';
import { describe } from '../kernel/coroutine.js';
import { assertInstant, assertOptions } from '../kernel/arguments.js';
import type { EventLoop } from '../kernel/event_loop.js';
import { Future, State, type Waiter } from '../kernel/future.js';
import type { ScheduledCall } from '../kernel/loop_core.js';
import { getRunningLoop } from '../kernel/running.js';
import { expectAwait } from '../kernel/unawaited.js';
import { type Listener, tell } from './relay.js';

/** When `wait` is over. A cancelled future does not count as an exception. */
export type ReturnWhen = 'FIRST_COMPLETED' | 'FIRST_EXCEPTION' | 'ALL_COMPLETED';

const CHOICES: readonly string[] = ['FIRST_COMPLETED', 'FIRST_EXCEPTION', 'ALL_COMPLETED'] satisfies ReturnWhen[];

/** Options of `wait`. */
export interface WaitOptions {
  /** Milliseconds after which `wait` returns with what is done by then; 0 lets what is ready run one round. */
  readonly timeout?: number;
  /** `'ALL_COMPLETED'` by default. */
  readonly returnWhen?: ReturnWhen;
}

/** The two halves of what was waited for, in the order given. */
export interface WaitResult<F> {
  readonly done: Set<F>;
  readonly pending: Set<F>;
}

class WaitFuture<F extends Future<unknown>> extends Future<WaitResult<F>> implements Waiter, Listener {
  readonly #futures: Set<F>;
  readonly #returnWhen: ReturnWhen;
  #left = 0;
  readonly #timer: ScheduledCall | null = null;

  constructor(loop: EventLoop, futures: Set<F>, { timeout, returnWhen = 'ALL_COMPLETED' }: WaitOptions) {
    super(loop);
    this.#futures = futures;
    this.#returnWhen = returnWhen;
    let isOver = false;
    for (const future of futures) {
      if (future.done()) isOver = this.#endsBy(future) || isOver;
      else this.#left++;
    }
    if (isOver || this.#left === 0) {
      this.#end();
      return;
    }
    for (const future of futures) if (!future.done()) future._addWaiter(this);
    if (timeout !== undefined) this.#timer = loop.callLater(timeout, () => this.#end());
  }

  _wake(future: Future<unknown>): void {
    tell(this, future);
  }

  _told(future: Future<unknown>): void {
    this.#left--;
    if (this.done()) return;
    if (this.#left === 0 || this.#endsBy(future)) this.#end();
  }

  #endsBy(future: Future<unknown>): boolean {
    if (this.#returnWhen === 'FIRST_COMPLETED') return true;
    return this.#returnWhen === 'FIRST_EXCEPTION' && (future._state & State.outcome) === State.failed;
  }

  // The halves are told apart when the waiter asks, so that what was done meanwhile counts as done.
  override _take(): WaitResult<F> {
    if ((this._state & State.outcome) === State.finished) this._value = this.#split();
    return super._take();
  }
  override next(): ReturnType<Future<WaitResult<F>>['next']> {
    if ((this._state & State.outcome) === State.finished) this._value = this.#split();
    return super.next();
  }

  #split(): WaitResult<F> {
    const all = [...this.#futures];
    return { done: new Set(all.filter((f) => f.done())), pending: new Set(all.filter((f) => !f.done())) };
  }

  #end(): void {
    this._undo();
    this._finish(undefined);
  }

  override _undo(): void {
    this.#timer?.cancel();
    for (const future of this.#futures) future._removeWaiter(this);
  }
}

/**
 * Waits for futures or tasks.
 *
 * Returns: `{ done, pending }`. Their failures are not thrown and not looked at; nothing is cancelled.
 * Throws: ArgumentRangeError for an empty set or an unknown `returnWhen`; ArgumentTypeError for coroutines and anything
 *   that is not a future, and for a single future instead of several; WrongLoopError for a future of another loop.
 * Checkpoint: only if it must wait. Cancel: the futures are left alone.
 * Source: asyncio.wait.
 */
export function wait<F extends Future<unknown>>(futures: Iterable<F>, options: WaitOptions = {}): Future<WaitResult<F>> {
  if (futures instanceof Future || typeof (futures as Partial<Iterable<F>> | null)?.[Symbol.iterator] !== 'function') {
    throw new ArgumentTypeError('wait: a collection of futures is needed, as in wait([a, b])');
  }
  const set = new Set(futures);
  if (set.size === 0) throw new ArgumentRangeError('wait: there is nothing to wait for');
  const loop = getRunningLoop();
  for (const future of set) {
    if (!(future instanceof Future)) {
      throw new ArgumentTypeError(`wait: ${describe(future)} is not a future; make a task of a coroutine first`);
    }
    if (future._loop !== loop) throw new WrongLoopError('wait: a future of another loop was given');
  }
  assertOptions(options, 'wait', ['timeout', 'returnWhen']);
  const { timeout, returnWhen } = options;
  if (timeout !== undefined) assertInstant(timeout, 'wait');
  if (returnWhen !== undefined && !CHOICES.includes(returnWhen)) {
    throw new ArgumentRangeError(`wait: returnWhen is one of ${CHOICES.join(', ')}, not ${String(returnWhen)}`);
  }
  return expectAwait(new WaitFuture(loop, set, options), 'wait()');
}
