// Debug mode: measures each callback and step, and reports the slow ones by name.

import type { LoopCore, Sink } from './loop_core.js';

export class SlowWatch {
  readonly #loop: LoopCore & { readonly slowCallbackMs: number };

  constructor(loop: LoopCore & { readonly slowCallbackMs: number }) {
    this.#loop = loop;
  }

  /** Delivers a record and reports if that took too long. */
  deliver(sink: Sink, a: number, b: number): void {
    // The name is read first: a task that ends drops what it held.
    const name = (sink as { name?: string }).name ?? sink.constructor.name;
    const began = performance.now();
    sink._deliver(a, b);
    const tookMs = performance.now() - began;
    if (tookMs < this.#loop.slowCallbackMs) return;
    const message = `${name} held the loop for ${tookMs.toFixed(1)} ms`;
    process.emitWarning(message, { type: 'ReadyloopSlowCallback', code: 'READYLOOP_SLOW_CALLBACK' });
  }
}
