// The wait of a task for the children that it owns, in a group or a combinator. A request to cancel does not end it: it
// reaches the children, and their end ends it.

import { type CancelRequest, Future } from '../kernel/future.js';
import type { LoopCore } from '../kernel/loop_core.js';

interface Owner {
  /** The task that waits is asked to end. */
  _askedBy(request: CancelRequest): void;
}

/** @internal */
export class JointWait extends Future<void> {
  readonly #owner: Owner;

  constructor(loop: LoopCore, owner: Owner) {
    super(loop);
    this.#owner = owner;
  }

  override get _binds(): boolean {
    return true;
  }
  override get _ears(): object {
    return this.#owner;
  }
  override _waitsFor(): ReturnType<Future<void>['_waitsFor']> {
    return { what: 'children', by: [] };
  }

  override _cancelBy(request: CancelRequest): boolean {
    if (this.done()) return false;
    this.#owner._askedBy(request);
    return true;
  }
}
