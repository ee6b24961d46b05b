// ResourceGuard: tells two users of what only one may use at a time. Nobody waits: the second user is an error.

import { ArgumentTypeError, BusyResourceError } from '../base/errors.js';
import { describe } from '../kernel/coroutine.js';
import type { Task } from '../kernel/task.js';
import { currentTask } from '../tasks/create_task.js';
import type { Guard } from './guard.js';
import { showStatistics } from './inspection.js';

/** What `ResourceGuard.statistics()` gives. */
export interface ResourceGuardStatistics {
  readonly busy: boolean;
  /** The task inside; null for plain code, and for nobody. */
  readonly user: Task<unknown> | null;
}

class Use implements Guard {
  declare private readonly _guard: ResourceGuard;
  declare readonly user: Task<unknown> | null;

  constructor(guard: ResourceGuard, user: Task<unknown> | null) {
    this._guard = guard;
    this.user = user;
  }

  release(): void {
    this._guard._leave(this);
  }
  [Symbol.dispose](): void {
    this.release();
  }
}

/**
 * Finds two tasks that use one thing at the same time: `using use = guard.enter()` around each use.
 *
 * Source: anyio.ResourceGuard.
 */
export class ResourceGuard {
  readonly #action: string;
  #use: Use | null = null;

  /**
   * `action` says in the error what the user inside is doing, as in "reading from the stream".
   *
   * Throws: ArgumentTypeError unless it is a string.
   */
  constructor(action = 'using it') {
    if (typeof action !== 'string') {
      throw new ArgumentTypeError(`ResourceGuard: action is a string, not ${describe(action)}`);
    }
    this.#action = action;
  }

  /** Returns: whether somebody is inside. */
  busy(): boolean {
    return this.#use !== null;
  }

  /**
   * Begins a use.
   *
   * Returns: a guard that ends it. Throws: BusyResourceError if somebody is inside. Checkpoint: no.
   */
  enter(): Guard {
    if (this.#use !== null) {
      const user = this.#use.user?.name ?? 'somebody';
      throw new BusyResourceError(`the resource is busy: ${user} is ${this.#action}; let one task own it, or use a Lock`);
    }
    return (this.#use = new Use(this, currentTask()));
  }

  /** Returns: whether somebody is inside, and which task. */
  statistics(): ResourceGuardStatistics {
    return { busy: this.#use !== null, user: this.#use?.user ?? null };
  }

  /** @internal */
  _leave(use: Guard): void {
    if (this.#use === use) this.#use = null;
  }
}
showStatistics(ResourceGuard);
