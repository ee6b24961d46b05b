// A task that would wait for itself: it awaits itself, or the task that cannot end before it, because its group or
// combinator waits for this one. Nothing could end that wait, and a deadline would be passed on in a circle, so it is
// refused where it begins.

import { SelfAwaitError } from '../base/errors.js';
import { Flag } from './task_flags.js';

interface Awaiting {
  readonly name: string;
  readonly _nominal: { readonly name: string };
}

/** A task, as far as it says where it stands. */
interface Standing extends Awaiting {
  readonly _id: number;
  readonly _state: number;
  readonly _status: object;
}

/** A status, as far as it says whose scope, group or combinator it is. */
interface Owned {
  readonly parent: object | null;
  readonly host: object | null;
  readonly scope: object | null;
  contains(status: object): boolean;
}

/** @internal The error of `task` when it is about to await the future `awaited`; null if nothing is wrong with that. */
export function selfAwaitError(task: Awaiting, awaited: object): SelfAwaitError | null {
  if (((awaited as Standing)._state & Flag.task) === 0) return null;
  if (task._nominal === awaited) return new SelfAwaitError(`${task._nominal.name} awaits itself and would never end`);
  const { _id, _status } = task as Standing;
  // Who waits for a task is older than it. So to await a younger one, as most do, costs the same at every depth.
  if ((awaited as Standing)._id > _id) return null;
  for (let status = _status as Owned | null; status !== null; status = status.parent as Owned | null) {
    const owner = (status.host ?? (status.scope as { readonly host?: object } | null)?.host ?? null) as Standing | null;
    if (owner?._nominal !== awaited || hasLeft(owner, status)) continue;
    return new SelfAwaitError(
      `${task._nominal.name} awaits ${owner._nominal.name}, which waits for it: neither would ever end; ` +
        'hand over a value by a future or queue instead',
    );
  }
  return null;
}

// A task may leave its scope while a child of `group.start()` is on its way in there: it does not wait for that one.
// (A combinator has no scope that could be left: its children end before its task goes on.)
function hasLeft(owner: Standing, status: Owned): boolean {
  return status.host !== null && !status.contains(owner._status);
}
