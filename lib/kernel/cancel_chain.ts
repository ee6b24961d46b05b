// How a request to cancel goes from a task to what it waits for. It walks down from task to task with a list instead of
// the stack: what it reaches through combinators and async functions is asked after the present one, so that the depth of
// what awaits what does not matter.

import { ReactionSet } from './async_bridge.js';
import { type CancelRequest, Future } from './future.js';

/** What a request must know of a task. */
export interface AskedTask {
  readonly _waiting: unknown;
  done(): boolean;
  _countAsked(): void;
  _remember(request: CancelRequest): void;
}

let isAsking = false;
const toAsk: (AskedTask | CancelRequest)[] = [];

/** Asks a task, and if it waits on another task, that one, and so on down. */
export function askDown(task: AskedTask, request: CancelRequest): void {
  if (isAsking) {
    toAsk.push(task, request);
    return;
  }
  isAsking = true;
  try {
    askChain(task, request);
    for (let i = 0; i < toAsk.length; i += 2) askChain(toAsk[i] as AskedTask, toAsk[i + 1] as CancelRequest);
  } finally {
    isAsking = false;
    toAsk.length = 0;
  }
}

function askChain(first: AskedTask, request: CancelRequest): void {
  let task = first;
  for (;;) {
    task._countAsked();
    const waiting = task._waiting;
    if (!isTask(waiting) || waiting.done()) {
      if (!reachWait(waiting, request)) task._remember(request);
      return;
    }
    task = waiting;
  }
}

/** Returns: whether the request reached a wait, or an earlier one already did. */
export function reachWait(waiting: unknown, request: CancelRequest): boolean {
  if (waiting instanceof ReactionSet) return waiting.cancelAll(request);
  if (!(waiting instanceof Future)) return false;
  return waiting.done() ? waiting.cancelled() : waiting._cancelBy(request);
}

function isTask(waiting: unknown): waiting is AskedTask {
  return (waiting as { readonly _isTask?: boolean } | null)?._isTask === true;
}
