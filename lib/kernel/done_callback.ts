// A public done callback: it runs through the ready queue, in the context in which it was added.

import { ArgumentTypeError } from '../base/errors.js';
import { type Context, captureContext } from './context.js';
import type { LoopCore } from './loop_core.js';

export class DoneCallback<F extends object = object> {
  readonly fn: (future: F) => unknown;
  readonly #loop: LoopCore;
  readonly #context: Context | null;

  constructor(loop: LoopCore, fn: (future: F) => unknown) {
    if (typeof fn !== 'function') throw new ArgumentTypeError(`a done callback is a function, not ${typeof fn}`);
    this.#loop = loop;
    this.fn = fn;
    this.#context = captureContext();
  }

  /** @internal */
  _wake(source: F): void {
    this.#loop._callSoonIn(this.#context, this.fn as (...args: unknown[]) => unknown, [source]);
  }
}
