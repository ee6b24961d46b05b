// CapacityLimiter: tokens that are lent to somebody, so that it can be told who has them. A token that comes back is
// lent to who has waited longest before that task runs, so there are never more borrowers than tokens.
// Invariant: while somebody waits, all tokens are lent. A borrower has one token, or one wait for one.

import { ArgumentTypeError, InvalidStateError } from '../base/errors.js';
import { cancelCheck } from '../kernel/cancel_check.js';
import type { Future } from '../kernel/future.js';
import type { LoopCore } from '../kernel/loop_core.js';
import { getRunningLoop } from '../kernel/running.js';
import { Task } from '../kernel/task.js';
import { expectAwait } from '../kernel/unawaited.js';
import { askingTask, type Guard } from './guard.js';
import { showStatistics } from './inspection.js';
import { assertCount, atOnce, Parked, ParkingLot } from './parking_lot.js';

/** What `CapacityLimiter.statistics()` gives. */
export interface CapacityLimiterStatistics {
  readonly totalTokens: number;
  readonly borrowedTokens: number;
  /** Who has a token: tasks, or what was given to `acquireOnBehalfOf`. */
  readonly borrowers: readonly unknown[];
  readonly tasksWaiting: number;
}

class Token implements Guard {
  declare private readonly _limiter: CapacityLimiter;
  declare readonly borrower: unknown;
  /** From the hand-over to the return; false while its borrower waits. */
  declare isLent: boolean;

  constructor(limiter: CapacityLimiter, borrower: unknown) {
    this._limiter = limiter;
    this.borrower = borrower;
    this.isLent = false;
  }

  release(): void {
    if (this.isLent) this._limiter._giveBack(this);
  }
  [Symbol.dispose](): void {
    this.release();
  }
}

// Tokens by their borrowers. Cost: a map to which one entry comes and goes costs five times an await, because V8 makes its
// table anew every few entries; so one token stands beside it.
class Tokens {
  #one: Token | null = null;
  readonly #others = new Map<unknown, Token>();

  get(borrower: unknown): Token | undefined {
    const one = this.#one;
    if (one !== null && one.borrower === borrower) return one;
    return this.#others.size === 0 ? undefined : this.#others.get(borrower);
  }
  add(token: Token): void {
    if (this.#one === null) this.#one = token;
    else this.#others.set(token.borrower, token);
  }
  delete(token: Token): void {
    if (this.#one === token) this.#one = null;
    else this.#others.delete(token.borrower);
  }
  all(): Token[] {
    return this.#one === null ? [...this.#others.values()] : [this.#one, ...this.#others.values()];
  }
}

class TokenWait extends Parked<Guard> {
  declare readonly token: Token;
  declare private readonly _tokens: Tokens;

  constructor(loop: LoopCore, token: Token, tokens: Tokens) {
    super(loop);
    this.token = token;
    this._tokens = tokens;
  }

  override _waitsFor(): ReturnType<Future<Guard>['_waitsFor']> {
    const lent = this._tokens.all().filter((token) => token.isLent);
    const by = lent.map((token) => token.borrower).filter((borrower) => borrower instanceof Task);
    return { ...super._waitsFor(), by };
  }

  override _undo(): void {
    this._tokens.delete(this.token);
    super._undo();
  }
}

/**
 * Bounds how many borrowers do something at a time. The bound can be changed at any time.
 *
 * It may be made before there is a loop.
 * Source: trio.CapacityLimiter.
 */
export class CapacityLimiter {
  #totalTokens: number;
  #lent = 0;
  /** Of those who have one, and of those who wait for one. */
  readonly #tokens = new Tokens();
  readonly #waiting = new ParkingLot('CapacityLimiter');

  /** Throws: ArgumentTypeError unless it is a whole number or Infinity; ArgumentRangeError below zero. */
  constructor(totalTokens: number) {
    assertCount(totalTokens, 'CapacityLimiter: totalTokens');
    this.#totalTokens = totalTokens;
  }

  /** How many tokens there are. More: as many who wait get one at once. Fewer: nobody's is taken away. */
  get totalTokens(): number {
    return this.#totalTokens;
  }
  set totalTokens(count: number) {
    assertCount(count, 'CapacityLimiter: totalTokens');
    this.#totalTokens = count;
    this.#serve();
  }

  /** How many are lent. */
  get borrowedTokens(): number {
    return this.#lent;
  }

  /** How many can be lent; negative after `totalTokens` went below what is lent. */
  get availableTokens(): number {
    return this.#totalTokens - this.#lent;
  }

  /**
   * Borrows a token for the current task, behind everybody who waits already.
   *
   * Returns: a future of a guard that gives it back.
   * Throws: InvalidStateError if the task has one, or waits for one, already; NotInTaskError outside a task;
   *   WrongLoopError while tasks of another loop wait.
   * Checkpoint: only if there is none. Cancel: the wait leaves the queue; a token that was lent already stays the task's.
   */
  acquire(): Future<Guard> {
    return this.acquireOnBehalfOf(askingTask('acquire()'));
  }

  /**
   * Borrows a token for anybody: what counts is that it is the same value at the release.
   *
   * Returns, Checkpoint, Cancel: as `acquire`.
   * Throws: as `acquire`, but for NotInTaskError; ArgumentTypeError for nobody (null, undefined); NoRunningLoopError
   *   outside a run.
   */
  acquireOnBehalfOf(borrower: unknown): Future<Guard> {
    const loop = getRunningLoop();
    cancelCheck();
    this.#assertWithout(borrower);
    const token = new Token(this, borrower);
    if (this.#lent < this.#totalTokens) {
      this.#tokens.add(token);
      this.#lend(token);
      return expectAwait(atOnce<Guard>(loop, token), 'limiter.acquire()');
    }
    const wait = new TokenWait(loop, token, this.#tokens);
    this.#waiting._add(wait);
    this.#tokens.add(token);
    return expectAwait(wait, 'limiter.acquire()');
  }

  /** Borrows a token for the current task only if that needs no wait. Returns: the guard, or null. Throws: as `acquire`. */
  tryAcquire(): Guard | null {
    return this.tryAcquireOnBehalfOf(askingTask('tryAcquire()'));
  }

  /** As `tryAcquire`, for anybody. Throws: as `acquireOnBehalfOf`. */
  tryAcquireOnBehalfOf(borrower: unknown): Guard | null {
    this.#assertWithout(borrower);
    if (this.#lent >= this.#totalTokens) return null;
    const token = new Token(this, borrower);
    this.#tokens.add(token);
    this.#lend(token);
    return token;
  }

  /** Gives back the current task's token. Throws: InvalidStateError if it has none. Checkpoint: no. */
  release(): void {
    this.releaseOnBehalfOf(askingTask('release()'));
  }

  /** Gives back somebody's token. Throws: InvalidStateError if it has none. Checkpoint: no. */
  releaseOnBehalfOf(borrower: unknown): void {
    const token = this.#tokens.get(borrower);
    if (token === undefined || !token.isLent) {
      throw new InvalidStateError(`release: ${nameOf(borrower)} has no token of this limiter; acquire one first`);
    }
    token.release();
  }

  /** Returns: how many tokens there are, who has them, and how many tasks wait. */
  statistics(): CapacityLimiterStatistics {
    const lent = this.#tokens.all().filter((token) => token.isLent);
    return {
      totalTokens: this.#totalTokens,
      borrowedTokens: this.#lent,
      borrowers: lent.map((token) => token.borrower),
      tasksWaiting: this.#waiting.size,
    };
  }

  /** @internal Takes back a token that is lent. */
  _giveBack(token: Token): void {
    token.isLent = false;
    this.#lent--;
    this.#tokens.delete(token);
    this.#serve();
  }

  #lend(token: Token): void {
    token.isLent = true;
    this.#lent++;
  }

  #serve(): void {
    while (this.#lent < this.#totalTokens) {
      const next = this.#waiting._take() as TokenWait | null;
      if (next === null) return;
      this.#lend(next.token);
      next._finish(next.token);
    }
  }

  #assertWithout(borrower: unknown): void {
    if (borrower === undefined || borrower === null) {
      throw new ArgumentTypeError(`CapacityLimiter: ${borrower} cannot borrow; name a task or an object`);
    }
    const token = this.#tokens.get(borrower);
    // One that is not lent waits, unless its loop was closed.
    if (token === undefined || (!token.isLent && this.#waiting.size === 0)) return;
    const what = token.isLent ? 'has a token of this limiter' : 'waits for a token of this limiter';
    throw new InvalidStateError(`${nameOf(borrower)} ${what} already; a borrower has one at a time`);
  }
}
showStatistics(CapacityLimiter);

function nameOf(borrower: unknown): string {
  return borrower instanceof Task ? borrower.name : 'this borrower';
}
