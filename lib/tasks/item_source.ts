// Where `mapConcurrent` takes its items from, one at a time: an iterable, an async one, or one of our own channels and
// queues, which is asked without promises. An async iterable is asked by a task of the region, so that whatever of ours it
// waits for is cancelled with it, and its `finally` blocks can wait.

import { ArgumentTypeError, asError, AsyncFunctionRefusedError } from '../base/errors.js';
import { type Coroutine, describe } from '../kernel/coroutine.js';
import { type CancelRequest, Future } from '../kernel/future.js';
import type { LoopCore } from '../kernel/loop_core.js';
import { runningTask } from '../kernel/running.js';
import type { Task } from '../kernel/task.js';
import { closeShielded } from './closing.js';
import type { Siblings } from './siblings.js';

/** Anything to take items from. */
export type Items<T> = Iterable<T> | AsyncIterable<T>;

type Step<T> = IteratorResult<T, unknown>;

/** How one of our own iterators is asked without promises. */
interface OwnIterator<T> {
  _receiveResult(): Future<Step<T>>;
}

type AnyIterator<T> = Partial<OwnIterator<T>> & {
  next(): unknown;
  return?(): unknown;
};

// The wait for a promise of the next item. When it is cancelled, the iterator is left to itself, unless it waits for
// something of ours: then that wait is cancelled too, and the iterator ends by it.
class Pull<T> extends Future<Step<T>> {
  readonly #reader: Task<unknown>;

  constructor(loop: LoopCore, reader: Task<unknown>, next: unknown) {
    super(loop);
    this.#reader = reader;
    Promise.resolve(next as PromiseLike<Step<T>>).then(
      (step) => {
        if (!this.done()) this._finish(step);
      },
      (error: unknown) => {
        if (!this.done()) this._fail(asError(error));
      },
    );
  }

  override _cancelBy(request: CancelRequest): boolean {
    if (!this.done() && this.#reader._reactions.size > Number(this._waiters !== null)) return true;
    return super._cancelBy(request);
  }
}

/** @internal */
export class ItemSource<T> {
  readonly #siblings: Siblings;
  readonly #call: string;
  #iterator: AnyIterator<T> | null = null;
  #isAsync = false;
  // It has ended by itself, or has failed: there is nothing to close.
  #hasEnded = false;
  #pull: Pull<T> | null = null;

  constructor(items: Items<T>, siblings: Siblings, call: string) {
    this.#siblings = siblings;
    this.#call = call;
    try {
      this.#open(items);
    } catch (error) {
      siblings.fail(error);
    }
  }

  #open(items: Items<T>): void {
    if (!(Symbol.asyncIterator in Object(items))) {
      this.#iterator = (items as Iterable<T>)[Symbol.iterator]() as AnyIterator<T>;
      return;
    }
    const iterator = (items as AsyncIterable<T>)[Symbol.asyncIterator]() as AnyIterator<T>;
    this.#isAsync = true;
    if (iterator._receiveResult === undefined && !this.#siblings.loop._hasMicrotasks) {
      throw new AsyncFunctionRefusedError(
        `${this.#call}: promises cannot settle while this loop owns the thread here; use run(…), or items without promises`,
      );
    }
    this.#iterator = iterator;
  }

  /** Whether taking an item may be waited for, rather than being done at once. */
  get isAsync(): boolean {
    return this.#isAsync;
  }

  /** Returns: the next item, or null if there is none or everything is stopped. */
  *next(): Coroutine<{ readonly value: T } | null> {
    if (this.#iterator === null || this.#hasEnded) return null;
    const step = this.#isAsync ? yield* this.#ask(this.#iterator) : this.#take(this.#iterator);
    if (step === null) return null;
    if (typeof step !== 'object') {
      this.#fail(new ArgumentTypeError(`${this.#call}: an iterator gives objects, not ${describe(step)}`));
      return null;
    }
    if (step.done === true) this.#hasEnded = true;
    return step.done === true ? null : { value: step.value };
  }

  #fail(error: unknown): null {
    this.#hasEnded = true;
    this.#siblings.fail(error);
    return null;
  }

  #take(iterator: AnyIterator<T>): Step<T> | null {
    const { host } = this.#siblings;
    try {
      const step = iterator.next() as Step<T>;
      if (host._waiting === null) return step;
    } catch (error) {
      return this.#fail(error);
    }
    host._waiting = null;
    return this.#fail(
      new ArgumentTypeError(`${this.#call}: the items come from a function* that awaits; use an async function* there`),
    );
  }

  *#ask(iterator: AnyIterator<T>): Coroutine<Step<T> | null> {
    const { loop } = this.#siblings;
    const ask = async (): Promise<Step<T>> => {
      this.#pull = new Pull(loop, runningTask() as Task<unknown>, iterator.next());
      return await this.#pull;
    };
    const child = this.#siblings.start(iterator._receiveResult?.() ?? ask);
    if (child === undefined) return null;
    yield* this.#siblings.until(() => child.done());
    const isFailed = !child.cancelled() && child.exception() !== null;
    if (isFailed) this.#hasEnded = true;
    return isFailed || this.#siblings.isStopped ? null : (child._value as Step<T>);
  }

  /** Closes the iterator, if it has not ended, and waits for it. What that fails with is a failure like the others. */
  *close(): Coroutine<void> {
    const iterator = this.#iterator;
    if (this.#hasEnded || typeof iterator?.return !== 'function') return;
    this.#hasEnded = true;
    const close = (): unknown => iterator.return?.();
    if (this.#isAsync && this.#pull?.cancelled() === true) {
      this.#letGo(close);
      return;
    }
    const failure = this.#isAsync ? yield* closeShielded(this.#call, close) : failureOf(close);
    if (failure !== null) this.#siblings.fail(failure);
  }

  /** Closes the iterator without waiting for it: the coroutine that took from it is closed by force. */
  forsake(): void {
    const iterator = this.#iterator;
    if (this.#hasEnded || typeof iterator?.return !== 'function') return;
    this.#hasEnded = true;
    this.#letGo(() => iterator.return?.());
  }

  // It is still busy with an item that will not come in time, and many iterators put off their closing until it has come.
  #letGo(close: () => unknown): void {
    const { loop, host } = this.#siblings;
    const report = (exception: unknown): void => {
      const message = `${this.#call}: closing the iterator failed after it was left to itself`;
      loop.callExceptionHandler({ message, exception, task: host });
    };
    if (this.#isAsync) {
      Promise.resolve()
        .then(close)
        .then(undefined, report);
      return;
    }
    const failure = failureOf(close);
    if (failure !== null) report(failure);
  }
}

function failureOf(close: () => unknown): Error | null {
  try {
    close();
  } catch (error) {
    return asError(error);
  }
  return null;
}
