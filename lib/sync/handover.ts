// How items go from those who put to those who get, for queues, channels and broadcasts: the two kinds of wait that stand
// in their parking lots. Whoever has an item gives it to the first getter at once, so that nobody who comes later can
// take it; a wait that is cancelled before that leaves its lot, and takes nothing.

import { asError } from '../base/errors.js';
import type { Future } from '../kernel/future.js';
import type { LoopCore } from '../kernel/loop_core.js';
import { atOnce, Parked, type ParkingLot } from './parking_lot.js';

/** What `next()` of a queue, channel or subscription gives when there will be no more items. */
export const END: unique symbol = Symbol('readyloop.END');

/** @internal In what form a getter is given its item, and how it is told that there are no more. */
export const enum Form {
  /** The item; the end is an error. */
  item,
  /** The item; the end is END. */
  itemOrEnd,
  /** An iterator result, in which no promise unwraps an item that is a thenable. */
  result,
}

/** @internal Waits for an item. `owner` is the end of the channel that asked, where there are several. */
export class Getter extends Parked<unknown> {
  declare readonly _form: Form;
  declare readonly _owner: object | null;

  constructor(loop: LoopCore, form: Form, owner: object | null) {
    super(loop);
    this._form = form;
    this._owner = owner;
  }

  _give(item: unknown): void {
    this._finish(this._form === Form.result ? { done: false, value: item } : item);
  }

  /** There are no more items. */
  _end(makeError: () => Error): void {
    if (this._form === Form.item) this._fail(makeError());
    else this._finish(endIn(this._form));
  }
}

/** @internal Waits until its item is taken. */
export class Putter<T> extends Parked<void> {
  declare readonly _item: T;
  declare readonly _owner: object | null;

  constructor(loop: LoopCore, item: T, owner: object | null) {
    super(loop);
    this._item = item;
    this._owner = owner;
  }
}

/** @internal Parks a wait. Returns: it. */
export function parkIn<W extends Parked<unknown>>(lot: ParkingLot, wait: W): W {
  lot._add(wait);
  return wait;
}

/** @internal Tells all getters that there are no more items. */
export function endAll(getters: ParkingLot, makeError: () => Error): void {
  for (let getter = getters._take(); getter !== null; getter = getters._take()) (getter as Getter)._end(makeError);
}

/**
 * @internal Fails the waits of one owner. Telling one may cancel others (a combinator does so at once), so whoever left
 * the lot meanwhile is passed over. Cost: a look at everybody who waits.
 */
export function failThoseOf(owner: object, lot: ParkingLot, makeError: () => Error): void {
  const owned: Parked<unknown>[] = [];
  for (let wait = lot._peek(); wait !== null; wait = wait._after) {
    if ((wait as Getter)._owner === owner) owned.push(wait);
  }
  for (const wait of owned) {
    if (wait._lot !== lot) continue;
    lot._remove(wait);
    wait._fail(makeError());
  }
}

/** @internal A wait for an item that was over before it began. */
export function given(loop: LoopCore, item: unknown, form: Form): Future<unknown> {
  return atOnce(loop, form === Form.result ? { done: false, value: item } : item);
}

/** @internal How a getter is told of the end without an error. */
export function endIn(form: Form): unknown {
  return form === Form.result ? { done: true, value: undefined } : END;
}

/** @internal What `for await` iterates: each item is asked for when its turn comes, and none ahead of it. */
export class ItemIterator<T> implements AsyncIterator<T, void, unknown> {
  readonly #receive: (form: Form) => Future<unknown>;

  constructor(receive: (form: Form) => Future<unknown>) {
    this.#receive = receive;
  }

  next(): Promise<IteratorResult<T, void>> {
    try {
      return this._receiveResult()._toPromise();
    } catch (error) {
      return Promise.reject(asError(error));
    }
  }

  /** @internal The same without a promise. */
  _receiveResult(): Future<IteratorResult<T, void>> {
    return this.#receive(Form.result) as Future<IteratorResult<T, void>>;
  }
}
