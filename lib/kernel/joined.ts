// A wait for the end of a future that does not own it: cancelling the wait leaves the future alone, and its failure is
// not looked at.

import { Future, State } from './future.js';

export class Joined extends Future<void> {
  readonly #joined: Future<unknown>;

  constructor(joined: Future<unknown>) {
    super(joined._loop);
    this.#joined = joined;
    if (joined.done()) this._finish(undefined);
    else joined._addWaiter(this);
  }

  _wake(): void {
    // Whoever was told before it may have run an exception handler, and that one may have cancelled this wait.
    if ((this._state & State.outcome) === State.pending) this._finish(undefined);
  }

  override _undo(): void {
    this.#joined._removeWaiter(this);
  }
}
