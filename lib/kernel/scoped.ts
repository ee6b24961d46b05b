// Operations that run a body in a scope: how they are awaited in both colours, and how a body of either colour is called.
// In a coroutine the body runs in place. Where either side is an async function, it runs in a task of its own that
// stands for the caller's: an async function finds its scope by its task.

import { ArgumentTypeError, NotInTaskError } from '../base/errors.js';
import type { CancelStatus } from './cancel_status.js';
import {
  asNative,
  awaited,
  type Coroutine,
  describe,
  isCoroutine,
  isGeneratorFunction,
  isThenable,
  type Operation,
  type Suspension,
} from './coroutine.js';
import { current } from './current.js';
import { everDebugged } from './debug_warning.js';
import type { EventLoop } from './event_loop.js';
import { getRunningLoop, runningTask } from './running.js';
import type { Task } from './task.js';
import { expectAwaitOf } from './unawaited.js';

/** A body that a scope runs: a function of either colour. */
export type ScopeBody<A, T> = (argument: A) => Coroutine<T> | PromiseLike<T>;

/** An operation that is awaited with `yield*` or `await`; nothing happens before. */
export class ScopedOperation<T> implements Operation<T>, PromiseLike<T> {
  /** @internal Null in a class that is iterated in a way of its own. */
  declare readonly _perform: (() => Coroutine<T>) | null;

  /** @internal */
  constructor(perform: (() => Coroutine<T>) | null) {
    this._perform = perform;
    if (everDebugged.yes) void expectAwaitOf(this, 'a scope, group or other operation');
  }

  /** @internal */
  get _isOperation(): boolean {
    return true;
  }

  [Symbol.iterator](): Iterator<Suspension, T, unknown> {
    return (this._perform as () => Coroutine<T>)();
  }

  then<R = T, E = never>(
    onFulfilled?: ((value: T) => R | PromiseLike<R>) | null,
    onRejected?: ((reason: unknown) => E | PromiseLike<E>) | null,
  ): Promise<R | E> {
    return performFor(runningTask(), awaited(this)).then(onFulfilled, onRejected);
  }
}

/** @internal Throws: ArgumentTypeError for what cannot be a scope's body. */
export function assertBody(body: unknown, call: string): void {
  if (typeof body === 'function') return;
  const isCalled = isCoroutine(body) || isThenable(body);
  const what = `${describe(body)}${isCalled ? '; give the function itself, which is called inside' : ''}`;
  throw new ArgumentTypeError(`${call}: a function* or an async function is needed as the body, not ${what}`);
}

/** @internal The task whose step asks. Throws: NotInTaskError. */
export function steppingTask(call: string): Task<unknown> {
  if (current.task === null) {
    throw new NotInTaskError(`${call} needs a task: await it with \`yield*\` in a coroutine, or with \`await\``);
  }
  return current.task as Task<unknown>;
}

/**
 * @internal Calls a scope's body. Returns: a native generator that gives what the body gives: the body's own, or for an
 * async function one that awaits a task that stands for `task`.
 */
export function callBody<A, T>(body: ScopeBody<A, T>, argument: A, task: Task<unknown>): Coroutine<T> {
  if (isGeneratorFunction(body)) return asNative(body(argument) as Coroutine<unknown>) as Coroutine<T>;
  return awaited(performFor<T>(task, () => body(argument)));
}

/** @internal Runs a part of a task's code in a task that stands for it; null: for nobody. */
export function performFor<T>(task: Task<unknown> | null, work: Coroutine<T> | (() => unknown), eager = false): Task<T> {
  const loop = (task?._loop as EventLoop | undefined) ?? getRunningLoop();
  const status: CancelStatus | null = task?._status ?? null;
  const part = loop._newTask<T>(work, {}, status);
  if (task !== null) joinPart(part, task);
  loop._begin(part, eager);
  return part;
}

function joinPart(part: Task<unknown>, task: Task<unknown>): void {
  part._nominal = task._nominal;
  const members = (task._status.members ??= new Set());
  members.add(part);
  part._addWaiter({
    _wake() {
      members.delete(part);
      // What the part was asked and did not see is for the task to see, unless that is in the asking scope itself.
      const request = part._unseenRequest;
      if (request !== null && !task._status.isCancelledBy(request.scope)) task._remember(request);
    },
  });
}
