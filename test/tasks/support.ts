// What the tests of tasks share. A script is a body written once and run in both colours: it yields what it awaits, and
// the colour awaits it with `yield*` in a generator task or with `await` in an async-function task.
import {
  type Awaitable,
  type CancelledError,
  checkpoint,
  type Coroutine,
  type CoroutineFunction,
  ExceptionGroup,
  type Future,
  type Operation,
  type ScopedOperation,
  shielded,
  sleep,
  sleepForever,
  type TaskGroup,
  type TaskGroupOptions,
  wait,
  withTaskGroup,
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

/** Awaits an operation that is to fail. Returns: what it throws. */
export function* failureOf(operation: Operation<unknown>): Coroutine<unknown> {
  let value: unknown;
  try {
    value = yield* operation;
  } catch (error) {
    return error;
  }
  throw new Error(`it did not fail, and gave ${String(value)}`);
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

/** A body of a group for both colours. */
export type GroupScript<T> = (group: TaskGroup) => Generator<Awaitable<unknown>, T, unknown>;

/** A group whose body is written in the given colour. */
export function groupIn<T>(colour: Colour, script: GroupScript<T>, options: TaskGroupOptions = {}): ScopedOperation<T> {
  if (colour.name === asyncColour.name) {
    return withTaskGroup(async (group) => (await colour.of(() => script(group))()) as T, options);
  }
  return withTaskGroup(function* (group) {
    return yield* colour.of(() => script(group))() as Coroutine<T>;
  }, options);
}

/** Returns: what the group throws. */
export function* thrownByGroup(operation: ScopedOperation<unknown>): Coroutine<unknown> {
  try {
    yield* operation;
  } catch (error) {
    return error;
  }
  throw new Error('the group threw nothing');
}

/** Returns: the messages of a group of errors, nested ones as arrays. */
export function messagesOf(error: unknown): unknown[] {
  if (!(error instanceof ExceptionGroup)) throw new Error('it is no group of errors', { cause: error });
  return error.errors.map((each) => (each instanceof ExceptionGroup ? messagesOf(each) : each.message));
}

/** A child that cleans up for a while before it ends, and notes why it was cancelled. */
export function* slowToEnd(ms: number, causes: CancelledError[] = []): Coroutine<void> {
  try {
    yield* sleepForever();
  } catch (error) {
    causes.push(error as CancelledError);
    yield* shielded(function* () {
      yield* sleep(ms);
    });
    throw error;
  }
}
