// What the structured combinators stand on: children that live in one region, of which the end of one may decide for all.
// Whoever waits for them is not let go before every child has ended. Invariant: a request to cancel that comes before the
// decision stops the children, and is thrown unless they bring about an outcome all the same; one that comes after it, or
// that an outcome has overtaken, waits for the next wait. So neither an outcome nor a request is lost.

import { asError, CancelledError } from '../base/errors.js';
import { CancelStatus, type StatusScope } from '../kernel/cancel_status.js';
import { type Coroutine, isCoroutine, isDriven } from '../kernel/coroutine.js';
import type { EventLoop } from '../kernel/event_loop.js';
import { type CancelRequest, Future, State, type Waiter } from '../kernel/future.js';
import { steppingTask } from '../kernel/scoped.js';
import { selfAwaitError } from '../kernel/self_await.js';
import type { Task } from '../kernel/task.js';
import { toFuture } from './ensure_future.js';
import { JointWait } from './joint_wait.js';

/** @internal What a combinator makes of its children. */
export interface SiblingsPolicy {
  /** Its name, for messages. */
  readonly call: string;
  /** Whether the end of this child decides: the others are stopped then. A child that was stopped is not asked for. */
  readonly decides: (child: Future<unknown>) => boolean;
  /** Told of every child that ends, in the order of their ends. */
  readonly onEnd?: (child: Future<unknown>) => void;
  /** Told of a value that came too late to be given to anybody. */
  readonly onOrphan?: ((value: unknown) => void) | undefined;
}

/** @internal True of a child that has no result. */
export function hasNoResult(child: Future<unknown>): boolean {
  return (child._state & State.outcome) !== State.finished;
}

/** @internal */
export class Siblings implements Waiter, StatusScope {
  /** The child whose end decided. */
  decided: Future<unknown> | null = null;
  /** Failures that came after the children were stopped. */
  readonly late: Error[] = [];
  readonly host: Task<unknown>;
  readonly loop: EventLoop;
  readonly #policy: SiblingsPolicy;
  readonly #status: CancelStatus;
  readonly #unfinished = new Set<Future<unknown>>();
  // Those that were made here, so that stopping is cancelling the region they live in; others are asked one by one.
  readonly #own = new Set<Task<unknown>>();
  #isOver: () => boolean = () => false;
  #wait: JointWait | null = null;
  #request: CancelRequest | null = null;
  #interruption: CancelledError | null = null;
  #error: Error | null = null;
  #isAsked = false;
  // Why they are stopped; null until then.
  #cause: CancelRequest | null = null;

  constructor(policy: SiblingsPolicy, { shield = false }: { readonly shield?: boolean } = {}) {
    this.host = steppingTask(policy.call);
    this.loop = this.host._loop as EventLoop;
    this.#policy = policy;
    this.#status = new CancelStatus(this.host._root, this.host._status, this);
    this.#status.members = this.#own;
    // What is shielded from scopes is spared by requests to the host too: they wait for its next wait.
    this.#status.isShielded = shield;
    if (shield) this.#status.refresh();
  }

  /** A cancelled child of the region is told in whose name; nobody listens to a signal of it. */
  _becameCancelled(): void {}

  get _looks(): boolean {
    return true;
  }

  /** The children are stopped: by a decision, by a failure to start one, or from outside. */
  get isStopped(): boolean {
    return this.#cause !== null;
  }

  /** How many children are unfinished. */
  get live(): number {
    return this.#unfinished.size;
  }

  /**
   * Starts everything, in order; the same awaitable given twice is one child. What is done already counts first, so that
   * nothing is started in vain: what is not started is closed. Returns: the children; undefined for what was not started.
   */
  startAll(items: readonly unknown[]): (Future<unknown> | undefined)[] {
    const known = new Map<unknown, Future<unknown>>();
    for (const item of items) {
      if (!(item instanceof Future) || !item.done() || known.has(item)) continue;
      known.set(item, item);
      this.#account(item);
    }
    if (known.size === 0 || items.some((item) => !known.has(item))) this.checkCancel();
    return items.map((item) => {
      const child = known.get(item) ?? this.start(item);
      if (child !== undefined && typeof item !== 'function') known.set(item, child);
      return child;
    });
  }

  /** Starts one child; what cannot be started counts as a failed child. Returns: undefined if it was not started. */
  start(item: unknown): Future<unknown> | undefined {
    if (this.isStopped) return this.#leave(item);
    let child: Future<unknown>;
    try {
      child = toFuture(item, this.#policy.call, (source) => this.#make(source));
      const refusal = selfAwaitError(this.host, child);
      if (refusal !== null) throw refusal;
    } catch (error) {
      this.fail(error);
      return undefined;
    }
    this.#attend(child);
    return child;
  }

  // Nothing is started any more. A future that was given is ours to stop and to wait for, as if it had been started.
  #leave(item: unknown): undefined {
    if (isCoroutine(item)) {
      if (!isDriven(item)) item.return(undefined);
    } else if (item instanceof Future) {
      if (item.done() || this.#unfinished.has(item)) return;
      // The host, and a task that waits for it, cannot end before it: nobody asks them, or waits for them.
      if (selfAwaitError(this.host, item) !== null) return;
      this.#attend(item as Future<unknown>);
      item._cancelBy(this.#cause as CancelRequest);
    }
  }

  #make(source: unknown): Task<unknown> {
    const task = this.loop._makeTask(source, {}, this.#status);
    if (!task.done()) this.#own.add(task);
    return task;
  }

  #attend(child: Future<unknown>): void {
    if (child.done()) {
      this.#account(child);
      return;
    }
    this.#unfinished.add(child);
    child._addWaiter(this);
  }

  /** A child is done. */
  _wake(child: Future<unknown>): void {
    this.#unfinished.delete(child);
    this.#account(child);
    this.poke();
  }

  #account(child: Future<unknown>): void {
    const outcome = child._state & State.outcome;
    const isOwn = this.#own.delete(child as Task<unknown>);
    if (outcome !== State.finished) child._look();
    this.#policy.onEnd?.(child);
    const isOpen = this.decided === null && this.#error === null && !(this.isStopped && outcome === State.cancelled);
    if (isOpen && this.#policy.decides(child)) {
      this.decided = child;
      this.stop({ reason: `${this.#policy.call}: another one has decided`, origin: null });
    } else if (outcome === State.failed && this.isStopped) {
      this.late.push(child._value as Error);
    } else if (outcome === State.finished && this.isStopped && isOwn) {
      this.#giveAway(child._value);
    }
  }

  #giveAway(value: unknown): void {
    try {
      this.#policy.onOrphan?.(value);
    } catch (exception) {
      const message = `${this.#policy.call}: onOrphan threw`;
      this.loop.callExceptionHandler({ message, exception, task: this.host });
    }
  }

  /** Something that is no child has failed. The first failure decides; a later one is kept with the late ones. */
  fail(error: unknown): void {
    if (this.failure !== null) this.late.push(asError(error));
    else this.#error = asError(error);
    this.stop({ reason: error, origin: null });
  }

  /** Cancels everything that is unfinished. */
  stop(request: CancelRequest): void {
    if (this.isStopped) return;
    this.#cause = request;
    const others = [...this.#unfinished].filter((child) => !this.#own.has(child as Task<unknown>));
    this.#status.cancel(request);
    for (const child of others) child._cancelBy(request);
    this.poke();
  }

  /** Whether what the host waits for has come about is looked at again. */
  poke(): void {
    if (this.#wait !== null && !this.#wait.done() && this.#isOver()) this.#wait._finish(undefined);
  }

  /** Takes a cancellation that waits for the host, as one from outside. */
  checkCancel(): void {
    if (!this.isStopped && !this.#status.isShielded && this.host._hasPendingCancel()) {
      this._askedBy(this.host._takePendingCancel());
    }
  }

  /**
   * Waits until `isOver()`, which is asked whenever a child ends, the children are stopped, or by `poke()`. A wait that is
   * closed by force is kept: whoever awaited what was closed waits there still, and goes on when the last child has ended.
   */
  *until(isOver: () => boolean): Coroutine<void> {
    this.checkCancel();
    while (!isOver()) {
      this.#isOver = isOver;
      this.#wait = new JointWait(this.loop, this);
      yield* this.#wait;
      this.#wait = null;
    }
  }

  /** Runs `feeding`, which starts them one by one, and waits until all children have ended. */
  *join(feeding: Coroutine<void> | null = null): Coroutine<void> {
    let hasEnded = false;
    try {
      if (feeding !== null) yield* feeding;
      yield* this.until(() => this.#unfinished.size === 0);
      hasEnded = true;
    } finally {
      // The coroutine of the host is closed by force: nobody can wait for them any more.
      if (!hasEnded) this.stop({ reason: `the coroutine of ${this.#policy.call} was closed`, origin: null });
      this.#status.unlink();
    }
  }

  /** @internal The host is asked to end. */
  _askedBy(request: CancelRequest): void {
    const isByScope = this.host._status.isCancelledBy(request.scope);
    if (this.decided !== null || this.#error !== null || this.#status.isShielded) {
      if (!isByScope) this.host._remember(request);
      return;
    }
    this.#isAsked = true;
    if (isByScope) this.#interruption ??= this.host._status.error();
    else this.#request ??= request;
    this.stop(request);
  }

  /** The failure that decided, or null. */
  get failure(): Error | null {
    if (this.#error !== null) return this.#error;
    return this.decided !== null && hasNoResult(this.decided) ? this.decided._takeError() : null;
  }

  /** Whether they were stopped from outside. */
  get isAsked(): boolean {
    return this.#isAsked;
  }

  /** There is an outcome all the same: the request from outside is kept for the next wait. */
  keepRequest(): void {
    if (this.#request !== null) this.host._remember(this.#request);
  }

  /** Returns: the value of the child that decided. Throws: its failure, or what they were stopped with from outside. */
  outcome(): unknown {
    const { failure } = this;
    if (failure === null && this.decided === null) throw this.cancelledError();
    this.keepRequest();
    if (failure !== null) throw failure;
    return this.decided?._value;
  }

  /** What is thrown because they were stopped from outside. */
  cancelledError(): Error {
    if (this.#request === null) return this.#interruption as CancelledError;
    return new CancelledError(this.#request.reason, this.#request.origin);
  }

  /** Failures that nobody is thrown go to the exception handler. */
  reportLate(): void {
    for (const exception of this.late) {
      const message = `${this.#policy.call}: one that was to be cancelled failed`;
      this.loop.callExceptionHandler({ message, exception, task: this.host });
    }
  }
}
