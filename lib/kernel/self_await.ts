// A task that would wait for itself: it awaits itself, or the task that cannot end before it, because its group or
// combinator waits for this one. Nothing could end that wait, and a deadline would be passed on in a circle, so it is
// refused where it begins.

import { SelfAwaitError } from '../base/errors.js';

interface Awaiting {
  readonly name: string;
  readonly _nominal: { readonly name: string };
}

/** A status, as far as it says whose scope, group or combinator it is. */
interface Owned {
  readonly parent: object | null;
  readonly host: object | null;
  readonly scope: object | null;
}

/** @internal The error of `task` when it is about to await the future `awaited`; null if nothing is wrong with that. */
export function selfAwaitError(task: Awaiting, awaited: object): SelfAwaitError | null {
  if ((awaited as { readonly _isTask?: boolean })._isTask !== true) return null;
  if (task._nominal === awaited) return new SelfAwaitError(`${task._nominal.name} awaits itself and would never end`);
  let status = (task as Awaiting & { readonly _status: object })._status as Owned | null;
  for (; status !== null; status = status.parent as Owned | null) {
    const owner = (status.host ?? (status.scope as { readonly host?: object } | null)?.host ?? null) as Awaiting | null;
    if (owner?._nominal !== awaited) continue;
    return new SelfAwaitError(
      `${task._nominal.name} awaits ${owner._nominal.name}, which waits for it: neither would ever end; ` +
        'hand over a value by a future or queue instead',
    );
  }
  return null;
}
