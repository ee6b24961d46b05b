// Lock, RLock and Condition beside their models.
import { checkpoint, Condition, createTask, currentTask, type Guard, Lock, RLock, type Task } from '../../lib/index';
import { generatorColour } from '../tasks/support';
import { DONE, type Ending, errorOf, leave, type Lines, PENDING, CANCELLED, Subject, type Wait, valueOf } from './subject';

/** A possession of the lock. */
interface Hold {
  readonly owner: Task<unknown>;
  depth: number;
}

interface LockNote {
  readonly hold: Hold;
  /** Whether it waits to have the lock back, for a condition. */
  readonly takesBack: boolean;
  isCancelled: boolean;
}

const noteOf = (wait: Wait): LockNote => wait.note as LockNote;
const BROKEN = errorOf('ERR_BROKEN');
const REFUSED = errorOf('ERR_INVALID_STATE');

export class LockSubject extends Subject {
  protected hold: Hold | null = null;
  protected readonly queue: Wait[] = [];
  protected readonly lock: Lock;
  readonly #isReentrant: boolean;

  constructor(lock: Lock) {
    super();
    this.lock = lock;
    this.#isReentrant = lock instanceof RLock;
  }

  override *operation(name: string, number: number, inside: () => Lines): Lines {
    const me = currentTask()!;
    if (name === 'use') yield* this.use(`${me.name} acquires`, inside, number);
    else if (name === 'keep') yield* this.acquired(`${me.name} acquires for good`);
    else if (name === 'desert') this.#desert();
    else if (name === 'tryUse') yield* this.#tryUse(me, inside);
    else if (name === 'release') this.#releaseByOwner(me);
  }

  // Nobody waits for the task that ends with the lock.
  #desert(): void {
    const lines = (): Lines => this.acquired(`${currentTask()!.name} acquires and ends`) as unknown as Lines;
    createTask(generatorColour.of(lines), { name: 'deserter' });
  }

  protected *acquired(label: string): Generator<never, { guard: Guard; hold: Hold }> {
    const note: LockNote = { hold: { owner: currentTask()!, depth: 1 }, takesBack: false, isCancelled: false };
    const wait = this.begin(label, () => this.lock.acquire(), (asked) => this.#onAcquire(asked, note), note);
    const guard = (yield* this.settled(wait) as Generator<never, unknown>) as Guard;
    return { guard, hold: this.hold?.owner === note.hold.owner ? this.hold : note.hold };
  }

  protected *use(label: string, inside: () => Lines, number: number): Lines {
    const { guard, hold } = yield* this.acquired(label);
    try {
      yield* inside();
    } finally {
      this.release(guard, hold);
    }
    if (number > 1) return;
    // A guard releases once, also when somebody else has the lock.
    yield checkpoint();
    this.now('the guard again', () => guard.release(), () => valueOf(undefined));
  }

  *#tryUse(me: Task<unknown>, inside: () => Lines): Lines {
    const hold: Hold = { owner: me, depth: 1 };
    const guard = this.now(`${me.name} tries`, () => this.lock.tryAcquire(), () => {
      if (this.hold === null) this.hold = hold;
      else if (this.hold.owner === me && this.#isReentrant) this.hold.depth++;
      else if (this.hold.owner === me) return REFUSED;
      else if (this.hold.owner.done()) return BROKEN;
      else return valueOf(null);
      return DONE;
    });
    if (guard === null) return;
    const held = this.hold!;
    try {
      yield* inside();
    } finally {
      this.release(guard, held);
    }
  }

  protected release(guard: Guard, hold: Hold): void {
    this.now(`${hold.owner.name} releases`, () => guard[Symbol.dispose](), () => {
      if (this.hold === hold && --hold.depth === 0) this.handOver();
      return valueOf(undefined);
    });
  }

  // By who holds it, or as a mistake.
  #releaseByOwner(me: Task<unknown>): void {
    this.now(`${me.name} calls release()`, () => this.lock.release(), () => {
      const hold = this.hold;
      if (hold?.owner !== me) return REFUSED;
      if (--hold.depth === 0) this.handOver();
      return valueOf(undefined);
    });
  }

  #onAcquire(wait: Wait, note: LockNote): Ending {
    const { hold } = this;
    if (hold === null) {
      this.hold = note.hold;
      return DONE;
    }
    if (hold.owner === note.hold.owner) {
      if (!this.#isReentrant) return REFUSED;
      hold.depth++;
      return DONE;
    }
    if (hold.owner.done()) return BROKEN;
    this.queue.push(wait);
    return PENDING;
  }

  protected handOver(): void {
    const next = this.queue.shift();
    this.hold = next === undefined ? null : noteOf(next).hold;
    if (next !== undefined) next.ending = noteOf(next).isCancelled ? CANCELLED : DONE;
  }

  protected override look(): void {
    if (this.hold?.owner.done() === true) this.end(this.queue, BROKEN);
  }

  protected override onCancel(wait: Wait, _wasTaken: boolean): void {
    leave(this.queue, wait);
    wait.ending = CANCELLED;
  }

  protected override statistics(): { real: object; model: object } {
    const depth = this.hold?.depth ?? 0;
    return {
      real: this.lock.statistics(),
      model: {
        locked: this.hold !== null,
        owner: this.hold?.owner ?? null,
        tasksWaiting: this.queue.length,
        ...(this.#isReentrant ? { depth } : {}),
      },
    };
  }
}

export class ConditionSubject extends LockSubject {
  readonly #condition: Condition;
  readonly #waiting: Wait[] = [];

  constructor(condition: Condition) {
    super(condition.lock);
    this.#condition = condition;
  }

  // Who waits for a condition must have the lock back, and no cancel can end that. So a program in which a task holds
  // the lock while it waits for its child, which waits for the condition, would never end.
  override mayWaitForOthers(): boolean {
    return this.hold?.owner !== currentTask();
  }

  override *operation(name: string, number: number, inside: () => Lines): Lines {
    const me = currentTask()!;
    if (name === 'wait') {
      // Between the call of `wait` and its await, that is, and not between those of `acquire`.
      const { between } = this;
      this.between = null;
      yield* this.use(`${me.name} acquires to wait`, () => this.#wait(me, between, inside), number);
    } else if (name === 'notify') {
      const notify = (): void => this.#notify(me, number % 3);
      yield* this.use(`${me.name} acquires to notify`, function* () {
        notify();
        yield* inside();
      }, number);
    } else if (name === 'notifyWithout') {
      this.#notify(me, 1);
    } else {
      yield* super.operation(name, number, inside);
    }
  }

  *#wait(me: Task<unknown>, between: (() => void) | null, inside: () => Lines): Lines {
    if (this.hold?.owner !== me) return;
    const note: LockNote = { hold: this.hold, takesBack: true, isCancelled: false };
    const wait = this.begin(`${me.name} waits to be notified`, () => this.#condition.wait(), (asked) => {
      this.#waiting.push(asked);
      this.handOver();
      return PENDING;
    }, note);
    this.between = between;
    yield* this.settled(wait);
    yield* inside();
  }

  #notify(me: Task<unknown>, count: number): void {
    const all = count === 2;
    const label = `${me.name} notifies ${all ? 'all' : count}`;
    const call = all ? () => this.#condition.notifyAll() : () => this.#condition.notify(count);
    this.now(label, call, () => {
      if (this.hold?.owner !== me) return REFUSED;
      const notified = this.#waiting.splice(0, all ? Infinity : count);
      this.queue.push(...notified);
      return valueOf(notified.length);
    });
  }

  // First it leaves the condition, then it wants the lock back; once it was notified it keeps what it has.
  protected override onCancel(wait: Wait, wasTaken: boolean): void {
    const note = noteOf(wait);
    if (!note.takesBack) {
      super.onCancel(wait, wasTaken);
      return;
    }
    if (!leave(this.#waiting, wait)) return;
    note.isCancelled = true;
    if (this.hold === null) {
      this.hold = note.hold;
      wait.ending = CANCELLED;
    } else if (this.hold.owner.done()) {
      wait.ending = BROKEN;
    } else {
      this.queue.push(wait);
    }
  }

  protected override statistics(): { real: object; model: object } {
    const { real, model } = super.statistics();
    const { tasksWaiting } = this.#condition.statistics();
    return { real: { ...real, toBeNotified: tasksWaiting }, model: { ...model, toBeNotified: this.#waiting.length } };
  }
}

const USES = ['use', 'use', 'use', 'use', 'tryUse', 'tryUse', 'release'];
export const LOCK_OPERATIONS = [...USES, ...USES, ...USES, 'keep'];
const CONDITION_USES = ['wait', 'wait', 'wait', 'notify', 'notify', 'use', 'tryUse', 'notifyWithout', 'release'];
export const CONDITION_OPERATIONS = [...CONDITION_USES, ...CONDITION_USES, ...CONDITION_USES, 'desert'];
export const makeLock = (): Subject => new LockSubject(new Lock());
export const makeRLock = (): Subject => new LockSubject(new RLock());
export const makeCondition = (size: number): Subject =>
  new ConditionSubject(new Condition(size % 2 === 0 ? new Lock() : new RLock()));
