// How a request to cancel goes from a task to what it waits for. It walks down from task to task with a list instead of
// the stack: what it reaches through combinators and async functions is asked after the present one, so that the depth of
// what awaits what does not matter. A request asks a task once, or tasks that await each other would be asked for ever;
// so does a scope, or a chain of tasks that are all in it would be walked down from each of them.

import type { CancelledError } from '../base/errors.js';
import { ReactionSet } from './async_bridge.js';
import { type CancelRequest, Future, type Waiter } from './future.js';
import { noteRequested } from './swallowed.js';

/** What a request must know of a task. */
export interface AskedTask {
  readonly name: string;
  readonly _nominal: { readonly name: string };
  readonly _loop: { readonly _debug: boolean };
  _waiting: unknown;
  done(): boolean;
  _noteRequest(request: CancelRequest): void;
  _remember(request: CancelRequest): void;
  _wake(): void;
}

/** A cancelled scope, to what it undoes. */
interface Region {
  request(): CancelRequest;
  error(): CancelledError;
}

let isAsking = false;
const toAsk: (AskedTask | CancelRequest)[] = [];
// The chain in which each task was asked, by number.
const askedIn = new Map<AskedTask, number>();
let lastChain = 0;
// Scopes that are asking: one that is cancelled by what another one calls asks within that one.
let regions = 0;

/** Calls `ask`, in which a task is asked once, however many of those that are asked wait for it. */
export function askTogether(ask: () => void): void {
  regions++;
  try {
    ask();
  } finally {
    if (--regions === 0 && !isAsking) askedIn.clear();
  }
}

/** Asks a task, and if it waits on another task, that one, and so on down. */
export function askDown(task: AskedTask, request: CancelRequest): void {
  toAsk.push(task, request);
  if (isAsking) return;
  isAsking = true;
  try {
    for (let i = 0; i < toAsk.length; i += 2) askChain(toAsk[i] as AskedTask, toAsk[i + 1] as CancelRequest);
  } finally {
    isAsking = false;
    toAsk.length = 0;
    if (regions === 0) askedIn.clear();
  }
}

function askChain(first: AskedTask, request: CancelRequest): void {
  const chain = ++lastChain;
  let task = first;
  for (;;) {
    const earlier = askedIn.get(task);
    if (earlier === chain) return leaveRing(task, request);
    task._noteRequest(request);
    if (task._loop._debug) noteRequested(task, request);
    if (earlier !== undefined) return;
    askedIn.set(task, chain);
    const waiting = task._waiting;
    if (!isTask(waiting) || waiting.done()) {
      if (!reachWait(waiting, request)) task._remember(request);
      return;
    }
    task = waiting;
  }
}

// A ring of tasks that await each other has no wait below it that could be cancelled, so one of them is resumed.
function leaveRing(task: AskedTask, request: CancelRequest): void {
  (task._waiting as Future<unknown>)._removeWaiter(task);
  task._waiting = null;
  task._remember(request);
  task._wake();
}

/** Returns: whether the request reached a wait, or an earlier one already did. */
export function reachWait(waiting: unknown, request: CancelRequest): boolean {
  if (waiting instanceof ReactionSet) return waiting.cancelAll(request);
  if (!(waiting instanceof Future)) return false;
  return waiting.done() ? waiting.cancelled() : waiting._cancelBy(request);
}

/** Takes a task off what it waits for, which will not resume it any more. Returns: what that was. */
export function leaveWaits(waiting: unknown, task: Waiter): Future<unknown>[] {
  if (waiting instanceof ReactionSet) return waiting.leaveAll() as Future<unknown>[];
  if (!(waiting instanceof Future)) return [];
  waiting._removeWaiter(task);
  return [waiting];
}

/** Undoes waits that nobody will come back for; a bare future is none, it is its maker's to complete. */
export function undoWaits(waits: readonly Future<unknown>[]): void {
  for (const wait of waits) if (wait.constructor !== Future) wait._cancelBy({ reason: 'abandoned', origin: null });
}

/**
 * Undoes a wait for a scope. Returns: the error with which the waiting task goes on, or null if nothing was undone, or if
 * the wait keeps the scope's request, from which the error is made then.
 */
export function undoFor(waiting: unknown, status: Region): CancelledError | null {
  if (waiting instanceof ReactionSet) waiting.undoFor(status.request(), status.error());
  // What runs the awaiter's own code sees the scope by itself, unless it keeps it out.
  if (!(waiting instanceof Future) || waiting.done() || waiting._standsIn) return null;
  const request = status.request();
  return waiting._cancelBy(request) && waiting._value !== request ? status.error() : null;
}

function isTask(waiting: unknown): waiting is AskedTask {
  return (waiting as { readonly _isTask?: boolean } | null)?._isTask === true;
}
