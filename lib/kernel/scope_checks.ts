// What a cancel scope refuses: deadlines and shields of the wrong kind, and to be left out of order.

import { ArgumentRangeError, ArgumentTypeError, ScopeNestingError } from '../base/errors.js';
import { isError } from '../base/values.js';

export function nestingError(isForeign: boolean, cause: unknown): ScopeNestingError {
  if (!isForeign) {
    return new ScopeNestingError('a cancel scope was left before one that was entered inside it', { cause });
  }
  return new ScopeNestingError('a cancel scope was left by another task than the one that entered it', { cause });
}

export function checkedDeadline(deadline: unknown): number {
  if (typeof deadline !== 'number') throw new ArgumentTypeError('a deadline is a number of milliseconds');
  if (Number.isNaN(deadline)) throw new ArgumentRangeError('a deadline must not be NaN');
  return deadline;
}

export function checkedShield(shield: unknown): boolean {
  if (typeof shield !== 'boolean') throw new ArgumentTypeError('shield is true or false');
  return shield;
}

/** By its name: it belongs to the realm in which it was thrown. */
export function isStackOverflow(error: unknown): boolean {
  return isError(error) && error.name === 'RangeError' && error.message.includes('call stack');
}
