// Lines of a trace about who is run.

import { KIND_BITS, Kind } from '../engine/abi.js';
import type { TakeListener } from '../engine/simulated/shuffled_ring.js';
import type { EventLoop } from '../kernel/event_loop.js';
import { Task } from '../kernel/task.js';

export class DeliveryNotes {
  readonly #loop: EventLoop;
  readonly #note: (line: string) => void;

  constructor(loop: EventLoop, note: (line: string) => void) {
    this.#loop = loop;
    this.#note = note;
  }

  readonly listener: TakeListener = (slot, word) => {
    const { _generations: generations, _sinks: sinks } = this.#loop;
    // A record of an earlier holder of the slot, which nobody gets.
    if (generations[slot]! << KIND_BITS !== (word & ~Kind.mask)) return;
    const sink = sinks[slot] as object;
    const kind = word & Kind.mask;
    if (sink instanceof Task) this.#note(`${sink.name} runs`);
    else if (kind === Kind.handle) this.#note('a callback runs');
    else if (kind === Kind.timer) this.#noteSleeper(sink);
    else if (kind === Kind.reaction) this.#note('an async function goes on');
  };

  #noteSleeper(sink: object): void {
    const { _waiters: waiter } = sink as { readonly _waiters?: unknown };
    if (waiter instanceof Task) this.#note(`${waiter.name} wakes`);
  }
}
