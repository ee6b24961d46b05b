// CancelScope: a region that is cancelled as a unit. It insists: while it is cancelled, every checkpoint inside throws.
// It catches its own CancelledError, by identity, at its end, and nothing else.

import { addAbortListener } from 'node:events';
import { ArgumentRangeError, ArgumentTypeError, CancelledError, ScopeNestingError } from '../base/errors.js';
import { ExceptionGroup } from '../base/exception_group.js';
import { type CancelCause, CancelStatus } from './cancel_status.js';
import type { EventLoop } from './event_loop.js';
import { cancelOrigin } from './future.js';
import type { ScheduledCall } from './loop_core.js';
import type { Coroutine } from './coroutine.js';
import { callBody, type ScopeBody, ScopedOperation, steppingTask } from './scoped.js';
import type { Task } from './task.js';

/** Options of `new CancelScope`. */
export interface CancelScopeOptions {
  /** When it is cancelled by itself, in ms of `loop.time()`; Infinity by default. */
  readonly deadline?: number;
  /** Keep cancellations of outer scopes out. */
  readonly shield?: boolean;
}

/** @internal What `_leave` answers when nothing is to be thrown. */
export const NOTHING: unique symbol = Symbol('nothing');

/**
 * A region of code, and the tasks of groups in it, that can be cancelled together.
 *
 * Use it once: `yield* scope.run(function* (scope) { … })`, or with an async function and `await`.
 * Source: trio.CancelScope.
 */
export class CancelScope {
  /** True if this scope's own cancellation ended its body. */
  cancelledCaught = false;
  #status: CancelStatus | null = null;
  #loop: EventLoop | null = null;
  #host: Task<unknown> | null = null;
  #cause: CancelCause | null = null;
  #deadline: number;
  #shield: boolean;
  #timer: ScheduledCall | null = null;
  #hasEnded = false;
  #isDeadlineCause = false;
  #controller: AbortController | null = null;
  #source: AbortSignal | null = null;
  #sourceListener: Disposable | null = null;

  /** Throws: ArgumentTypeError, ArgumentRangeError for a NaN deadline or a shield that is not a boolean. */
  constructor({ deadline = Infinity, shield = false }: CancelScopeOptions = {}) {
    this.#deadline = checkedDeadline(deadline);
    this.#shield = checkedShield(shield);
  }

  /** A scope that an AbortSignal cancels, with the signal's reason. */
  static fromSignal(signal: AbortSignal, options?: CancelScopeOptions): CancelScope {
    if (typeof (signal as Partial<AbortSignal> | null)?.addEventListener !== 'function') {
      throw new ArgumentTypeError('CancelScope.fromSignal: an AbortSignal is needed');
    }
    const scope = new CancelScope(options);
    scope.#source = signal;
    if (signal.aborted) scope.cancel(signal.reason);
    return scope;
  }

  /** Cancels everything inside. The first reason stays. After the scope's end it only sets `cancelCalled`. */
  cancel(reason?: unknown): void {
    this._cancelFor({ reason, origin: cancelOrigin() });
  }

  /**
   * Runs `body` in this scope.
   *
   * Returns: the body's value; undefined if this scope's cancellation ended it (see `cancelledCaught`).
   * Throws: what the body throws; ScopeNestingError if the scope was entered before.
   * Checkpoint: no.
   */
  run<T>(body: ScopeBody<CancelScope, T>): ScopedOperation<T | undefined> {
    return new ScopedOperation(() => performInScope(this, body, this as CancelScope));
  }

  /** @internal */
  _cancelFor(cause: CancelCause): void {
    if (this.#cause !== null) return;
    this.#cause = cause;
    if (this.#status !== null && !this.#hasEnded) this.#status.cancel(cause);
  }

  /** Whether it was cancelled or its deadline has passed. */
  get cancelCalled(): boolean {
    if (this.#cause === null && !this.#hasEnded && this.#loop !== null) this.#checkDeadline(this.#loop);
    return this.#cause !== null;
  }

  /** @internal The error that this scope's cancellation throws. */
  _cancelledError(): CancelledError {
    const { reason, origin } = this.#cause as CancelCause;
    return new CancelledError(reason, origin, this);
  }

  /** @internal True if the deadline was what cancelled it. */
  get _isDeadlineCause(): boolean {
    return this.#isDeadlineCause;
  }

  /** When the scope is cancelled by itself, in ms of `loop.time()`. It may be changed at any time. */
  get deadline(): number {
    return this.#deadline;
  }
  set deadline(deadline: number) {
    this.#deadline = checkedDeadline(deadline);
    if (this.#status === null || this.#hasEnded) return;
    this.#status.deadline = deadline;
    this.#armDeadline();
  }

  /** Whether cancellations of outer scopes stay out. Setting it to false lets one that is pending in at once. */
  get shield(): boolean {
    return this.#shield;
  }
  set shield(shield: boolean) {
    this.#shield = checkedShield(shield);
    if (this.#status === null || this.#hasEnded) return;
    this.#status.isShielded = shield;
    this.#status.refresh();
  }

  /** An AbortSignal that is aborted when cancellation reaches this scope, before its tasks wake; not at its normal end. */
  get signal(): AbortSignal {
    if (this.#controller === null) {
      this.#controller = new AbortController();
      if (this.#status !== null && this.#status.effective !== null) this.#controller.abort(this.#status.error());
      else if (this.#cause !== null) this.#controller.abort(this._cancelledError());
    }
    return this.#controller.signal;
  }

  /** @internal */
  get _status(): CancelStatus {
    return this.#status as CancelStatus;
  }

  /** @internal */
  _becameCancelled(error: () => CancelledError): void {
    this.#controller?.abort(error());
  }

  /** @internal Makes the scope the innermost one of `task`. Throws: ScopeNestingError if it was entered before. */
  _enter(task: Task<unknown>): void {
    if (this.#status !== null) {
      throw new ScopeNestingError('a cancel scope is entered once; make a new one for each use');
    }
    this.#loop = task._loop as EventLoop;
    this.#host = task;
    const status = new CancelStatus(task._root, task._status, this);
    this.#status = status;
    status.host = task;
    status.deadline = this.#deadline;
    status.isShielded = this.#shield;
    task._enterStatus(status);
    if (this.#source !== null && !this.#source.aborted) {
      const source = this.#source;
      this.#sourceListener = addAbortListener(source, () => this.cancel(source.reason));
    }
    if (this.#cause !== null) status.cancel(this.#cause);
    else if (this.#shield) status.refresh();
    if (this.#deadline !== Infinity) this.#armDeadline();
  }

  /** @internal Ends the scope. Returns: what is to be thrown of `error`, or NOTHING. */
  _leave(error: unknown): unknown {
    const status = this._status;
    const host = this.#host as Task<unknown>;
    this.#hasEnded = true;
    this.#timer?.cancel();
    this.#sourceListener?.[Symbol.dispose]();
    const isInnermost = host._status === status;
    status.unlink();
    if (status.contains(host._status)) host._enterStatus(status.parent as CancelStatus);
    if (!isInnermost) {
      const cause = error === NOTHING ? undefined : error;
      return new ScopeNestingError('a cancel scope was left before one that was entered inside it', { cause });
    }
    return this.#filter(error, host);
  }

  #filter(error: unknown, host: Task<unknown>): unknown {
    if (error instanceof CancelledError) return error.scope === this ? this.#caught(host) : error;
    if (!(error instanceof ExceptionGroup)) return error;
    const [own, rest] = error.split((leaf) => leaf instanceof CancelledError && leaf.scope === this);
    if (own === null) return error;
    return rest ?? this.#caught(host);
  }

  // An outer scope that became cancelled meanwhile takes over: the error goes on as its own.
  #caught(host: Task<unknown>): unknown {
    if (host._status.effective !== null) return host._status.error();
    this.cancelledCaught = true;
    return NOTHING;
  }

  #armDeadline(): void {
    this.#timer?.cancel();
    this.#timer = null;
    const loop = this.#loop as EventLoop;
    if (this.#deadline === Infinity || this.#cause !== null || this.#checkDeadline(loop)) return;
    this.#timer = loop.callAt(this.#deadline, () => this.#checkDeadline(loop));
  }

  #checkDeadline(loop: EventLoop): boolean {
    if (loop.time() < this.#deadline) return false;
    if (this.#cause === null) {
      this.#isDeadlineCause = true;
      this._cancelFor({ reason: 'the deadline has passed', origin: null });
    }
    return true;
  }
}

function checkedDeadline(deadline: unknown): number {
  if (typeof deadline !== 'number') throw new ArgumentTypeError('a deadline is a number of milliseconds');
  if (Number.isNaN(deadline)) throw new ArgumentRangeError('a deadline must not be NaN');
  return deadline;
}

function checkedShield(shield: unknown): boolean {
  if (typeof shield !== 'boolean') throw new ArgumentTypeError('shield is true or false');
  return shield;
}

/** @internal Runs `body` in `scope`. Returns: the body's value, or undefined if the scope's cancellation ended it. */
export function* performInScope<A, T>(scope: CancelScope, body: ScopeBody<A, T>, argument: A): Coroutine<T | undefined> {
  const task = steppingTask('a cancel scope');
  scope._enter(task);
  let error: unknown = NOTHING;
  let rest: unknown = NOTHING;
  try {
    return yield* callBody(body, argument, task);
  } catch (thrown) {
    error = thrown;
  } finally {
    rest = scope._leave(error);
  }
  if (rest !== NOTHING) throw rest;
  return undefined;
}
