// waitFor: one wait with a limit. It is a scope with a deadline around an ordinary wait, so a coroutine costs no task.

import { CancelledError, TimeoutError } from '../base/errors.js';
import { assertInstant } from '../kernel/arguments.js';
import { CancelScope } from '../kernel/cancel_scope.js';
import type { Coroutine } from '../kernel/coroutine.js';
import { Future } from '../kernel/future.js';
import { ScopedOperation, steppingTask } from '../kernel/scoped.js';
import type { Waitable, WaitableValue } from './ensure_future.js';
import { inPlace } from './in_place.js';
import { Siblings } from './siblings.js';
import { assertWaitable, discard } from './waitables.js';

/**
 * Waits for something, for at most `ms`. A coroutine or function runs in place, in the caller's task.
 *
 * Units: milliseconds; Infinity waits for as long as it takes. With zero or less only what is done already gives its
 *   result: anything else is cancelled, and a coroutine, function or operation is not even started.
 * Returns: its result, also one that it still gives after the time has passed.
 * Throws: TimeoutError (its cause is the CancelledError) once what was waited for has ended, however long that takes; what
 *   it fails with meanwhile, instead; ArgumentTypeError, ArgumentRangeError, WrongLoopError, CoroutineReusedError, and
 *   then what was given is closed or cancelled.
 * Checkpoint: as the wait itself. Cancel: as the wait itself; what is given is owned. Give `shield(task)` to spare a task.
 * Source: asyncio.wait_for (3.12).
 */
export function waitFor<A extends Waitable>(waitable: A, ms: number): ScopedOperation<WaitableValue<A>> {
  try {
    assertWaitable(waitable, 'waitFor');
    assertInstant(ms, 'waitFor');
  } catch (error) {
    discard([waitable]);
    throw error;
  }
  return new ScopedOperation(() => perform(waitable, ms) as Coroutine<WaitableValue<A>>);
}

function* perform(waitable: Waitable, ms: number): Coroutine<unknown> {
  const task = steppingTask('waitFor');
  if (ms === Infinity || (waitable instanceof Future && waitable.done())) return yield* inPlace(waitable, task, 'waitFor');
  if (ms <= 0) return yield* cutShort(waitable, ms);
  const scope = new CancelScope({ relativeDeadline: ms });
  const value = yield* scope.run(function* () {
    return yield* inPlace(waitable, task, 'waitFor');
  });
  if (!scope.cancelledCaught) return value;
  throw timedOut(ms, scope._cancelledError());
}

// There is no time: what has begun is cancelled and waited for, and what has not is never started.
function* cutShort(waitable: Waitable, ms: number): Coroutine<unknown> {
  const siblings = new Siblings({ call: 'waitFor', decides: () => true });
  siblings.checkCancel();
  const request = { reason: 'the deadline has passed', origin: null };
  siblings.stop(request);
  void siblings.start(waitable);
  yield* siblings.join();
  if (siblings.decided === null && !siblings.isAsked) throw timedOut(ms, new CancelledError(request.reason));
  return siblings.outcome();
}

function timedOut(ms: number, cause: CancelledError): TimeoutError {
  return new TimeoutError(`waitFor: it was not done within ${ms} ms`, { cause });
}
