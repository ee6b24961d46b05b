// The tree that spreads cancellation. A scope (what users hold) has a status here; a task's innermost status says
// whether its next checkpoint throws. Invariant: `effective` is the outermost cancelled status that is visible from this
// one, or null; a shield ends what is visible. The tree is walked with an explicit stack, so its depth does not matter.

import { CancelledError, type CancelOrigin } from '../base/errors.js';

/** Why a status was cancelled, and by whom. */
export interface CancelCause {
  readonly reason: unknown;
  readonly origin: CancelOrigin | null;
}

/** What a status must know of a task to wake it. */
export interface CancellableTask {
  readonly _status: CancelStatus;
  _noteScope(): void;
  _deliverScopeCancel(): void;
}

/** What a status tells its scope. */
export interface StatusScope {
  /** Cancellation has become visible in the scope; called before its tasks are woken. */
  _becameCancelled(error: () => CancelledError): void;
}

export class CancelStatus {
  readonly root: object;
  parent: CancelStatus | null;
  readonly scope: StatusScope | null;
  /** The outermost cancelled status that is visible from here. */
  effective: CancelStatus | null;
  cause: CancelCause | null = null;
  isShielded = false;
  /** When this scope is cancelled by itself, in ms of the loop's clock. */
  deadline = Infinity;
  /** The task that runs the scope's body; null for the status at a root. */
  host: CancellableTask | null = null;
  /** Tasks that were started in this scope and belong to it. */
  members: Set<CancellableTask> | null = null;
  // Children are a list through the children themselves, because a scope comes and goes in a microsecond.
  #firstChild: CancelStatus | null = null;
  #previous: CancelStatus | null = null;
  #next: CancelStatus | null = null;

  constructor(root: object, parent: CancelStatus | null, scope: StatusScope | null) {
    this.root = root;
    this.parent = parent;
    this.scope = scope;
    this.effective = parent?.effective ?? null;
    if (parent !== null) this.#link(parent);
  }

  #link(parent: CancelStatus): void {
    const sibling = parent.#firstChild;
    this.#next = sibling;
    if (sibling !== null) sibling.#previous = this;
    parent.#firstChild = this;
  }

  /** Puts the status, and what is below it, under another one of the same root. */
  moveTo(parent: CancelStatus): void {
    this.unlink();
    this.parent = parent;
    this.#link(parent);
    this.refresh();
  }

  /** Takes the status out of the tree. Its children, if any were left behind, keep what they see now. */
  unlink(): void {
    if (this.#previous !== null) this.#previous.#next = this.#next;
    else if (this.parent !== null && this.parent.#firstChild === this) this.parent.#firstChild = this.#next;
    if (this.#next !== null) this.#next.#previous = this.#previous;
    this.#previous = this.#next = null;
  }

  /** Cancels; the first cause stays. Returns: false if it was cancelled already. */
  cancel(cause: CancelCause): boolean {
    if (this.cause !== null) return false;
    this.cause = cause;
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

  /** A CancelledError of one's own, in the name of the outermost cancelled scope. */
  error(): CancelledError {
    const by = this.effective as CancelStatus;
    const { reason, origin } = by.cause as CancelCause;
    return new CancelledError(reason, origin, by.scope);
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
      status.#eachTask((task) => task._noteScope());
      if (before === null) woken.push(status);
      for (let child = status.#firstChild; child !== null; child = child.#next) stack.push(child);
    }
    for (const status of woken) status.scope?._becameCancelled(() => status.error());
    for (const status of woken) status.#wakeTasks();
  }

  #wakeTasks(): void {
    if (this.effective !== null) this.#eachTask((task) => task._deliverScopeCancel());
  }

  // Those for whom this is the innermost scope.
  #eachTask(act: (task: CancellableTask) => void): void {
    if (this.host?._status === this) act(this.host);
    if (this.members === null) return;
    for (const task of [...this.members]) if (task._status === this) act(task);
  }

  /** The earliest deadline that can reach here: -Infinity if cancelled, Infinity if there is none. */
  effectiveDeadline(): number {
    if (this.effective !== null) return -Infinity;
    let earliest = this.deadline;
    for (let s = this.#visibleParent(); s !== null; s = s.#visibleParent()) earliest = Math.min(earliest, s.deadline);
    return earliest;
  }

  #visibleParent(): CancelStatus | null {
    return this.isShielded ? null : this.parent;
  }
}
