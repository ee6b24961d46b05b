// Collecting garbage on purpose, for what must happen when something becomes unreachable.
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

const LONGEST_HUNT = 50;

/** Collects garbage now. */
export const collect = ((): (() => void) => {
  setFlagsFromString('--expose-gc');
  return runInNewContext('gc') as () => void;
})();

/** Lets Node run what it has queued, finalisers among it. */
export function nodeTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** Collects garbage and lets finalisers run until `isOver()`; gives up quietly, so that the test can say what is wrong. */
export async function collectUntil(isOver: () => boolean, longestHunt = LONGEST_HUNT): Promise<void> {
  for (let hunt = 0; hunt < longestHunt && !isOver(); hunt++) {
    // In a turn of its own: whoever looked through a WeakRef keeps its target alive to the end of that turn.
    await nodeTurn();
    collect();
    await nodeTurn();
  }
}

/** Bytes of the heap that are in use after a full collection. */
export function liveHeap(): number {
  collect();
  collect();
  return process.memoryUsage().heapUsed;
}
