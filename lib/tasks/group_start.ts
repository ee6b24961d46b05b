// Starting a child and waiting until it says that it is ready. Until then it stands in a scope of its own inside the scope
// of whoever called `start()`, so it is cancelled with its caller and its failure is the caller's. When it says that it
// has started, that scope is moved under the group, with everything that the child has opened in it.

import { InvalidStateError } from '../base/errors.js';
import { CancelStatus } from '../kernel/cancel_status.js';
import { type CancelRequest, Future, State } from '../kernel/future.js';
import type { LoopCore } from '../kernel/loop_core.js';
import type { Task } from '../kernel/task.js';

/** What the start of a child must know of its group. */
interface StartGroup {
  /** The child belongs to the group from now on. Returns: where it stands there. */
  _adopt(child: Task<unknown>, isDaemon: boolean): CancelStatus;
  /** A child of the group has ended. */
  _childEnded(child: Task<unknown>): void;
  /** A child has ended before it was the group's. */
  _startEnded(isDaemon: boolean): void;
}

/** @internal The wait of `group.start()`. */
export class Starting<V> extends Future<V> {
  /** Where the child stands. */
  readonly status: CancelStatus;
  readonly #group: StartGroup;
  readonly #isDaemon: boolean;
  #child: Task<unknown> | null = null;
  #request: CancelRequest | null = null;
  #answer: { readonly value: V } | null = null;
  #isMoved = false;

  constructor(loop: LoopCore, group: StartGroup, root: object, callerStatus: CancelStatus, isDaemon: boolean) {
    super(loop);
    this.#group = group;
    this.#isDaemon = isDaemon;
    this.status = new CancelStatus(root, callerStatus, this);
    this.status.members = new Set();
  }

  override get _binds(): boolean {
    return true;
  }
  get _looks(): boolean {
    return true;
  }

  /** Its scope's cancellation has no signal to abort. */
  _becameCancelled(): void {}

  watch(child: Task<unknown>): void {
    this.#child = child;
    this.status.members?.add(child);
    child._addWaiter(this);
  }

  started(value: V): void {
    const name = this.#child?.name;
    if (this.#answer !== null) throw new InvalidStateError(`${name} has called status.started() before; call it once`);
    if (this.#child === null || this.#child.done()) {
      throw new InvalidStateError(`${name} has ended; status.started() is called by a child that is running`);
    }
    this.#answer = { value };
    // Its caller is cancelled and will not get the value, so the child ends with the caller.
    if (this.status.effective !== null) return;
    this.#isMoved = true;
    this.status.moveTo(this.#group._adopt(this.#child, this.#isDaemon));
    this._finish(value);
  }

  // The child is cancelled; the wait is over when it has ended.
  override _cancelBy(request: CancelRequest): boolean {
    if (this.done()) return false;
    this.#request ??= request;
    this.status.cancel({ reason: request.reason, origin: request.origin });
    return true;
  }

  /** The child has ended. */
  _wake(): void {
    const child = this.#child as Task<unknown>;
    this.status.unlink();
    if (this.#isMoved) {
      this.#group._childEnded(child);
      return;
    }
    this.#settleBy(child);
    this.#group._startEnded(this.#isDaemon);
  }

  #settleBy(child: Task<unknown>): void {
    const outcome = child._state & State.outcome;
    if (outcome === State.failed) this._fail(child._takeError());
    else if (this.#request !== null) this._complete(State.cancelled, this.#request);
    else if (outcome === State.cancelled) this._complete(State.cancelled, child._takeError());
    else if (this.#answer !== null) this._finish(this.#answer.value);
    else this._fail(new InvalidStateError(`${child.name} has ended without calling status.started(…)`));
  }
}

/**
 * What `group.start(fn)` gives to `fn`, to say that it is ready.
 *
 * Source: trio.TaskStatus.
 */
export class TaskStatus<V> {
  readonly #starting: Starting<V>;

  /** @internal */
  constructor(starting: Starting<V>) {
    this.#starting = starting;
  }

  /**
   * Ends the wait of `start()` with `value`; the child is the group's from now on. If the caller of `start()` is cancelled
   * already, the child stays with it and is cancelled at its next checkpoint.
   *
   * Throws: InvalidStateError if it was called before, or the child has ended. Checkpoint: no.
   */
  started(value: V): void {
    this.#starting.started(value);
  }
}
