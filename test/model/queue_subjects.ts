// Queue, LifoQueue and PriorityQueue beside their model: a list of items, and lists of who waits.
import { currentTask, END, LifoQueue, PriorityQueue, Queue } from '../../lib/index';
import { CANCELLED, DONE, type Ending, errorOf, leave, type Lines, PENDING, Subject, type Wait, valueOf } from './subject';

const SHUT_DOWN = errorOf('ERR_QUEUE_SHUT_DOWN');
const NOTHING = valueOf(undefined);
const myName = (): string => currentTask()!.name;

/** Takes the next item out of a list. */
type Take = (items: number[]) => number;

/** A getter's note: whether it wants END at the end. */
type Form = 'get' | 'next';

// Items go up by one; the least by the comparator is the one with the least last digit, and of those the first put.
const byLastDigit = (a: number, b: number): number => (a % 3) - (b % 3);
const takeLeast: Take = (items) => {
  const least = Math.min(...items.map((item) => item % 3));
  return items.splice(items.findIndex((item) => item % 3 === least), 1)[0]!;
};

export class QueueSubject extends Subject {
  readonly #queue: Queue<number>;
  readonly #take: Take;
  readonly #items: number[] = [];
  readonly #getters: Wait[] = [];
  readonly #putters: Wait[] = [];
  readonly #joiners: Wait[] = [];
  #lastItem = 0;
  #accepted = 0;
  #taken = 0;
  #dropped = 0;
  #unfinished = 0;
  #isShutDown = false;

  constructor(queue: Queue<number>, take: Take) {
    super();
    this.#queue = queue;
    this.#take = take;
  }

  override *operation(name: string, number: number, inside: () => Lines): Lines {
    if (name === 'put') yield* this.#put(++this.#lastItem);
    else if (name === 'tryPut') this.#tryPut(++this.#lastItem);
    else if (name === 'get') yield* this.#get(number % 2 === 0 ? 'get' : 'next', inside);
    else if (name === 'tryGet') this.#tryGet();
    else if (name === 'join') yield* this.#join();
    else if (name === 'taskDone') this.#taskDone();
    else if (number < 3) this.#shutdown(number === 0);
  }

  *#put(item: number): Lines {
    yield* this.settled(this.begin(`${myName()} puts ${item}`, () => this.#queue.put(item), (wait) => {
      const accepted = this.#offer(item);
      if (accepted !== false) return accepted === true ? DONE : accepted;
      this.#putters.push(wait);
      return PENDING;
    }, item));
  }

  #tryPut(item: number): void {
    this.now(`${myName()} tries to put ${item}`, () => this.#queue.tryPut(item), () => {
      const accepted = this.#offer(item);
      return typeof accepted === 'boolean' ? valueOf(accepted) : accepted;
    });
  }

  #offer(item: number): boolean | Ending {
    if (this.#isShutDown) return SHUT_DOWN;
    if (this.#getters.length > 0) this.#hand(item);
    else if (this.#items.length >= this.#queue.maxSize) return false;
    else this.#items.push(item);
    this.#accepted++;
    this.#unfinished++;
    return true;
  }

  #hand(item: number): void {
    this.end(this.#getters, valueOf(item), 1);
    this.#taken++;
  }

  *#get(form: Form, inside: () => Lines): Lines {
    const item = yield* this.settled(this.begin(`${myName()} calls ${form}()`, () => this.#queue[form](), (wait) => {
      if (this.#items.length > 0) return valueOf(this.#takeNow());
      if (this.#isShutDown) return form === 'get' ? SHUT_DOWN : valueOf(END);
      this.#getters.push(wait);
      return PENDING;
    }, form));
    if (item !== END) yield* inside();
  }

  #tryGet(): void {
    this.now(`${myName()} tries to get`, () => this.#queue.tryGet(), () => {
      if (this.#items.length > 0) return valueOf(this.#takeNow());
      return this.#isShutDown ? SHUT_DOWN : valueOf(null);
    });
  }

  #takeNow(): number {
    const item = this.#take(this.#items);
    this.#taken++;
    while (this.#putters.length > 0 && this.#items.length < this.#queue.maxSize) {
      this.#items.push(this.#putters[0]!.note as number);
      this.end(this.#putters, DONE, 1);
      this.#accepted++;
      this.#unfinished++;
    }
    return item;
  }

  *#join(): Lines {
    yield* this.settled(this.begin(`${myName()} joins`, () => this.#queue.join(), (wait) => {
      if (this.#unfinished === 0) return DONE;
      this.#joiners.push(wait);
      return PENDING;
    }));
  }

  #taskDone(): void {
    this.now(`${myName()} calls taskDone()`, () => this.#queue.taskDone(), () => {
      if (this.#unfinished === 0) return errorOf('ERR_INVALID_STATE');
      if (--this.#unfinished === 0) this.end(this.#joiners, DONE);
      return NOTHING;
    });
  }

  #shutdown(immediate: boolean): void {
    this.now(`${myName()} shuts down${immediate ? ' at once' : ''}`, () => this.#queue.shutdown({ immediate }), () => {
      this.#isShutDown = true;
      this.end(this.#putters, SHUT_DOWN);
      for (const getter of this.#getters.splice(0)) getter.ending = getter.note === 'get' ? SHUT_DOWN : valueOf(END);
      if (!immediate) return NOTHING;
      const dropped = this.#items.splice(0).length;
      this.#dropped += dropped;
      this.#unfinished = Math.max(0, this.#unfinished - dropped);
      if (this.#unfinished === 0) this.end(this.#joiners, DONE);
      return NOTHING;
    });
  }

  protected override onCancel(wait: Wait): void {
    for (const list of [this.#getters, this.#putters, this.#joiners]) leave(list, wait);
    wait.ending = CANCELLED;
  }

  override finish(): void {
    super.finish();
    const left = this.#queue.size;
    if (this.#accepted !== this.#taken + this.#dropped + left) {
      this.fail(`${this.#accepted} put, ${this.#taken} taken, ${this.#dropped} dropped, ${left} left`);
    }
  }

  protected override statistics(): { real: object; model: object } {
    return {
      real: { ...this.#queue.statistics(), next: this.#queue.peek() },
      model: {
        size: this.#items.length,
        next: this.#items.length === 0 ? null : this.#take([...this.#items]),
        unfinished: this.#unfinished,
        waitingToGet: this.#getters.length,
        waitingToPut: this.#putters.length,
        joining: this.#joiners.length,
      },
    };
  }
}

export const QUEUE_OPERATIONS = [
  ...['put', 'put', 'put', 'put', 'put', 'get', 'get', 'get', 'get', 'get', 'tryPut', 'tryGet'],
  ...['taskDone', 'taskDone', 'join', 'shutdown'],
];
export const makeQueue = (size: number): Subject => new QueueSubject(new Queue(size), (items) => items.shift()!);
export const makeLifo = (size: number): Subject => new QueueSubject(new LifoQueue(size), (items) => items.pop()!);
export const makePriority = (size: number): Subject => new QueueSubject(new PriorityQueue(byLastDigit, size), takeLeast);
