// Root: the family of tasks that one run owns. When its main task ends, the root cancels what is left, in creation
// order, and waits for it, in rounds until nothing is left. Tasks that refuse to end are asked again and again after
// the shutdown timeout, and abandoned (closed by force and reported) when that does not help either.

import type { AsyncResource } from 'node:async_hooks';
import type { CancelOrigin } from '../base/errors.js';
import { ExceptionGroup } from '../base/exception_group.js';
import { CancelStatus } from './cancel_status.js';
import { State } from './future.js';
import { endScopesOf } from './left_open.js';
import type { LoopCore, ScheduledCall } from './loop_core.js';
import { noteEnded } from './swallowed.js';
import { forgiveUnawaited } from './unawaited.js';
import type { FailureOwner, OpenReport } from './unhandled.js';

/** Rounds of cancelling what the round before it left behind, before tasks are abandoned. */
export const SHUTDOWN_ROUNDS = 100;

const SHUTDOWN: CancelOrigin = { task: null, source: 'shutdown' };

/** What a root must know of a task. */
export interface RootedTask {
  readonly _id: number;
  readonly name: string;
  readonly _nominal: { readonly name: string };
  readonly _status: CancelStatus;
  readonly _state: number;
  readonly _loop: { readonly _debug: boolean };
  _cancelBy(request: { readonly reason: unknown; readonly origin: CancelOrigin | null }): boolean;
  _abandon(): void;
}

/** The loop as a root sees it. */
export interface RootLoop extends LoopCore {
  _tasksOf(root: Root): RootedTask[];
  callLater(ms: number, fn: () => unknown): ScheduledCall;
}

/** What a run has opened, and what is closed with it if it is still open then. */
export interface Opened {
  /** @internal The tasks of its run have ended. */
  _closeWithRun(): void;
}

export interface RootOptions {
  /** Milliseconds after which leftover tasks are cancelled at each of their waits. */
  readonly shutdownTimeout?: number | undefined;
  /** Collect unseen failures instead of reporting them. */
  readonly collectUnhandled?: boolean;
  /** One async resource for all tasks, or undefined for one per task. */
  readonly sharedResource?: AsyncResource | null | undefined;
}

export class Root implements FailureOwner {
  readonly openReports = new Set<OpenReport>();
  /** @internal undefined: each task captures the stores of its own creation. */
  readonly _sharedResource: AsyncResource | null | undefined;

  /** @internal Streams and sockets that are open. They close after all tasks, which may still need them to end. */
  readonly _opened = new Set<Opened>();

  /** @internal Where tasks of this root stand that are in no scope. */
  readonly _base = new CancelStatus(this, null, null);

  /** @internal */
  readonly shutdownTimeout: number | undefined;
  readonly #loop: RootLoop;
  readonly #unhandled: Error[] | null;
  #live = 0;
  #rounds = 0;
  #leftInRound = new Set<RootedTask>();
  #onQuiet: (() => void) | null = null;
  #timer: ScheduledCall | null = null;

  constructor(loop: RootLoop, options: RootOptions = {}) {
    this.#loop = loop;
    this.shutdownTimeout = options.shutdownTimeout;
    this.#unhandled = options.collectUnhandled === true ? [] : null;
    this._sharedResource = options.sharedResource;
  }

  /** Unfinished tasks. */
  get live(): number {
    return this.#live;
  }

  /** The collected failures as one error, or null. */
  get unhandledError(): Error | null {
    const errors = this.#unhandled ?? [];
    if (errors.length < 2) return errors[0] ?? null;
    return new ExceptionGroup(errors, 'several tasks failed and nobody looked');
  }

  /** @internal */
  _taskBegan(): void {
    this.#live++;
  }

  /** @internal */
  _taskEnded(task: RootedTask): void {
    this.#live--;
    if ((task._status.host as unknown) === task) endScopesOf(task);
    if (task._loop._debug) noteEnd(task);
    if (this.#onQuiet === null) return;
    this.#leftInRound.delete(task);
    if (this.#leftInRound.size === 0) this.#nextRound();
  }

  reportFailure(message: string, exception: Error, future: object | undefined): void {
    if (this.#unhandled !== null) this.#unhandled.push(exception);
    else this.#loop.callExceptionHandler({ message, exception, ...(future === undefined ? {} : { future }) });
  }

  /** Cancels what is left and calls `onQuiet` once nothing is; at once if nothing is left now. */
  close(onQuiet: () => void, shutdownTimeout = this.shutdownTimeout): void {
    this.#onQuiet = onQuiet;
    this.#rounds = 0;
    if (this.#live > 0 && shutdownTimeout !== undefined) {
      this.#timer = this.#loop.callLater(shutdownTimeout, () => this.#insist(0));
    }
    this.#nextRound();
  }

  #nextRound(): void {
    if (this.#live === 0) {
      this.#finish();
      return;
    }
    const tasks = this.#leftovers();
    if (this.#rounds++ >= SHUTDOWN_ROUNDS) {
      // Not from here: a task's step may be on the stack, and closing a coroutine may end tasks, which comes back here.
      this.#insistLater(SHUTDOWN_ROUNDS);
      return;
    }
    this.#leftInRound = new Set(tasks);
    for (const task of tasks) task._cancelBy({ reason: 'the run is over', origin: SHUTDOWN });
  }

  #insistLater(attempt: number): void {
    this.#timer?.cancel();
    this.#timer = this.#loop.callSoon(() => this.#insist(attempt));
  }

  // Level cancellation for those that outlived the timeout: asked again each tick, then abandoned. Those that tasks make
  // while they are being closed by force, round after round, are left where they are in the end.
  #insist(attempt: number): void {
    const tasks = this.#leftovers();
    const reason = 'the run is over, and its shutdown timeout has passed';
    for (const task of tasks) {
      if (attempt < SHUTDOWN_ROUNDS) task._cancelBy({ reason, origin: SHUTDOWN });
      else task._abandon();
    }
    if (this.#onQuiet === null) return;
    if (attempt < 2 * SHUTDOWN_ROUNDS) this.#insistLater(attempt + 1);
    else this.#finish();
  }

  #leftovers(): RootedTask[] {
    return this.#loop._tasksOf(this).sort((a, b) => a._id - b._id);
  }

  #finish(): void {
    const onQuiet = this.#onQuiet as () => void;
    this.#onQuiet = null;
    this.#timer?.cancel();
    this._settle();
    onQuiet();
  }

  /** @internal No task is left: closes what is open, and tells what nobody looked at. */
  _settle(): void {
    for (const opened of [...this._opened]) opened._closeWithRun();
    this._opened.clear();
    for (const report of [...this.openReports]) report.deliver();
  }
}

function noteEnd(task: RootedTask): void {
  const hasValue = (task._state & State.outcome) === State.finished;
  noteEnded(task, hasValue);
  if (!hasValue) forgiveUnawaited(task);
}
