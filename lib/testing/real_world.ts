// What code inside a simulation must not have from the real world: its time, its randomness, and what happens outside of
// the process. Time and randomness are replaced (by the virtual clock and the seed), because programs and the libraries
// they use ask for them everywhere; what cannot be had in a simulation is refused at the call.
// Replacements look at each call where it comes from: code outside of a simulation is served as ever. They are there
// only while a simulation is, and those who have taken a function before that (`const { randomBytes } = require(…)`)
// keep the real one.

import { RealWorldError } from '../base/simulation_errors.js';
import { isThenable } from '../kernel/coroutine.js';
import { builtin, Patches } from './patches.js';
import type { SeededRandom } from './seeded_random.js';
import { replaceRandomness } from './virtual_randomness.js';
import { replaceTimers, type TimerWorld } from './virtual_timers.js';

/** The simulation that a call comes from, as the replacements see it. */
export interface InsideWorld extends TimerWorld {
  readonly random: SeededRandom;
  /** Virtual milliseconds since its beginning. */
  readonly elapsedMs: number;
  /** What the calendar shows, in ms since 1970. */
  readonly dateMs: number;
  /** Whether what is of the real world is let through after it was noted. */
  readonly letsThrough: boolean;
  noteRealWorld(what: string): void;
  /** Virtual time waits for the end of this. */
  awaitReal(promise: PromiseLike<unknown>): void;
}

/** Returns: the simulation whose code is running, or null. */
export type FindInside = () => InsideWorld | null;

type Fn = (...args: unknown[]) => unknown;

/** @internal The real ones, for the simulator itself. */
export const realWorld = {
  setImmediate: globalThis.setImmediate,
  setTimeout: globalThis.setTimeout,
};

let users = 0;
const patches = new Patches();

/** Begins to replace, for as long as somebody needs it. Returns: what ends it. */
export function watchRealWorld(find: FindInside): () => void {
  if (users++ === 0) {
    replaceClocks(find);
    replaceRandomness(patches, find);
    replaceTimers(patches, find);
    for (const { module, names, advice } of REFUSED) refuse(find, module, names, advice);
    patches.sync();
  }
  let isOver = false;
  return () => {
    if (isOver) return;
    isOver = true;
    if (--users === 0) patches.undo();
  };
}

function replaceClocks(find: FindInside): void {
  patches.replace(globalThis, 'Date', (real) => {
    const RealDate = real as unknown as DateConstructor;
    return new Proxy(RealDate, {
      construct(target, args: unknown[], newTarget) {
        const inside = args.length === 0 ? find() : null;
        return Reflect.construct(target, inside === null ? args : [inside.dateMs], newTarget) as object;
      },
      apply(target) {
        const inside = find();
        return inside === null ? target() : new target(inside.dateMs).toString();
      },
      get(target, name, receiver) {
        return name === 'now' ? now : (Reflect.get(target, name, receiver) as unknown);
      },
    });
    function now(): number {
      return find()?.dateMs ?? RealDate.now();
    }
  });
  patches.replace(globalThis.performance, 'now', (real) => () => find()?.elapsedMs ?? real.call(globalThis.performance));
  patches.replace(process, 'uptime', (real) => () => {
    const inside = find();
    return inside === null ? real.call(process) : inside.elapsedMs / 1000;
  });
  patches.replace(process, 'hrtime', (real) => {
    const bigint = (real as unknown as { readonly bigint: (this: unknown) => bigint }).bigint;
    const hrtime = (before?: [number, number]): unknown => {
      const inside = find();
      return inside === null ? real.call(process, before) : spanSince(inside.elapsedMs, before);
    };
    return Object.assign(hrtime, {
      bigint: () => {
        const inside = find();
        return inside === null ? bigint.call(process) : BigInt(Math.round(inside.elapsedMs * 1e6));
      },
    });
  });
}

function spanSince(elapsedMs: number, [seconds, nanos]: [number, number] = [0, 0]): [number, number] {
  const total = Math.round(elapsedMs * 1e6) - seconds * 1e9 - nanos;
  return [Math.floor(total / 1e9), total - Math.floor(total / 1e9) * 1e9];
}

interface Refused {
  /** Where the names are, and how it is called in messages. */
  readonly module: readonly [name: string, of: () => object | undefined];
  readonly names: readonly string[];
  readonly advice: string;
}

const member = (module: string, ...path: string[]) => (): object | undefined =>
  path.reduce<unknown>((of, name) => (of as Record<string, unknown> | undefined)?.[name], builtin(module)) as object;

const SOCKETS = "use readyloop's openConnection, startServer and openDatagram, which the simulated network serves";
const FILES = 'read files before the simulation, or with the Sync functions';
const PROCESSES = 'put what it does behind a function that the test replaces';

const DNS = ['lookup', 'lookupService', 'resolve', 'resolve4', 'resolve6', 'resolveAny', 'reverse'];

const REFUSED: readonly Refused[] = [
  { module: ['net.Socket', member('net', 'Socket', 'prototype')], names: ['connect'], advice: SOCKETS },
  { module: ['net.Server', member('net', 'Server', 'prototype')], names: ['listen'], advice: SOCKETS },
  { module: ['dgram', member('dgram', 'Socket', 'prototype')], names: ['bind', 'send', 'connect'], advice: SOCKETS },
  { module: ['dns', member('dns')], names: DNS, advice: SOCKETS },
  { module: ['dns.promises', member('dns', 'promises')], names: DNS, advice: SOCKETS },
  {
    module: ['child_process', member('child_process')],
    names: ['spawn', 'exec', 'execFile', 'fork', 'spawnSync', 'execSync', 'execFileSync'],
    advice: PROCESSES,
  },
  { module: ['worker_threads', member('worker_threads')], names: ['Worker'], advice: PROCESSES },
  { module: ['global', () => globalThis], names: ['fetch', 'WebSocket', 'EventSource'], advice: PROCESSES },
  {
    module: ['fs', member('fs')],
    names: [
      'readFile', 'writeFile', 'appendFile', 'open', 'read', 'write', 'stat', 'lstat', 'access', 'readdir', 'mkdir', 'rm',
      'unlink', 'rename', 'copyFile', 'mkdtemp', 'watch', 'watchFile', 'createReadStream', 'createWriteStream',
    ],
    advice: FILES,
  },
  {
    module: ['fs.promises', member('fs', 'promises')],
    names: [
      'readFile', 'writeFile', 'appendFile', 'open', 'stat', 'lstat', 'access', 'readdir', 'mkdir', 'rm', 'unlink',
      'rename', 'copyFile', 'mkdtemp', 'watch',
    ],
    advice: FILES,
  },
  {
    module: ['crypto', member('crypto')],
    names: ['pbkdf2', 'scrypt', 'generateKeyPair', 'generateKey', 'generatePrime', 'hkdf'],
    advice: 'use the Sync function, which needs no thread',
  },
];

function refuse(find: FindInside, [name, of]: Refused['module'], names: readonly string[], advice: string): void {
  for (const each of names) {
    const what = name === 'global' ? each : `${name}.${each}`;
    patches.replace(of(), each, (real) => refusing(real, what, advice, find));
  }
}

// A Proxy, so that classes can still be extended and constructed, and properties of functions be found.
function refusing(real: Fn, what: string, advice: string, find: FindInside): Fn {
  const look = (): void => {
    const inside = find();
    if (inside === null) return;
    inside.noteRealWorld(what);
    if (!inside.letsThrough) throw new RealWorldError(what, advice);
  };
  return new Proxy(real, {
    apply(target, self, args: unknown[]) {
      const inside = find();
      look();
      const answer: unknown = Reflect.apply(target, self, args);
      if (inside !== null && isThenable(answer)) inside.awaitReal(answer);
      return answer;
    },
    construct(target, args: unknown[], newTarget) {
      look();
      return Reflect.construct(target, args, newTarget) as object;
    },
  });
}
