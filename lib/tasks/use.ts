// use: a resource for the time of a body. The language's own `await using` cannot be written in a `function*`.

import { ArgumentTypeError, asError, CancelledError, SuppressedError } from '../base/errors.js';
import { assertCallable } from '../kernel/arguments.js';
import { type Coroutine, describe, isCoroutine, isOperation, isThenable } from '../kernel/coroutine.js';
import { NOTHING } from '../kernel/scope_operation.js';
import { callBody, type ScopeBody, ScopedOperation, steppingTask } from '../kernel/scoped.js';
import type { Task } from '../kernel/task.js';
import { closeShielded } from './closing.js';
import type { Waitable, WaitableValue } from './ensure_future.js';
import { inPlace } from './in_place.js';
import { assertWaitable, discard } from './waitables.js';

/** Something that is disposed of when its use is over. */
export type Resource = AsyncDisposable | Disposable;

/**
 * Runs `body` with a resource, and disposes of it when the body has ended, however it ended.
 *
 * Takes the resource, or anything that can be awaited for one; `Symbol.asyncDispose` is preferred to `Symbol.dispose`, and
 * what it returns is awaited where no cancellation reaches.
 * Returns: the body's value.
 * Throws: what the body throws; what disposing throws; SuppressedError of both if both fail (a cancellation is not kept in
 *   one: it is made again, at the next wait); ArgumentTypeError for what is no resource, or no function as the body.
 * Checkpoint: as the resource, the body and the disposal. Cancel: the body is cancelled; a request during the disposal is
 *   for the next wait.
 * Source: `await using` (ECMAScript's explicit resource management), contextlib.AsyncExitStack.
 */
export function use<A extends Waitable, T>(resource: A, body: ScopeBody<WaitableValue<A>, T>): ScopedOperation<T>;
export function use<R extends Resource, T>(resource: R, body: ScopeBody<R, T>): ScopedOperation<T>;
export function use(resource: unknown, body: ScopeBody<unknown, unknown>): ScopedOperation<unknown> {
  try {
    assertCallable(body, 'use');
    if (isAwaited(resource)) assertWaitable(resource, 'use');
    else disposerOf(resource);
  } catch (error) {
    discard([resource]);
    throw error;
  }
  return new ScopedOperation(() => perform(resource, body));
}

// Asked first: generators are disposable by themselves on newer engines, and are meant as coroutines here.
function isAwaited(resource: unknown): boolean {
  return typeof resource === 'function' || isCoroutine(resource) || isThenable(resource) || isOperation(resource);
}

interface Disposer {
  readonly isAsync: boolean;
  readonly dispose: () => unknown;
}

function disposerOf(resource: unknown): Disposer {
  const candidate = Object(resource) as Partial<AsyncDisposable & Disposable>;
  const isAsync = typeof candidate[Symbol.asyncDispose] === 'function';
  if (isAsync) return { isAsync, dispose: () => candidate[Symbol.asyncDispose]?.() };
  if (typeof candidate[Symbol.dispose] === 'function') return { isAsync, dispose: () => candidate[Symbol.dispose]?.() };
  throw new ArgumentTypeError(
    `use: ${describe(resource)} is no resource; it needs a method [Symbol.asyncDispose] or [Symbol.dispose]`,
  );
}

function* perform(given: unknown, body: ScopeBody<unknown, unknown>): Coroutine<unknown> {
  const task = steppingTask('use');
  const asked = task._timesAsked;
  const resource = isAwaited(given) ? yield* inPlace(given as Waitable, task, 'use') : given;
  const disposer = disposerOf(resource);
  let value: unknown;
  let error: unknown = NOTHING;
  let hasEnded = false;
  try {
    value = yield* callBody(body, resource, task);
    hasEnded = true;
  } catch (thrown) {
    error = thrown;
    hasEnded = true;
  } finally {
    if (!hasEnded) disposeUnattended(disposer, task);
  }
  const failure = disposer.isAsync ? yield* closeShielded('use', disposer.dispose) : disposeNow(disposer);
  if (failure === null && error !== NOTHING) throw error;
  if (failure !== null) throw mergedFailure(failure, error, task, asked);
  return value;
}

function disposeNow({ dispose }: Disposer): Error | null {
  try {
    dispose();
  } catch (error) {
    return asError(error);
  }
  return null;
}

function mergedFailure(failure: Error, error: unknown, task: Task<unknown>, asked: number): Error {
  if (error === NOTHING) return failure;
  if (!(error instanceof CancelledError)) return new SuppressedError(failure, error);
  if (error.scope === null && task._timesAsked > asked) task._remember(error);
  return failure;
}

// The coroutine is closed by force, so nothing can be waited for any more.
function disposeUnattended({ dispose }: Disposer, task: Task<unknown>): void {
  const report = (exception: unknown): void => {
    task._loop.callExceptionHandler({ message: 'use: disposing of a resource failed', exception, task });
  };
  try {
    const result = dispose();
    if (isThenable(result)) result.then(undefined, report);
  } catch (error) {
    report(error);
  }
}
