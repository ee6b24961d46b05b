// The `timeout` of a Duplex: an unreferenced timer of Node's that starts again whenever something happens. Bytes that
// leave the machine without an event of their own are looked at before it says that nothing happened.

import { ArgumentRangeError, ArgumentTypeError } from '../base/errors.js';
import { describe } from '../kernel/coroutine.js';

const LONGEST_MS = 2 ** 31 - 1;

export class IdleTimer {
  /** Undefined until it was set, then 0 for none. */
  ms: number | undefined = undefined;
  readonly #target: { emit(event: 'timeout'): boolean };
  readonly #pendingBytes: () => number;
  #timer: NodeJS.Timeout | null = null;
  #lastPending = 0;

  constructor(target: { emit(event: 'timeout'): boolean }, pendingBytes: () => number) {
    this.#target = target;
    this.#pendingBytes = pendingBytes;
  }

  set(ms: unknown): void {
    if (typeof ms !== 'number') throw new ArgumentTypeError(`setTimeout: milliseconds are a number, not ${describe(ms)}`);
    if (!(ms >= 0 && ms <= LONGEST_MS)) throw new ArgumentRangeError(`setTimeout: ${ms} is not from 0 to ${LONGEST_MS}`);
    this.stop();
    this.ms = ms;
    if (ms > 0) this.#timer = setTimeout(() => this.#fire(), ms).unref();
  }

  touch(): void {
    this.#timer?.refresh();
  }

  stop(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
  }

  #fire(): void {
    const pending = this.#pendingBytes();
    const hasMoved = pending !== this.#lastPending;
    this.#lastPending = pending;
    if (hasMoved && pending > 0) this.touch();
    else this.#target.emit('timeout');
  }
}
