// Runs share a loop, begin and end in any order, and each may ask for its own debug mode. The last one to ask that is still
// live is heard; when none is left, the loop has the mode that it had before the first.

interface DebuggedLoop {
  debug: boolean;
}

interface Demands {
  readonly before: boolean;
  readonly live: Set<{ readonly debug: boolean }>;
}

const demandsOn = new WeakMap<DebuggedLoop, Demands>();

/** Sets a loop's debug mode until the demand is disposed of. */
export function demandDebug(loop: DebuggedLoop, debug: boolean): Disposable {
  const demands = demandsOn.get(loop) ?? { before: loop.debug, live: new Set() };
  demandsOn.set(loop, demands);
  const demand = { debug };
  demands.live.add(demand);
  loop.debug = debug;
  return {
    [Symbol.dispose]: () => {
      demands.live.delete(demand);
      if (demands.live.size === 0) demandsOn.delete(loop);
      loop.debug = [...demands.live].pop()?.debug ?? demands.before;
    },
  };
}
