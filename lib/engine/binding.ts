// Loads the native addon, and says what it offers. This is the only place that does; everything else sees the typed
// binding. Before it is loaded the file is looked at, and after that its layout is held against ours.

import { createRequire } from 'node:module';
import { basename, dirname, resolve } from 'node:path';
import { asError } from '../base/errors.js';
import { VERSION } from '../base/version.js';
import { ABI } from './abi.js';
import { missingBinary, wrongBinary } from './binary_messages.js';
import { problemOfFile } from './binary_problem.js';
import { findBinary, type FoundBinary, PATH_VARIABLE } from './binary_search.js';
import { enterCopy } from './copies.js';
import type { Datagrams } from './datagrams.js';
import type { Drain } from './engine.js';
import { type Host, thisHost } from './host.js';

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
  /** What the kernel offers beyond what is needed, by name; asked at each call. */
  readonly kernelFeatures: () => Readonly<Record<string, boolean>>;
  readonly NativeLoop: new (ring: ArrayBuffer, selector: string, driver: string) => NativeLoop;
}

// The package's own bundle is as deep in it as this module is; somebody else's has a place of its own.
const OWN_BUNDLE = /[\\/]dist[\\/]bundle[\\/]shared\.js$/;

let loaded: LoadedBinding | null = null;

/** The addon, and where it came from. */
export interface LoadedBinding {
  readonly binding: NativeBinding;
  readonly source: FoundBinary;
}

/** The files in which this copy of the package is: its folder, or the bundle that it has become part of. */
export interface OwnPlace {
  /** Where to look for binaries. Null in a bundle that does not say. */
  readonly root: string | null;
  /** What tells this copy from another one. */
  readonly copy: string;
}

/**
 * Loads the addon, once per thread.
 *
 * Throws: MissingBinaryError if no binary for this platform is there, WrongBinaryError if the one found cannot serve;
 * DuplicateCopyError if another copy of the package drives a loop on this thread.
 */
export function loadBinding(): NativeBinding {
  return loadWithSource().binding;
}

/** @internal As `loadBinding`, with the file that was loaded. */
export function loadWithSource(): LoadedBinding {
  if (loaded !== null) return loaded;
  const { root, copy } = ownPlace();
  const found = loadFrom(root, process.env[PATH_VARIABLE], thisHost());
  enterCopy({ path: copy, version: VERSION });
  loaded = found;
  return found;
}

/** @internal Loads from a given folder, or from the exact file `path`, for a given host. */
export function loadFrom(root: string | null, path: string | undefined, host: Host): LoadedBinding {
  const search = findBinary(root, path, host);
  const source = search.found;
  if (source === null) throw missingBinary(search, host);
  const problem = problemOfFile(source.path, host);
  if (problem !== null) throw wrongBinary(source, host, problem);
  const file = resolve(source.path);
  let binding: NativeBinding;
  try {
    // Addons can only be required, and webpack would take a plain `require` for one of what it has packed.
    binding = createRequire(file)(file) as NativeBinding;
  } catch (cause) {
    throw wrongBinary(source, host, `the system refuses it (${asError(cause).message})`, cause);
  }
  const difference = layoutDifference(binding.abi);
  if (difference !== null) throw wrongBinary(source, host, difference);
  return { binding, source };
}

/** @internal Where this copy is. */
export function ownPlace(): OwnPlace {
  // A bundle into an ES module has no such name.
  const file = typeof __filename === 'string' ? __filename : null;
  if (file === null) return { root: null, copy: 'a bundle' };
  if (basename(file) !== 'binding.js' && !OWN_BUNDLE.test(file)) return { root: dirname(file), copy: file };
  const root = resolve(file, '..', '..', '..');
  return { root, copy: root };
}

/** How the memory that both sides share differs from what this version expects; null if it does not. */
function layoutDifference(abi: Readonly<Record<string, number>> | undefined): string | null {
  if (abi === undefined) return 'it is not readyloop’s';
  const names = new Set([...Object.keys(ABI), ...Object.keys(abi)]);
  const name = [...names].find((key) => ABI[key] !== abi[key]);
  if (name === undefined) return null;
  return `it is of another version of readyloop (${name} is ${abi[name] ?? 'absent'}, and ${ABI[name] ?? 'absent'} here)`;
}
