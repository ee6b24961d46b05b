// Context: the variables of a task (ContextVar) and the AsyncLocalStorage stores that were active when it was created.
// Both are looked at only where somebody uses them: a task created where no variable is set and no store is active has
// no context object at all. Variables stand in a Map that is never changed, only replaced, so a copy is one reference.

import { AsyncLocalStorage, AsyncResource, executionAsyncResource } from 'node:async_hooks';
import { ArgumentTypeError, InvalidStateError } from '../base/errors.js';
import type { ActiveContext } from './active_context.js';
import { assertCallable, assertOptions } from './arguments.js';
import { current } from './current.js';

type Variables = ReadonlyMap<object, unknown>;

const NO_VARIABLES: Variables = new Map();

/** The variables and stores that a task or callback runs with. */
export class Context {
  /** @internal */ _variables: Variables;
  /** @internal */ _resource: AsyncResource | null;

  /** @internal */
  constructor(variables: Variables = NO_VARIABLES, resource: AsyncResource | null = null) {
    this._variables = variables;
    this._resource = resource;
  }

  /** Returns: the value of `variable` here, its default, or undefined. */
  get<T>(variable: ContextVar<T>): T | undefined {
    return this._variables.has(variable) ? (this._variables.get(variable) as T) : variable.defaultValue;
  }

  /** Returns: whether `variable` was set here. */
  has(variable: ContextVar<never>): boolean {
    return this._variables.has(variable);
  }

  /** Returns: an independent copy; it costs the same whatever the number of variables. */
  copy(): Context {
    return new Context(this._variables, this._resource);
  }

  /** Calls `fn(...args)` in this context; what it sets stays here. Not for coroutines: give those to `createTask`. */
  run<A extends unknown[], R>(fn: (...args: A) => R, ...args: A): R {
    assertCallable(fn, 'Context.run');
    const { task, context } = current;
    // An async function that has awaited is found by its mark, which `fn` cannot be hidden from: it lends its context.
    const owner = task === null ? contextOwner() : null;
    const lent = owner?._context ?? null;
    current.task = null;
    current.context = this;
    if (owner !== null) owner._context = this;
    try {
      return this._resource === null ? fn(...args) : this._resource.runInAsyncScope(fn, undefined, ...args);
    } finally {
      if (owner !== null) owner._context = lent;
      current.task = task;
      current.context = context;
    }
  }
}

/** A way back to the value that a variable had before a `set`. */
export interface ContextToken<T> {
  readonly variable: ContextVar<T>;
  /** @internal */ readonly _context: Context;
  /** @internal */ readonly _hadValue: boolean;
  /** @internal */ readonly _previous: T | undefined;
}

/**
 * A variable with a value per task: a task starts with a copy of its creator's values, and what it sets stays its own.
 *
 * Source: Python's contextvars.
 */
export class ContextVar<T> {
  readonly name: string;
  readonly defaultValue: T | undefined;

  constructor(name: string, options: { readonly default?: T } = {}) {
    if (typeof name !== 'string') throw new ArgumentTypeError('ContextVar: a name is needed, for messages');
    assertOptions(options, 'ContextVar');
    this.name = name;
    this.defaultValue = options.default;
  }

  /** Returns: the value in the current context, `fallback`, or the default. */
  get(): T | undefined;
  get(fallback: T): T;
  get(fallback?: T): T | undefined {
    const context = currentContext();
    if (context === null || !context._variables.has(this)) return fallback ?? this.defaultValue;
    return context.get(this);
  }

  /** Sets the value in the current context. Returns: what `reset` needs. */
  set(value: T): ContextToken<T> {
    const context = ownContext();
    const token = {
      variable: this,
      _context: context,
      _hadValue: context._variables.has(this),
      _previous: context._variables.get(this) as T | undefined,
    };
    context._variables = new Map(context._variables).set(this, value);
    return token;
  }

  /** Puts back the value from before the `set` that gave `token`. Throws: InvalidStateError in another context. */
  reset(token: ContextToken<T>): void {
    assertOptions(token, 'ContextVar.reset');
    if (token.variable !== this || token._context !== currentContext()) {
      throw new InvalidStateError(`the token belongs to another variable or context than ${this.name}'s current one`);
    }
    const variables = new Map(token._context._variables);
    if (token._hadValue) variables.set(this, token._previous);
    else variables.delete(this);
    token._context._variables = variables;
  }
}

/** @internal Throws: ArgumentTypeError for options that are none, or that name a context which is none. */
export function assertTaskOptions(options: { readonly context?: unknown }): void {
  const isPlain = typeof options === 'object' && (options as unknown) !== null && !Array.isArray(options);
  if (!isPlain) assertOptions(options, 'createTask');
  if (options.context === undefined || options.context instanceof Context) return;
  throw new ArgumentTypeError('createTask: context must be a Context, as from copyContext()');
}

/** Returns: an independent copy of the current context. */
export function copyContext(): Context {
  return captureContext() ?? new Context();
}

/** @internal How async functions find their task; set by the bridge when the first one starts. */
export const asyncOwner: {
  find: () => ContextOwner | null;
  /** Calls `fn` where the async function's own mark is not visible, so that what is captured there is not its. */
  hide: <R>(fn: () => R) => R;
} = { find: () => null, hide: (fn) => fn() };

interface ContextOwner {
  _context: ActiveContext | null;
}

function contextOwner(): ContextOwner | null {
  if (current.task !== null) return current.task;
  return current.loop === null ? asyncOwner.find() : null;
}

function currentContext(): Context | null {
  const owner = contextOwner();
  return (owner === null ? current.context : owner._context) as Context | null;
}

function ownContext(): Context {
  const owner = contextOwner();
  const existing = owner === null ? current.context : owner._context;
  if (existing !== null) return existing as Context;
  const fresh = new Context();
  if (owner === null) current.context = fresh;
  else owner._context = fresh;
  return fresh;
}

/** @internal What something that is created here runs with later; null for "nothing special". */
export function captureContext(): Context | null {
  const { task, loop } = current;
  const context = task === null ? currentContext() : (task._context as Context | null);
  const isPlain = !storesAreFrames && loop !== null && loop._turnResource.isUntouchedNow();
  const resource = isPlain ? null : asyncOwner.hide(captureResource);
  if (resource === null && (context === null || context._variables.size === 0)) return null;
  return new Context(context?._variables, resource);
}

// Two ways in which Node keeps the active stores: as symbol properties of the current execution resource (the default up
// to Node 22), or as one frame, which an AsyncResource copies into a property when it is made (from 24 on). Which one is
// in use is found out by trying: Node 22 has the property and does not fill it. Bun and Deno have frames that cannot be
// seen, so there every task has a resource, whether stores are active or not.
const frameKey = findFrameKey();

function findFrameKey(): symbol | undefined {
  const probe = new AsyncLocalStorage<true>();
  const resource = probe.run(true, () => new AsyncResource('readyloop.probe')) as unknown as Record<symbol, unknown>;
  probe.disable();
  return Object.getOwnPropertySymbols(resource).find(
    (key) => key.description === 'context_frame' && resource[key] !== undefined,
  );
}

function areProperties(): boolean {
  const probe = new AsyncLocalStorage<object>();
  const store = {};
  const isVisible = probe.run(store, () => {
    const holder = (executionAsyncResource() as Record<symbol, unknown> | undefined) ?? {};
    return Object.getOwnPropertySymbols(holder).some((key) => holder[key] === store);
  });
  probe.disable();
  return isVisible;
}

const ownKeysOfResources = new Set(['async_id_symbol', 'trigger_async_id_symbol']);

/** @internal True if stores are kept in a frame, which a step must hand on to the next one itself. */
export const storesAreFrames = frameKey !== undefined || !areProperties();

/** @internal An AsyncResource that carries the active stores, or null if none is active. */
export function captureResource(): AsyncResource | null {
  if (storesAreFrames) {
    const resource = new AsyncResource('readyloop.task');
    if (frameKey === undefined) return resource;
    return (resource as unknown as Record<symbol, unknown>)[frameKey] === undefined ? null : resource;
  }
  const holder = executionAsyncResource() as Record<symbol, unknown>;
  for (const key of Object.getOwnPropertySymbols(holder)) {
    const isStore = holder[key] !== undefined && !ownKeysOfResources.has(key.description ?? '');
    if (isStore) return new AsyncResource('readyloop.task');
  }
  return null;
}

// Taken when the library is loaded, which is normally before any store is active.
const atLoad = storesAreFrames ? AsyncLocalStorage.snapshot() : null;

/** @internal Calls `fn` where no store is active, as far as Node keeps them in frames that `fn`'s callee would keep. */
export function withoutStores<R>(fn: () => R): R {
  return atLoad === null ? fn() : atLoad(fn);
}

/** @internal Makes a task's step with the stores of its context, which has some. */
export function advanceWithStores(task: { _advance(): void }, context: Context): void {
  // eslint-disable-next-line @typescript-eslint/unbound-method -- its receiver is given; a closure would cost a step
  if (!storesAreFrames) return context._resource?.runInAsyncScope(task._advance, task);
  // Where Node keeps stores in frames, what this step sets must be carried to the next one by hand.
  context._resource?.runInAsyncScope(() => {
    task._advance();
    context._resource = captureResource();
  });
}
