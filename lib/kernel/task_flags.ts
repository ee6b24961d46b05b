// What a task notes of itself, in one word with the state of its future.

/** @internal Bits of a task's state above those of its future. */
export const enum Flag {
  /** Never stepped. */
  fresh = 8,
  /** The next step throws what stands in `_value`. */
  raise = 16,
  /** A cancellation waits for the next wait. */
  cancelPending = 32,
  /** The coroutine is an async function. */
  async = 64,
  /** Its scope is cancelled, by itself or from outside. */
  inCancelledScope = 128,
  /** The future is a task: what all ask who have to know. */
  task = 256,
  /** Any reason not to call `next()` straight away. */
  special = fresh | raise | cancelPending,
}
