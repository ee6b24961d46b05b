// An operation that runs a body in a scope, driven by hand: a generator around the body would cost a delegation at each of
// its steps. The scope is entered at the first step and left with the body, however that ends.

import { close, type Coroutine, raise, resume, type Step, type Suspension } from './coroutine.js';
import { RESULT } from './future.js';
import { callBody, type ScopeBody, ScopedOperation, steppingTask } from './scoped.js';
import type { Task } from './task.js';

/** @internal What `_leave` is given and answers when there is no error. */
export const NOTHING: unique symbol = Symbol('nothing');

/** @internal What the operation must know of a scope. */
export interface Enterable {
  _enter(task: Task<unknown>): void;
  /** Returns: what is to be thrown, or NOTHING. */
  _leave(error: unknown): unknown;
}

/** @internal It is its own iterator the first time; awaited again, it makes another of its kind. */
export abstract class ScopeOperation<S extends Enterable, T, R> extends ScopedOperation<R> {
  /** @internal */ declare readonly _body: ScopeBody<S, T>;
  private declare _isTaken: boolean;
  private declare _scope: S | null;
  private declare _inner: Coroutine<T> | null;

  constructor(body: ScopeBody<S, T>) {
    super(null);
    this._body = body;
    this._isTaken = false;
    this._scope = null;
    this._inner = null;
  }

  override [Symbol.iterator](): Iterator<Suspension, R, unknown> {
    const steps = this._isTaken ? this._copy() : this;
    steps._isTaken = true;
    return steps as unknown as Iterator<Suspension, R, unknown>;
  }

  /** @internal The scope to enter; it is asked for at the first step. */
  abstract _open(): S;
  /** @internal What the operation gives when the body has ended with `value`, or undefined if the scope caught its end. */
  abstract _result(scope: S, value: T | undefined): R;
  /** @internal The same operation, not begun. */
  abstract _copy(): ScopeOperation<S, T, R>;

  /** @internal */
  next(): Step {
    let step: Step;
    try {
      if (this._inner === null) this._begin();
      step = resume.call(this._inner as Coroutine<unknown>);
    } catch (error) {
      return this._end(error, undefined);
    }
    return step.done ? this._end(NOTHING, step.value as T) : step;
  }

  /** @internal */
  throw(error: unknown): Step {
    let step: Step;
    try {
      if (this._inner === null) throw error;
      step = raise.call(this._inner, error);
    } catch (thrown) {
      return this._end(thrown, undefined);
    }
    return step.done ? this._end(NOTHING, step.value as T) : step;
  }

  /** @internal The coroutine is closed by force: the body first, then the scope, whose complaints nobody could hear. */
  return(value: unknown): Step {
    if (this._inner === null) return { done: true, value };
    let step: Step;
    try {
      step = close.call(this._inner, value);
    } catch (error) {
      return this._end(error, undefined);
    }
    if (step.done) {
      this._scope?._leave(NOTHING);
      this._scope = null;
    }
    return step;
  }

  private _begin(): void {
    const task = steppingTask('a cancel scope');
    const scope = this._open();
    scope._enter(task);
    this._scope = scope;
    this._inner = callBody(this._body, scope, task);
  }

  private _end(error: unknown, value: T | undefined): Step {
    const scope = this._scope;
    if (scope === null) throw error;
    this._scope = null;
    const rest = scope._leave(error);
    if (rest !== NOTHING) throw rest;
    RESULT.value = this._result(scope, value);
    return RESULT;
  }
}
