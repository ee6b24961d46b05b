// Combinators keep tuples and records: each place has the type of what was given there.
import {
  asCompleted,
  createTask,
  gather,
  run,
  sleep,
  until,
  wait,
  type Future,
  type Task,
} from 'readyloop';
import { expectType } from './expect.js';

declare const count: Task<number>;
declare const text: Future<string>;
declare const promise: Promise<boolean>;
declare const many: Task<number>[];

function* letters() {
  yield* sleep(1);
  return ['a', 'b'];
}

export function* variadic() {
  expectType<[number, string]>()(yield* gather(count, text));
  expectType<[string[], boolean, number]>()(yield* gather(letters(), promise, count));
  expectType<[string[], number]>()(yield* gather(letters, async () => 1));
  const [first, second] = yield* gather(count, letters());
  expectType<number>()(first);
  expectType<string[]>()(second);
}

export function* arrays() {
  expectType<[number, string]>()(yield* gather([count, text]));
  expectType<[string[], boolean]>()(yield* gather([letters(), until(promise)]));
  expectType<number[]>()(yield* gather(many));
  expectType<number[]>()(yield* gather(...many));
  expectType<[]>()(yield* gather([]));
}

export function* records() {
  expectType<{ count: number; text: string }>()(yield* gather({ count, text }));
  const { all, yes } = yield* gather({ all: letters(), yes: promise });
  expectType<string[]>()(all);
  expectType<boolean>()(yes);
}

export function* withExceptions() {
  const options = { returnExceptions: true } as const;
  expectType<[number | Error, string | Error]>()(yield* gather([count, text], options));
  expectType<{ count: number | Error }>()(yield* gather({ count }, options));
  expectType<[number, string]>()(yield* gather([count, text], { returnExceptions: false }));
}

export async function inAsyncFunctions(): Promise<void> {
  expectType<[number, string]>()(await gather(count, text));
  expectType<{ count: number }>()(await gather({ count }));
}

export function* waiting() {
  const { done, pending } = yield* wait(many, { timeout: 10, returnWhen: 'FIRST_COMPLETED' });
  for (const task of [...done, ...pending]) expectType<number>()(task.result());
  for (const next of asCompleted(many)) expectType<number>()((yield* next).result());
  // @ts-expect-error -- not one of the modes
  yield* wait(many, { returnWhen: 'first' });
}

// Another element type than above: TypeScript 5.9 gives `for await` what it remembers of `for … of` over the same type.
export async function iterating(words: Task<string>[]): Promise<void> {
  for await (const task of asCompleted(words)) expectType<string>()(task.result());
  for await (const task of asCompleted(words)) expectType<string>()(task.result());
}

expectType<Promise<[number, string[]]>>()(
  run(function* () {
    const task = createTask(async () => 1);
    return yield* gather(task, letters());
  }),
);
// @ts-expect-error -- a number is nothing to await
gather(1);
// @ts-expect-error -- nor is one inside an array
gather([count, 1]);
