// Who watches which descriptor. Each (descriptor, direction) has at most one user: a callback that is called whenever it
// is ready, or one waiting task. The table is what turns a second user into an error instead of a lost wake-up.

import { constants } from 'node:os';
import {
  ArgumentRangeError,
  ArgumentTypeError,
  BusyResourceError,
  ClosedResourceError,
  systemError,
} from '../base/errors.js';
import { Kind, ReadyBits } from '../engine/abi.js';
import { Direction } from '../engine/engine.js';
import type { Context } from './context.js';
import { describe } from './coroutine.js';
import { Future } from './future.js';
import { type Callback, runCallback } from './handle.js';
import type { LoopCore, Sink } from './loop_core.js';

/** What the selector reported. It is a hint: the call may still say EAGAIN. */
export interface Readiness {
  readonly readable: boolean;
  readonly writable: boolean;
  /** The peer is gone. One that has only shut down its side is `readable`, and the read gives the end. */
  readonly hangup: boolean;
  readonly error: boolean;
}

/** Throws: TypeError or RangeError for what cannot be a descriptor. */
export function assertDescriptor(fd: unknown, call: string): asserts fd is number {
  if (typeof fd !== 'number') throw new ArgumentTypeError(`${call}: a descriptor is a number, not ${describe(fd)}`);
  if (Number.isInteger(fd) && fd >= 0 && fd <= 0x7fffffff) return;
  throw new ArgumentRangeError(`${call}: ${fd} is not a descriptor`);
}

const OWNED = -constants.errno.EBUSY;

type User = FdCallback | ReadinessFuture;

export class WatchTable {
  readonly #loop: LoopCore;
  readonly #users: [Map<number, User>, Map<number, User>] = [new Map<number, User>(), new Map<number, User>()];

  constructor(loop: LoopCore) {
    this.#loop = loop;
  }

  /** Calls `fn` each turn in which the descriptor is ready; replaces an earlier callback. */
  add(fd: number, direction: Direction, fn: Callback, args: unknown[], context: Context | null): void {
    const earlier = this.#users[direction].get(fd);
    if (earlier instanceof ReadinessFuture) throw this.#busy(fd, direction);
    const callback = new FdCallback(this.#loop, fn, args, context);
    this.#watch(fd, direction, callback._slot, true);
    // Only now: if the watch was refused, the earlier callback is still in place.
    if (earlier !== undefined) this.#loop._release(earlier._slot);
    this.#users[direction].set(fd, callback);
  }

  /** Returns: whether there was a callback. */
  remove(fd: number, direction: Direction): boolean {
    const user = this.#users[direction].get(fd);
    if (!(user instanceof FdCallback)) return false;
    this._drop(fd, direction, user);
    return true;
  }

  /** A future of the descriptor's next readiness. Throws: BusyResourceError; a system error. */
  wait(fd: number, direction: Direction): ReadinessFuture {
    if (this.#users[direction].has(fd)) throw this.#busy(fd, direction);
    const future = new ReadinessFuture(this.#loop, this, fd, direction);
    this.#watch(fd, direction, future._slot, false);
    this.#users[direction].set(fd, future);
    return future;
  }

  /** Ends all interest in a descriptor that its owner is about to close; waiting tasks get ClosedResourceError. */
  notifyClosing(fd: number): void {
    for (const direction of [Direction.read, Direction.write]) {
      const user = this.#users[direction].get(fd);
      if (user === undefined) continue;
      this._drop(fd, direction, user);
      if (user instanceof ReadinessFuture) {
        user._fail(new ClosedResourceError(`descriptor ${fd} is being closed by its owner`));
      }
    }
    this.#loop._engine.forget(fd);
  }

  /** @internal Takes a user out of the table, the engine and the sinks. */
  _drop(fd: number, direction: Direction, user: User): void {
    this.#users[direction].delete(fd);
    this.#loop._engine.unwatch(fd, direction);
    this.#loop._release(user._slot);
  }

  /** @internal The one-shot watch has fired, so the engine has forgotten it by itself. */
  _fired(fd: number, direction: Direction, user: User): void {
    this.#users[direction].delete(fd);
    this.#loop._release(user._slot);
  }

  #watch(fd: number, direction: Direction, slot: number, repeat: boolean): void {
    const result = this.#loop._engine.watch(fd, direction, slot, this.#loop._word(slot, Kind.ready), repeat);
    if (result === 0) return;
    this.#loop._release(slot);
    if (result === OWNED) {
      throw new BusyResourceError(`descriptor ${fd} is that of a stream, server or socket of this loop; use that instead`);
    }
    throw systemError(result, `watch descriptor ${fd}`, hintFor(result));
  }

  #busy(fd: number, direction: Direction): BusyResourceError {
    const what = direction === Direction.read ? 'reading' : 'writing';
    return new BusyResourceError(`descriptor ${fd} is already watched for ${what}; let one task or callback own it`);
  }
}

function hintFor(errno: number): string {
  const code = systemError(errno, '').code;
  if (code === 'EPERM') return 'regular files and directories are always ready and cannot be polled; use node:fs';
  if (code === 'EBADF') return 'the descriptor is not open';
  return '';
}

class FdCallback implements Sink {
  readonly _slot: number;
  readonly #loop: LoopCore;
  readonly #fn: Callback;
  readonly #args: unknown[];
  readonly #context: Context | null;

  constructor(loop: LoopCore, fn: Callback, args: unknown[], context: Context | null) {
    this.#loop = loop;
    this.#fn = fn;
    this.#args = args;
    this.#context = context;
    this._slot = loop._allocate(this);
  }

  _deliver(_bits: number, _fd: number): void {
    runCallback(this.#loop, this, this.#fn, this.#args, this.#context);
  }
}

export class ReadinessFuture extends Future<Readiness> {
  readonly _slot: number;
  readonly #table: WatchTable;
  readonly #fd: number;
  readonly #direction: Direction;

  constructor(loop: LoopCore, table: WatchTable, fd: number, direction: Direction) {
    super(loop);
    this.#table = table;
    this.#fd = fd;
    this.#direction = direction;
    this._slot = loop._allocate(this);
  }

  _deliver(bits: number, _fd: number): void {
    this.#table._fired(this.#fd, this.#direction, this);
    this._finish({
      readable: (bits & ReadyBits.readable) !== 0,
      writable: (bits & ReadyBits.writable) !== 0,
      hangup: (bits & ReadyBits.hangup) !== 0,
      error: (bits & ReadyBits.error) !== 0,
    });
  }

  override _undo(): void {
    this.#table._drop(this.#fd, this.#direction, this);
  }
}
