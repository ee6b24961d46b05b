// Handle: a scheduled callback that can be taken back. Its record in the ring names its slot; cancelling gives the slot
// up, so the record is skipped when its turn comes.

import { current } from './current.js';
import type { Context } from './context.js';
import type { LoopCore } from './loop_core.js';

/** A callback of any shape, once its arguments are bound. */
export type Callback = (...args: unknown[]) => unknown;

const NO_ARGS: unknown[] = [];

/** A callback waiting in the ready queue. Source: asyncio.Handle. */
export class Handle {
  /** @internal */ readonly _loop: LoopCore;
  /** @internal -1 once it ran or was cancelled. */
  _slot: number;
  /** @internal */ _fn: Callback | null;
  /** @internal */ _args: unknown[];
  /** @internal */ readonly _context: Context | null;
  #isCancelled = false;

  /** @internal */
  constructor(loop: LoopCore, fn: Callback, args: unknown[], context: Context | null) {
    this._loop = loop;
    this._fn = fn;
    this._args = args;
    this._context = context;
    this._slot = loop._allocate(this);
  }

  /** Takes the call back and drops its callback and arguments. After it ran, this does nothing. */
  cancel(): void {
    if (this._slot < 0) return;
    this.#isCancelled = true;
    this._retire();
  }

  cancelled(): boolean {
    return this.#isCancelled;
  }

  /** @internal */
  _deliver(_a: number, _b: number): void {
    const fn = this._fn as Callback;
    const args = this._args;
    this._retire();
    runCallback(this._loop, this, fn, args, this._context);
  }

  /** @internal Gives the slot up and lets go of what the callback held. */
  _retire(): void {
    this._loop._release(this._slot);
    this._slot = -1;
    this._fn = null;
    this._args = NO_ARGS;
  }
}

/** A callback with a deadline. Source: asyncio.TimerHandle. */
export class TimerHandle extends Handle {
  /** @internal */ _when = 0;

  /** Returns: the deadline in the loop's time, in ms; also after it ran or was cancelled. */
  when(): number {
    return this._when;
  }

  /** @internal */
  override _retire(): void {
    // Before the slot is given up, because the native timer is found by it.
    this._loop._engine.disarm(this._slot);
    super._retire();
  }

  /** @internal */
  override _deliver(_a: number, _b: number): void {
    const fn = this._fn as Callback;
    const args = this._args;
    super._retire();
    runCallback(this._loop, this, fn, args, this._context);
  }
}

/** @internal Runs one callback of the loop; what it throws goes to the exception handler. */
export function runCallback(
  loop: LoopCore,
  handle: object,
  fn: Callback,
  args: unknown[],
  context: Context | null,
): void {
  current.task = null;
  current.context = context;
  try {
    if (context === null || context._resource === null) fn(...args);
    else context._resource.runInAsyncScope(fn, undefined, ...args);
  } catch (exception) {
    loop.callExceptionHandler({ message: 'a callback threw', exception, handle });
  } finally {
    current.context = null;
  }
}
