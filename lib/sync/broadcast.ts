// Broadcast: every subscriber gets every item that is published while it is subscribed. Each has a buffer of its own;
// what happens when one is full is stated at the making: publishers wait for the slowest, or the slow ones miss items.
// Invariant: a publisher waits only while some subscription's buffer is full, and then nobody has its item yet.

import { ArgumentTypeError, ClosedResourceError, EndOfChannelError } from '../base/errors.js';
import { Deque } from '../base/deque.js';
import { assertOptions } from '../kernel/arguments.js';
import { cancelCheck } from '../kernel/cancel_check.js';
import { describe } from '../kernel/coroutine.js';
import type { Future } from '../kernel/future.js';
import { getRunningLoop } from '../kernel/running.js';
import { expectAwait } from '../kernel/unawaited.js';
import { type END, endAll, endIn, Form, Getter, given, ItemIterator, parkIn, Putter } from './handover.js';
import { showStatistics } from './inspection.js';
import { assertCount, atOnce, ParkingLot } from './parking_lot.js';

/** What a broadcast does when a subscriber's buffer is full. */
export type WhenFull = 'wait' | 'dropOldest' | 'dropNewest';

/** Options of `Broadcast`. */
export interface BroadcastOptions {
  /**
   * `'wait'` (the default): publishers wait until every subscriber has room. `'dropOldest'`: a full subscriber loses its
   * oldest item for the new one. `'dropNewest'`: it does not get the new one. `missed` of a subscription counts both.
   */
  readonly whenFull?: WhenFull;
}

/** What a broadcast tells of itself. */
export interface BroadcastStatistics {
  /** Items that one subscriber's buffer holds at most. */
  readonly capacity: number;
  readonly subscriptions: number;
  /** Subscriptions whose buffer is full. */
  readonly full: number;
  readonly waitingToPublish: number;
}

/** What a subscription tells of itself. */
export interface SubscriptionStatistics {
  /** Items in the buffer now, and at most. */
  readonly buffered: number;
  readonly capacity: number;
  readonly missed: number;
  readonly waitingToReceive: number;
}

const POLICIES: readonly unknown[] = ['wait', 'dropOldest', 'dropNewest'] satisfies WhenFull[];

/**
 * Gives every item to every subscriber.
 *
 * A subscriber gets what is published from then on; an item that nobody is subscribed for goes nowhere. Each
 * subscription is read like a channel: in coroutines `let item; while ((item = yield* subscription.next()) !== END) …`,
 * in async functions `for await (const item of subscription)`.
 */
export class Broadcast<T> {
  readonly #capacity: number;
  readonly #whenFull: WhenFull;
  readonly #subscriptions = new Set<Subscription<T>>();
  readonly #publishers = new ParkingLot('Broadcast.publish');
  #full = 0;
  #isClosed = false;

  /**
   * Units: `capacity`, of each subscriber's buffer, in items, at least one, or Infinity.
   * Throws: ArgumentTypeError, ArgumentRangeError for another capacity or an unknown policy.
   */
  constructor(capacity: number, options: BroadcastOptions = {}) {
    assertCount(capacity, 'Broadcast', 1);
    assertOptions(options, 'Broadcast', ['whenFull']);
    const { whenFull = 'wait' } = options;
    if (!POLICIES.includes(whenFull)) {
      throw new ArgumentTypeError(`Broadcast: whenFull is 'wait', 'dropOldest' or 'dropNewest', not ${describe(whenFull)}`);
    }
    this.#capacity = capacity;
    this.#whenFull = whenFull;
  }

  /**
   * Returns: a subscription to what is published from now on; close it, or publishers may wait for it.
   *
   * Throws: ClosedResourceError if the broadcast is closed.
   */
  subscribe(): Subscription<T> {
    if (this.#isClosed) throw broadcastClosed();
    const subscription = new Subscription<T>(this, this.#capacity);
    this.#subscriptions.add(subscription);
    return subscription;
  }

  /**
   * Gives an item to all subscribers, at once; by the policy, waits first until all of them have room.
   *
   * Throws: ClosedResourceError if the broadcast is closed; at the call, or at the wait if it happens meanwhile.
   * Checkpoint: only if it waits. Cancel: nobody gets the item.
   */
  publish(item: T): Future<void> {
    cancelCheck();
    const loop = getRunningLoop();
    if (this.tryPublish(item)) return atOnce<void>(loop, undefined);
    return parkIn(this.#publishers, new Putter(loop, item, null));
  }

  /** Publishes if that needs no wait. Returns: whether it did. Throws: ClosedResourceError. */
  tryPublish(item: T): boolean {
    if (this.#isClosed) throw broadcastClosed();
    if (this.#full > 0 && this.#whenFull === 'wait') return false;
    this.#deliver(item);
    return true;
  }

  /** Ends it: waiting publishers fail, and subscribers come to the end once they have read what they were given. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#publishers._failAll(broadcastClosed);
    for (const subscription of this.#subscriptions) subscription._endOfItems();
  }
  [Symbol.dispose](): void {
    this.close();
  }
  closed(): boolean {
    return this.#isClosed;
  }

  statistics(): BroadcastStatistics {
    return {
      capacity: this.#capacity,
      subscriptions: this.#subscriptions.size,
      full: this.#full,
      waitingToPublish: this.#publishers.size,
    };
  }

  /** @internal A full subscription has room again, or is gone. */
  _roomAppeared(): void {
    this.#full--;
    while (this.#full === 0) {
      const publisher = this.#publishers._take() as Putter<T> | null;
      if (publisher === null) return;
      this.#deliver(publisher._item);
      publisher._finish(undefined);
    }
  }

  /** @internal */
  _forget(subscription: Subscription<T>): void {
    this.#subscriptions.delete(subscription);
  }

  #deliver(item: T): void {
    for (const subscription of this.#subscriptions) {
      if (subscription._accept(item, this.#whenFull)) this.#full++;
    }
  }
}
showStatistics(Broadcast);

/** One subscriber's view of a broadcast. Made by `broadcast.subscribe()`. */
export class Subscription<T> implements AsyncIterable<T> {
  readonly #broadcast: Broadcast<T>;
  readonly #capacity: number;
  readonly #buffer = new Deque<T>();
  readonly #receivers = new ParkingLot('Broadcast.receive');
  #missed = 0;
  #isEnding = false;
  #isClosed = false;

  /** @internal */
  constructor(broadcast: Broadcast<T>, capacity: number) {
    this.#broadcast = broadcast;
    this.#capacity = capacity;
  }

  /** How many items were dropped because the buffer was full. */
  get missed(): number {
    return this.#missed;
  }
  /** How many items are in the buffer. */
  get size(): number {
    return this.#buffer.size;
  }

  /**
   * Takes the oldest item, and waits for one first if there is none.
   *
   * Throws: EndOfChannelError once the broadcast is closed and nothing is left; ClosedResourceError if the subscription
   *   is closed; at the call, or at the wait if it happens meanwhile.
   * Checkpoint: only if it waits. Cancel: nothing is taken.
   */
  receive(): Future<T> {
    return expectAwait(this.#receive(Form.item) as Future<T>, 'receive()');
  }

  /** Takes the oldest item like `receive`. Returns: END instead of EndOfChannelError. Checkpoint, Cancel: as `receive`. */
  next(): Future<T | typeof END> {
    return this.#receive(Form.itemOrEnd) as Future<T | typeof END>;
  }

  /**
   * Takes the oldest item if there is one.
   *
   * Returns: `otherwise` if there is none: null, or what the caller gives because it cannot be an item.
   * Throws: as `receive` at the call.
   */
  tryReceive(): T | null;
  tryReceive<D>(otherwise: D): T | D;
  tryReceive(...otherwise: [unknown?]): unknown {
    if (this.#isClosed) throw subscriptionClosed();
    if (this.#buffer.size > 0) return this.#take();
    if (this.#isEnding) throw endOfBroadcast();
    return otherwise.length === 0 ? null : otherwise[0];
  }

  /** For `for await`: takes items until the broadcast is closed and nothing is left. */
  [Symbol.asyncIterator](): AsyncIterator<T, void, unknown> {
    return new ItemIterator<T>((form) => this.#receive(form));
  }

  /** Ends the subscription: its items are dropped, tasks that wait to receive fail, publishers wait for it no more. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    const wasFull = this.#buffer.size >= this.#capacity;
    this.#buffer.clear();
    this.#broadcast._forget(this);
    this.#receivers._failAll(subscriptionClosed);
    if (wasFull) this.#broadcast._roomAppeared();
  }
  [Symbol.dispose](): void {
    this.close();
  }
  closed(): boolean {
    return this.#isClosed;
  }

  statistics(): SubscriptionStatistics {
    return {
      buffered: this.#buffer.size,
      capacity: this.#capacity,
      missed: this.#missed,
      waitingToReceive: this.#receivers.size,
    };
  }

  /** @internal Returns: whether the buffer became full by it. */
  _accept(item: T, whenFull: WhenFull): boolean {
    const receiver = this.#receivers._take();
    if (receiver !== null) {
      (receiver as Getter)._give(item);
      return false;
    }
    const wasFull = this.#buffer.size >= this.#capacity;
    if (wasFull) {
      this.#missed++;
      if (whenFull === 'dropNewest') return false;
      this.#buffer.shift();
    }
    this.#buffer.push(item);
    return !wasFull && this.#buffer.size >= this.#capacity;
  }

  /** @internal Nothing more will be published. */
  _endOfItems(): void {
    this.#isEnding = true;
    endAll(this.#receivers, endOfBroadcast);
  }

  #receive(form: Form): Future<unknown> {
    cancelCheck();
    const loop = getRunningLoop();
    if (this.#isClosed) throw subscriptionClosed();
    if (this.#buffer.size > 0) return given(loop, this.#take(), form);
    if (!this.#isEnding) return parkIn(this.#receivers, new Getter(loop, form, null));
    if (form === Form.item) throw endOfBroadcast();
    return atOnce(loop, endIn(form));
  }

  #take(): T {
    const wasFull = this.#buffer.size >= this.#capacity;
    const item = this.#buffer.shift() as T;
    if (wasFull) this.#broadcast._roomAppeared();
    return item;
  }
}
showStatistics(Subscription);

function broadcastClosed(): ClosedResourceError {
  return new ClosedResourceError('the broadcast is closed; nothing can be published or subscribed to any more');
}

function subscriptionClosed(): ClosedResourceError {
  return new ClosedResourceError('this subscription is closed; subscribe again to go on');
}

function endOfBroadcast(): EndOfChannelError {
  return new EndOfChannelError('the broadcast is closed and nothing is left; iterate, or use next(), to end without this');
}
