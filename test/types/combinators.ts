// Combinators keep tuples and records: each place has the type of what was given there.
import {
  all,
  any,
  asCompleted,
  createTask,
  gather,
  mapConcurrent,
  race,
  run,
  sleep,
  staggeredRace,
  until,
  use,
  wait,
  waitFor,
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

declare const connection: AsyncDisposable & { readonly host: string };

export function* structured() {
  expectType<[number, string]>()(yield* all(count, text));
  expectType<[string[], boolean]>()(yield* all([letters(), promise], { groupFailures: true }));
  expectType<{ count: number; all: string[] }>()(yield* all({ count, all: letters }));
  expectType<number[]>()(yield* all(many));
  expectType<number | string>()(yield* race(count, text));
  expectType<string[] | boolean>()(yield* race([letters, promise], { onOrphan: () => undefined }));
  expectType<number | string>()(yield* any({ count, text }));
  expectType<[[number, string], boolean]>()(yield* all([all([count, text]), promise]));
  expectType<string[]>()(yield* staggeredRace([letters, letters], 250));
  // @ts-expect-error -- a number is nothing to await
  all([1]);
  // @ts-expect-error -- nor is it in a race
  race(1);
}

export function* mapping() {
  expectType<string[][]>()(yield* mapConcurrent([1, 2], function* (item, index) {
    expectType<number>()(item);
    expectType<number>()(index);
    return yield* letters();
  }));
  expectType<number[]>()(yield* mapConcurrent(new Set(['a']), async (item) => item.length, { limit: 2, ordered: false }));
  // @ts-expect-error -- a number has no items
  mapConcurrent(5, letters);
}

export function* limited() {
  expectType<number>()(yield* waitFor(count, 10));
  expectType<string[]>()(yield* waitFor(letters(), 10));
  expectType<string[]>()(yield* waitFor(letters, 10));
  expectType<boolean>()(yield* waitFor(promise, 10));
  expectType<number | string>()(yield* waitFor(race(count, text), 10));
  // @ts-expect-error -- there is no wait without a limit but Infinity
  waitFor(count);
}

export function* resources() {
  expectType<string>()(yield* use(connection, function* (open) {
    yield* sleep(1);
    return open.host;
  }));
  expectType<string>()(yield* use(Promise.resolve(connection), async (open) => open.host));
  expectType<string>()(yield* use(function* () {
    yield* sleep(1);
    return connection;
  }, async (open) => open.host));
  // @ts-expect-error -- an array cannot be disposed of
  use([1], async () => 1);
}

export async function structuredInAsyncFunctions(): Promise<void> {
  expectType<[number, string]>()(await all(count, text));
  expectType<number | string>()(await race(count, text));
  expectType<number>()(await waitFor(count, 1));
}
