// What a stream has written and the kernel has not taken: made when that happens, gone when it is over. Small writes wait
// in the engine's queue; a large one that did not fit waits here, as the caller's own memory, and everything written
// behind it waits here too, so that the order is kept.

import { InvalidStateError } from '../base/errors.js';
import { Future } from '../kernel/future.js';
import type { LoopCore } from '../kernel/loop_core.js';

/** Bytes above which `drain` waits, and down to which it does. */
export interface WriteLimits {
  readonly high: number;
  readonly low: number;
}

export const DEFAULT_LIMITS: WriteLimits = { high: 64 * 1024, low: 16 * 1024 };

/** One of several waits for the same thing. */
export class SharedWait extends Future<void> {
  readonly #waits: Set<SharedWait>;

  constructor(loop: LoopCore, waits: Set<SharedWait>) {
    super(loop);
    this.#waits = waits;
    waits.add(this);
  }

  override _undo(): void {
    this.#waits.delete(this);
  }
}

// What waits, and how much it was: it is its writer's memory, who may transfer it to a worker meanwhile.
interface Held {
  readonly bytes: Uint8Array;
  readonly length: number;
}

export class Sending {
  /** Bytes wait in the engine. */
  hasBacklog = false;
  readonly waits = new Set<SharedWait>();
  readonly #held: Held[] = [];
  #heldBytes = 0;

  get heldBytes(): number {
    return this.#heldBytes;
  }

  get isOver(): boolean {
    return !this.hasBacklog && this.#heldBytes === 0 && this.waits.size === 0;
  }

  hold(bytes: Uint8Array): void {
    this.#held.push({ bytes, length: bytes.length });
    this.#heldBytes += bytes.length;
  }

  /**
   * Hands what is held to `send`, which answers how much it took, or less than zero to end this.
   *
   * Returns: false if the next bytes are not there any more.
   */
  release(send: (bytes: Uint8Array) => number): boolean {
    while (this.#held.length > 0) {
      const { bytes, length } = this.#held[0]!;
      if (bytes.length !== length) return false;
      const sent = send(bytes);
      if (sent < 0) return true;
      this.#heldBytes -= sent;
      if (sent < length) {
        this.#held[0] = { bytes: bytes.subarray(sent), length: length - sent };
        return true;
      }
      this.#held.shift();
    }
    return true;
  }

  /** Nothing will be sent any more. */
  drop(error: Error): void {
    this.#held.length = 0;
    this.#heldBytes = 0;
    this.hasBacklog = false;
    for (const wait of [...this.waits]) {
      if (wait.done()) continue;
      this.waits.delete(wait);
      wait._fail(error);
    }
  }
}

/** Why lent memory was not sent. */
export function transferredError(): InvalidStateError {
  return new InvalidStateError('memory that waited to be sent was transferred or made smaller meanwhile');
}

/** Ends every wait in a set. */
export function wakeAll(waits: Set<SharedWait>): void {
  for (const wait of [...waits]) {
    // The end of an earlier one may have cancelled it.
    if (wait.done()) continue;
    waits.delete(wait);
    wait._finish(undefined);
  }
}
