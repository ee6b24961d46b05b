// What futures and tasks see of a loop: the table of sinks, the ring, and where failures are reported.
// Invariant: a slot's generation changes when its sink leaves, so a record or a native event that names an earlier
// sink never matches. A slot whose generations are used up is retired rather than wrapped.

import { type Kind, KIND_BITS } from '../engine/abi.js';
import type { Engine } from '../engine/engine.js';
import type { ReadyRing } from '../engine/ready_ring.js';
import { noteCreation } from './creation_site.js';
import type { ActiveContext } from './active_context.js';
import { TurnResource } from './turn_resource.js';
import type { FailureOwner } from './unhandled.js';

/** The object that a record is for. */
export interface Sink {
  _deliver(a: number, b: number): void;
}

/** A scheduled call that can be taken back. */
export interface ScheduledCall {
  cancel(): void;
}

/** What an exception handler is told. */
export interface ExceptionContext {
  readonly message: string;
  readonly exception: unknown;
  readonly handle?: object;
  readonly task?: object;
  readonly future?: object;
  readonly loop?: object;
  readonly [key: string]: unknown;
}

const LAST_GENERATION = 2 ** (32 - KIND_BITS) - 1;
const FIRST_TABLE_SIZE = 256;

/** What futures and tasks see of a loop; users meet it as `EventLoop`. */
export abstract class LoopCore {
  /** @internal */ readonly _engine: Engine;
  /** @internal */ readonly _ring: ReadyRing;
  /** @internal */ readonly _sinks: (Sink | undefined)[] = [];
  /** @internal */ _generations: Int32Array = new Int32Array(FIRST_TABLE_SIZE).fill(1);
  /** @internal True if a step has queued microtasks that should run before the next tick. */
  _owesMicrotasks = false;
  /** @internal */ _debug = false;
  /** @internal */ readonly _turnResource = new TurnResource();

  // A stack of free slots below #freeCount.
  #free: Int32Array = new Int32Array(FIRST_TABLE_SIZE);
  #freeCount = 0;

  constructor(engine: Engine) {
    this._engine = engine;
    this._ring = engine.ring;
  }

  /** @internal Gives a sink a slot, under which records name it until `_release`. */
  _allocate(sink: Sink): number {
    if (this.#freeCount > 0) {
      const slot = this.#free[--this.#freeCount]!;
      this._sinks[slot] = sink;
      return slot;
    }
    const slot = this._sinks.length;
    if (slot === this._generations.length) this._generations = enlarged(this._generations, 1);
    this._sinks.push(sink);
    return slot;
  }

  /** @internal Takes the slot back; whatever still names its sink is stale from here on. */
  _release(slot: number): void {
    this._sinks[slot] = undefined;
    const next = (this._generations[slot]! + 1) | 0;
    this._generations[slot] = next;
    if (next === LAST_GENERATION) return;
    if (this.#freeCount === this.#free.length) this.#free = enlarged(this.#free, 0);
    this.#free[this.#freeCount++] = slot;
  }

  /** @internal The second word of a record for the sink that holds `slot` now. */
  _word(slot: number, kind: Kind): number {
    return (this._generations[slot]! << KIND_BITS) | kind;
  }

  /** @internal Puts a sink at the end of the ready queue. */
  _append(slot: number, kind: Kind): void {
    this._ring.append(slot, (this._generations[slot]! << KIND_BITS) | kind);
  }

  /** @internal In debug mode, notes where something was created. */
  _noted<T extends object>(created: T): T {
    if (this._debug) noteCreation(created);
    return created;
  }

  /** Runs `fn(...args)` in the next tick. */
  abstract callSoon<A extends unknown[]>(fn: (...args: A) => unknown, ...args: A): ScheduledCall;
  /** Reports a failure that has no caller to go to. */
  abstract callExceptionHandler(context: ExceptionContext): void;
  /** @internal `callSoon` in a context that was captured earlier. */
  abstract _callSoonIn(context: ActiveContext | null, fn: (...args: unknown[]) => unknown, args: unknown[]): ScheduledCall;
  /** Whether it was closed, so that nobody who waited on it can ever be resumed. */
  abstract get closed(): boolean;
  /** @internal True while something drives this loop: a live run, or a call that owns the thread. */
  abstract _isAttended(): boolean;
  /** @internal Whether promises can settle while this loop runs. */
  abstract get _hasMicrotasks(): boolean;
  /** @internal Who answers for failures of what belongs to no task. */
  abstract _failureOwner(): FailureOwner | null;
  /** @internal Throws if nothing can be scheduled any more. */
  abstract _assertOpen(): void;
}

function enlarged(array: Int32Array, fill: number): Int32Array {
  const larger = new Int32Array(array.length * 2);
  larger.set(array);
  return fill === 0 ? larger : larger.fill(fill, array.length);
}
