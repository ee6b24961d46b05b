// The way from a turn of the loop to code of Node's. What a Duplex emits may throw, may call `run`, and may take its time;
// none of that belongs into a turn. So bytes that came in a turn are noted, and handed over in a tick of Node's right
// behind it: one for all streams.
// Invariant: the tick is asked for outside every AsyncLocalStorage store, so no stream sees what another one's code set.

import { current } from '../kernel/current.js';
import type { EventLoop } from '../kernel/event_loop.js';

/** Something that has news for Node's code. */
export interface NodeSide {
  /** Called once for each `add`; what it throws becomes an uncaught exception, and the others still get their turn. */
  _handOver(): void;
}

export class NodeTicks {
  readonly #loop: EventLoop;
  #waiting: NodeSide[] = [];
  readonly #tick = (): void => this.#handOver();

  constructor(loop: EventLoop) {
    this.#loop = loop;
  }

  add(side: NodeSide): void {
    if (this.#waiting.push(side) > 1) return;
    const { _turnResource: resource } = this.#loop;
    if (current.loop !== null && resource.isUntouchedNow()) process.nextTick(this.#tick);
    else resource.run(() => process.nextTick(this.#tick));
  }

  #handOver(): void {
    const sides = this.#waiting;
    this.#waiting = [];
    let next = 0;
    try {
      while (next < sides.length) sides[next++]!._handOver();
    } finally {
      for (; next < sides.length; next++) this.add(sides[next]!);
    }
  }
}

const ticksOfLoops = new WeakMap<EventLoop, NodeTicks>();

/** Returns: the loop's, made at the first call. */
export function nodeTicksOf(loop: EventLoop): NodeTicks {
  let ticks = ticksOfLoops.get(loop);
  if (ticks === undefined) {
    ticks = new NodeTicks(loop);
    ticksOfLoops.set(loop, ticks);
  }
  return ticks;
}
