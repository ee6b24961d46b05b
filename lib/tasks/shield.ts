// shield: a wait that can be cancelled without cancelling what it waits for.

import { CancelledError } from '../base/errors.js';
import { type CancelRequest, Future, State, type Waiter } from '../kernel/future.js';
import { toFuture, type Waitable, type WaitableValue } from './ensure_future.js';
import { type Listener, tell } from './relay.js';

class Shield extends Future<unknown> implements Waiter, Listener {
  readonly #inner: Future<unknown>;

  constructor(inner: Future<unknown>) {
    super(inner._loop);
    this.#inner = inner;
    inner._addWaiter(this);
  }

  get _looks(): boolean {
    return true;
  }

  _wake(inner: Future<unknown>): void {
    tell(this, inner);
  }

  _told(inner: Future<unknown>): void {
    if (this.done()) return;
    const outcome = (inner._state & State.outcome) as State;
    if (outcome !== State.finished) inner._look();
    if (outcome === State.failed) this._fail(inner._value as Error);
    else this._complete(outcome, inner._value);
  }

  // What is inside may be done, and this be told in a moment: its outcome came before the request.
  override _cancelBy(request: CancelRequest): boolean {
    if (this.#inner.done()) this._told(this.#inner);
    return super._cancelBy(request);
  }

  // One witness does for all cancelled shields of a future, however many there were.
  override _undo(): void {
    this.#inner._removeWaiters((waiter) => waiter === this || waiter instanceof LateWitness);
    this.#inner._addWaiter(new LateWitness());
  }
}

// Takes the place of a cancelled shield, so that a failure that nobody else sees is told.
class LateWitness implements Waiter {
  get _looks(): boolean {
    return true;
  }

  _wake(inner: Future<unknown>): void {
    if ((inner._state & State.outcome) !== State.failed || inner._value instanceof CancelledError) return;
    inner._look();
    inner._loop.callExceptionHandler({
      message: 'a shielded future failed after its waiter was cancelled',
      exception: inner._value,
      future: inner,
    });
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
