// How a request to cancel goes from a task to what it waits for. It walks down from task to task with a list instead of
// the stack: what it reaches through combinators and async functions is asked after the present one, so that the depth of
// what awaits what does not matter. A request asks a task once, or tasks that await each other would be asked for ever;
// so does a scope, or a chain of tasks that are all in it would be walked down from each of them.
// A ring of tasks that await each other has no wait below it that could be undone, so one of them has to leave its wait.

import type { CancelledError } from '../base/errors.js';
import { ReactionSet } from './async_bridge.js';
import { cancelledError } from './cancelled_error.js';
import { current } from './current.js';
import { type CancelRequest, Future, type Waiter } from './future.js';
import { noteRequested, noteThrown } from './swallowed.js';
import { Flag } from './task_flags.js';

/** What a request must know of a task. */
export interface AskedTask extends Waiter {
  readonly name: string;
  readonly _nominal: { readonly name: string };
  readonly _loop: { readonly _debug: boolean };
  readonly _status: { errorFor(request: unknown): CancelledError | null };
  _state: number;
  _value: unknown;
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

/** A way down from task to task. `from` is the one at whose end it began, in something that waits for several. */
interface Chain {
  readonly from: Chain | null;
}

interface Asked {
  readonly task: AskedTask;
  readonly request: CancelRequest;
  readonly from: Chain | null;
  /** Who waits for it, where that is known. */
  readonly by: AskedTask | null;
}

let isAsking = false;
const toAsk: Asked[] = [];
// The chain in which each task was asked.
const askedIn = new Map<AskedTask, Chain>();
// What is being undone now: at the end of which chain, and whose wait it is.
let walked: Chain | null = null;
let waiter: AskedTask | null = null;
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
  toAsk.push({ task, request, from: walked, by: waiter });
  if (isAsking) return;
  isAsking = true;
  try {
    for (let i = 0; i < toAsk.length; i++) askChain(toAsk[i] as Asked);
  } finally {
    isAsking = false;
    walked = null;
    toAsk.length = 0;
    if (regions === 0) askedIn.clear();
  }
}

/**
 * Calls `listen`, which runs the user's own code, in the middle of a walk or not. Whom that code asks is asked like by
 * anybody else: that it comes upon a task that is being asked makes no ring.
 */
export function askApart(listen: () => void): void {
  const [outerWalked, outerWaiter] = [walked, waiter];
  walked = waiter = null;
  try {
    listen();
  } finally {
    [walked, waiter] = [outerWalked, outerWaiter];
  }
}

function askChain({ task: first, request, from, by }: Asked): void {
  const chain: Chain = { from };
  let [task, before] = [first, by];
  for (;;) {
    const earlier = askedIn.get(task);
    if (earlier !== undefined && isAbove(earlier, chain)) {
      if (!leave(task, request)) leave(before, request);
      return;
    }
    task._noteRequest(request);
    if (task._loop._debug) noteRequested(task, request);
    if (earlier !== undefined) return;
    askedIn.set(task, chain);
    const waiting = task._waiting;
    if (!isTask(waiting) || waiting.done()) {
      walked = chain;
      const reached = reachFor(task, waiting, request);
      walked = null;
      if (!reached) task._remember(request);
      return;
    }
    [before, task] = [task, waiting];
  }
}

// Cost: a step for each combinator and async function in between, but only for a task that is met again.
function isAbove(earlier: Chain, chain: Chain): boolean {
  for (let c: Chain | null = chain; c !== null; c = c.from) if (c === earlier) return true;
  return false;
}

// A ring is a deadlock, so one of its tasks is resumed, with the request: who waits for it goes on by its end. Not one that
// waits for parts of its own, or for children: nothing of those may go on after it. Returns: whether it was resumed.
function leave(task: AskedTask | null, request: CancelRequest): boolean {
  if (task === null || (current.task as unknown) === task || task.done()) return false;
  const waiting = task._waiting;
  const own = task._status.errorFor(request);
  if (waiting instanceof ReactionSet) return waiting.leaveBy(own ?? cancelledError(request.reason, request.origin));
  if (!(waiting instanceof Future) || waiting._standsIn || waiting._binds) return false;
  if (waiting.done()) return true;
  waiting._removeWaiter(task);
  task._waiting = null;
  if (own === null) {
    task._remember(request);
  } else {
    task._value = noteThrown(task, own, waiting);
    task._state |= Flag.raise;
  }
  task._wake();
  return true;
}

/** Returns: whether the request reached a wait, or an earlier one already did. */
export function reachWait(waiting: unknown, request: CancelRequest): boolean {
  if (waiting instanceof ReactionSet) return waiting.cancelAll(request);
  if (!(waiting instanceof Future)) return false;
  return waiting.done() ? waiting.cancelled() : waiting._cancelBy(request);
}

function reachFor(task: AskedTask, waiting: unknown, request: CancelRequest): boolean {
  const outer = waiter;
  waiter = task;
  try {
    return reachWait(waiting, request);
  } finally {
    waiter = outer;
  }
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
 * Undoes a wait of `task` for a scope. Returns: the error with which the task goes on, or null if nothing was undone, or
 * if the wait keeps the scope's request, from which the error is made then.
 */
export function undoFor(waiting: unknown, status: Region, task: AskedTask): CancelledError | null {
  const outer = waiter;
  waiter = task;
  const error = undoWait(waiting, status);
  waiter = outer;
  return error;
}

function undoWait(waiting: unknown, status: Region): CancelledError | null {
  if (waiting instanceof ReactionSet) waiting.undoFor(status.request(), status.error());
  // What runs the awaiter's own code sees the scope by itself, unless it keeps it out.
  if (!(waiting instanceof Future) || waiting.done() || waiting._standsIn) return null;
  const request = status.request();
  return waiting._cancelBy(request) && waiting._value !== request ? status.error() : null;
}

function isTask(waiting: unknown): waiting is AskedTask {
  return waiting instanceof Future && (waiting._state & Flag.task) !== 0;
}
