// Handle: a scheduled callback that can be taken back. Its record in the ring names its slot; cancelling gives the slot
// up, so the record is skipped when its turn comes.

import { current } from './current.js';
import type { Context } from './context.js';
import type { LoopCore } from './loop_core.js';

/** A callback of any shape, once its arguments are bound. */
export type Callback = (...args: unknown[]) => unknown;

const NO_ARGS: unknown[] = [];

// What stands for a slot once it has been given up.
const DONE = -1;
const CANCELLED = -2;

/** A callback waiting in the ready queue. Source: asyncio.Handle. */
export class Handle {
  // `declare` and plain assignments: class field initialisers cost a call per instance.
  /** @internal */ declare readonly _loop: LoopCore;
  /** @internal Negative once it ran or was cancelled. */
  declare _slot: number;
  /** @internal */ declare _fn: Callback | null;
  /** @internal */ declare _args: unknown[];
  /** @internal */ declare readonly _context: Context | null;

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
    this._retire();
    this._slot = CANCELLED;
  }

  cancelled(): boolean {
    return this._slot === CANCELLED;
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
    this._slot = DONE;
    this._fn = null;
    this._args = NO_ARGS;
  }
}

/** A callback with a deadline. Source: asyncio.TimerHandle. */
export class TimerHandle extends Handle {
  /** @internal */ declare _when: number;

  /** @internal */
  constructor(loop: LoopCore, fn: Callback, args: unknown[], context: Context | null) {
    super(loop, fn, args, context);
    this._when = 0;
  }

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
