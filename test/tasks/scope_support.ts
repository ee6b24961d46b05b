// What the tests of scopes share: every pair of colours, one around the other.
import { type Awaitable, CancelledError, createTask, getRunningLoop, type ScopeBody, type TaskGroup } from '../../lib/index';
import { type Colour, colours, hosted, type Script } from './support';

/** A scope in a task of the outer colour, with a body of the inner one. */
export interface Nesting {
  readonly name: string;
  readonly outer: Colour;
  readonly inner: Colour;
}

export const nestings: readonly Nesting[] = colours.flatMap((outer) =>
  colours.map((inner) => ({ name: `${inner.name} bodies in ${outer.name} tasks`, outer, inner })),
);

/** A test whose body is a task of that colour, in virtual time. */
export function inTask(colour: Colour, script: Script<unknown>): () => Promise<void> {
  return hosted(function* () {
    yield* createTask<unknown>(colour.of(script));
  });
}

export const now = (): number => getRunningLoop().time();

/** A step of a script that gives what `awaitable` throws, or null. */
export function* thrownFrom(awaitable: Awaitable<unknown>): Generator<Awaitable<unknown>, Error | null, unknown> {
  try {
    yield awaitable;
  } catch (error) {
    return error as Error;
  }
  return null;
}

/** The CancelledError that `awaitable` throws. */
export function* cancelledFrom(awaitable: Awaitable<unknown>): Generator<Awaitable<unknown>, CancelledError, unknown> {
  const error = yield* thrownFrom(awaitable);
  if (!(error instanceof CancelledError)) throw new Error(`not cancelled, but ${String(error)}`);
  return error;
}

/** A body of that colour for a group. */
export function inGroup<T>(
  colour: Colour,
  script: (group: TaskGroup) => Generator<Awaitable<unknown>, T, unknown>,
): ScopeBody<TaskGroup, T> {
  return (group) => colour.of(() => script(group))();
}
