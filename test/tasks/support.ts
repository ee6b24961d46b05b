// What the tests of tasks share. A script is a body written once and run in both colours: it yields what it awaits, and
// the colour awaits it with `yield*` in a generator task or with `await` in an async-function task.
import {
  type Awaitable,
  checkpoint,
  type Coroutine,
  type CoroutineFunction,
  type Future,
  type Operation,
  wait,
} from '../../lib/index';
import { virtualTime } from '../../lib/testing';
import { thrownBy } from '../helpers/failures';

/** A body for both colours. */
export type Script<T> = () => Generator<Awaitable<unknown>, T, unknown>;

/** One way to write a coroutine function. */
export interface Colour {
  readonly name: string;
  readonly of: <T>(script: Script<T>) => CoroutineFunction<T>;
}

function generatorOf<T>(script: Script<T>): CoroutineFunction<T> {
  return function* (): Coroutine<T> {
    const body = script();
    let answer = body.next();
    while (answer.done !== true) {
      let value: unknown;
      try {
        value = yield* answer.value as Operation<unknown>;
      } catch (error) {
        answer = body.throw(error);
        continue;
      }
      answer = body.next(value);
    }
    return answer.value;
  };
}

function asyncOf<T>(script: Script<T>): CoroutineFunction<T> {
  return async () => {
    const body = script();
    let answer = body.next();
    while (answer.done !== true) {
      let value: unknown;
      try {
        value = await answer.value;
      } catch (error) {
        answer = body.throw(error);
        continue;
      }
      answer = body.next(value);
    }
    return answer.value;
  };
}

export const generatorColour: Colour = { name: 'generator', of: generatorOf };
export const asyncColour: Colour = { name: 'async', of: asyncOf };
export const colours: readonly Colour[] = [generatorColour, asyncColour];

/** A test body under a virtual clock on Node's own loop, where tasks of both colours can run. */
export function hosted(body: Parameters<typeof virtualTime>[0]): () => Promise<void> {
  return virtualTime(body, { hosted: true });
}

/** How a future ended. */
export type Outcome = ['value', unknown] | ['cancelled', unknown] | ['failed', Error];

/** Waits for a future without owning it. Returns: how it ended; a cancellation by its reason. */
export function* outcomeOf(future: Future<unknown>): Coroutine<Outcome> {
  yield* wait([future]);
  if (future.cancelled()) {
    try {
      future.result();
    } catch (error) {
      return ['cancelled', (error as { reason: unknown }).reason];
    }
  }
  const error = future.exception();
  return error === null ? ['value', future.result()] : ['failed', error];
}

/** Lets everything that is ready run, `count` times over. */
export function* ticks(count: number): Coroutine<void> {
  for (let i = 0; i < count; i++) yield* checkpoint();
}

/** Returns: the stable code of what `call` throws. */
export function codeOf(call: () => unknown): string | undefined {
  return thrownBy(call).code;
}

/** A coroutine that ends at once. */
export function* trivial<T>(value: T): Coroutine<T> {
  return value;
}

/** A coroutine that fails at once. */
export function* failing(message: string): Coroutine<never> {
  throw new Error(message);
}
