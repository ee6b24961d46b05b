// The types of both coroutine colours, and how a coroutine object is recognised. A task accepts from a coroutine only
// suspensions that this library made, which is why their type cannot be produced outside it.

import { ArgumentTypeError, CoroutineReusedError } from '../base/errors.js';

declare const suspensionBrand: unique symbol;

/** What a coroutine yields to its task. Only the library makes one: always write `yield*`, never `yield`. */
export interface Suspension {
  readonly [suspensionBrand]: never;
}

/** Anything that can be awaited with `yield*`. */
export interface Operation<out T> {
  [Symbol.iterator](): Iterator<Suspension, T, unknown>;
}

/** What a `function*` coroutine returns: a lazy computation that a task steps. */
export type Coroutine<T> = Generator<Suspension, T, unknown>;

/** Anything that can be awaited with `yield*` or `await`. */
export type Awaitable<T> = Operation<T> | PromiseLike<T>;

/** A coroutine function of either colour. */
export type CoroutineFunction<T, A extends unknown[] = []> = (...args: A) => Coroutine<T> | PromiseLike<T>;

/** What an awaitable gives. */
export type AwaitedValue<A> = A extends Operation<infer T> ? T : Awaited<A>;

/** What `[Symbol.iterator]().next()` answers; one object serves all, because whoever asked reads it at once. */
export interface Step {
  done: boolean;
  value: unknown;
}

// Marks a coroutine object that a task drives or has driven (a plain property: a WeakSet costs eight times as much).
const driven = Symbol('readyloop.driven');

// Cost: each generator function, so also each closure written in place, gives its generators a hidden class of their own.
// A property read on one that V8 has not seen costs half a microsecond, so native ones are told and driven without any.
const generatorPrototype = (Object.getPrototypeOf(function* () {}) as { prototype: Coroutine<unknown> }).prototype;
const nativeGenerator = function () {
  // Only its prototype is of use, to `instanceof`.
} as unknown as (abstract new () => Coroutine<unknown>) & { prototype: Coroutine<unknown> };
nativeGenerator.prototype = generatorPrototype;

/** @internal A native generator's `next`, to be called on one. */
// eslint-disable-next-line @typescript-eslint/unbound-method -- its receiver is given at each call
export const resume = generatorPrototype.next as unknown as (this: Coroutine<unknown>) => Step;
/** @internal A native generator's `throw`, likewise. */
// eslint-disable-next-line @typescript-eslint/unbound-method -- as above
export const raise = generatorPrototype.throw as unknown as (this: Coroutine<unknown>, error: unknown) => Step;
/** @internal A native generator's `return`, likewise. */
// eslint-disable-next-line @typescript-eslint/unbound-method -- as above
export const close = generatorPrototype.return as unknown as (this: Coroutine<unknown>, value: unknown) => Step;

/** @internal A coroutine that awaits one thing. */
export function* awaited<T>(operation: Operation<T>): Coroutine<T> {
  return yield* operation;
}

/** @internal True for an operation of this library that is no future; one may be its own iterator, as a generator is. */
export function isOperation(value: unknown): value is Operation<unknown> {
  return typeof value === 'object' && value !== null && '_isOperation' in value;
}

/** True for a generator object, of whichever realm. */
export function isCoroutine(value: unknown): value is Coroutine<unknown> {
  if (value instanceof nativeGenerator) return true;
  if (typeof value !== 'object' || value === null || isOperation(value)) return false;
  const candidate = value as Partial<Coroutine<unknown>>;
  return (
    typeof candidate.next === 'function' &&
    typeof candidate.throw === 'function' &&
    typeof candidate.return === 'function' &&
    typeof candidate[Symbol.iterator] === 'function'
  );
}

/** True for a function of either colour, judged without calling it: `function*` or `async function`. */
export function isCoroutineFunction(value: unknown): boolean {
  return isTagged(value, 'GeneratorFunction') || isTagged(value, 'AsyncFunction');
}

/** @internal */
export function isGeneratorFunction(value: unknown): boolean {
  return isTagged(value, 'GeneratorFunction');
}

/** @internal */
export function isAsyncFunction(value: unknown): boolean {
  return isTagged(value, 'AsyncFunction');
}

function isTagged(value: unknown, tag: string): boolean {
  return typeof value === 'function' && (value as { [Symbol.toStringTag]?: string })[Symbol.toStringTag] === tag;
}

/** @internal */
export function isThenable(value: unknown): value is PromiseLike<unknown> {
  const isObject = (typeof value === 'object' && value !== null) || typeof value === 'function';
  return isObject && typeof (value as { then?: unknown }).then === 'function';
}

/**
 * @internal Takes a coroutine for one task. Returns: a native generator that does what it does.
 *
 * Throws: CoroutineReusedError if another one drives or has driven it; ArgumentTypeError if it is none.
 */
export function claim(coroutine: unknown, where: string): Coroutine<unknown> {
  if (!isCoroutine(coroutine)) throw notACoroutine(coroutine, where);
  if (isDriven(coroutine)) {
    throw new CoroutineReusedError(
      'this coroutine is being driven by a task or has ended; call its function again to get a fresh one',
    );
  }
  markDriven(coroutine);
  return asNative(coroutine);
}

/** @internal A native generator that does what the coroutine does. */
export function asNative(coroutine: Coroutine<unknown>): Coroutine<unknown> {
  return coroutine instanceof nativeGenerator ? coroutine : awaited(coroutine);
}

/** @internal True if a task drives it or has driven it. */
export function isDriven(coroutine: Coroutine<unknown>): boolean {
  return (coroutine as { [driven]?: boolean })[driven] === true;
}

/** @internal Marks a coroutine that its task hands out, so that no other task takes it. */
export function markDriven(coroutine: Coroutine<unknown>): void {
  (coroutine as { [driven]?: boolean })[driven] = true;
}

/** @internal The error for a value that is neither a coroutine nor a function that makes one. */
export function notACoroutine(value: unknown, where: string): ArgumentTypeError {
  const hint = isThenable(value)
    ? 'await a future or promise, or give the async function itself without calling it'
    : 'give a generator object (call the function*), a function*, or an async function';
  return new ArgumentTypeError(`${where}: ${describe(value)} is not a coroutine; ${hint}`);
}

// The class, where the tag says no more than that it is an object.
function describeObject(value: object): string {
  const tag = Object.prototype.toString.call(value);
  const { constructor } = value as { constructor?: unknown };
  return tag === '[object Object]' && typeof constructor === 'function' ? `[object ${constructor.name}]` : tag;
}

/** @internal */
export function describe(value: unknown): string {
  if (value === null || value === undefined) return String(value);
  if (typeof value === 'function') return `function ${value.name || '(anonymous)'}`;
  if (typeof value === 'object') return describeObject(value);
  return `${typeof value} ${String(value)}`;
}
