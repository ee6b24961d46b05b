// One run of a main coroutine: its root of tasks, what cancels it from outside, and what is left when main has ended.
// `run`, `runBlocking`, `runMain` and `Runner` are thin faces of it.

import { addAbortListener } from 'node:events';
import { captureResource, type Context } from '../kernel/context.js';
import type { Coroutine, CoroutineFunction } from '../kernel/coroutine.js';
import type { EventLoop } from '../kernel/event_loop.js';
import { Root } from '../kernel/root.js';
import type { Task } from '../kernel/task.js';
import { demandDebug } from './debug_demands.js';
import { ProcessSignals } from './process_signals.js';
import type { RunOptions } from './run_options.js';

/** What a run can be given to run. */
export type Main<T> = Coroutine<T> | CoroutineFunction<T>;

/** @internal A root for the tasks of a run with these options. */
export function rootFor(loop: EventLoop, options: RunOptions): Root {
  return new Root(loop, {
    shutdownTimeout: options.shutdownTimeout,
    collectUnhandled: options.unhandled === 'throw',
    sharedResource: options.asyncContext === 'run' ? captureResource() : undefined,
  });
}

/**
 * @internal Cancels and awaits what a root still has. The last run to end also ends what plain callbacks started on the
 * loop, and reports their failures.
 */
export function endTasks(loop: EventLoop, root: Root, onQuiet: () => void): void {
  root.close(() => {
    if (loop._liveRuns <= 1) loop._orphans.close(onQuiet, root.shutdownTimeout);
    else onQuiet();
  });
}

/** What the runs of one runner share. */
interface KeptByRunner {
  readonly root: Root;
  readonly context: Context;
}

export class MainRun<T> {
  readonly task: Task<T>;
  readonly root: Root;
  readonly #loop: EventLoop;
  #signals: ProcessSignals | null = null;
  #abort: Disposable | null = null;
  readonly #debug: Disposable | null = null;

  /** Throws: what `createTask` throws for a bad main, with the name of `call`; nothing has happened then. */
  constructor(call: string, loop: EventLoop, main: Main<T>, options: RunOptions, kept: KeptByRunner | null = null) {
    this.#loop = loop;
    this.root = kept?.root ?? rootFor(loop, options);
    const taskOptions = {
      ...(options.name === undefined ? {} : { name: options.name }),
      ...(kept === null ? {} : { context: kept.context }),
    };
    this.task = loop._newTask<T>(main, taskOptions, this.root._base, call, null);
    loop._begin(this.task, false);
    if (options.debug !== undefined) this.#debug = demandDebug(loop, options.debug);
    this.#listen(options);
  }

  /** The signal that cancelled main, or null. */
  get signalReceived(): NodeJS.Signals | null {
    return this.#signals?.received ?? null;
  }

  #listen({ signal, signals }: RunOptions): void {
    if (signals !== undefined && signals.length > 0) {
      this.#signals = new ProcessSignals(signals, (name) => this.#cancel(name));
    }
    if (signal === undefined) return;
    if (signal.aborted) this.#cancel(signal.reason);
    else this.#abort = addAbortListener(signal, () => this.#cancel(signal.reason));
  }

  #cancel(reason: unknown): void {
    this.task._cancelBy({ reason, origin: { task: null, source: 'signal' } });
    this.#loop._engine.wake();
  }

  /** The run is over: stops listening. */
  unlisten(): void {
    this.#signals?.dispose();
    this.#abort?.[Symbol.dispose]();
    this.#debug?.[Symbol.dispose]();
  }

  /** After the root is quiet. Returns: main's result. Throws: main's failure, or what nobody looked at. */
  outcome(): T {
    const result = this.task.result();
    const unhandled = this.root.unhandledError;
    if (unhandled !== null) throw unhandled;
    return result;
  }
}
