// Trying several addresses of one name: the next attempt starts a little later than the one before it, or at once when
// that one fails, and the first success ends the others. So a family that leads nowhere costs a quarter of a second.
// Source: RFC 8305.

import { isIP } from 'node:net';
import type { EventLoop } from '../kernel/event_loop.js';
import { Future, State } from '../kernel/future.js';
import type { ScheduledCall } from '../kernel/loop_core.js';

/** Milliseconds between two attempts, as RFC 8305 recommends. */
export const ATTEMPT_DELAY_MS = 250;

/** What an `AttemptRace` is made of. */
export interface Attempts<A, T> {
  readonly targets: readonly A[];
  /** Begins one; cancelling the future gives it up. */
  readonly attempt: (target: A) => Future<T>;
  readonly delayMs: number;
  /** Gives back what came too late. */
  readonly discard: (value: T) => void;
  /** Returns: the failure that stands for those of all attempts, in the order in which they failed. */
  readonly failure: (errors: readonly Error[]) => Error;
}

/** Waits for the first attempt that succeeds. Cancel: all attempts are given up. */
export class AttemptRace<A, T> extends Future<T> {
  readonly #loop: EventLoop;
  readonly #attempts: Attempts<A, T>;
  readonly #underWay = new Set<Future<T>>();
  readonly #errors: Error[] = [];
  #next = 0;
  #timer: ScheduledCall | null = null;
  #isOver = false;

  constructor(loop: EventLoop, attempts: Attempts<A, T>) {
    super(loop);
    this.#loop = loop;
    this.#attempts = attempts;
    this.#begin();
  }

  /** @internal */
  get _looks(): boolean {
    return true;
  }

  // Goes on to the next address for as long as attempts fail where they stand.
  #begin(): void {
    const { targets, attempt, delayMs, failure } = this.#attempts;
    this.#timer?.cancel();
    this.#timer = null;
    while (this.#next < targets.length) {
      const future = attempt(targets[this.#next++] as A);
      if (!future.done()) {
        this.#underWay.add(future);
        future._addWaiter(this);
        break;
      }
      if (!this.#settle(future)) return;
    }
    if (this.#next < targets.length) this.#timer = this.#loop.callLater(delayMs, () => this.#begin());
    else if (this.#underWay.size === 0) this._fail(failure(this.#errors));
  }

  /** @internal An attempt is over. */
  _wake(future: Future<T>): void {
    this.#underWay.delete(future);
    if (this.#isOver) this.#drop(future);
    else if (this.#settle(future)) this.#begin();
  }

  // Returns: true if it failed.
  #settle(future: Future<T>): boolean {
    if ((future._state & State.outcome) !== State.finished) {
      this.#errors.push(future._takeError());
      return true;
    }
    this.#end();
    this._finish(future._value);
    return false;
  }

  #drop(future: Future<T>): void {
    if ((future._state & State.outcome) === State.finished) this.#attempts.discard(future._value as T);
    else future._look();
  }

  #end(): void {
    this.#isOver = true;
    this.#timer?.cancel();
    for (const future of [...this.#underWay]) future.cancel();
  }

  override _undo(): void {
    this.#end();
  }
}

/** Orders numeric hosts so that the families take turns, beginning with that of the first; otherwise they stay in order. */
export function interleaveFamilies(hosts: readonly string[]): string[] {
  const first = familyOf(hosts[0] ?? '');
  const preferred = hosts.filter((host) => familyOf(host) === first);
  const others = hosts.filter((host) => familyOf(host) !== first);
  const ordered: string[] = [];
  for (let i = 0; i < Math.max(preferred.length, others.length); i++) {
    ordered.push(...preferred.slice(i, i + 1), ...others.slice(i, i + 1));
  }
  return ordered;
}

/** Returns: 4 or 6; 0 for what is no numeric address. An IPv6 address may name its zone. */
export function familyOf(host: string): number {
  return isIP(host.split('%', 1)[0] as string);
}
