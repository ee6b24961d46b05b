// What few tasks need, kept apart from the fields that each has: a field of every task is 8 MB for a million of them.

import type { Context } from './context.js';
import type { CancelRequest } from './future.js';

export interface Rare {
  name: unknown;
  context: Context | null;
  /** The task on whose behalf this one runs a part of its code. */
  standsFor: object | null;
  cancelCount: number;
  pendingCancel: CancelRequest | null;
}

export const NOTHING_RARE: Readonly<Rare> = {
  name: null,
  context: null,
  standsFor: null,
  cancelCount: 0,
  pendingCancel: null,
};
