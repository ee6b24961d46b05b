// What Node's code holds of a run has to end with that run: nobody reads or writes for it afterwards. A guard is one task
// per run that waits to be cancelled; it is there only while it has something to guard.

import { NoRunningLoopError, UnsupportedError } from '../base/errors.js';
import type { Coroutine } from '../kernel/coroutine.js';
import type { EventLoop } from '../kernel/event_loop.js';
import type { Future } from '../kernel/future.js';
import type { Root } from '../kernel/root.js';
import { runningTask } from '../kernel/running.js';

/** Something that cannot go on without its run. */
export interface Guarded {
  /** @internal The run is over. */
  _runEnded(error: Error): void;
}

export class RunGuard {
  readonly #loop: EventLoop;
  readonly #root: Root;
  readonly #members = new Set<Guarded>();
  #isEmpty: Future<void> | null = null;

  constructor(loop: EventLoop, root: Root) {
    this.#loop = loop;
    this.#root = root;
  }

  add(member: Guarded): void {
    this.#members.add(member);
    if (this.#isEmpty !== null) return;
    this.#isEmpty = this.#loop.createFuture<void>();
    // Eager: a task that is cancelled before its first step would run none of its `finally`.
    const options = { name: 'streams of Node', eager: true };
    const task = this.#loop._makeTask(this.#wait(this.#isEmpty), options, this.#root._base);
    task._addWaiter({ _wake: () => undefined, _looks: true });
  }

  delete(member: Guarded): void {
    if (!this.#members.delete(member) || this.#members.size > 0) return;
    const isEmpty = this.#isEmpty;
    this.#isEmpty = null;
    if (isEmpty?.done() === false) isEmpty.setResult(undefined);
  }

  *#wait(isEmpty: Future<void>): Coroutine<void> {
    try {
      yield* isEmpty;
    } finally {
      if (isEmpty.cancelled()) this.#end();
    }
  }

  #end(): void {
    this.#isEmpty = null;
    const error = new NoRunningLoopError('the run that this stream belongs to is over; let it last as long as its streams');
    const members = [...this.#members];
    this.#members.clear();
    for (const member of members) member._runEnded(error);
  }
}

const guards = new WeakMap<Root, RunGuard>();

/**
 * Throws: NoRunningLoopError if no run is live; UnsupportedError where the loop owns the thread, so that Node's streams
 *   stand still.
 */
export function assertNodeRuns(loop: EventLoop, call: string): void {
  if (loop._liveRuns > 0) return;
  if (!loop._isAttended()) {
    throw new NoRunningLoopError(`${call}: no run is live on this thread; Node's streams need one as long as they live`);
  }
  throw new UnsupportedError(`${call}: Node's streams stand still while this loop owns the thread; use run(…)`);
}

/** Returns: the guard of the running task's run, or of the loop's last one. Throws: as `assertNodeRuns`. */
export function guardOfRun(loop: EventLoop, call: string): RunGuard {
  assertNodeRuns(loop, call);
  const task = runningTask();
  const root = task !== null && task._loop === loop ? task._root : loop._orphans;
  let guard = guards.get(root);
  if (guard === undefined) {
    guard = new RunGuard(loop, root);
    guards.set(root, guard);
  }
  return guard;
}
