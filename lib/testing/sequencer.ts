// Sequencer: parts of several tasks in an order that the test chooses, whatever order they come in.
// Invariant: the parts below `#next` have ended or run; a part is begun only when all before it have ended.

import { ArgumentRangeError, BrokenResourceError, InvalidStateError } from '../base/errors.js';
import { cancelCheck } from '../kernel/cancel_check.js';
import type { Coroutine } from '../kernel/coroutine.js';
import type { Future } from '../kernel/future.js';
import { getRunningLoop } from '../kernel/running.js';
import { assertBody, callBody, type ScopeBody, ScopedOperation, steppingTask } from '../kernel/scoped.js';

/**
 * Lets parts of several tasks run one after another, by their numbers: 0 first, then 1, and so on.
 *
 * Example: `yield* sequencer.part(1, function* () { … })`, with `part(0, …)` in another task.
 * Source: trio.testing.Sequencer.
 */
export class Sequencer {
  readonly #claimed = new Set<number>();
  readonly #waiting = new Map<number, Future<void>>();
  #next = 0;
  #isRunning = false;
  #isBroken = false;

  /**
   * Runs `body` once every part with a lower number has ended, whether by a value or an error.
   *
   * Returns: the body's value.
   * Throws: what the body throws; InvalidStateError for a number that was given before; BrokenResourceError if a part
   *   with a lower number was cancelled while it waited, so that its turn never comes; ArgumentRangeError unless
   *   `position` is a whole number from 0 on; ArgumentTypeError if `body` is no function.
   * Checkpoint: only if it must wait. Cancel: while it waits, all later parts are broken; after that it is the body's.
   */
  part<T>(position: number, body: ScopeBody<void, T>): ScopedOperation<T> {
    assertBody(body, 'part');
    if (!Number.isInteger(position) || position < 0) {
      throw new ArgumentRangeError(`part: a position is a whole number from 0 on, not ${position}`);
    }
    return new ScopedOperation(() => this.#perform(position, body));
  }

  *#perform<T>(position: number, body: ScopeBody<void, T>): Coroutine<T> {
    if (this.#claimed.has(position)) {
      throw new InvalidStateError(`part ${position} was given before; each number is for one part`);
    }
    this.#claimed.add(position);
    yield* this.#awaitTurn(position);
    this.#isRunning = true;
    try {
      return yield* callBody(body, undefined, steppingTask('part'));
    } finally {
      this.#isRunning = false;
      this.#next++;
      this.#waiting.get(this.#next)?._finish(undefined);
    }
  }

  *#awaitTurn(position: number): Coroutine<void> {
    let hasCome = false;
    try {
      cancelCheck();
      if (!this.#isBroken && (position !== this.#next || this.#isRunning)) {
        const turn = getRunningLoop().createFuture<void>();
        this.#waiting.set(position, turn);
        yield* turn;
      }
      hasCome = !this.#isBroken || position <= this.#next;
    } finally {
      this.#waiting.delete(position);
      if (!hasCome) this.#break();
    }
    if (this.#isBroken) throw new BrokenResourceError(`part ${position}: one before it was cancelled while it waited`);
  }

  #break(): void {
    this.#isBroken = true;
    for (const turn of [...this.#waiting.values()]) if (!turn.done()) turn._finish(undefined);
  }
}
