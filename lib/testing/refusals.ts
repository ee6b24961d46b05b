// What a simulation has not: sockets of Node's, files, processes, threads. Calls for it are refused where they are made, or
// let through and noted. Names are taken from the modules as they are, so that another version's additions count too.

import { RealWorldError } from '../base/simulation_errors.js';
import { isThenable } from '../kernel/coroutine.js';
import { builtin, type Patches } from './patches.js';

/** The simulation that a call comes from. */
export interface RefusingWorld {
  /** Whether what is of the real world is let through after it was noted. */
  readonly letsThrough: boolean;
  noteRealWorld(what: string): void;
  /** Virtual time waits for the end of this. */
  awaitReal(promise: PromiseLike<unknown>): void;
}

type Find = () => RefusingWorld | null;
type Fn = (...args: unknown[]) => unknown;
type Type = { readonly prototype: object };

interface Refused {
  /** How it is called in messages; empty for global names. */
  readonly title: string;
  readonly of: object | undefined;
  readonly names: readonly string[];
  readonly advice: string;
  /** Whether a function that is the last argument is called once, when all is over. */
  readonly callsBack?: true;
  /** Whether this call is meant; every one by default. */
  readonly when?: (args: readonly unknown[]) => boolean;
}

const SOCKETS = "use readyloop's openConnection, startServer and openDatagram, which the simulated network serves";
const FILES = 'read files before the simulation, or with the Sync functions';
const ELSEWHERE = 'put what it does behind a function that the test replaces';
const THREADS = 'use the Sync function, which needs no thread';
const WASM = 'use new WebAssembly.Module and new WebAssembly.Instance';
const KEYS = 'no seed decides about keys and primes, so make them before the simulation and hand them in';

/** Refuses what there is, inside of simulations that `find` finds. */
export function refuseRealWorld(patches: Patches, find: Find): void {
  for (const refused of [...sockets(), ...names(), ...files(), ...processes(), ...threads()]) {
    for (const name of refused.names) {
      const what = refused.title === '' ? name : `${refused.title}.${name}`;
      patches.replace(refused.of, name, (real) => refusing(real, what, refused, find));
    }
  }
}

function member(module: string, ...path: string[]): object | undefined {
  return path.reduce<unknown>((of, name) => (of as Record<string, unknown> | undefined)?.[name], builtin(module)) as object;
}

function functionsOf(of: object | undefined, isMeant: (name: string) => boolean): string[] {
  if (of === undefined) return [];
  return Object.getOwnPropertyNames(of).filter((name) => name !== 'constructor' && isMeant(name));
}

function sockets(): Refused[] {
  return [
    { title: 'net.Socket', of: member('net', 'Socket', 'prototype'), names: ['connect'], advice: SOCKETS },
    { title: 'net.Server', of: member('net', 'Server', 'prototype'), names: ['listen'], advice: SOCKETS },
    { title: 'dgram', of: member('dgram', 'Socket', 'prototype'), names: ['bind', 'send', 'connect'], advice: SOCKETS },
  ];
}

function names(): Refused[] {
  const asks = (name: string): boolean => /^(lookup|resolve|reverse)/.test(name);
  const places: [string, object | undefined][] = [
    ['dns', member('dns')],
    ['dns.promises', member('dns', 'promises')],
    ['dns.Resolver', member('dns', 'Resolver', 'prototype')],
    ['dns.promises.Resolver', member('dns', 'promises', 'Resolver', 'prototype')],
  ];
  return places.map(([title, of]) => ({ title, of, names: functionsOf(of, asks), advice: SOCKETS, callsBack: true }));
}

function files(): Refused[] {
  const fs = member('fs');
  const promises = member('fs', 'promises');
  const hasTwin = (name: string): boolean => fs !== undefined && `${name}Sync` in fs;
  const others = ['watch', 'watchFile', 'openAsBlob', 'createReadStream', 'createWriteStream'];
  return [
    { title: 'fs', of: fs, names: functionsOf(fs, hasTwin), advice: FILES, callsBack: true },
    { title: 'fs', of: fs, names: others, advice: FILES },
    { title: 'fs.promises', of: promises, names: functionsOf(promises, () => true), advice: FILES },
  ];
}

function processes(): Refused[] {
  const of = member('child_process');
  const starts = (name: string): boolean => /^(spawn|exec|fork)/.test(name) && name !== '_forkChild';
  const spawning = member('child_process', 'ChildProcess', 'prototype');
  return [
    { title: 'child_process', of, names: functionsOf(of, starts), advice: ELSEWHERE },
    { title: 'child_process.ChildProcess', of: spawning, names: ['spawn'], advice: ELSEWHERE },
    { title: 'worker_threads', of: member('worker_threads'), names: ['Worker'], advice: ELSEWHERE },
    { title: '', of: globalThis, names: ['fetch', 'WebSocket', 'EventSource'], advice: ELSEWHERE },
  ];
}

// Jobs of a pool of threads, which end when they like.
function threads(): Refused[] {
  const crypto = member('crypto');
  const gzip = member('zlib', 'Gzip', 'prototype') as object;
  const zlib = Object.getPrototypeOf(Object.getPrototypeOf(gzip)) as object;
  const endsWithFunction = (args: readonly unknown[]): boolean => typeof args.at(-1) === 'function';
  const isSubtle = (name: string): boolean => /^(en|de)crypt|^(sign|verify|digest|generate|derive|wrap|unwrap)/.test(name);
  const subtle = (globalThis as unknown as { readonly SubtleCrypto?: Type }).SubtleCrypto?.prototype;
  return [
    { title: 'crypto', of: crypto, names: ['pbkdf2', 'scrypt', 'hkdf', 'checkPrime'], advice: THREADS, callsBack: true },
    {
      title: 'crypto', of: crypto, names: ['sign', 'verify', 'diffieHellman'], advice: THREADS, when: endsWithFunction,
      callsBack: true,
    },
    {
      title: 'crypto', of: crypto, advice: KEYS, callsBack: true,
      names: ['KeyPair', 'Key', 'Prime'].flatMap((what) => [`generate${what}`, `generate${what}Sync`]),
    },
    { title: 'crypto.subtle', of: subtle, names: functionsOf(subtle, isSubtle), advice: 'use those of node:crypto' },
    { title: 'Atomics', of: Atomics, names: ['waitAsync'], advice: ELSEWHERE },
    {
      title: 'WebAssembly', of: (globalThis as { readonly WebAssembly?: object }).WebAssembly, advice: WASM,
      names: ['compile', 'instantiate', 'compileStreaming', 'instantiateStreaming'],
    },
    // Streams and functions with a callback alike.
    { title: 'zlib', of: zlib, names: ['_transform'], advice: THREADS, callsBack: true },
  ];
}

// A Proxy, so that classes can still be extended and constructed, and properties of functions be found.
function refusing(real: Fn, what: string, { advice, callsBack, when }: Refused, find: Find): Fn {
  const look = (args: readonly unknown[]): RefusingWorld | null => {
    const inside = find();
    if (inside === null || when?.(args) === false) return null;
    inside.noteRealWorld(what);
    if (!inside.letsThrough) throw new RealWorldError(what, advice);
    return inside;
  };
  return new Proxy(real, {
    apply(target, self, args: unknown[]) {
      const inside = look(args);
      const awaits = callsBack === true && typeof args.at(-1) === 'function';
      if (inside !== null && awaits) return applyAwaited(target, self, args, inside);
      const answer: unknown = Reflect.apply(target, self, args);
      if (inside !== null && isThenable(answer)) inside.awaitReal(answer);
      return answer;
    },
    construct(target, args: unknown[], newTarget) {
      look(args);
      return Reflect.construct(target, args, newTarget) as object;
    },
  });
}

// Virtual time waits until the callback is called.
function applyAwaited(target: Fn, self: unknown, args: readonly unknown[], inside: RefusingWorld): unknown {
  const callback = args.at(-1) as Fn;
  let end = (): void => undefined;
  inside.awaitReal(new Promise<void>((resolve) => {
    end = resolve;
  }));
  const wrapped = function (this: unknown, ...answer: unknown[]): unknown {
    end();
    return Reflect.apply(callback, this, answer);
  };
  try {
    return Reflect.apply(target, self, [...args.slice(0, -1), wrapped]);
  } catch (error) {
    end();
    throw error;
  }
}
