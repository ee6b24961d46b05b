// Queue: items on their way from tasks that put to tasks that get, first in, first out, with a bound that makes putters
// wait. Which item is next is the store's business, so that the other orders differ by their store alone.
// Invariant: getters wait only while there is no item, putters only while there is no room.

import { ArgumentRangeError, ArgumentTypeError, asError, InvalidStateError, QueueShutDownError } from '../base/errors.js';
import { Deque } from '../base/deque.js';
import { assertOptions } from '../kernel/arguments.js';
import { cancelCheck } from '../kernel/cancel_check.js';
import { describe } from '../kernel/coroutine.js';
import type { Future } from '../kernel/future.js';
import type { LoopCore } from '../kernel/loop_core.js';
import { getRunningLoop } from '../kernel/running.js';
import { expectAwait } from '../kernel/unawaited.js';
import { type END, endAll, endIn, Form, Getter, given, ItemIterator, parkIn, Putter } from './handover.js';
import { showStatistics } from './inspection.js';
import { atOnce, Parked, ParkingLot } from './parking_lot.js';

/** @internal Holds the items of a queue and decides which one is next. */
export interface Store<T> {
  readonly size: number;
  push(item: T): void;
  /** Takes the next one; undefined if there is none. */
  take(): T | undefined;
  peek(): T | undefined;
  clear(): void;
}

class FifoStore<T> extends Deque<T> implements Store<T> {
  take(): T | undefined {
    return this.shift();
  }
  peek(): T | undefined {
    return this.first();
  }
}

/** Options of queues. */
export interface QueueOptions<T> {
  /** What is in the queue from the beginning; each counts as put. */
  readonly items?: Iterable<T>;
}

/** What a queue tells of itself. */
export interface QueueStatistics {
  readonly size: number;
  /** Infinity for a queue without a bound. */
  readonly maxSize: number;
  /** Items put that `taskDone` was not called for. */
  readonly unfinished: number;
  readonly waitingToGet: number;
  readonly waitingToPut: number;
  readonly joining: number;
}

/**
 * A first-in, first-out queue between tasks.
 *
 * Whoever waits is served in the order of arrival: an item goes to the first getter at the moment it is put, and room to
 * the first putter at the moment it appears. In coroutines: `let item; while ((item = yield* queue.next()) !== END) …`,
 * in async functions: `for await (const item of queue)`; both end at `shutdown()`.
 * Source: asyncio.Queue (3.13), without its overtaking.
 */
export class Queue<T> implements AsyncIterable<T> {
  /** The bound, Infinity if there is none. */
  declare readonly maxSize: number;
  private declare readonly _store: Store<T>;
  private declare readonly _getters: ParkingLot;
  private declare readonly _putters: ParkingLot;
  private declare readonly _joiners: ParkingLot;
  private declare _unfinished: number;
  private declare _isShutDown: boolean;
  // What a put gives that need not wait, made once for a loop: it is done, so it can be anybody's.
  private declare _accepted: Future<void> | null;

  /**
   * Units: `maxSize` in items; zero or less is no bound, and a fraction counts by comparison (1.5 holds two).
   * Throws: ArgumentTypeError, ArgumentRangeError for what is no size, or for more initial items than it.
   */
  constructor(maxSize?: number, options?: QueueOptions<T>);
  /** @internal */
  constructor(maxSize: number | undefined, options: QueueOptions<T> | undefined, store: Store<T>);
  constructor(maxSize: number = 0, options: QueueOptions<T> = {}, store: Store<T> = new FifoStore<T>()) {
    assertOptions(options, 'a queue', ['items']);
    const { items = [] } = options;
    if (typeof maxSize !== 'number') throw new ArgumentTypeError(`maxSize is a number, not ${describe(maxSize)}`);
    if (typeof items[Symbol.iterator] !== 'function') {
      throw new ArgumentTypeError(`the items of a queue are iterable, not ${describe(items)}`);
    }
    if (Number.isNaN(maxSize)) throw new ArgumentRangeError('maxSize must not be NaN; leave it out for no bound');
    this.maxSize = maxSize > 0 ? maxSize : Infinity;
    this._store = store;
    this._getters = new ParkingLot('Queue.get');
    this._putters = new ParkingLot('Queue.put');
    this._joiners = new ParkingLot('Queue.join');
    this._unfinished = 0;
    this._isShutDown = false;
    this._accepted = null;
    for (const item of items) {
      if (!this.tryPut(item)) throw new ArgumentRangeError(`more initial items than maxSize (${maxSize}) allows`);
    }
  }

  /** How many items are in the queue. */
  get size(): number {
    return this._store.size;
  }
  empty(): boolean {
    return this._store.size === 0;
  }
  /** Returns: whether the next put would wait. */
  full(): boolean {
    return this._store.size >= this.maxSize;
  }

  /**
   * Puts an item, and waits for room first if there is none.
   *
   * Throws: QueueShutDownError after `shutdown()`, and at the wait if that comes meanwhile.
   * Checkpoint: only if it waits. Cancel: the item is not put.
   */
  put(item: T): Future<void> {
    cancelCheck();
    const loop = getRunningLoop();
    if (this.tryPut(item)) return this._done(loop);
    return parkIn(this._putters, new Putter(loop, item, null));
  }

  /** Puts an item if there is room. Returns: whether there was. Throws: QueueShutDownError after `shutdown()`. */
  tryPut(item: T): boolean {
    if (this._isShutDown) throw shutDown();
    const getter = this._getters._take();
    if (getter !== null) {
      this._unfinished++;
      (getter as Getter)._give(item);
      return true;
    }
    if (this._store.size >= this.maxSize) return false;
    this._store.push(item);
    this._unfinished++;
    return true;
  }

  /**
   * Takes the next item, and waits for one first if there is none.
   *
   * Throws: QueueShutDownError once the queue is shut down and empty.
   * Checkpoint: only if it waits. Cancel: nothing is taken.
   */
  get(): Future<T> {
    return expectAwait(this._receive(Form.item) as Future<T>, 'queue.get()');
  }

  /**
   * Takes the next item like `get`, for loops in coroutines: `while ((item = yield* queue.next()) !== END) …`.
   *
   * Returns: the item, or END once the queue is shut down and empty. Checkpoint, Cancel: as `get`.
   */
  next(): Future<T | typeof END> {
    return this._receive(Form.itemOrEnd) as Future<T | typeof END>;
  }

  /**
   * Takes the next item if there is one.
   *
   * Returns: `otherwise` if there is none: null, or what the caller gives because it cannot be an item.
   * Throws: QueueShutDownError once the queue is shut down and empty.
   */
  tryGet(): T | null;
  tryGet<D>(otherwise: D): T | D;
  tryGet(...otherwise: [unknown?]): unknown {
    if (this._store.size > 0) return this._takeNow();
    if (this._isShutDown) throw shutDown();
    return otherwise.length === 0 ? null : otherwise[0];
  }

  /** Returns: the item that would be taken next, which stays where it is; null if there is none. */
  peek(): T | null {
    return this._store.size === 0 ? null : (this._store.peek() as T);
  }

  /** For `for await`: takes items until the queue is shut down and empty. */
  [Symbol.asyncIterator](): AsyncIterator<T, void, unknown> {
    return new ItemIterator<T>((form) => this._receive(form));
  }

  /** Says that the work for one item is done. Throws: InvalidStateError if there is no such item any more. */
  taskDone(): void {
    if (this._unfinished <= 0) throw new InvalidStateError('taskDone() was called more often than items were put');
    if (--this._unfinished === 0) this._joiners.unparkAll();
  }

  /**
   * Waits until `taskDone` was called for every item that was put.
   *
   * Checkpoint: only if it waits. Cancel: nothing to undo.
   */
  join(): Future<void> {
    cancelCheck();
    const loop = getRunningLoop();
    if (this._unfinished === 0) return this._done(loop);
    return parkIn(this._joiners, new Parked<void>(loop));
  }

  /**
   * Ends the queue: nothing can be put any more, waiting putters fail, and getters fail (or end their loops) once it is
   * empty. With `immediate` its items are dropped, which counts as their being done. It may be called again.
   */
  shutdown(options: { readonly immediate?: boolean } = {}): void {
    assertOptions(options, 'shutdown', ['immediate']);
    const { immediate = false } = options;
    this._isShutDown = true;
    this._putters._failAll(shutDown);
    if (immediate) {
      this._unfinished = Math.max(0, this._unfinished - this._store.size);
      this._store.clear();
      if (this._unfinished === 0) this._joiners.unparkAll();
    }
    if (this._store.size === 0) endAll(this._getters, shutDown);
  }

  isShutDown(): boolean {
    return this._isShutDown;
  }

  statistics(): QueueStatistics {
    return {
      size: this.size,
      maxSize: this.maxSize,
      unfinished: this._unfinished,
      waitingToGet: this._getters.size,
      waitingToPut: this._putters.size,
      joining: this._joiners.size,
    };
  }

  private _receive(form: Form): Future<unknown> {
    cancelCheck();
    const loop = getRunningLoop();
    if (this._store.size > 0) return given(loop, this._takeNow(), form);
    if (!this._isShutDown) return parkIn(this._getters, new Getter(loop, form, null));
    if (form === Form.item) throw shutDown();
    return atOnce(loop, endIn(form));
  }

  // The room that this leaves is the first putter's.
  private _takeNow(): T {
    const item = this._store.take() as T;
    if (this._putters.size > 0) this._admitPutters();
    return item;
  }

  private _admitPutters(): void {
    while (this._store.size < this.maxSize) {
      const putter = this._putters._take() as Putter<T> | null;
      if (putter === null) return;
      try {
        this._store.push(putter._item);
      } catch (error) {
        // The comparator of a priority queue is the user's; that it refuses an item is its putter's affair.
        putter._fail(asError(error));
        continue;
      }
      this._unfinished++;
      putter._finish(undefined);
    }
  }

  private _done(loop: LoopCore): Future<void> {
    if (this._accepted?._loop !== loop) this._accepted = atOnce<void>(loop, undefined);
    return this._accepted;
  }
}
showStatistics(Queue);

function shutDown(): QueueShutDownError {
  return new QueueShutDownError('the queue was shut down; iterate it, or use next(), where that is how work ends');
}
