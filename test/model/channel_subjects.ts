// Channels and broadcasts beside their models: a buffer, and who waits with which handle.
import { Broadcast, currentTask, END, openChannel, type ReceiveChannel, type SendChannel, type Subscription } from '../../lib/index';
import type { WhenFull } from '../../lib/index';
import { CANCELLED, DONE, type Ending, errorOf, leave, type Lines, PENDING, Subject, type Wait, valueOf } from './subject';

const CLOSED = errorOf('ERR_CLOSED');
const BROKEN = errorOf('ERR_BROKEN');
const END_OF_CHANNEL = errorOf('ERR_END_OF_CHANNEL');
const NOTHING = valueOf(undefined);
const myName = (): string => currentTask()!.name;

/** Who waits with which handle for what. */
interface Note {
  readonly handle: object;
  readonly item: number;
  readonly form: 'receive' | 'next';
}

const noteOf = (wait: Wait): Note => wait.note as Note;
const atEnd = (form: Note['form']): Ending => (form === 'receive' ? END_OF_CHANNEL : valueOf(END));
const formOf = (number: number): Note['form'] => (number % 2 === 0 ? 'receive' : 'next');

export class ChannelSubject extends Subject {
  readonly #senders: SendChannel<number>[];
  readonly #receivers: ReceiveChannel<number>[];
  readonly #capacity: number;
  readonly #open = { senders: 1, receivers: 1 };
  readonly #closed = new Set<object>();
  readonly #buffer: number[] = [];
  readonly #sending: Wait[] = [];
  readonly #receiving: Wait[] = [];
  #lastItem = 0;

  constructor([sender, receiver]: [SendChannel<number>, ReceiveChannel<number>]) {
    super();
    this.#senders = [sender];
    this.#receivers = [receiver];
    this.#capacity = sender.statistics().capacity;
  }

  override *operation(name: string, number: number, inside: () => Lines): Lines {
    const sender = this.#senders[number % this.#senders.length]!;
    const receiver = this.#receivers[number % this.#receivers.length]!;
    if (name === 'send') yield* this.#send(sender, ++this.#lastItem);
    else if (name === 'trySend') this.#trySend(sender, ++this.#lastItem);
    else if (name === 'receive') yield* this.#receive(receiver, formOf(number), inside);
    else if (name === 'tryReceive') this.#tryReceive(receiver);
    else if (name === 'cloneSender') this.#cloneSender(sender);
    else if (name === 'cloneReceiver') this.#cloneReceiver(receiver);
    else if (name === 'closeSender') this.#closeSender(sender);
    else this.#closeReceiver(receiver);
  }

  *#send(handle: SendChannel<number>, item: number): Lines {
    yield* this.settled(this.begin(`${myName()} sends ${item}`, () => handle.send(item), (wait) => {
      const accepted = this.#offer(handle, item);
      if (typeof accepted !== 'boolean') return accepted;
      if (accepted) return DONE;
      this.#sending.push(wait);
      return PENDING;
    }, { handle, item, form: 'receive' } satisfies Note));
  }

  #trySend(handle: SendChannel<number>, item: number): void {
    this.now(`${myName()} tries to send ${item}`, () => handle.trySend(item), () => {
      const accepted = this.#offer(handle, item);
      return typeof accepted === 'boolean' ? valueOf(accepted) : accepted;
    });
  }

  #offer(handle: SendChannel<number>, item: number): boolean | Ending {
    if (this.#closed.has(handle)) return CLOSED;
    if (this.#open.receivers === 0) return BROKEN;
    if (this.#receiving.length > 0) this.end(this.#receiving, valueOf(item), 1);
    else if (this.#buffer.length < this.#capacity) this.#buffer.push(item);
    else return false;
    return true;
  }

  *#receive(handle: ReceiveChannel<number>, form: Note['form'], inside: () => Lines): Lines {
    const item = yield* this.settled(this.begin(`${myName()} calls ${form}()`, () => handle[form](), (wait) => {
      if (this.#closed.has(handle)) return CLOSED;
      const taken = this.#takeNow();
      if (taken !== null) return valueOf(taken);
      if (this.#open.senders === 0) return atEnd(form);
      this.#receiving.push(wait);
      return PENDING;
    }, { handle, item: 0, form } satisfies Note));
    if (item !== END) yield* inside();
  }

  #tryReceive(handle: ReceiveChannel<number>): void {
    this.now(`${myName()} tries to receive`, () => handle.tryReceive(), () => {
      if (this.#closed.has(handle)) return CLOSED;
      const taken = this.#takeNow();
      return taken === null && this.#open.senders === 0 ? END_OF_CHANNEL : valueOf(taken);
    });
  }

  #takeNow(): number | null {
    const first = this.#sending[0];
    if (first !== undefined) {
      this.#buffer.push(noteOf(first).item);
      this.end(this.#sending, DONE, 1);
    }
    return this.#buffer.shift() ?? null;
  }

  // Closed handles stay in the lists, so that programs use them too.
  #cloneSender(handle: SendChannel<number>): void {
    const clone = this.now(`${myName()} clones a sender`, () => handle.clone(), () => {
      if (this.#closed.has(handle)) return CLOSED;
      this.#open.senders++;
      return DONE;
    });
    if (clone !== null) this.#senders.push(clone);
  }

  #cloneReceiver(handle: ReceiveChannel<number>): void {
    const clone = this.now(`${myName()} clones a receiver`, () => handle.clone(), () => {
      if (this.#closed.has(handle)) return CLOSED;
      this.#open.receivers++;
      return DONE;
    });
    if (clone !== null) this.#receivers.push(clone);
  }

  #closeSender(handle: SendChannel<number>): void {
    this.now(`${myName()} closes a sender`, () => handle.close(), () => {
      if (this.#closed.has(handle)) return NOTHING;
      this.#closed.add(handle);
      this.#open.senders--;
      this.#failThoseWith(handle, this.#sending);
      if (this.#open.senders === 0) for (const wait of this.#receiving.splice(0)) wait.ending = atEnd(noteOf(wait).form);
      return NOTHING;
    });
  }

  #closeReceiver(handle: ReceiveChannel<number>): void {
    this.now(`${myName()} closes a receiver`, () => handle.close(), () => {
      if (this.#closed.has(handle)) return NOTHING;
      this.#closed.add(handle);
      this.#open.receivers--;
      this.#failThoseWith(handle, this.#receiving);
      if (this.#open.receivers > 0) return NOTHING;
      this.#buffer.length = 0;
      this.end(this.#sending, BROKEN);
      return NOTHING;
    });
  }

  #failThoseWith(handle: object, waits: Wait[]): void {
    for (const wait of [...waits]) {
      if (noteOf(wait).handle !== handle) continue;
      leave(waits, wait);
      wait.ending = CLOSED;
    }
  }

  protected override onCancel(wait: Wait): void {
    leave(this.#sending, wait);
    leave(this.#receiving, wait);
    wait.ending = CANCELLED;
  }

  protected override statistics(): { real: object; model: object } {
    return {
      real: this.#senders[0]!.statistics(),
      model: {
        buffered: this.#buffer.length,
        openSenders: this.#open.senders,
        openReceivers: this.#open.receivers,
        waitingToSend: this.#sending.length,
        waitingToReceive: this.#receiving.length,
      },
    };
  }
}

/** One subscriber in the model. */
interface Subscriber {
  readonly subscription: Subscription<number>;
  readonly buffer: number[];
  readonly receiving: Wait[];
  missed: number;
  isClosed: boolean;
}

export class BroadcastSubject extends Subject {
  readonly #broadcast: Broadcast<number>;
  readonly #capacity: number;
  readonly #whenFull: WhenFull;
  readonly #subscribers: Subscriber[] = [];
  readonly #publishing: Wait[] = [];
  #lastItem = 0;
  #isClosed = false;

  constructor(capacity: number, whenFull: WhenFull) {
    super();
    this.#broadcast = new Broadcast(capacity, { whenFull });
    this.#capacity = capacity;
    this.#whenFull = whenFull;
    for (let left = 2; left > 0; left--) this.#add(this.#broadcast.subscribe());
  }

  #add(subscription: Subscription<number>): void {
    this.#subscribers.push({ subscription, buffer: [], receiving: [], missed: 0, isClosed: false });
  }

  override *operation(name: string, number: number, inside: () => Lines): Lines {
    if (name === 'publish') yield* this.#publish(++this.#lastItem);
    else if (name === 'tryPublish') this.#tryPublish(++this.#lastItem);
    else if (name === 'subscribe') this.#subscribe();
    else if (name === 'close') this.#close(number);
    else yield* this.#subscriberDoes(name, number, inside);
  }

  *#subscriberDoes(name: string, number: number, inside: () => Lines): Lines {
    const subscriber = this.#subscribers[number % this.#subscribers.length]!;
    if (name === 'receive') yield* this.#receive(subscriber, formOf(number), inside);
    else if (name === 'tryReceive') this.#tryReceive(subscriber);
    else this.#unsubscribe(subscriber);
  }

  *#publish(item: number): Lines {
    yield* this.settled(this.begin(`${myName()} publishes ${item}`, () => this.#broadcast.publish(item), (wait) => {
      if (this.#isClosed) return CLOSED;
      if (this.#offer(item)) return DONE;
      this.#publishing.push(wait);
      return PENDING;
    }, item));
  }

  #tryPublish(item: number): void {
    this.now(`${myName()} tries to publish ${item}`, () => this.#broadcast.tryPublish(item), () =>
      this.#isClosed ? CLOSED : valueOf(this.#offer(item)));
  }

  #open(): Subscriber[] {
    return this.#subscribers.filter((subscriber) => !subscriber.isClosed);
  }

  #full(): Subscriber[] {
    return this.#open().filter(({ buffer }) => buffer.length >= this.#capacity);
  }

  #offer(item: number): boolean {
    if (this.#whenFull === 'wait' && this.#full().length > 0) return false;
    for (const subscriber of this.#open()) {
      if (subscriber.receiving.length > 0) {
        this.end(subscriber.receiving, valueOf(item), 1);
        continue;
      }
      subscriber.buffer.push(item);
      if (subscriber.buffer.length <= this.#capacity) continue;
      subscriber.missed++;
      if (this.#whenFull === 'dropOldest') subscriber.buffer.shift();
      else subscriber.buffer.pop();
    }
    return true;
  }

  #admitPublishers(): void {
    while (this.#publishing.length > 0 && this.#offer(this.#publishing[0]!.note as number)) {
      this.end(this.#publishing, DONE, 1);
    }
  }

  *#receive(subscriber: Subscriber, form: Note['form'], inside: () => Lines): Lines {
    const { subscription } = subscriber;
    const item = yield* this.settled(this.begin(`${myName()} calls ${form}()`, () => subscription[form](), (wait) => {
      if (subscriber.isClosed) return CLOSED;
      if (subscriber.buffer.length > 0) return valueOf(this.#takeNow(subscriber));
      if (this.#isClosed) return atEnd(form);
      subscriber.receiving.push(wait);
      return PENDING;
    }, { handle: subscription, item: 0, form } satisfies Note));
    if (item !== END) yield* inside();
  }

  #tryReceive(subscriber: Subscriber): void {
    this.now(`${myName()} tries to receive`, () => subscriber.subscription.tryReceive(), () => {
      if (subscriber.isClosed) return CLOSED;
      if (subscriber.buffer.length > 0) return valueOf(this.#takeNow(subscriber));
      return this.#isClosed ? END_OF_CHANNEL : valueOf(null);
    });
  }

  #takeNow(subscriber: Subscriber): number {
    const item = subscriber.buffer.shift()!;
    this.#admitPublishers();
    return item;
  }

  #subscribe(): void {
    let subscription: Subscription<number>;
    this.now(`${myName()} subscribes`, () => (subscription = this.#broadcast.subscribe()), () => {
      if (this.#isClosed) return CLOSED;
      this.#add(subscription);
      return DONE;
    });
  }

  #unsubscribe(subscriber: Subscriber): void {
    this.now(`${myName()} unsubscribes`, () => subscriber.subscription.close(), () => {
      subscriber.isClosed = true;
      subscriber.buffer.length = 0;
      this.end(subscriber.receiving, CLOSED);
      this.#admitPublishers();
      return NOTHING;
    });
  }

  // Not by every program that could, or few would get anywhere.
  #close(number: number): void {
    if (number > 1) return;
    this.now(`${myName()} closes the broadcast`, () => this.#broadcast.close(), () => {
      this.#isClosed = true;
      this.end(this.#publishing, CLOSED);
      for (const { receiving } of this.#open()) {
        for (const wait of receiving.splice(0)) wait.ending = atEnd(noteOf(wait).form);
      }
      return NOTHING;
    });
  }

  protected override onCancel(wait: Wait): void {
    leave(this.#publishing, wait);
    for (const { receiving } of this.#subscribers) leave(receiving, wait);
    wait.ending = CANCELLED;
  }

  protected override statistics(): { real: object; model: object } {
    const sum = (count: (subscriber: Subscriber) => number): number =>
      this.#open().reduce((all, each) => all + count(each), 0);
    return {
      real: {
        ...this.#broadcast.statistics(),
        buffered: sum(({ subscription }) => subscription.size),
        missed: sum(({ subscription }) => subscription.missed),
        waitingToReceive: sum(({ subscription }) => subscription.statistics().waitingToReceive),
      },
      model: {
        subscriptions: this.#open().length,
        full: this.#full().length,
        waitingToPublish: this.#publishing.length,
        buffered: sum(({ buffer }) => buffer.length),
        missed: sum(({ missed }) => missed),
        waitingToReceive: sum(({ receiving }) => receiving.length),
      },
    };
  }
}

const POLICIES: readonly WhenFull[] = ['wait', 'wait', 'dropOldest', 'dropNewest'];
export const CHANNEL_OPERATIONS = [
  ...['send', 'send', 'send', 'send', 'send', 'receive', 'receive', 'receive', 'receive', 'receive'],
  ...['trySend', 'tryReceive'],
  ...['cloneSender', 'cloneReceiver', 'cloneSender', 'cloneReceiver', 'closeSender', 'closeReceiver'],
];
export const BROADCAST_OPERATIONS = [
  ...['publish', 'publish', 'publish', 'publish', 'receive', 'receive', 'receive', 'receive', 'tryPublish', 'tryReceive'],
  ...['publish', 'publish', 'subscribe', 'unsubscribe', 'unsubscribe', 'close'],
];
/** Without room, with some, and with any. */
export const makeChannel = (size: number): Subject => new ChannelSubject(openChannel(size === 3 ? Infinity : size));
export const makeBroadcast = (size: number): Subject => new BroadcastSubject(1 + (size % 2), POLICIES[size]!);
