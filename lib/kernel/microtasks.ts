// Microtasks while our own loop owns the thread. Node lets nobody run them from inside a microtask (the top level of an
// ES module is one), so whether it works is found out by trying.

// A host's own way to run the queue of nextTick callbacks and promise reactions. Node has one in every version from 20 to
// 26. Bun has that name too, and it does nothing there; what does is in a module of its own, and works in a microtask as
// well. Deno has none.
const tickCallback = findTickCallback();

function findTickCallback(): (() => void) | undefined {
  const { _tickCallback: ofNode, getBuiltinModule } = process as unknown as Host;
  if (process.versions['bun'] === undefined) return ofNode;
  return getBuiltinModule?.('bun:jsc')?.drainMicrotasks;
}

interface Host {
  readonly _tickCallback?: () => void;
  readonly getBuiltinModule?: (name: string) => { readonly drainMicrotasks?: () => void } | undefined;
}

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
