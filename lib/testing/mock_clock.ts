// MockClock: a simulated engine whose clock the test moves: by hand, at a rate, or to the next deadline once everybody has
// waited for a while.
// Invariant: while `rate` is zero the clock only moves by a jump.

import { ArgumentRangeError, DeadlockError } from '../base/errors.js';
import type { AsyncResource } from 'node:async_hooks';
import type { Drain } from '../engine/engine.js';
import { SimulatedEngine, type SimulatedEngineOptions } from '../engine/simulated/simulated_engine.js';
import { assertInstant, assertOptions } from '../kernel/arguments.js';
import { realWorld } from './real_world.js';

/** Options of `MockClock`. */
export interface MockClockOptions extends Pick<SimulatedEngineOptions, 'startMs' | 'network' | 'choices'> {
  /** Virtual milliseconds that pass in a real one; 0 by default. */
  readonly rate?: number;
  /** Real milliseconds for which everybody has to wait before the clock jumps to the next deadline; Infinity by default. */
  readonly autojumpThreshold?: number;
}

// Between two looks at what is under way.
const POLL_MS = 1;
const REAL_NOW = performance.now.bind(performance);

/**
 * An engine with a clock of the test's own: `run(main, { engine: new MockClock() })`.
 *
 * `virtualTime` and `simulate` jump by themselves and need none; take this one to stand still between two deadlines.
 * Units: milliseconds.
 * Source: trio.testing.MockClock.
 */
export class MockClock extends SimulatedEngine {
  #rate: number;
  #autojumpThreshold: number;
  #syncedAt = REAL_NOW();
  #isHosted = false;
  #timer: NodeJS.Timeout | null = null;

  /** Throws: ArgumentRangeError for a negative rate or threshold; ArgumentTypeError. */
  constructor(options: MockClockOptions = {}) {
    assertOptions(options, 'MockClock', ['startMs', 'network', 'choices', 'rate', 'autojumpThreshold']);
    const { rate = 0, autojumpThreshold = Infinity, ...rest } = options;
    super({ ...rest, autoJump: false });
    this.#rate = assertedRate(rate);
    this.#autojumpThreshold = assertedThreshold(autojumpThreshold);
  }

  /** Virtual milliseconds that pass in a real one. */
  get rate(): number {
    return this.#rate;
  }
  set rate(rate: number) {
    this.#sync();
    this.#rate = assertedRate(rate);
    this.#plan();
  }

  /** Real milliseconds for which everybody has to wait before the clock jumps. */
  get autojumpThreshold(): number {
    return this.#autojumpThreshold;
  }
  set autojumpThreshold(threshold: number) {
    this.#autojumpThreshold = assertedThreshold(threshold);
    this.#plan();
  }

  /** Moves the clock by hand; what is due then runs in the next turn. Throws: ArgumentRangeError if `ms` is below 0. */
  jump(ms: number): void {
    assertInstant(ms, 'jump');
    this.#sync();
    this.advance(ms);
    this.#plan();
  }

  override now(): number {
    this.#sync();
    return super.now();
  }

  #sync(): void {
    const real = REAL_NOW();
    const passed = (real - this.#syncedAt) * this.#rate;
    this.#syncedAt = real;
    if (passed > 0) this.advance(passed);
  }

  override armAt(slot: number, word: number, whenMs: number): void {
    super.armAt(slot, word, whenMs);
    this.#plan();
  }

  override startHosted(drain: Drain, resource: AsyncResource): void {
    this.#isHosted = true;
    super.startHosted(drain, resource);
  }
  override unref(): void {
    super.unref();
    this.#unplan();
  }
  override close(): void {
    super.close();
    this.#unplan();
  }

  override runOnce(maxWaitMs: number): void {
    this.#sync();
    super.runOnce(maxWaitMs);
    if (!this.#isHosted && maxWaitMs > 0 && this.ring.size === 0) this.#block(maxWaitMs);
    this.#plan();
  }

  // This thread is owned, so that nobody else could move the clock meanwhile.
  #block(maxWaitMs: number): void {
    const realMs = Math.min(this.#delayMs(), this.#rate > 0 ? maxWaitMs / this.#rate : Infinity);
    if (realMs === Infinity) {
      throw new DeadlockError('the clock stands still, and while this thread is owned nobody can jump it; ' +
        'give it a rate or an autojumpThreshold, or use run(…)');
    }
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, realMs);
    this.#move(realMs, maxWaitMs);
    super.runOnce(0);
  }

  // Real milliseconds until the clock is to be moved.
  #delayMs(): number {
    const left = this.nextMs - super.now();
    if (left === Infinity) return Infinity;
    return Math.min(this.#rate > 0 ? Math.max(0, left) / this.#rate : Infinity, this.#autojumpThreshold);
  }

  #plan(): void {
    this.#unplan();
    if (!this.#isHosted) return;
    const delayMs = this.#delayMs();
    if (delayMs === Infinity) return;
    this.#timer = realWorld.setTimeout(() => this.#move(delayMs, Infinity), Math.ceil(delayMs));
  }

  // After so many real milliseconds in which nothing happened.
  #move(waitedMs: number, mostMs: number): void {
    this.#timer = null;
    this.#sync();
    const left = Math.min(this.nextMs - super.now(), mostMs);
    const isJump = left > 0 && left < Infinity && waitedMs >= this.#autojumpThreshold;
    if (isJump && this._isHeld) {
      // Something real is under way, which a jump must not overtake.
      this.#timer = realWorld.setTimeout(() => this.#move(Infinity, Infinity), POLL_MS);
      return;
    }
    this.advance(isJump ? left : 0);
    if (this.nextMs > super.now()) this.#plan();
  }

  #unplan(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
  }
}

function assertedRate(rate: number): number {
  assertInstant(rate, 'MockClock: rate');
  if (rate >= 0 && rate < Infinity) return rate;
  throw new ArgumentRangeError(`MockClock: a rate is zero or more, and finite, not ${rate}`);
}

function assertedThreshold(threshold: number): number {
  assertInstant(threshold, 'MockClock: autojumpThreshold');
  if (threshold >= 0) return threshold;
  throw new ArgumentRangeError(`MockClock: a threshold is zero or more milliseconds, not ${threshold}`);
}
