// Microtasks while our own loop owns the thread. Node lets nobody run them from inside a microtask (the top level of an
// ES module is one), so whether it works is found out by trying.

// Node's own way to run the queue of nextTick callbacks and promise reactions; in every version from 20 to 26.
const { _tickCallback: tickCallback } = process as unknown as { _tickCallback?: () => void };

/** Returns: whether promise reactions can be run here and now. */
export function canRunMicrotasks(): boolean {
  if (tickCallback === undefined) return false;
  let hasRun = false;
  queueMicrotask(() => {
    hasRun = true;
  });
  runMicrotasks();
  return hasRun;
}

/** Runs all queued nextTick callbacks and microtasks, if `canRunMicrotasks()` said so. */
export function runMicrotasks(): void {
  tickCallback?.call(process);
}
