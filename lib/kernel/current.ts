// The one mutable slot of a thread: which loop drains, which task steps, and what its coroutine has just yielded.
// Everyone in the kernel may read it; only the drain and the task's step write it. It knows tasks and contexts by the few
// members it needs, which is what keeps futures, tasks and loops free of cycles.

import type { ActiveContext } from './active_context.js';
import type { Step } from './coroutine.js';
import type { LoopCore } from './loop_core.js';

/** What a future must know of the task that is asking it. */
export interface SteppingTask {
  readonly name: string;
  readonly _loop: LoopCore;
  _context: ActiveContext | null;
  _hasPendingCancel(): boolean;
  _takePendingCancel(): Error;
}

/** What a coroutine's innermost operation leaves for its task: a pending future, or one of the two signs below. */
export interface Suspended {
  readonly _isSuspension: true;
}

/** What a checkpoint's iterator must know when it is asked, because one object serves every task. */
export const enum CheckpointPhase {
  none = 0,
  /** It has said "suspended", and nobody but a task's step may go on from there. */
  suspended = 1,
  /** The step resumes its task there. */
  resumed = 2,
}

/** What a checkpoint answers to its task's step; told apart by identity, which is the cheapest sign there is. */
export const CHECKPOINTED: Step = { done: false, value: undefined };

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
  /** What `next()` left for the task that is being stepped; null when the task has taken it. */
  yielded: Suspended | null;
  /** Where the stepping task stands with a bare checkpoint. */
  checkpoint: CheckpointPhase;
  /** Awaits of this step that did not suspend. */
  awaits: number;
  /** The context of plain code: the callback's own, or the thread's. */
  context: ActiveContext | null;
}

export const current: CurrentSlot = {
  loop: null,
  task: null,
  yielded: null,
  checkpoint: CheckpointPhase.none,
  awaits: 0,
  context: null,
};
