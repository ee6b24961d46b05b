// Coroutines of both colours infer their results without annotations, and a value can be awaited in either colour.
import {
  type Awaitable,
  type Coroutine,
  type CoroutineFunction,
  type Operation,
  type Suspension,
  checkpoint,
  createTask,
  getRunningLoop,
  run,
  runBlocking,
  shield,
  sleep,
  until,
  untilSignal,
  type Future,
  type Task,
} from 'readyloop';
import { expectType } from './expect.js';

interface User {
  readonly name: string;
}
declare const user: Future<User>;
declare const task: Task<number>;
declare const promise: Promise<string>;

function* inner() {
  yield* sleep(1);
  return 42;
}

function* outer() {
  const answer = yield* inner();
  expectType<number>()(answer);
  const found = yield* user;
  expectType<User>()(found);
  const counted = yield* task;
  expectType<number>()(counted);
  const text = yield* until(promise);
  expectType<string>()(text);
  const answered = yield* untilSignal((signal) => fetchLike(signal));
  expectType<Uint8Array>()(answered);
  const shielded = yield* shield(task);
  expectType<number>()(shielded);
  const nothing = yield* checkpoint();
  expectType<void>()(nothing);
  return found.name.length > 0 ? ([answer, found] as const) : null;
}
declare function fetchLike(signal: AbortSignal): Promise<Uint8Array>;

expectType<Generator<Suspension, number, unknown>>()(inner());
expectType<Generator<Suspension, readonly [number, User] | null, unknown>>()(outer());
export const annotated: Coroutine<number> = inner();

// The same values in an async function.
export async function asynchronous(): Promise<void> {
  expectType<User>()(await user);
  expectType<number>()(await task);
  expectType<string>()(await until(promise));
  expectType<number>()(await shield(task));
  expectType<void>()(await checkpoint());
  expectType<[number, User]>()(await Promise.all([task, user]));
}

// Programs and tasks take generator functions, async functions and coroutine objects.
expectType<Promise<number>>()(run(inner));
expectType<Promise<number>>()(run(inner()));
expectType<Promise<string>>()(run(async () => promise));
expectType<Promise<number>>()(
  run(function* () {
    return yield* inner();
  }),
);
expectType<number>()(runBlocking(inner));
expectType<string>()(runBlocking(async () => promise));
expectType<Task<number>>()(createTask(inner()));
expectType<Task<number>>()(createTask(inner, { name: 'inner', eager: true }));
expectType<Task<string>>()(createTask(async () => promise));
expectType<Task<number>>()(getRunningLoop().createTask(inner));
expectType<Future<Set<string>>>()(getRunningLoop().createFuture<Set<string>>());

// Everything that can be awaited is an Awaitable; a coroutine is an Operation.
export const awaitables: Awaitable<unknown>[] = [user, task, promise, inner(), checkpoint()];
export const operations: Operation<unknown>[] = [user, task, inner(), sleep(1)];
export const ofEitherColour: CoroutineFunction<number, [number]>[] = [
  function* (times) {
    yield* sleep(times);
    return times;
  },
  async (times) => times,
];

// The natural mistakes do not compile.
// @ts-expect-error -- `yield` of a future instead of `yield*`
void run(function* () { yield sleep(1); });
// @ts-expect-error -- `yield` of a promise instead of `yield* until(promise)`
void run(function* () { yield promise; });
// @ts-expect-error -- `yield` of a coroutine instead of `yield*`
createTask(function* () { yield inner(); });
// @ts-expect-error -- `yield` of a future in a coroutine object
createTask((function* () { yield user; })());
// @ts-expect-error -- an ordinary value
createTask(function* () { yield 1; });
// @ts-expect-error -- nobody outside the library can make a suspension
export const forged: Suspension = {};
// @ts-expect-error -- a function of neither colour
void run(() => 1);
// @ts-expect-error -- a promise is no coroutine
createTask(promise);
// @ts-expect-error -- times are numbers
sleep('1s');
