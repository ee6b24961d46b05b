// Channels: items between two kinds of handle, which are closed apart. A channel with a capacity of zero is a rendezvous:
// a send waits until its item is received.
// Invariant: receivers wait only while there is no item, neither in the buffer nor with a waiting sender; senders wait
// only while the buffer is full and no receiver waits; and nobody waits with a closed handle.

import { BrokenResourceError, ClosedResourceError, EndOfChannelError } from '../base/errors.js';
import { Deque } from '../base/deque.js';
import { cancelCheck } from '../kernel/cancel_check.js';
import { creationSite, noteCreation } from '../kernel/creation_site.js';
import type { Future } from '../kernel/future.js';
import type { LoopCore } from '../kernel/loop_core.js';
import { currentLoop, getRunningLoop } from '../kernel/running.js';
import { expectAwait } from '../kernel/unawaited.js';
import { type END, endAll, endIn, failThoseOf, Form, Getter, given, ItemIterator, parkIn, Putter } from './handover.js';
import { showStatistics } from './inspection.js';
import { assertCount, atOnce, ParkingLot } from './parking_lot.js';

/** What a channel tells of itself. */
export interface ChannelStatistics {
  /** Items in the buffer now, at most, and the most there ever were. */
  readonly buffered: number;
  readonly capacity: number;
  readonly peak: number;
  readonly openSenders: number;
  readonly openReceivers: number;
  readonly waitingToSend: number;
  readonly waitingToReceive: number;
}

// What all handles of a channel share. It knows none of them, so that a handle somebody lost can be collected.
class Conduit<T> {
  readonly capacity: number;
  readonly buffer = new Deque<T>();
  readonly senders = new ParkingLot('channel.send');
  readonly receivers = new ParkingLot('channel.receive');
  openSenders = 0;
  openReceivers = 0;
  peak = 0;
  // What a send gives that need not wait, made once for a loop: it is done, so it can be anybody's.
  #accepted: Future<void> | null = null;

  constructor(capacity: number) {
    this.capacity = capacity;
  }

  /** Returns: whether the item was taken. */
  offer(item: T): boolean {
    const receiver = this.receivers._take();
    if (receiver !== null) {
      (receiver as Getter)._give(item);
      return true;
    }
    if (this.buffer.size >= this.capacity) return false;
    this.buffer.push(item);
    if (this.buffer.size > this.peak) this.peak = this.buffer.size;
    return true;
  }

  hasItem(): boolean {
    return this.buffer.size > 0 || this.senders.size > 0;
  }

  /** Takes the oldest item. The room that this leaves is the first sender's. */
  take(): T {
    const sender = this.senders._take() as Putter<T> | null;
    if (sender !== null) {
      this.buffer.push(sender._item);
      sender._finish(undefined);
    }
    return this.buffer.shift() as T;
  }

  accepted(loop: LoopCore): Future<void> {
    if (this.#accepted?._loop !== loop) this.#accepted = atOnce<void>(loop, undefined);
    return this.#accepted;
  }

  /** The last sender was closed: what is in the buffer can still be received. */
  endSending(): void {
    if (this.openSenders === 0) endAll(this.receivers, endOfChannel);
  }

  /** The last receiver was closed: nobody will ever receive what is in the buffer or waits to be. */
  endReceiving(): void {
    if (this.openReceivers > 0) return;
    this.buffer.clear();
    this.senders._failAll(nobodyReceives);
  }

  statistics(): ChannelStatistics {
    return {
      buffered: this.buffer.size,
      capacity: this.capacity,
      peak: this.peak,
      openSenders: this.openSenders,
      openReceivers: this.openReceivers,
      waitingToSend: this.senders.size,
      waitingToReceive: this.receivers.size,
    };
  }
}

/** The end of a channel that items are put in at. Made by `openChannel`. */
export class SendChannel<T> {
  readonly #conduit: Conduit<T>;
  #isClosed = false;

  /** @internal */
  constructor(conduit: Conduit<T>) {
    this.#conduit = conduit;
    conduit.openSenders++;
    watchForLoss(this);
  }

  /**
   * Gives an item to the first receiver that waits, or to the buffer; waits while there is neither.
   *
   * Throws: ClosedResourceError if this handle is closed, BrokenResourceError if all receivers are; at the call, or at
   *   the wait if it happens meanwhile.
   * Checkpoint: only if it waits. Cancel: the item is not sent.
   * Source: trio.MemorySendChannel.send.
   */
  send(item: T): Future<void> {
    cancelCheck();
    const loop = getRunningLoop();
    if (this.trySend(item)) return this.#conduit.accepted(loop);
    return parkIn(this.#conduit.senders, new Putter(loop, item, this));
  }

  /** Sends an item if that needs no wait. Returns: whether it was sent. Throws: as `send` at the call. */
  trySend(item: T): boolean {
    if (this.#isClosed) throw handleClosed();
    if (this.#conduit.openReceivers === 0) throw nobodyReceives();
    return this.#conduit.offer(item);
  }

  /** Returns: another handle; the sending end is open until all of them are closed. Throws: ClosedResourceError. */
  clone(): SendChannel<T> {
    if (this.#isClosed) throw handleClosed();
    return new SendChannel(this.#conduit);
  }

  /** Closes this handle; tasks that wait to send with it fail. With the last one, receivers come to the end. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    lost.unregister(this);
    this.#conduit.openSenders--;
    failThoseOf(this, this.#conduit.senders, handleClosed);
    this.#conduit.endSending();
  }
  [Symbol.dispose](): void {
    this.close();
  }
  closed(): boolean {
    return this.#isClosed;
  }

  statistics(): ChannelStatistics {
    return this.#conduit.statistics();
  }
}
showStatistics(SendChannel);

/** The end of a channel that items are taken out at. Made by `openChannel`. */
export class ReceiveChannel<T> implements AsyncIterable<T> {
  readonly #conduit: Conduit<T>;
  #isClosed = false;

  /** @internal */
  constructor(conduit: Conduit<T>) {
    this.#conduit = conduit;
    conduit.openReceivers++;
    watchForLoss(this);
  }

  /**
   * Takes the oldest item, and waits for one first if there is none.
   *
   * Throws: EndOfChannelError once all senders are closed and nothing is left; ClosedResourceError if this handle is
   *   closed; at the call, or at the wait if it happens meanwhile.
   * Checkpoint: only if it waits. Cancel: nothing is taken.
   * Source: trio.MemoryReceiveChannel.receive.
   */
  receive(): Future<T> {
    return expectAwait(this.#receive(Form.item) as Future<T>, 'receive()');
  }

  /**
   * Takes the oldest item like `receive`, for loops in coroutines: `while ((item = yield* channel.next()) !== END) …`.
   *
   * Returns: the item, or END once all senders are closed and nothing is left.
   * Throws: ClosedResourceError if this handle is closed. Checkpoint, Cancel: as `receive`.
   */
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
    if (this.#isClosed) throw handleClosed();
    if (this.#conduit.hasItem()) return this.#conduit.take();
    if (this.#conduit.openSenders === 0) throw endOfChannel();
    return otherwise.length === 0 ? null : otherwise[0];
  }

  /** For `for await`: takes items until all senders are closed and nothing is left. */
  [Symbol.asyncIterator](): AsyncIterator<T, void, unknown> {
    return new ItemIterator<T>((form) => this.#receive(form));
  }

  /** Returns: another handle; the receiving end is open until all of them are closed. Throws: ClosedResourceError. */
  clone(): ReceiveChannel<T> {
    if (this.#isClosed) throw handleClosed();
    return new ReceiveChannel(this.#conduit);
  }

  /** Closes this handle; tasks that wait to receive with it fail. With the last one, items and waiting sends are lost. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    lost.unregister(this);
    this.#conduit.openReceivers--;
    failThoseOf(this, this.#conduit.receivers, handleClosed);
    this.#conduit.endReceiving();
  }
  [Symbol.dispose](): void {
    this.close();
  }
  closed(): boolean {
    return this.#isClosed;
  }

  statistics(): ChannelStatistics {
    return this.#conduit.statistics();
  }

  #receive(form: Form): Future<unknown> {
    cancelCheck();
    const loop = getRunningLoop();
    const conduit = this.#conduit;
    if (this.#isClosed) throw handleClosed();
    if (conduit.hasItem()) return given(loop, conduit.take(), form);
    if (conduit.openSenders > 0) return parkIn(conduit.receivers, new Getter(loop, form, this));
    if (form === Form.item) throw endOfChannel();
    return atOnce(loop, endIn(form));
  }
}
showStatistics(ReceiveChannel);

/**
 * Opens a channel: a handle to send with and one to receive with. Give each task a clone of its own and let it close
 * that (`using` does); when the last sender is closed, loops over the receivers end.
 *
 * In coroutines: `let item; while ((item = yield* receiver.next()) !== END) …`; in async functions:
 * `for await (const item of receiver)`.
 * Units: `capacity` in items: 0 for a rendezvous, Infinity for no bound.
 * Throws: ArgumentTypeError, ArgumentRangeError unless it is a whole number, zero or more, or Infinity.
 * Source: trio.open_memory_channel.
 */
export function openChannel<T>(capacity: number): [SendChannel<T>, ReceiveChannel<T>] {
  assertCount(capacity, 'openChannel');
  const conduit = new Conduit<T>(capacity);
  return [new SendChannel(conduit), new ReceiveChannel(conduit)];
}

// Debug mode: a handle that was lost unclosed leaves the other side waiting for ever.
const lost = new FinalizationRegistry<string>((message) => {
  process.emitWarning(message, { type: 'ReadyloopLostHandle', code: 'READYLOOP_LOST_HANDLE' });
});

function watchForLoss(handle: object): void {
  if (currentLoop()?._debug !== true) return;
  noteCreation(handle);
  const kind = handle.constructor.name;
  lost.register(handle, `a ${kind} was lost without close(); it was opened at\n${creationSite(handle)}`, handle);
}

function handleClosed(): ClosedResourceError {
  return new ClosedResourceError('this handle of the channel is closed; clone it before closing where others go on');
}

function nobodyReceives(): BrokenResourceError {
  return new BrokenResourceError('all receivers of the channel are closed, so nobody can get the item');
}

function endOfChannel(): EndOfChannelError {
  return new EndOfChannelError('all senders are closed and nothing is left; iterate, or use next(), to end without this');
}
