// Whether a piece of code looks for a cancellation. All operations ask their task by the same method, so that it is enough
// to count its calls on one task; nothing of this costs anything where nobody asserts.

import { AssertionError } from 'node:assert';
import { type Coroutine, isCoroutine, isGeneratorFunction } from '../kernel/coroutine.js';
import { assertBody, callBody, type ScopeBody, ScopedOperation, steppingTask } from '../kernel/scoped.js';
import type { Task } from '../kernel/task.js';

interface Count {
  checks: number;
}

/**
 * Runs `body` and fails unless it looked for a cancellation at least once.
 *
 * Returns: the body's value. Throws: AssertionError; what the body throws; ArgumentTypeError if it is no function.
 * Checkpoint: no. Cancel: the body is cancelled.
 * Source: trio.testing.assert_checkpoints.
 */
export function assertCheckpoints<T>(body: ScopeBody<void, T>): ScopedOperation<T> {
  assertBody(body, 'assertCheckpoints');
  return new ScopedOperation(function* () {
    const count = { checks: 0 };
    const value = yield* performCounted(body, count);
    if (count.checks > 0) return value;
    throw new AssertionError({ message: 'the body passed no checkpoint: nothing in it looked for a cancellation' });
  });
}

/**
 * Runs `body` and fails if it looked for a cancellation.
 *
 * Returns: the body's value. Throws: AssertionError; what the body throws; ArgumentTypeError if it is no function.
 * Checkpoint: no. Cancel: the body is cancelled.
 * Source: trio.testing.assert_no_checkpoints.
 */
export function assertNoCheckpoints<T>(body: ScopeBody<void, T>): ScopedOperation<T> {
  assertBody(body, 'assertNoCheckpoints');
  return new ScopedOperation(function* () {
    const count = { checks: 0 };
    const value = yield* performCounted(body, count);
    if (count.checks === 0) return value;
    throw new AssertionError({ message: `the body looked for a cancellation, ${count.checks} time(s)` });
  });
}

function* performCounted<T>(body: ScopeBody<void, T>, count: Count): Coroutine<T> {
  const task = steppingTask('assertCheckpoints');
  if (!isGeneratorFunction(body)) return yield* callBody(() => countedPart(body, count), undefined, task);
  return yield* countedIn(task, count, body(undefined) as Coroutine<T>);
}

// An async body runs in a task of its own, which is the one that steps when it is called.
function countedPart<T>(body: ScopeBody<void, T>, count: Count): Coroutine<T> | PromiseLike<T> {
  const part = steppingTask('assertCheckpoints');
  const stop = countChecks(part, count);
  const work = body(undefined);
  if (!isCoroutine(work)) return Promise.resolve(work).finally(stop);
  stop();
  return countedIn(part, count, work);
}

function* countedIn<T>(task: Task<unknown>, count: Count, work: Coroutine<T>): Coroutine<T> {
  const stop = countChecks(task, count);
  try {
    return yield* work;
  } finally {
    stop();
  }
}

function countChecks(task: Task<unknown>, count: Count): () => void {
  const before = Object.getOwnPropertyDescriptor(task, '_hasPendingCancel');
  // eslint-disable-next-line @typescript-eslint/unbound-method -- it is called with its receiver
  const check = task._hasPendingCancel;
  task._hasPendingCancel = () => {
    count.checks++;
    return check.call(task);
  };
  return () => {
    if (before === undefined) Reflect.deleteProperty(task, '_hasPendingCancel');
    else void Object.defineProperty(task, '_hasPendingCancel', before);
  };
}
