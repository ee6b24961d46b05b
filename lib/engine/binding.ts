// Finds and loads the native addon. This is the only place that does; everything else sees the typed binding.

import { join } from 'node:path';
import { MissingBinaryError } from '../base/errors.js';
import type { Datagrams } from './datagrams.js';
import type { Drain } from './engine.js';

/** The sockets of one native loop. Answers are zero or more, or negative errnos; names are a sink's slot and word. */
export interface NativeTransports extends Datagrams {
  connect(slot: number, word: number, host: string, port: number, localHost: string, localPort: number): number;
  listen(
    slot: number, word: number, host: string, port: number, backlog: number, flags: number, mode: number,
  ): number;
  accept(listenerSlot: number, listenerWord: number, slot: number, word: number): number;
  adopt(slot: number, word: number, fd: number, listens: boolean): number;
  openPipe(readerSlot: number, readerWord: number, writerSlot: number, writerWord: number): number;
  control(slot: number, word: number, what: number): number;
  setOption(slot: number, word: number, option: number, value: number): number;
  receive(slot: number, word: number, into: Uint8Array, start: number, end: number): number;
  send(slot: number, word: number, bytes: Uint8Array, start: number, end: number): number;
  queued(slot: number, word: number, low: number): number;
  address(slot: number, word: number, ofPeer: boolean): string;
  descriptor(slot: number, word: number): number;
  flush(): void;
  close(slot: number, word: number, aborts: boolean): boolean;
}

/** One native loop: a selector, a timer heap and the writing side of a ring. */
export interface NativeLoop {
  readonly selector: string;
  /** 0, or the negative errno with which the loop could not be made. */
  readonly failure: number;
  arm(slot: number, word: number, delayMs: number): void;
  armAt(slot: number, word: number, whenMs: number): void;
  disarm(slot: number): boolean;
  now(): number;
  watch(fd: number, direction: number, slot: number, word: number, repeat: boolean): number;
  unwatch(fd: number, direction: number): boolean;
  forget(fd: number): void;
  wake(): void;
  runOnce(maxWaitMs: number): number;
  endOwned(): void;
  flush(): void;
  openTransports(slab: ArrayBuffer, outbox: ArrayBuffer): NativeTransports | number;
  takeOverflow(): Int32Array;
  startHosted(drain: Drain, resource: object): number;
  /** On the poller driver: something changed outside of a turn, or a turn is over. Returns: whether to ask for a turn. */
  settle(): boolean;
  askTurn(): void;
  ref(): void;
  unref(): void;
  close(): void;
}

export interface NativeBinding {
  readonly abi: Readonly<Record<string, number>>;
  /** Compiled-in selectors, the default first. */
  readonly selectors: readonly string[];
  /** Requests and jobs of threads that Node's loop waits for; -1 if that is not known. */
  readonly hostRequests: () => number;
  /** Drivers of hosted loops that this process has what they need for, the default first. */
  readonly drivers: readonly string[];
  readonly NativeLoop: new (ring: ArrayBuffer, selector: string, driver: string) => NativeLoop;
}

const PACKAGE_ROOT = join(__dirname, '..', '..');

let loaded: NativeBinding | null = null;

/**
 * Loads the addon, once per thread.
 *
 * Throws: MissingBinaryError if no binary for this platform is there or it cannot be loaded.
 */
export function loadBinding(): NativeBinding {
  loaded ??= loadFrom(PACKAGE_ROOT, process.env['READYLOOP_NATIVE_PATH']);
  return loaded;
}

/** @internal Loads from a given package root, or from the exact file `path`. */
export function loadFrom(root: string, path: string | undefined): NativeBinding {
  try {
    // eslint-disable-next-line @typescript-eslint/no-require-imports -- addons can only be required
    if (path !== undefined) return require(path) as NativeBinding;
    // eslint-disable-next-line @typescript-eslint/no-require-imports -- the loader is a CommonJS function
    const load = require('node-gyp-build') as (root: string) => NativeBinding;
    return load(root);
  } catch (cause) {
    throw new MissingBinaryError(describeMissing(root, path), { cause });
  }
}

function describeMissing(root: string, path: string | undefined): string {
  const target = `${process.platform}-${process.arch} (${describeLibc()}), Node ${process.version}`;
  const places =
    path !== undefined ? path : `${join(root, 'build', 'Release')} and ${join(root, 'prebuilds')}`;
  return (
    `readyloop has no loadable native binary for ${target}; looked in ${places}. ` +
    'Build it in the package folder: `npx cmake-js compile` (needs cmake and a C++17 compiler), or in a checkout ' +
    '`npx node-gyp rebuild`; or point READYLOOP_NATIVE_PATH at a readyloop.node made for this platform.'
  );
}

function describeLibc(): string {
  if (process.platform !== 'linux') return 'system libc';
  const { header } = process.report.getReport() as { header?: { glibcVersionRuntime?: string } };
  return header?.glibcVersionRuntime === undefined ? 'musl' : `glibc ${header.glibcVersionRuntime}`;
}
