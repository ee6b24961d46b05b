// The tree that spreads cancellation. A scope (what users hold) has a status here; a task's innermost status says
// whether its next checkpoint throws. Invariant: `effective` is the outermost cancelled status that is visible from this
// one, or null; a shield ends what is visible. The tree is walked with an explicit stack, so its depth does not matter.

import { type CancelledError, type CancelOrigin } from '../base/errors.js';
import { askApart, askTogether } from './cancel_chain.js';
import { cancelledError } from './cancelled_error.js';

/** Why a status was cancelled, and by whom. */
export interface CancelCause {
  readonly reason: unknown;
  readonly origin: CancelOrigin | null;
}

/** The same, and in which scope: what the waits below are asked with. */
interface ScopeCause extends CancelCause {
  readonly scope: object | null;
}

/** What a status must know of a task to wake it. */
export interface CancellableTask {
  readonly _status: CancelStatus;
  _noteScope(): void;
  _deliverScopeCancel(): void;
}

/** What a status tells its scope. */
export interface StatusScope {
  /** When the scope is cancelled by itself, in ms of the clock of the loop; absent for never. */
  readonly _instant?: number;
  /** Cancellation has become visible in the scope; called before its tasks are woken. */
  _becameCancelled(error: () => CancelledError): void;
}

export class CancelStatus {
  declare readonly root: object;
  declare parent: CancelStatus | null;
  declare readonly scope: StatusScope | null;
  /** The outermost cancelled status that is visible from here. */
  declare effective: CancelStatus | null;
  declare cause: ScopeCause | null;
  declare isShielded: boolean;
  /** The task that runs the scope's body; null for the status at a root. */
  declare host: CancellableTask | null;
  /** Tasks that were started in this scope and belong to it. */
  declare members: Set<CancellableTask> | null;
  // Children are a list through the children themselves, because a scope comes and goes in a microsecond.
  private declare _firstChild: CancelStatus | null;
  private declare _previous: CancelStatus | null;
  private declare _next: CancelStatus | null;

  constructor(root: object, parent: CancelStatus | null, scope: StatusScope | null) {
    this.root = root;
    this.parent = parent;
    this.scope = scope;
    this.effective = parent === null ? null : parent.effective;
    this.cause = null;
    this.isShielded = false;
    this.host = null;
    this.members = null;
    this._firstChild = null;
    this._previous = null;
    this._next = null;
    if (parent !== null) this._link(parent);
  }

  private _link(parent: CancelStatus): void {
    const sibling = parent._firstChild;
    this._next = sibling;
    if (sibling !== null) sibling._previous = this;
    parent._firstChild = this;
  }

  /** Puts the status, and what is below it, under another one of the same root. */
  moveTo(parent: CancelStatus): void {
    this.unlink();
    this.parent = parent;
    this._link(parent);
    this.refresh();
  }

  /** Takes the status out of the tree. Its children, if any were left behind, keep what they see now. */
  unlink(): void {
    if (this._previous !== null) this._previous._next = this._next;
    else if (this.parent !== null && this.parent._firstChild === this) this.parent._firstChild = this._next;
    if (this._next !== null) this._next._previous = this._previous;
    this._previous = this._next = null;
  }

  /** Cancels; the first cause stays. Returns: false if it was cancelled already. */
  cancel(cause: CancelCause): boolean {
    if (this.cause !== null) return false;
    this.cause = { reason: cause.reason, origin: cause.origin, scope: this.scope };
    this.refresh();
    return true;
  }

  /** True for this status itself and those below it. */
  contains(status: CancelStatus | null): boolean {
    for (let s = status; s !== null; s = s.parent) if (s === this) return true;
    return false;
  }

  /** True if `scope` is the outermost cancelled one that is visible from here. */
  isCancelledBy(scope: object | null | undefined): boolean {
    return scope !== null && scope !== undefined && this.effective !== null && this.effective.scope === scope;
  }

  /** What the waits in here are asked with while a cancellation is visible. */
  request(): ScopeCause {
    return (this.effective as CancelStatus).cause as ScopeCause;
  }

  /** A CancelledError of one's own, in the name of the outermost cancelled scope. */
  error(): CancelledError {
    return errorOf(this.request());
  }

  /** The error of the scope around here that has made `request`, or null if none has. */
  errorFor(request: unknown): CancelledError | null {
    if (this.effective !== null && this.effective.cause === request) return this.error();
    if (this.cause === request) return errorOf(this.cause as ScopeCause);
    for (let s = this.parent; s !== null; s = s.parent) if (s.cause === request) return errorOf(s.cause as ScopeCause);
    return null;
  }

  /** Looks again at what is visible from here and below, and wakes those to whom a cancellation became visible. */
  refresh(): void {
    const woken: CancelStatus[] = [];
    const stack: CancelStatus[] = [this];
    for (let status = stack.pop(); status !== undefined; status = stack.pop()) {
      const before = status.effective;
      const outer = status.isShielded ? null : (status.parent?.effective ?? null);
      status.effective = outer ?? (status.cause === null ? null : status);
      if (status.effective === before) continue;
      status._eachTask((task) => task._noteScope());
      if (before === null) woken.push(status);
      for (let child = status._firstChild; child !== null; child = child._next) stack.push(child);
    }
    for (const status of woken) {
      // What listens to the signal of one may have put up a shield in front of the next.
      if (status.effective !== null) askApart(() => status.scope?._becameCancelled(() => status.error()));
    }
    if (woken.length === 0) return;
    askTogether(() => {
      for (const status of woken) status._wakeTasks();
    });
  }

  private _wakeTasks(): void {
    if (this.effective !== null) this._eachTask((task) => task._deliverScopeCancel());
  }

  // Those for whom this is the innermost scope.
  private _eachTask(act: (task: CancellableTask) => void): void {
    if (this.host?._status === this) act(this.host);
    if (this.members === null) return;
    for (const task of [...this.members]) if (task._status === this) act(task);
  }

  /** The earliest deadline that can reach here: -Infinity if cancelled, Infinity if there is none. */
  effectiveDeadline(): number {
    if (this.effective !== null) return -Infinity;
    let earliest = this._deadline();
    for (let s = this._visibleParent(); s !== null; s = s._visibleParent()) earliest = Math.min(earliest, s._deadline());
    return earliest;
  }

  private _deadline(): number {
    return this.scope?._instant ?? Infinity;
  }

  private _visibleParent(): CancelStatus | null {
    return this.isShielded ? null : this.parent;
  }
}

function errorOf({ reason, origin, scope }: ScopeCause): CancelledError {
  return cancelledError(reason, origin, scope);
}
