// Completing a future from a record, so that the task that waits takes the record's turn instead of a record of its own.

import { type Future, State } from './future.js';
import { Task } from './task.js';

/** Only for sinks, as the last thing in their `_deliver`: nothing of the loop but the drain may be on the stack. */
export function finishNow<T>(future: Future<T>, value: T): void {
  const waiter = future._waiters;
  if (!(waiter instanceof Task)) {
    future._finish(value);
    return;
  }
  future._state |= State.finished;
  future._value = value;
  future._waiters = null;
  waiter._deliver(0, 0);
}
