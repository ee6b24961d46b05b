// A native loop on the poller driver, which nobody asks before the host blocks: this is who notices what happens outside
// of a turn. An append to the ring, a write into the outbox or a command from a plain callback of the host's asks for one
// look, after the callbacks and promise reactions that are under way; all that comes until then is seen by that look. A
// look settles: it flushes, arms the native thread, and learns whether a turn is needed. Each turn ends with one, too.
//
// Invariant: between turns, exactly one of these holds: everything is settled and the next change is noticed (`attentive`);
// a look is scheduled; a turn is asked for. So nothing is missed, and what is idle makes no look.
// A turn is asked for in a callback of `setImmediate`, so the host has its say between two turns.

import { setImmediate } from 'node:timers';
import { Drained } from './abi.js';
import type { NativeLoop, NativeTransports } from './binding.js';
import type { Drain } from './engine.js';
import type { Outbox } from './outbox.js';
import type { ReadyRing } from './ready_ring.js';

// Taken at loading: simulations replace it for a while by one of their own time.
const afterCallbacks = setImmediate;

// Commands that can neither append a record nor change what is waited for.
const QUIET = new Set([
  'address', 'descriptor', 'setOption', 'takeDescriptors', 'setDatagramOption', 'datagramOption', 'peerCredentials',
  'packAddress', 'describeAddress',
]);

export class PolledLoop implements NativeLoop {
  readonly selector: string;
  readonly failure: number;
  readonly #native: NativeLoop;
  readonly #ring: ReadyRing;
  #outbox: Outbox | null = null;
  #isAttentive = false;
  #isHosted = false;

  constructor(native: NativeLoop, ring: ReadyRing) {
    this.selector = native.selector;
    this.failure = native.failure;
    this.#native = native;
    this.#ring = ring;
  }

  arm(slot: number, word: number, delayMs: number): void {
    this.#native.arm(slot, word, delayMs);
    if (this.#isAttentive) this.#schedule();
  }
  armAt(slot: number, word: number, whenMs: number): void {
    this.#native.armAt(slot, word, whenMs);
    if (this.#isAttentive) this.#schedule();
  }
  disarm(slot: number): boolean {
    return this.#native.disarm(slot);
  }
  now(): number {
    return this.#native.now();
  }
  watch(fd: number, direction: number, slot: number, word: number, repeat: boolean): number {
    return this.#noted(this.#native.watch(fd, direction, slot, word, repeat));
  }
  unwatch(fd: number, direction: number): boolean {
    return this.#noted(this.#native.unwatch(fd, direction));
  }
  forget(fd: number): void {
    this.#noted(this.#native.forget(fd));
  }
  wake(): void {
    this.#native.wake();
  }
  runOnce(maxWaitMs: number): number {
    return this.#native.runOnce(maxWaitMs);
  }
  endOwned(): void {
    this.#native.endOwned();
  }
  flush(): void {
    this.#noted(this.#native.flush());
  }
  takeOverflow(): Int32Array {
    return this.#native.takeOverflow();
  }
  ref(): void {
    this.#native.ref();
  }
  unref(): void {
    this.#native.unref();
  }
  settle(): boolean {
    return this.#native.settle();
  }
  askTurn(): void {
    this.#native.askTurn();
  }
  close(): void {
    this.#isHosted = false;
    this.#turnAway();
    this.#native.close();
  }

  openTransports(slab: ArrayBuffer, outbox: ArrayBuffer): NativeTransports | number {
    const native = this.#native.openTransports(slab, outbox);
    return typeof native === 'number' ? native : this.#noting(native);
  }

  /** What is written there outside of a turn is to be noticed as well. */
  watchOutbox(outbox: Outbox): void {
    this.#outbox = outbox;
    if (this.#isAttentive) outbox.notifyAppend(this.#schedule);
  }

  startHosted(drain: Drain, resource: object): number {
    const turn = (): number => {
      this.#turnAway();
      let drained: number = Drained.done;
      try {
        drained = drain();
        return drained;
      } finally {
        // Between two entries of one turn nothing is outside of it.
        if (drained !== Drained.reenter) this.#endTurn();
      }
    };
    const failure = this.#native.startHosted(turn, resource);
    if (failure < 0) return failure;
    this.#isHosted = true;
    this.#endTurn();
    return 0;
  }

  #endTurn(): void {
    if (!this.#isHosted) return;
    if (this.#native.settle()) afterCallbacks(this.#ask);
    else this.#attend();
  }

  readonly #ask = (): void => this.#native.askTurn();

  readonly #look = (): void => {
    if (!this.#isHosted) return;
    if (this.#native.settle()) this.#native.askTurn();
    else this.#attend();
  };

  readonly #schedule = (): void => {
    this.#turnAway();
    afterCallbacks(this.#look);
  };

  #attend(): void {
    this.#isAttentive = true;
    this.#ring.notifyAppend(this.#schedule);
    this.#outbox?.notifyAppend(this.#schedule);
  }

  #turnAway(): void {
    this.#isAttentive = false;
    this.#ring.ignoreAppends();
    this.#outbox?.ignoreAppends();
  }

  #noted<T>(answer: T): T {
    if (this.#isAttentive) this.#schedule();
    return answer;
  }

  #noting(native: NativeTransports): NativeTransports {
    type Command = (...args: unknown[]) => unknown;
    const commands = Object.entries(native as unknown as Record<string, Command>);
    const noting = commands.map(([name, command]): [string, Command] => {
      return [name, QUIET.has(name) ? command : (...args) => this.#noted(command(...args))];
    });
    return Object.fromEntries(noting) as unknown as NativeTransports;
  }
}
