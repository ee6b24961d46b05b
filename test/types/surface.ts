// The rest of the surface: the loop, handles, options, context and errors have the shapes that the documentation names.
import {
  CancelledError,
  ContextVar,
  EventLoop,
  ExceptionGroup,
  Runner,
  allTasks,
  currentTask,
  getRunningLoop,
  notifyClosing,
  run,
  runMain,
  sleepForever,
  sleepUntil,
  waitReadable,
  waitWritable,
  type Handle,
  type Task,
  type TimerHandle,
} from 'readyloop';
import { expectType } from './expect.js';

function* main() {
  yield* sleepUntil(getRunningLoop().time() + 5);
  yield* waitReadable(0);
  yield* waitWritable(1);
  notifyClosing(0);
}

const loop = getRunningLoop();
expectType<EventLoop>()(loop);
expectType<number>()(loop.time());
expectType<Handle>()(loop.callSoon((a: number, b: string) => `${a}${b}`, 1, 'x'));
expectType<TimerHandle>()(loop.callLater(5, () => undefined));
expectType<TimerHandle>()(loop.callAt(5, (a: boolean) => a, true));
expectType<Handle>()(loop.callSoonThreadsafe(() => undefined));
expectType<boolean>()(loop.removeReader(0));
expectType<boolean>()(loop.removeWriter(0));
loop.addReader(0, (text: string) => text, 'x');
loop.addWriter(0, () => undefined);
loop.setExceptionHandler((context) => {
  expectType<string>()(context.message);
});
loop.setExceptionHandler(null);
// @ts-expect-error -- the arguments must be those of the callback
loop.callSoon((a: number) => a, 'x');

expectType<Task<unknown> | null>()(currentTask());
expectType<ReadonlySet<Task<unknown>>>()(allTasks());

const controller = new AbortController();
void run(main, { debug: true, signal: controller.signal, signals: ['SIGINT'], unhandled: 'throw', name: 'main' });
void run(main, { asyncContext: 'run', shutdownTimeout: 1_000 });
expectType<void>()(runMain(main));
// @ts-expect-error -- not a way to treat unhandled failures
void run(main, { unhandled: 'ignore' });

export async function several(): Promise<void> {
  const runner = new Runner();
  expectType<void>()(await runner.run(main));
  await runner[Symbol.asyncDispose]();
}

const name = new ContextVar<string>('name');
name.set('x');

export function* cancelling(task: Task<number>) {
  expectType<boolean>()(task.cancel('enough'));
  expectType<number>()(task.cancelling());
  expectType<void>()(yield* task.join());
  expectType<never>()(yield* sleepForever());
}

export function handled(error: unknown): unknown {
  if (error instanceof CancelledError) {
    expectType<unknown>()(error.reason);
    return error.code;
  }
  if (error instanceof ExceptionGroup) {
    const aggregate: AggregateError = error;
    return aggregate.errors;
  }
  return error;
}
