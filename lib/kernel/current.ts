// The one mutable slot of a thread: which loop drains, which task steps, and in which context.
// Everyone in the kernel may read it; only the drain and the task's step write it. It knows tasks and contexts by the few
// members it needs, which is what keeps futures, tasks and loops free of cycles.

import type { ActiveContext } from './active_context.js';
import type { LoopCore } from './loop_core.js';

/** What a wait is asked to end with. */
export interface Request {
  readonly reason: unknown;
  readonly origin: { readonly task: string | null } | null;
  readonly scope?: object | null;
}

/** What a future must know of the task that is asking it. */
export interface SteppingTask {
  readonly name: string;
  /** The task on whose behalf this one runs; mostly itself. */
  readonly _nominal: { readonly name: string };
  readonly _loop: LoopCore;
  _context: ActiveContext | null;
  /** What it is suspended at; while it steps, what its coroutine's innermost operation has left for it. */
  _waiting: object | null;
  _hasPendingCancel(): boolean;
  /** A request of somebody, and not of a scope, that it has not seen yet. */
  readonly _unseenRequest: object | null;
  /** The error with which a cancelled future resumes the task. */
  _cancelledAs(future: { readonly _cancelRequest: unknown; _takeError(): Error }): Error;
  _takePendingCancel(): Error;
  /** Passes the cancellation that is pending on to what it is about to wait for. */
  _askAwaited(): void;
}

/** What a coroutine's innermost operation leaves for its task: a pending future, or one of the two signs below. */
export interface Suspended {
  readonly _isSuspension: true;
}

/** A bare checkpoint: run me again next tick, and look for a cancellation first. */
export const CHECKPOINT: Suspended = { _isSuspension: true };

/** The await budget of a step is spent: run me again next tick, and ask the same done future again. */
export const BUDGET: Suspended = { _isSuspension: true };

/** Awaits of one step that need not suspend before the next one yields a tick, so that no loop starves the others. */
export const AWAITS_PER_STEP = 128;

interface CurrentSlot {
  /** The loop whose drain is on the stack. */
  loop: LoopCore | null;
  /** The task whose step is on the stack; null in callbacks. */
  task: SteppingTask | null;
  /** Awaits of this step that did not suspend. */
  awaits: number;
  /** The context of plain code: the callback's own, or the thread's. */
  context: ActiveContext | null;
}

export const current: CurrentSlot = {
  loop: null,
  task: null,
  awaits: 0,
  context: null,
};
