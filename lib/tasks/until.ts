// Promises enter here.

import { ArgumentTypeError, asError, AsyncFunctionRefusedError, CancelledError } from '../base/errors.js';
import { askApart } from '../kernel/cancel_chain.js';
import { describe, isThenable } from '../kernel/coroutine.js';
import { assertInstant, assertOptions } from '../kernel/arguments.js';
import type { EventLoop } from '../kernel/event_loop.js';
import { type CancelRequest, Future, State } from '../kernel/future.js';
import type { ScheduledCall } from '../kernel/loop_core.js';
import { getRunningLoop } from '../kernel/running.js';
import { expectAwait } from '../kernel/unawaited.js';

/** Options of `until`. */
export interface UntilOptions {
  /** Called when the wait is cancelled; the promise itself goes on. */
  readonly onCancel?: (reason: unknown) => void;
}

class PromiseFuture<T> extends Future<T> {
  readonly #onCancel: ((reason: unknown) => void) | undefined;

  override _waitsFor(): ReturnType<Future<T>['_waitsFor']> {
    return { what: 'a promise', by: [] };
  }

  constructor(loop: EventLoop, promise: PromiseLike<T>, onCancel: ((reason: unknown) => void) | undefined) {
    super(loop);
    this.#onCancel = onCancel;
    // Not `done()`: in debug mode that would pass for a use of the future.
    promise.then(
      (value) => {
        if ((this._state & State.outcome) === State.pending) this._finish(value);
      },
      // After a cancellation nobody waits for the promise any more, and this handler keeps its failure quiet.
      (error: unknown) => {
        if ((this._state & State.outcome) === State.pending) this._fail(asError(error));
      },
    );
  }

  override _cancelBy(request: CancelRequest): boolean {
    if (!super._cancelBy(request)) return false;
    try {
      askApart(() => this.#onCancel?.(request.reason));
    } catch (exception) {
      this._loop.callExceptionHandler({ message: "until's onCancel threw", exception, future: this });
    }
    return true;
  }
}

/**
 * Waits for a promise.
 *
 * Returns: a future of its outcome; what it rejects with is wrapped in NonErrorThrown unless it is an Error.
 * Throws: ArgumentTypeError if it is no promise; NoRunningLoopError outside a run; AsyncFunctionRefusedError where the
 *   loop owns the thread and microtasks cannot be run.
 * Checkpoint: yes. Cancel: the wait is detached and `onCancel` called; the promise goes on and is ignored.
 */
export function until<T>(promise: PromiseLike<T>, options: UntilOptions = {}): Future<T> {
  assertOptions(options, 'until', ['onCancel']);
  const { onCancel } = options;
  if (!isThenable(promise)) throw new ArgumentTypeError(`until: a promise is needed, not ${describe(promise)}`);
  if (onCancel !== undefined && typeof onCancel !== 'function') {
    throw new ArgumentTypeError(`until: onCancel is a function, not ${describe(onCancel)}`);
  }
  return expectAwait(new PromiseFuture(loopForPromises('until'), promise, onCancel), 'until()');
}

/** Options of `untilSignal`. */
export interface UntilSignalOptions {
  /** Milliseconds after an abort during which the promise may still settle; Infinity by default. */
  readonly graceMs?: number;
}

class AbortableFuture<T> extends Future<T> {
  readonly #controller = new AbortController();
  readonly #graceMs: number;
  #request: CancelRequest | null = null;
  #grace: ScheduledCall | null = null;

  override _waitsFor(): ReturnType<Future<T>['_waitsFor']> {
    return { what: 'a promise', by: [] };
  }

  constructor(loop: EventLoop, start: (signal: AbortSignal) => PromiseLike<T>, graceMs: number) {
    super(loop);
    this.#graceMs = graceMs;
    const promise: unknown = start(this.#controller.signal);
    if (!isThenable(promise)) {
      throw new ArgumentTypeError(`untilSignal: the function must return a promise, not ${describe(promise)}`);
    }
    (promise as PromiseLike<T>).then(
      (value) => {
        this.#grace?.cancel();
        if (!this.done()) this._finish(value);
      },
      (error: unknown) => this.#rejected(error),
    );
  }

  // Asked to stop: it is over when the promise says so, and a value that it still gives is not lost.
  override _cancelBy(request: CancelRequest): boolean {
    if (this.done()) return false;
    if (this.#request !== null) return true;
    this.#request = request;
    const { reason, origin } = request;
    askApart(() => this.#controller.abort(new CancelledError(reason, origin)));
    // Something like a promise may have settled while it was told.
    if (this.#graceMs === Infinity || this.done()) return true;
    this.#grace = (this._loop as EventLoop).callLater(this.#graceMs, () => this.#giveUp());
    return true;
  }

  #rejected(error: unknown): void {
    this.#grace?.cancel();
    if (this.done()) return;
    if (this.#request !== null && this.#isOurAbort(error)) this._complete(State.cancelled, this.#request);
    else this._fail(asError(error));
  }

  #giveUp(): void {
    if (!this.done()) this._complete(State.cancelled, this.#request);
  }

  #isOurAbort(error: unknown): boolean {
    return error === this.#controller.signal.reason || (error as { name?: unknown } | null)?.name === 'AbortError';
  }
}

/**
 * Calls `start(signal)` and waits for the promise it returns.
 *
 * Throws: what `start` throws; NoRunningLoopError outside a run; AsyncFunctionRefusedError as `until`.
 * Checkpoint: yes. Cancel: the signal is aborted with our CancelledError, and the wait ends when the promise has
 *   settled (or after `graceMs`): with CancelledError, or with a value that it still gave.
 */
export function untilSignal<T>(
  start: (signal: AbortSignal) => PromiseLike<T>,
  options: UntilSignalOptions = {},
): Future<T> {
  assertOptions(options, 'untilSignal', ['graceMs']);
  const { graceMs = Infinity } = options;
  if (typeof start !== 'function') {
    throw new ArgumentTypeError(`untilSignal: a function of a signal is needed, not ${describe(start)}`);
  }
  assertInstant(graceMs, 'untilSignal: graceMs');
  return new AbortableFuture(loopForPromises('untilSignal'), start, graceMs);
}

function loopForPromises(call: string): EventLoop {
  const loop = getRunningLoop();
  if (!loop._hasMicrotasks) {
    throw new AsyncFunctionRefusedError(
      `${call}: promises cannot settle while this loop owns the thread here; use run(…) instead of runBlocking(…)`,
    );
  }
  return loop;
}
