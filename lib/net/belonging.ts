// Streams and sockets belong to the run that opened them, as tasks do: what it leaves open is closed when its last task has
// ended, and debug mode says so. Connections of a server are the server's.

import { InvalidStateError } from '../base/errors.js';
import type { EventLoop } from '../kernel/event_loop.js';
import type { Opened } from '../kernel/root.js';
import { runningTask } from '../kernel/running.js';

/** @internal Returns: the set to leave when it closes. */
export function belongToRun(loop: EventLoop, opened: Opened): Set<Opened> {
  const task = runningTask();
  const root = task !== null && task._loop === loop ? task._root : loop._orphans;
  root._opened.add(opened);
  return root._opened;
}

/** @internal Closes what a run left open: what was written is sent as far as the kernel takes it at once. */
export function closeLeftOpen(loop: EventLoop, opened: { close(): unknown; abort(): void }, what: string): void {
  if (loop.debug) {
    const exception = new InvalidStateError(
      `a ${what} was left open at the end of the run that opened it; close it, or hold it with \`await using\``,
    );
    loop.callExceptionHandler({ message: `a ${what} was left open, and is closed now`, exception, [what]: opened });
  }
  void opened.close();
  // Nobody would send the rest.
  opened.abort();
}
