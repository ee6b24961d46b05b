// Randomness from the seed, wherever code inside a simulation looks for it.

import { builtin, type Patches } from './patches.js';
import type { SeededRandom } from './seeded_random.js';

type Fn = (...args: unknown[]) => unknown;
type Find = () => { readonly random: SeededRandom } | null;
type Bytes = ArrayBufferView | ArrayBuffer;

/** Replaces Math.random and what `node:crypto` and the global `crypto` draw. */
export function replaceRandomness(patches: Patches, find: Find): void {
  patches.replace(Math, 'random', (real) => () => find()?.random.fraction() ?? real.call(Math));
  const crypto = builtin('crypto');
  patches.replace(crypto, 'randomUUID', (real) => orReal(find, real, uuid));
  patches.replace(crypto, 'randomInt', (real) => orReal(find, real, randomInt));
  patches.replace(crypto, 'randomBytes', (real) =>
    orReal(find, real, (random, size, done) => answer(filled(random, Buffer.alloc(Number(size))), done)),
  );
  patches.replace(crypto, 'randomFillSync', (real) =>
    orReal(find, real, (random, into, offset, size) => filled(random, into as Bytes, offset, size)),
  );
  patches.replace(crypto, 'randomFill', (real) => orReal(find, real, randomFill));
  const fromWeb = (random: SeededRandom, into: unknown): unknown => filled(random, into as Bytes);
  patches.replace(crypto, 'getRandomValues', (real) => orReal(find, real, fromWeb));
  for (const web of new Set([globalThis.crypto, crypto['webcrypto'] as object])) {
    patches.replace(web, 'getRandomValues', (real) => orReal(find, bound(real, web), fromWeb));
    patches.replace(web, 'randomUUID', (real) => orReal(find, bound(real, web), uuid));
  }
}

function bound(fn: Fn, self: object): Fn {
  return (...args) => fn.apply(self, args);
}

function orReal(find: Find, real: Fn, virtual: (random: SeededRandom, ...args: unknown[]) => unknown): Fn {
  return function replaced(this: unknown, ...args: unknown[]) {
    const inside = find();
    return inside === null ? real.apply(this, args) : virtual(inside.random, ...args);
  };
}

// Node calls back from another turn; a microtask is as late as a simulation gets.
function answer(value: unknown, done: unknown): unknown {
  if (typeof done !== 'function') return value;
  process.nextTick(() => (done as Fn)(null, value));
  return undefined;
}

function filled(random: SeededRandom, into: Bytes, offset: unknown = 0, size?: unknown): Bytes {
  const isView = ArrayBuffer.isView(into);
  const all = isView ? new Uint8Array(into.buffer, into.byteOffset, into.byteLength) : new Uint8Array(into);
  // Offsets and sizes are in elements, as Node's are.
  const width = (into as { readonly BYTES_PER_ELEMENT?: number }).BYTES_PER_ELEMENT ?? 1;
  const start = Number(offset) * width;
  random.fill(all.subarray(start, size === undefined ? undefined : start + Number(size) * width));
  return into;
}

function randomFill(random: SeededRandom, into: unknown, ...rest: unknown[]): unknown {
  const done = rest.pop();
  return answer(filled(random, into as Bytes, ...(rest as [unknown?, unknown?])), done);
}

function randomInt(random: SeededRandom, ...args: unknown[]): unknown {
  const done = typeof args.at(-1) === 'function' ? args.pop() : undefined;
  const [low, high] = args.length === 1 ? [0, Number(args[0])] : [Number(args[0]), Number(args[1])];
  return answer(low + random.below(high - low), done);
}

function uuid(random: SeededRandom): string {
  const bytes = Buffer.alloc(16);
  random.fill(bytes);
  bytes[6] = (bytes[6]! & 0x0f) | 0x40;
  bytes[8] = (bytes[8]! & 0x3f) | 0x80;
  const hex = bytes.toString('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}
