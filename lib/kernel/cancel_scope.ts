// CancelScope: a region that is cancelled as a unit. It insists: while it is cancelled, every checkpoint inside throws.
// It catches its own CancelledError, by identity, at its end, and nothing else.

import { addAbortListener } from 'node:events';
import {
  ArgumentTypeError,
  CancelledError,
  type CancelOrigin,
  InvalidStateError,
  ScopeNestingError,
} from '../base/errors.js';
import { ExceptionGroup } from '../base/exception_group.js';
import { Kind } from '../engine/abi.js';
import { assertOptions } from './arguments.js';
import { type CancelCause, CancelStatus } from './cancel_status.js';
import { cancelledError } from './cancelled_error.js';
import { noteCreation } from './creation_site.js';
import { current } from './current.js';
import { everDebugged } from './debug_warning.js';
import type { EventLoop } from './event_loop.js';
import { cancelOrigin } from './future.js';
import { retireScopes } from './left_open.js';
import { currentLoop } from './running.js';
import { NOTHING, ScopeOperation } from './scope_operation.js';
import { checkedDeadline, checkedShield, isStackOverflow, nestingError } from './scope_checks.js';
import { assertBody, type ScopeBody, type ScopedOperation } from './scoped.js';
import { noteCancelled, noteLeft, noteLooked } from './swallowed.js';
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

// What few scopes have: their own signal, and the one that they follow.
interface Signals {
  controller: AbortController | null;
  source: AbortSignal | null;
  listener: Disposable | null;
}

const NO_TIMER = -1;

/**
 * A region of code, and the tasks of groups in it, that can be cancelled together.
 *
 * Use it once: `yield* scope.run(function* (scope) { … })`, or with an async function and `await`.
 * Source: trio.CancelScope.
 */
export class CancelScope {
  // `declare` and plain assignments: a scope comes and goes in the time of a few awaits.
  /** True if this scope's own cancellation ended its body. */
  declare cancelledCaught: boolean;
  private declare _ownStatus: CancelStatus | null;
  private declare _loop: EventLoop | null;
  private declare _host: Task<unknown> | null;
  private declare _cause: CancelCause | null;
  // An instant, or until the entry a delay; null for none (a number's own box would cost an allocation).
  private declare _deadline: number | null;
  private declare _isRelative: boolean;
  private declare _isShielded: boolean;
  // The slot of the armed deadline.
  private declare _timer: number;
  private declare _hasEnded: boolean;
  private declare _signals: Signals | null;

  /** Throws: ArgumentTypeError for a shield that is not a boolean or two deadlines; ArgumentRangeError for a NaN one. */
  constructor(options?: CancelScopeOptions) {
    this.cancelledCaught = false;
    this._ownStatus = null;
    this._loop = null;
    this._host = null;
    this._cause = null;
    this._deadline = null;
    this._isRelative = false;
    this._isShielded = false;
    this._timer = NO_TIMER;
    this._hasEnded = false;
    this._signals = null;
    if (options !== undefined) this._take(options);
  }

  private _take(options: CancelScopeOptions): void {
    assertOptions(options, 'CancelScope', ['deadline', 'relativeDeadline', 'shield']);
    const { deadline, relativeDeadline, shield } = options;
    if (shield !== undefined) this._isShielded = checkedShield(shield);
    if (deadline !== undefined) this._deadline = checkedDeadline(deadline);
    if (relativeDeadline === undefined) return;
    if (deadline !== undefined) {
      throw new ArgumentTypeError('CancelScope: give `deadline` or `relativeDeadline`, not both');
    }
    this.relativeDeadline = relativeDeadline;
  }

  /** @internal */
  get _instant(): number {
    return this._deadline ?? Infinity;
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
    scope._ownSignals().source = signal;
    scope._look();
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
    return new RunInScope(this, body);
  }

  /** @internal */
  _cancelFor(cause: CancelCause): void {
    if (this._cause !== null) return;
    this._cause = cause;
    if (everDebugged.yes && (this._loop ?? currentLoop())?._debug === true) noteCancelled(this);
    if (this._ownStatus === null) this._signals?.controller?.abort(this._cancelledError());
    else if (!this._hasEnded) this._ownStatus.cancel(cause);
  }

  /** Whether it was cancelled or its deadline has passed. */
  get cancelCalled(): boolean {
    this._look();
    if (this._host?._loop._debug === true) noteLooked(this._host, this);
    return this._cause !== null;
  }

  // A deadline that has passed and a signal that was aborted count from when somebody looks.
  private _look(): void {
    if (this._cause !== null || this._hasEnded) return;
    const source = this._signals?.source;
    if (source?.aborted === true) this._cancelBySource(source);
    const loop = this._loop ?? currentLoop();
    if (loop !== null && !this._isRelative) this._checkDeadline(loop);
  }

  private _cancelBySource(source: AbortSignal): void {
    this._cancelFor({ reason: source.reason, origin: { task: cancelOrigin()?.task ?? null, source: 'signal' } });
  }

  /** @internal The error that this scope's cancellation throws. */
  _cancelledError(): CancelledError {
    const { reason, origin } = this._cause as CancelCause;
    return cancelledError(reason, origin, this);
  }

  /** @internal True if the deadline was what cancelled it. */
  get _isDeadlineCause(): boolean {
    return this._cause?.origin === BY_DEADLINE;
  }

  /**
   * When the scope is cancelled by itself, in ms of `loop.time()`. It may be changed at any time; once the scope is
   * cancelled it stays so. Reading it throws InvalidStateError as long as only a delay is known.
   */
  get deadline(): number {
    if (this._isRelative) {
      throw new InvalidStateError('the scope has a relative deadline; when that is, is known once the scope is entered');
    }
    return this._instant;
  }
  set deadline(deadline: number) {
    this._deadline = checkedDeadline(deadline);
    this._isRelative = false;
    if (this._ownStatus === null || this._hasEnded) return;
    this._armDeadline(this._loop as EventLoop);
  }

  /**
   * The deadline as a delay in ms: before the entry counted from the entry, afterwards from now. Reading it before the
   * entry of a scope whose deadline is an instant throws InvalidStateError.
   */
  get relativeDeadline(): number {
    if (this._loop !== null) return this._instant - this._loop.time();
    if (this._isRelative || this._instant === Infinity) return this._instant;
    throw new InvalidStateError('the scope has an absolute deadline; how far off that is, is known once it is entered');
  }
  set relativeDeadline(delay: number) {
    checkedDeadline(delay);
    if (this._loop !== null) {
      this.deadline = this._loop.time() + delay;
      return;
    }
    this._deadline = delay;
    this._isRelative = true;
  }

  /** Whether cancellations of outer scopes stay out. Setting it to false lets one that is pending in at once. */
  get shield(): boolean {
    return this._isShielded;
  }
  set shield(shield: boolean) {
    this._isShielded = checkedShield(shield);
    if (this._ownStatus === null || this._hasEnded) return;
    this._ownStatus.isShielded = shield;
    this._ownStatus.refresh();
  }

  /** An AbortSignal that is aborted when cancellation reaches this scope, before its tasks wake; not at its normal end. */
  get signal(): AbortSignal {
    const signals = this._ownSignals();
    if (signals.controller === null) {
      signals.controller = new AbortController();
      if (this._ownStatus === null && this._cause !== null) signals.controller.abort(this._cancelledError());
      else if (this._ownStatus?.effective) signals.controller.abort(this._ownStatus.error());
    }
    return signals.controller.signal;
  }

  private _ownSignals(): Signals {
    return (this._signals ??= { controller: null, source: null, listener: null });
  }

  /** @internal */
  get _status(): CancelStatus {
    return this._ownStatus as CancelStatus;
  }

  /** @internal */
  _becameCancelled(error: () => CancelledError): void {
    this._signals?.controller?.abort(error());
  }

  /** @internal Makes the scope the innermost one of `task`. Throws: ScopeNestingError if it was entered before. */
  _enter(task: Task<unknown>): void {
    if (this._ownStatus !== null) {
      throw new ScopeNestingError('a cancel scope is entered once; make a new one for each use');
    }
    const loop = task._loop as EventLoop;
    const status = new CancelStatus(task._root, task._status, this);
    this._loop = loop;
    this._host = task;
    this._ownStatus = status;
    status.host = task;
    status.isShielded = this._isShielded;
    task._enterStatus(status);
    if (loop._debug) noteCreation(status);
    if (this._signals !== null) this._bindSignals(this._signals, status);
    if (this._cause !== null) status.cancel(this._cause);
    else if (this._isShielded) status.refresh();
    if (this._deadline === null) return;
    if (this._isRelative) this._armDelay(loop);
    else this._armDeadline(loop);
  }

  private _bindSignals(signals: Signals, status: CancelStatus): void {
    const { source, controller } = signals;
    this._look();
    if (source?.aborted === false) signals.listener = addAbortListener(source, () => this._cancelBySource(source));
    if (controller !== null && status.effective !== null) controller.abort(status.error());
  }

  /** @internal Ends the scope. Returns: what is to be thrown of `error`, or NOTHING. */
  _leave(error: unknown): unknown {
    const status = this._status;
    const host = this._host as Task<unknown>;
    this._retire();
    const isInnermost = host._status === status;
    const isTooEarly = !isInnermost && status.contains(host._status);
    // What was entered inside and is left behind must not go on as if nothing had happened.
    if (isTooEarly) {
      status.cancel({ reason: 'a scope around it has ended', origin: null });
      retireScopes(host._status, status);
    }
    status.unlink();
    if (isInnermost || isTooEarly) host._enterStatus(status.parent as CancelStatus);
    const isForeign = current.task !== null && current.task !== host && current.task._nominal !== host._nominal;
    // Where the stack ran out, a scope inside may not have been left: that is not the user's doing.
    if (isTooEarly && isStackOverflow(error)) return error;
    if (isTooEarly || isForeign) return nestingError(isForeign, error === NOTHING ? undefined : error);
    const rest = error === NOTHING ? error : this._filter(error, host);
    return host._loop._debug ? noteLeft(host, this, error === NOTHING, rest) : rest;
  }

  /** @internal Its task has ended inside, so that nobody comes back to leave it. */
  _abandon(): void {
    this._cancelFor({ reason: 'its task has ended without leaving it', origin: null });
    this._leave(NOTHING);
  }

  /** @internal Of a scope that is over nothing stays armed. */
  _retire(): void {
    this._hasEnded = true;
    if (this._timer !== NO_TIMER) this._disarm(this._loop as EventLoop);
    this._signals?.listener?.[Symbol.dispose]();
  }

  private _filter(error: unknown, host: Task<unknown>): unknown {
    if (error instanceof CancelledError) return error.scope === this ? this._caught(host) : error;
    if (!(error instanceof ExceptionGroup) || !error._holdsCancelled) return error;
    const [own, rest] = error.split((leaf) => leaf instanceof CancelledError && leaf.scope === this);
    if (own === null) return error;
    return rest ?? this._caught(host);
  }

  // An outer scope that was cancelled too, and that can be seen from here, takes over: the error goes on as its own.
  // So does a request to the task itself that came while the scope was entered: a scope must not swallow it.
  private _caught(host: Task<unknown>): unknown {
    const status = this._status;
    if (status.effective !== null && status.effective !== status) return status.error();
    const request = host._takeRequestWithin(status);
    if (request !== null) return request;
    this.cancelledCaught = true;
    return NOTHING;
  }

  // One call into the engine, which reads the clock too.
  private _armDelay(loop: EventLoop): void {
    const delay = this._instant;
    if (delay <= 0 || delay === Infinity) {
      this.deadline = delay + loop.time();
      return;
    }
    this._isRelative = false;
    this._timer = loop._allocate(this);
    loop._engine.arm(this._timer, loop._word(this._timer, Kind.timer), delay);
    this._deadline = loop._engine.lastDeadline();
  }

  private _armDeadline(loop: EventLoop): void {
    if (this._timer !== NO_TIMER) this._disarm(loop);
    if (this._instant === Infinity || this._cause !== null || this._checkDeadline(loop)) return;
    this._timer = loop._allocate(this);
    loop._engine.armAt(this._timer, loop._word(this._timer, Kind.timer), this._instant);
  }

  private _disarm(loop: EventLoop): void {
    loop._engine.disarm(this._timer);
    loop._release(this._timer);
    this._timer = NO_TIMER;
  }

  /** @internal The timer of the deadline is due. */
  _deliver(): void {
    const loop = this._loop as EventLoop;
    current.task = null;
    loop._release(this._timer);
    this._timer = NO_TIMER;
    this._armDeadline(loop);
  }

  private _checkDeadline(loop: EventLoop): boolean {
    if (this._deadline === null || loop.time() < this._deadline) return false;
    this._cancelFor({ reason: 'the deadline has passed', origin: BY_DEADLINE });
    return true;
  }
}

class RunInScope<T> extends ScopeOperation<CancelScope, T, T | undefined> {
  private declare readonly _given: CancelScope;

  constructor(scope: CancelScope, body: ScopeBody<CancelScope, T>) {
    super(body);
    this._given = scope;
  }

  override _open(): CancelScope {
    return this._given;
  }

  override _result(_scope: CancelScope, value: T | undefined): T | undefined {
    return value;
  }

  override _copy(): RunInScope<T> {
    return new RunInScope(this._given, this._body);
  }
}
