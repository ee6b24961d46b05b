// The line in which children of a group with a limit wait until they may begin, in the order of their creation. Who waits
// has not run a line; a cancellation takes it out of the line, and it ends without running one.
// Invariant: while somebody waits, at least `limit` children run.

import type { EventLoop } from '../kernel/event_loop.js';
import { type CancelRequest, Future } from '../kernel/future.js';
import type { Task } from '../kernel/task.js';

// What a child waits for: a link of the line.
class Place extends Future<void> {
  declare readonly child: Task<unknown>;
  declare before: Place | null;
  declare after: Place | null;
  declare private readonly _line: GroupLine;

  constructor(child: Task<unknown>, line: GroupLine) {
    super(child._loop);
    this.child = child;
    this.before = null;
    this.after = null;
    this._line = line;
  }

  // The child is woken only to end: it sees the request before its first line.
  override _cancelBy(request: CancelRequest): boolean {
    this._line.leave(this);
    this.child._remember(request);
    this.child._wake();
    return true;
  }

  // The child is closed by force.
  override _removeWaiter(): void {
    this._line.leave(this);
  }
}

/** @internal */
export class GroupLine {
  readonly #limit: number;
  // Those that have left the line, also to end at once.
  #running = 0;
  #first: Place | null = null;
  #last: Place | null = null;

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Lets a child begin, or wait for its turn. */
  begin(child: Task<unknown>, eager: boolean): void {
    if (this.#running < this.#limit) {
      this.#running++;
      (child._loop as EventLoop)._begin(child, eager);
      return;
    }
    const place = new Place(child, this);
    child._waiting = place;
    place.before = this.#last;
    if (this.#last === null) this.#first = place;
    else this.#last.after = place;
    this.#last = place;
    if (child._status.effective !== null) child._deliverScopeCancel();
  }

  /** One of those that had begun has ended. */
  ended(): void {
    this.#running--;
    while (this.#first !== null && this.#running < this.#limit) {
      const { child } = this.#first;
      this.leave(this.#first);
      child._wake();
    }
  }

  /** Takes a child out of the line; it counts as one that runs until it has ended. */
  leave(place: Place): void {
    place.child._waiting = null;
    if (place.before === null) this.#first = place.after;
    else place.before.after = place.after;
    if (place.after === null) this.#last = place.before;
    else place.after.before = place.before;
    this.#running++;
  }
}
