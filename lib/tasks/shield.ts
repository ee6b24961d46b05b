// shield: a wait that can be cancelled without cancelling what it waits for.

import { CancelledError } from '../base/errors.js';
import { Future, State, type Waiter } from '../kernel/future.js';
import { toFuture, type Waitable, type WaitableValue } from './ensure_future.js';

// After a cancellation it stays among the inner future's waiters, so that a failure that nobody else sees is told.
class Shield extends Future<unknown> implements Waiter {
  constructor(inner: Future<unknown>) {
    super(inner._loop);
    inner._addWaiter(this);
  }

  get _looks(): boolean {
    return true;
  }

  _wake(inner: Future<unknown>): void {
    const outcome = (inner._state & State.outcome) as State;
    if (outcome !== State.finished) inner._look();
    if (!this.done()) {
      if (outcome === State.failed) this._fail(inner._value as Error);
      else this._complete(outcome, inner._value);
    } else if (outcome === State.failed && !(inner._value instanceof CancelledError)) {
      this._loop.callExceptionHandler({
        message: 'a shielded future failed after its waiter was cancelled',
        exception: inner._value,
        future: inner,
      });
    }
  }
}

/**
 * Waits for something without owning it: cancelling the wait leaves it running.
 *
 * Returns: a future of the same outcome; the very argument if it is a future that is done.
 * Throws: as `ensureFuture`.
 * Checkpoint: only if it is pending. Cancel: only the wait; the inner task goes on, up to the end of its run.
 * Source: asyncio.shield (3.14).
 */
export function shield<A extends Waitable>(waitable: A): Future<WaitableValue<A>> {
  const inner = toFuture(waitable, 'shield');
  return (inner.done() ? inner : new Shield(inner)) as Future<WaitableValue<A>>;
}
