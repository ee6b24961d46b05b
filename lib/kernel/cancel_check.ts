// The cancel check of an operation that may succeed at once: it comes before the operation has an effect.

import { findAsyncTask } from './async_bridge.js';
import { current } from './current.js';

/** Throws the cancellation that waits for the running task, if there is one; outside tasks it does nothing. */
export function cancelCheck(): void {
  const task = current.task ?? (current.loop === null ? findAsyncTask() : null);
  if (task !== null && task._hasPendingCancel()) throw task._takePendingCancel();
}
