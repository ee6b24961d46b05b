// CancelScope: a region that is cancelled as a unit. It insists: while it is cancelled, every checkpoint inside throws.
// It catches its own CancelledError, by identity, at its end, and nothing else.

import { addAbortListener } from 'node:events';
import {
  ArgumentRangeError,
  ArgumentTypeError,
  CancelledError,
  type CancelOrigin,
  InvalidStateError,
  ScopeNestingError,
} from '../base/errors.js';
import { ExceptionGroup } from '../base/exception_group.js';
import { type CancelCause, CancelStatus } from './cancel_status.js';
import { current } from './current.js';
import type { EventLoop } from './event_loop.js';
import { cancelOrigin } from './future.js';
import type { ScheduledCall } from './loop_core.js';
import type { Coroutine } from './coroutine.js';
import { currentLoop } from './running.js';
import { assertBody, callBody, type ScopeBody, ScopedOperation, steppingTask } from './scoped.js';
import type { Task } from './task.js';

/** Options of `new CancelScope`. */
export interface CancelScopeOptions {
  /** When it is cancelled by itself, in ms of `loop.time()`; Infinity by default. */
  readonly deadline?: number;
  /** The same as a delay in ms that is counted from the entry; one of the two may be given. */
  readonly relativeDeadline?: number;
  /** Keep cancellations of outer scopes out. */
  readonly shield?: boolean;
}

const BY_DEADLINE: CancelOrigin = { task: null, source: 'deadline' };

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
  // Until the entry, `#deadline` may hold a delay.
  #isRelative = false;
  #controller: AbortController | null = null;
  #source: AbortSignal | null = null;
  #sourceListener: Disposable | null = null;

  /** Throws: ArgumentTypeError for a shield that is not a boolean or two deadlines; ArgumentRangeError for a NaN one. */
  constructor(options: CancelScopeOptions = {}) {
    if (typeof options !== 'object' || (options as unknown) === null) {
      throw new ArgumentTypeError('CancelScope: options are an object, such as { deadline } or { shield: true }');
    }
    const { deadline = Infinity, relativeDeadline, shield = false } = options;
    this.#deadline = checkedDeadline(deadline);
    this.#shield = checkedShield(shield);
    if (relativeDeadline === undefined) return;
    if (options.deadline !== undefined) {
      throw new ArgumentTypeError('CancelScope: give `deadline` or `relativeDeadline`, not both');
    }
    this.relativeDeadline = relativeDeadline;
  }

  /**
   * A scope that an AbortSignal cancels, with the signal's reason. It listens from its entry to its end.
   *
   * Throws: ArgumentTypeError if it is no AbortSignal; as the constructor.
   */
  static fromSignal(signal: AbortSignal, options?: CancelScopeOptions): CancelScope {
    if (typeof (signal as Partial<AbortSignal> | null)?.addEventListener !== 'function') {
      throw new ArgumentTypeError('CancelScope.fromSignal: an AbortSignal is needed');
    }
    const scope = new CancelScope(options);
    scope.#source = signal;
    scope.#look();
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
   * Throws: what the body throws; ArgumentTypeError if it is no function; ScopeNestingError if the scope was entered
   *   before, or if it ends before a scope that was entered inside it.
   * Checkpoint: no.
   */
  run<T>(body: ScopeBody<CancelScope, T>): ScopedOperation<T | undefined> {
    assertBody(body, 'scope.run');
    return new ScopedOperation(() => performInScope(this, body, this as CancelScope));
  }

  /** @internal */
  _cancelFor(cause: CancelCause): void {
    if (this.#cause !== null) return;
    this.#cause = cause;
    if (this.#status === null) this.#controller?.abort(this._cancelledError());
    else if (!this.#hasEnded) this.#status.cancel(cause);
  }

  /** Whether it was cancelled or its deadline has passed. */
  get cancelCalled(): boolean {
    this.#look();
    return this.#cause !== null;
  }

  // A deadline that has passed and a signal that was aborted count from when somebody looks.
  #look(): void {
    if (this.#cause !== null || this.#hasEnded) return;
    if (this.#source?.aborted === true) this.#cancelBySource(this.#source);
    const loop = this.#loop ?? currentLoop();
    if (loop !== null && !this.#isRelative) this.#checkDeadline(loop);
  }

  #cancelBySource(source: AbortSignal): void {
    this._cancelFor({ reason: source.reason, origin: { task: cancelOrigin()?.task ?? null, source: 'signal' } });
  }

  /** @internal The error that this scope's cancellation throws. */
  _cancelledError(): CancelledError {
    const { reason, origin } = this.#cause as CancelCause;
    return new CancelledError(reason, origin, this);
  }

  /** @internal True if the deadline was what cancelled it. */
  get _isDeadlineCause(): boolean {
    return this.#cause?.origin === BY_DEADLINE;
  }

  /**
   * When the scope is cancelled by itself, in ms of `loop.time()`. It may be changed at any time; once the scope is
   * cancelled it stays so. Reading it throws InvalidStateError as long as only a delay is known.
   */
  get deadline(): number {
    if (this.#isRelative) {
      throw new InvalidStateError('the scope has a relative deadline; when that is, is known once the scope is entered');
    }
    return this.#deadline;
  }
  set deadline(deadline: number) {
    this.#deadline = checkedDeadline(deadline);
    this.#isRelative = false;
    if (this.#status === null || this.#hasEnded) return;
    this.#status.deadline = deadline;
    this.#armDeadline();
  }

  /**
   * The deadline as a delay in ms: before the entry counted from the entry, afterwards from now. Reading it before the
   * entry of a scope whose deadline is an instant throws InvalidStateError.
   */
  get relativeDeadline(): number {
    if (this.#loop !== null) return this.#deadline - this.#loop.time();
    if (this.#isRelative || this.#deadline === Infinity) return this.#deadline;
    throw new InvalidStateError('the scope has an absolute deadline; how far off that is, is known once it is entered');
  }
  set relativeDeadline(delay: number) {
    checkedDeadline(delay);
    if (this.#loop !== null) {
      this.deadline = this.#loop.time() + delay;
      return;
    }
    this.#deadline = delay;
    this.#isRelative = true;
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
      if (this.#status === null && this.#cause !== null) this.#controller.abort(this._cancelledError());
      else if (this.#status?.effective) this.#controller.abort(this.#status.error());
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
    if (this.#isRelative) this.deadline = this.#deadline + this.#loop.time();
    const status = new CancelStatus(task._root, task._status, this);
    this.#status = status;
    status.host = task;
    status.deadline = this.#deadline;
    status.isShielded = this.#shield;
    task._enterStatus(status);
    if (this.#source !== null) this.#listen(this.#source);
    if (this.#cause !== null) status.cancel(this.#cause);
    else if (this.#shield) status.refresh();
    if (this.#controller !== null && status.effective !== null) this.#controller.abort(status.error());
    if (this.#deadline !== Infinity) this.#armDeadline();
  }

  #listen(source: AbortSignal): void {
    this.#look();
    if (!source.aborted) this.#sourceListener = addAbortListener(source, () => this.#cancelBySource(source));
  }

  /** @internal Ends the scope. Returns: what is to be thrown of `error`, or NOTHING. */
  _leave(error: unknown): unknown {
    const status = this._status;
    const host = this.#host as Task<unknown>;
    this.#hasEnded = true;
    this.#timer?.cancel();
    this.#sourceListener?.[Symbol.dispose]();
    const isInnermost = host._status === status;
    const isTooEarly = !isInnermost && status.contains(host._status);
    // What was entered inside and is left behind must not go on as if nothing had happened.
    if (isTooEarly) status.cancel({ reason: 'a scope around it has ended', origin: null });
    status.unlink();
    if (isInnermost || isTooEarly) host._enterStatus(status.parent as CancelStatus);
    const isForeign = current.task !== null && current.task !== host;
    if (isTooEarly || isForeign) return nestingError(isForeign, error);
    return error === NOTHING ? error : this.#filter(error, host);
  }

  #filter(error: unknown, host: Task<unknown>): unknown {
    if (error instanceof CancelledError) return error.scope === this ? this.#caught(host) : error;
    if (!(error instanceof ExceptionGroup)) return error;
    const [own, rest] = error.split((leaf) => leaf instanceof CancelledError && leaf.scope === this);
    if (own === null) return error;
    return rest ?? this.#caught(host);
  }

  // An outer scope that was cancelled too, and that can be seen from here, takes over: the error goes on as its own.
  // So does a request to the task itself that came while the scope was entered: a scope must not swallow it.
  #caught(host: Task<unknown>): unknown {
    const status = this._status;
    if (status.effective !== null && status.effective !== status) return status.error();
    const request = host._takeRequestWithin(status);
    if (request !== null) return request;
    this.cancelledCaught = true;
    return NOTHING;
  }

  #armDeadline(): void {
    this.#timer?.cancel();
    this.#timer = null;
    const loop = this.#loop as EventLoop;
    if (this.#deadline === Infinity || this.#cause !== null || this.#checkDeadline(loop)) return;
    this.#timer = loop.callAt(this.#deadline, () => this.#armDeadline());
  }

  #checkDeadline(loop: EventLoop): boolean {
    if (loop.time() < this.#deadline) return false;
    this._cancelFor({ reason: 'the deadline has passed', origin: BY_DEADLINE });
    return true;
  }
}

function nestingError(isForeign: boolean, error: unknown): ScopeNestingError {
  const cause = error === NOTHING ? undefined : error;
  if (!isForeign) {
    return new ScopeNestingError('a cancel scope was left before one that was entered inside it', { cause });
  }
  return new ScopeNestingError('a cancel scope was left by another task than the one that entered it', { cause });
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
  let value: T | undefined;
  try {
    value = yield* callBody(body, argument, task);
  } catch (thrown) {
    error = thrown;
  } finally {
    rest = scope._leave(error);
  }
  if (rest !== NOTHING) throw rest;
  return value;
}
