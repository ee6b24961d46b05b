// Event, Semaphore, CapacityLimiter, Barrier and ResourceGuard beside their models.
import {
  type Barrier,
  type CapacityLimiter,
  checkpoint,
  currentTask,
  Event,
  type Guard,
  ResourceGuard,
  Semaphore,
} from '../../lib/index';
import { CANCELLED, DONE, type Ending, errorOf, leave, type Lines, PENDING, Subject, type Wait, valueOf } from './subject';

type Compared = ReturnType<Subject['statistics']>;
const NOTHING = valueOf(undefined);
const REFUSED = errorOf('ERR_INVALID_STATE');
const myName = (): string => currentTask()!.name;

/** One whose waits stand in one queue, and leave it when they are cancelled. */
abstract class QueueingSubject extends Subject {
  protected readonly queue: Wait[] = [];

  protected override onCancel(wait: Wait, _wasTaken: boolean): void {
    leave(this.queue, wait);
    wait.ending = CANCELLED;
  }

  protected waits(wait: Wait): Ending {
    this.queue.push(wait);
    return PENDING;
  }
}

export class EventSubject extends QueueingSubject {
  readonly #event = new Event();
  #isSet = false;

  override *operation(name: string): Lines {
    if (name === 'set') this.now(`${myName()} sets`, () => this.#event.set(), () => this.#set());
    else if (name === 'clear') this.now(`${myName()} clears`, () => this.#event.clear(), () => this.#clear());
    else yield* this.settled(this.begin(`${myName()} waits`, () => this.#event.wait(), (wait) => this.#wait(wait)));
  }

  #set(): Ending {
    this.#isSet = true;
    this.end(this.queue, DONE);
    return NOTHING;
  }
  #clear(): Ending {
    this.#isSet = false;
    return NOTHING;
  }
  #wait(wait: Wait): Ending {
    return this.#isSet ? DONE : this.waits(wait);
  }

  protected override statistics(): Compared {
    return { real: this.#event.statistics(), model: { isSet: this.#isSet, tasksWaiting: this.queue.length } };
  }
}

export class SemaphoreSubject extends QueueingSubject {
  readonly #semaphore: Semaphore;
  readonly #max: number;
  #value: number;

  constructor(semaphore: Semaphore) {
    super();
    this.#semaphore = semaphore;
    this.#value = semaphore.value;
    this.#max = semaphore.statistics().max ?? Infinity;
  }

  override *operation(name: string, number: number, inside: () => Lines): Lines {
    if (name === 'release') this.#release('gives a permit', () => this.#semaphore.release());
    else if (name === 'tryUse') yield* this.#use(this.#try(), inside, number);
    else yield* this.#use((yield* this.settled(this.#acquire())) as Guard, name === 'keep' ? null : inside, number);
  }

  #acquire(): Wait {
    return this.begin(`${myName()} acquires`, () => this.#semaphore.acquire(), (wait) => {
      if (this.#value === 0) return this.waits(wait);
      this.#value--;
      return DONE;
    });
  }

  #try(): Guard | null {
    return this.now(`${myName()} tries`, () => this.#semaphore.tryAcquire(), () => {
      if (this.#value === 0) return valueOf(null);
      this.#value--;
      return DONE;
    });
  }

  *#use(guard: Guard | null, inside: (() => Lines) | null, number: number): Lines {
    if (guard === null || inside === null) return;
    try {
      yield* inside();
    } finally {
      this.#release('gives its permit back', () => guard[Symbol.dispose]());
    }
    if (number > 1) return;
    yield checkpoint();
    this.now('the guard again', () => guard.release(), () => NOTHING);
  }

  #release(what: string, call: () => void): void {
    this.now(`${myName()} ${what}`, call, () => {
      if (this.queue.length > 0) this.end(this.queue, DONE, 1);
      else if (this.#value >= this.#max) return REFUSED;
      else this.#value++;
      return NOTHING;
    });
  }

  protected override statistics(): Compared {
    return { real: this.#semaphore.statistics(), model: { value: this.#value, tasksWaiting: this.queue.length } };
  }
}

export class LimiterSubject extends QueueingSubject {
  readonly #limiter: CapacityLimiter;
  readonly #borrowers = new Set<unknown>();
  readonly #objects = [{}, {}];
  #total: number;

  constructor(limiter: CapacityLimiter) {
    super();
    this.#limiter = limiter;
    this.#total = limiter.totalTokens;
  }

  override *operation(name: string, number: number, inside: () => Lines): Lines {
    const borrower = name === 'useFor' ? this.#objects[number % 2]! : currentTask()!;
    if (name === 'resize') this.#resize(number % 4);
    else if (name === 'release') this.#release(borrower);
    else if (name === 'tryUse') yield* this.#use(this.#try(borrower), borrower, inside);
    else yield* this.#use((yield* this.settled(this.#acquire(borrower))) as Guard, borrower, inside);
  }

  #acquire(borrower: unknown): Wait {
    const call = (): ReturnType<CapacityLimiter['acquire']> =>
      borrower === currentTask() ? this.#limiter.acquire() : this.#limiter.acquireOnBehalfOf(borrower);
    return this.begin(`${myName()} borrows`, call, (wait) => this.#lend(borrower) ?? this.waits(wait), borrower);
  }

  #try(borrower: unknown): Guard | null {
    const call = (): Guard | null => this.#limiter.tryAcquireOnBehalfOf(borrower);
    return this.now(`${myName()} tries to borrow`, call, () => this.#lend(borrower) ?? valueOf(null));
  }

  // Returns: null if there is no token.
  #lend(borrower: unknown): Ending | null {
    if (this.#borrowers.has(borrower) || this.queue.some((wait) => wait.note === borrower)) return REFUSED;
    if (this.#borrowers.size >= this.#total) return null;
    this.#borrowers.add(borrower);
    return DONE;
  }

  *#use(guard: Guard | null, borrower: unknown, inside: () => Lines): Lines {
    if (guard === null) return;
    // Its borrower may have given it back, and even have another one, before the guard is disposed of.
    let isOwn = true;
    this.#givenBack.set(borrower, () => (isOwn = false));
    try {
      yield* inside();
    } finally {
      this.now(`${myName()} gives back`, () => guard[Symbol.dispose](), () => {
        if (isOwn) this.#takeBack(borrower);
        return NOTHING;
      });
    }
  }
  readonly #givenBack = new Map<unknown, () => void>();

  #release(borrower: unknown): void {
    this.now(`${myName()} calls release()`, () => this.#limiter.release(), () => {
      if (!this.#borrowers.has(borrower)) return REFUSED;
      this.#takeBack(borrower);
      return NOTHING;
    });
  }

  #takeBack(borrower: unknown): void {
    this.#givenBack.get(borrower)?.();
    this.#givenBack.delete(borrower);
    this.#borrowers.delete(borrower);
    this.#serve();
  }

  #resize(total: number): void {
    this.now(`${myName()} sets the total to ${total}`, () => void (this.#limiter.totalTokens = total), () => {
      this.#total = total;
      this.#serve();
      return NOTHING;
    });
  }

  #serve(): void {
    while (this.#borrowers.size < this.#total && this.queue.length > 0) {
      this.#borrowers.add(this.queue[0]!.note);
      this.end(this.queue, DONE, 1);
    }
  }

  protected override statistics(): Compared {
    const real = this.#limiter.statistics();
    const known = real.borrowers.every((borrower) => this.#borrowers.has(borrower));
    return {
      real: { ...real, known, listed: real.borrowers.length },
      model: {
        totalTokens: this.#total,
        borrowedTokens: this.#borrowers.size,
        listed: this.#borrowers.size,
        known: true,
        tasksWaiting: this.queue.length,
      },
    };
  }
}

export class BarrierSubject extends QueueingSubject {
  readonly #barrier: Barrier;
  #isBroken = false;

  constructor(barrier: Barrier) {
    super();
    this.#barrier = barrier;
  }

  override *operation(name: string): Lines {
    if (name === 'abort') this.#break(name, true);
    else if (name === 'reset') this.#break(name, false);
    else yield* this.settled(this.begin(`${myName()} arrives`, () => this.#barrier.wait(), (wait) => this.#arrive(wait)));
  }

  #arrive(wait: Wait): Ending {
    if (this.#isBroken) return errorOf('ERR_BROKEN_BARRIER');
    if (this.queue.length + 1 < this.#barrier.parties) return this.waits(wait);
    this.queue.splice(0).forEach((arrived, index) => (arrived.ending = valueOf(index)));
    return valueOf(this.#barrier.parties - 1);
  }

  #break(name: 'abort' | 'reset', isBroken: boolean): void {
    this.now(`${myName()} calls ${name}()`, () => this.#barrier[name](), () => {
      this.#isBroken = isBroken;
      this.end(this.queue, errorOf('ERR_BROKEN_BARRIER'));
      return NOTHING;
    });
  }

  protected override statistics(): Compared {
    return { real: this.#barrier.statistics(), model: { isBroken: this.#isBroken, tasksWaiting: this.queue.length } };
  }
}

export class ResourceGuardSubject extends Subject {
  readonly #guard = new ResourceGuard();
  #isBusy = false;

  override *operation(_name: string, number: number, inside: () => Lines): Lines {
    const use = this.now(`${myName()} enters`, () => this.#guard.enter(), () => this.#enter());
    if (use === null) return;
    try {
      yield* inside();
    } finally {
      this.now(`${myName()} leaves`, () => use.release(), () => {
        this.#isBusy = false;
        return NOTHING;
      });
    }
    if (number > 1) return;
    yield checkpoint();
    this.now('the guard again', () => use.release(), () => NOTHING);
  }

  #enter(): Ending {
    if (this.#isBusy) return errorOf('ERR_BUSY');
    this.#isBusy = true;
    return DONE;
  }

  protected override onCancel(): void {}

  protected override statistics(): Compared {
    return { real: this.#guard.statistics(), model: { busy: this.#isBusy } };
  }
}

export const EVENT_OPERATIONS = ['wait', 'wait', 'wait', 'set', 'clear'];
export const SEMAPHORE_OPERATIONS = ['use', 'use', 'use', 'use', 'tryUse', 'release', 'keep'];
export const LIMITER_OPERATIONS = ['use', 'use', 'use', 'useFor', 'useFor', 'tryUse', 'release', 'resize'];
export const BARRIER_OPERATIONS = ['wait', 'wait', 'wait', 'wait', 'wait', 'wait', 'abort', 'reset'];
export const makeSemaphore = (size: number): Subject =>
  new SemaphoreSubject(size === 3 ? new Semaphore(2, { max: 2 }) : new Semaphore(size));
