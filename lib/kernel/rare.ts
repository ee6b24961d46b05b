// What few tasks need, kept apart from the fields that each has: a field of every task is 8 MB for a million of them.

import type { CancelledError } from '../base/errors.js';
import type { CancelStatus } from './cancel_status.js';
import type { Context } from './context.js';
import type { CancelRequest } from './future.js';

export interface Rare {
  name: unknown;
  context: Context | null;
  /** The task on whose behalf this one runs a part of its code. */
  standsFor: object | null;
  cancelCount: number;
  pendingCancel: CancelRequest | null;
  /** The last request to cancel it, and the scope that it was in at that time. */
  lastRequest: CancelRequest | null;
  askedIn: CancelStatus | null;
  /** The wait that a scope has undone, and the error for it. */
  undone: { readonly wait: unknown; readonly error: CancelledError } | null;
}

export const NOTHING_RARE: Readonly<Rare> = {
  name: null,
  context: null,
  standsFor: null,
  cancelCount: 0,
  pendingCancel: null,
  lastRequest: null,
  askedIn: null,
  undone: null,
};

export function noteRequest(rare: Rare, request: CancelRequest, status: CancelStatus): void {
  rare.cancelCount++;
  rare.lastRequest = request;
  rare.askedIn = status;
}

/**
 * Returns: the last request, if it came while the scope of `status` was entered, or null. One that came back to the task in
 * a ring, in the name of that very scope, is none.
 */
export function requestWithin(rare: Rare | null, status: CancelStatus): CancelRequest | null {
  if (rare === null || rare.askedIn === null || !status.contains(rare.askedIn)) return null;
  return rare.lastRequest !== null && rare.lastRequest === status.cause ? null : rare.lastRequest;
}

/** Returns: the error of the scope that has undone this wait, once; else null. */
export function takeUndone(rare: Rare | null, wait: object): CancelledError | null {
  if (rare === null || rare.undone === null || rare.undone.wait !== wait) return null;
  const { error } = rare.undone;
  rare.undone = null;
  return error;
}
