// The engine over the C++ core: it turns negative errnos into errors and picks the selector. No decision is taken here.

import type { AsyncResource } from 'node:async_hooks';
import { ArgumentRangeError, systemError } from '../base/errors.js';
import { Header, HeaderFloat } from './abi.js';
import { loadBinding, type NativeBinding, type NativeLoop } from './binding.js';
import { chosenDriver, type DriverName } from './drivers.js';
import type { Direction, Drain, Engine } from './engine.js';
import { openNativeTransports } from './native_transports.js';
import { PolledLoop } from './polled_loop.js';
import { ReadyRing } from './ready_ring.js';
import type { Transports } from './transports.js';

/** The selector asked for by `READYLOOP_SELECTOR`, or the build's default. */
function chosenSelector(available: readonly string[]): string {
  const wanted = process.env['READYLOOP_SELECTOR'];
  if (wanted === undefined || wanted === '') return available[0] as string;
  if (available.includes(wanted)) return wanted;
  throw new ArgumentRangeError(
    `READYLOOP_SELECTOR=${wanted} is not in this build; choose one of ${available.join(', ')}`,
  );
}

/** @internal Returns: a native loop as its driver wants it; whether it could be made is in its `failure`. */
export function openNativeLoop(
  binding: NativeBinding, ring: ReadyRing, selector: string, driver: DriverName,
): NativeLoop {
  const native = new binding.NativeLoop(ring.buffer, selector, driver);
  return driver === 'poller' ? new PolledLoop(native, ring) : native;
}

export class NativeEngine implements Engine {
  readonly name: string;
  readonly driver: DriverName;
  readonly isVirtual = false;
  readonly ring: ReadyRing;
  readonly #loop: NativeLoop;
  #transports: Transports | null = null;

  /** Throws: MissingBinaryError; a system error if the selector cannot be opened (EMFILE). */
  constructor(ring = new ReadyRing()) {
    this.ring = ring;
    const binding = loadBinding();
    const selector = chosenSelector(binding.selectors);
    this.driver = chosenDriver(binding.drivers);
    this.#loop = openNativeLoop(binding, this.ring, selector, this.driver);
    if (this.#loop.failure < 0) {
      const hint = 'the loop needs two descriptors; raise the limit of open files';
      throw systemError(this.#loop.failure, 'open selector', hint);
    }
    this.name = `native:${selector}`;
  }

  now(): number {
    return this.#loop.now();
  }
  arm(slot: number, word: number, delayMs: number): void {
    this.#loop.arm(slot, word, delayMs);
  }
  armAt(slot: number, word: number, whenMs: number): void {
    this.#loop.armAt(slot, word, whenMs);
  }
  lastDeadline(): number {
    return this.ring.floats[HeaderFloat.deadline]!;
  }
  disarm(slot: number): void {
    this.#loop.disarm(slot);
  }
  // These three may append a record by themselves (a descriptor found lost), so what did not fit is taken over at once,
  // before anything that TypeScript appends later.
  watch(fd: number, direction: Direction, slot: number, word: number, repeat: boolean): number {
    const result = this.#loop.watch(fd, direction, slot, word, repeat);
    this.adoptOverflow();
    return result;
  }
  unwatch(fd: number, direction: Direction): boolean {
    const hadWatch = this.#loop.unwatch(fd, direction);
    this.adoptOverflow();
    return hadWatch;
  }
  forget(fd: number): void {
    this.#loop.forget(fd);
    this.adoptOverflow();
  }
  openTransports(): Transports {
    if (this.#transports !== null) return this.#transports;
    const opened = openNativeTransports(this.#loop, () => this.adoptOverflow());
    if (this.#loop instanceof PolledLoop) this.#loop.watchOutbox(opened.outbox);
    return (this.#transports = opened);
  }
  flush(): void {
    if (this.#transports === null || this.#transports.outbox.isEmpty) return;
    this.#loop.flush();
    this.adoptOverflow();
  }
  wake(): void {
    this.#loop.wake();
  }

  adoptOverflow(): void {
    if (this.ring.words[Header.nativeOverflow] !== 0) this.ring.adopt(this.#loop.takeOverflow());
  }
  canWake(): boolean {
    return this.timers() > 0 || this.watches() > 0 || this.ring.words[Header.transports] !== 0;
  }
  timers(): number {
    return this.ring.words[Header.timers]!;
  }
  watches(): number {
    return this.ring.words[Header.watches]!;
  }
  turns(): number {
    return this.ring.words[Header.turns]! >>> 0;
  }

  startHosted(drain: Drain, resource: AsyncResource): void {
    const failure = this.#loop.startHosted(drain, resource);
    if (failure < 0) throw systemError(failure, 'start the hosted driver');
  }
  ref(): void {
    this.#loop.ref();
  }
  unref(): void {
    this.#loop.unref();
  }
  runOnce(maxWaitMs: number): void {
    const result = this.#loop.runOnce(maxWaitMs);
    if (result < 0) throw systemError(result, 'select');
  }
  endOwned(): void {
    this.#loop.endOwned();
  }
  outside<A>(begin: (answer: (value: A) => void) => void, onAnswer: (value: A) => void): void {
    begin(onAnswer);
  }
  close(): void {
    this.#loop.close();
  }
}
