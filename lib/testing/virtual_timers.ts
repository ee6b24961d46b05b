// Node's timers on a simulated loop's clock, for code inside a simulation that knows nothing of this library.

import { inspect, promisify } from 'node:util';
import type { EventLoop } from '../kernel/event_loop.js';
import type { ScheduledCall } from '../kernel/loop_core.js';
import { builtin, type Patches } from './patches.js';

const LONGEST_DELAY = 2 ** 31 - 1;

/** What a program inside a simulation may do with time. */
export interface TimerWorld {
  readonly loop: EventLoop;
  /** A callback of a timer has thrown: in the real world the process would end. */
  crash(error: unknown): void;
}

type Callback = (...args: unknown[]) => unknown;

// High, so that no timer of Node's has the same number.
let lastId = 2 ** 40;
// Those that are asked for their number, which is how they may be cleared.
const byId = new Map<number, VirtualTimer>();

/** What the replaced `setTimeout` gives; it looks like Node's own. */
export class VirtualTimer {
  readonly id = ++lastId;
  readonly #world: TimerWorld;
  readonly #fn: Callback;
  readonly #args: unknown[];
  readonly #delayMs: number;
  readonly #repeats: boolean;
  #call: ScheduledCall | null = null;
  #hasRef = true;

  constructor(world: TimerWorld, fn: Callback, delay: unknown, args: unknown[], repeats: boolean) {
    const ms = Number(delay);
    this.#world = world;
    this.#fn = fn;
    this.#args = args;
    this.#delayMs = ms >= 1 && ms <= LONGEST_DELAY ? Math.trunc(ms) : 1;
    this.#repeats = repeats;
    this.#arm();
  }

  #arm(): void {
    this.#call = this.#world.loop.callLater(this.#delayMs, () => this.#fire());
  }

  #fire(): void {
    this.#call = null;
    if (this.#repeats) this.#arm();
    callIn(this.#world, this.#fn, this.#args);
  }

  close(): this {
    this.#call?.cancel();
    this.#call = null;
    byId.delete(this.id);
    return this;
  }
  refresh(): this {
    this.close();
    this.#arm();
    return this;
  }
  ref(): this {
    this.#hasRef = true;
    return this;
  }
  unref(): this {
    this.#hasRef = false;
    return this;
  }
  hasRef(): boolean {
    return this.#hasRef;
  }
  [Symbol.toPrimitive](): number {
    byId.set(this.id, this);
    return this.id;
  }
  [Symbol.dispose](): void {
    this.close();
  }
  [inspect.custom](): string {
    return `VirtualTimer ${this.id}`;
  }
}

/** What the replaced `setImmediate` gives. */
export class VirtualImmediate {
  readonly #call: ScheduledCall;

  constructor(world: TimerWorld, fn: Callback, args: unknown[]) {
    this.#call = world.loop.callSoon(() => callIn(world, fn, args));
  }
  close(): void {
    this.#call.cancel();
  }
  ref(): this {
    return this;
  }
  unref(): this {
    return this;
  }
  hasRef(): boolean {
    return true;
  }
  [Symbol.dispose](): void {
    this.close();
  }
}

function callIn(world: TimerWorld, fn: Callback, args: unknown[]): void {
  try {
    fn(...args);
  } catch (error) {
    world.crash(error);
  }
}

interface PauseOptions {
  readonly signal?: AbortSignal;
}

/** `timers/promises` on virtual time: `setTimeout(ms, value, { signal })`. */
export function pause(world: TimerWorld, delay: unknown, value: unknown, options: PauseOptions = {}): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const { signal } = options;
    const fail = (): void => reject(abortError(signal));
    if (signal?.aborted === true) return fail();
    const timer = new VirtualTimer(world, () => {
      signal?.removeEventListener('abort', onAbort);
      resolve(value);
    }, delay, [], false);
    const onAbort = (): void => {
      timer.close();
      fail();
    };
    signal?.addEventListener('abort', onAbort, { once: true });
  });
}

/** The same of `setInterval`. */
export async function* repeat(world: TimerWorld, delay: unknown, value: unknown, options?: PauseOptions): AsyncGenerator {
  for (;;) yield await pause(world, delay, value, options);
}

function abortError(signal: AbortSignal | undefined): Error {
  const error = new Error('The operation was aborted', { cause: signal?.reason });
  return Object.assign(error, { name: 'AbortError', code: 'ABORT_ERR' });
}

/** Gives a replaced timer function its form as a promise. */
export function withPromiseForm<F extends object>(fn: F, form: (...args: unknown[]) => Promise<unknown>): F {
  return Object.defineProperty(fn, promisify.custom, { configurable: true, value: form });
}

type Find = () => TimerWorld | null;
type Fn = (...args: unknown[]) => unknown;

/** Replaces Node's timers: the global ones, those of `node:timers` and `node:timers/promises`, AbortSignal.timeout. */
export function replaceTimers(patches: Patches, find: Find): void {
  for (const target of [globalThis, builtin('timers')]) {
    patches.replace(target, 'setTimeout', (real) => timerFunction(find, real, false));
    patches.replace(target, 'setInterval', (real) => timerFunction(find, real, true));
    patches.replace(target, 'setImmediate', (real) => {
      const fn = (callback: Fn, ...args: unknown[]): unknown => {
        const inside = find();
        return inside === null ? real(callback, ...args) : new VirtualImmediate(inside, callback, args);
      };
      return withPromiseForm(fn, promiseForm(find, real, (inside, value) => pause(inside, 0, value)));
    });
    for (const name of ['clearTimeout', 'clearInterval', 'clearImmediate']) {
      patches.replace(target, name, (real) => (timer: unknown) => clear(timer, real));
    }
  }
  const promises = builtin('timers/promises');
  patches.replace(promises, 'setTimeout', (real) =>
    orReal(find, real, (inside, ms, value, options) => pause(inside, ms, value, options as PauseOptions)),
  );
  patches.replace(promises, 'setImmediate', (real) =>
    orReal(find, real, (inside, value, options) => pause(inside, 0, value, options as PauseOptions)),
  );
  patches.replace(promises, 'setInterval', (real) =>
    orReal(find, real, (inside, ms, value, options) => repeat(inside, ms, value, options as PauseOptions)),
  );
  const scheduler = promises['scheduler'] as object | undefined;
  patches.replace(scheduler, 'wait', (real) =>
    orReal(find, bound(real, scheduler), (inside, ms, options) => pause(inside, ms, undefined, options as PauseOptions)),
  );
  patches.replace(scheduler, 'yield', (real) =>
    orReal(find, bound(real, scheduler), (inside) => pause(inside, 0, undefined)),
  );
  patches.replace(AbortSignal, 'timeout', (real) =>
    orReal(find, bound(real, AbortSignal), (inside, ms) => {
      const controller = new AbortController();
      const reason = new DOMException('The operation was aborted due to timeout', 'TimeoutError');
      new VirtualTimer(inside, () => controller.abort(reason), ms, [], false).unref();
      return controller.signal;
    }),
  );
}

function bound(fn: Fn, self: unknown): Fn {
  return (...args) => fn.apply(self, args);
}

function orReal(find: Find, real: Fn, virtual: (inside: TimerWorld, ...args: unknown[]) => unknown): Fn {
  return (...args) => {
    const inside = find();
    return inside === null ? real(...args) : virtual(inside, ...args);
  };
}

function timerFunction(find: Find, real: Fn, repeats: boolean): Fn {
  const fn = (callback: unknown, ms?: unknown, ...args: unknown[]): unknown => {
    const inside = find();
    if (inside === null) return real(callback, ms, ...args);
    return new VirtualTimer(inside, callback as Fn, ms, args, repeats);
  };
  return withPromiseForm(fn, promiseForm(find, real, (inside, ms, value) => pause(inside, ms, value)));
}

function promiseForm(find: Find, real: Fn, virtual: (inside: TimerWorld, ...args: unknown[]) => Promise<unknown>) {
  const form = (real as unknown as Record<symbol, Fn | undefined>)[promisify.custom];
  return (...args: unknown[]): Promise<unknown> => {
    const inside = find();
    return inside === null ? (form?.(...args) as Promise<unknown>) : virtual(inside, ...args);
  };
}

// By whomever it was made: a timer may be cleared outside of the code that it belongs to, and by its number.
function clear(timer: unknown, real: Fn): unknown {
  if (timer instanceof VirtualTimer || timer instanceof VirtualImmediate) return void timer.close();
  if (typeof timer === 'number' || typeof timer === 'string') {
    const known = byId.get(Number(timer));
    if (known !== undefined) return void known.close();
  }
  return real(timer);
}
