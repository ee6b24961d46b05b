// What streams are given: bytes to write, and numbers of bytes.

import { ArgumentRangeError, ArgumentTypeError, InvalidStateError } from '../base/errors.js';
import { assertOptions } from '../kernel/arguments.js';
import { describe } from '../kernel/coroutine.js';
import type { WriteLimits } from './sending.js';

/** What can be written: text goes out as UTF-8. */
export type Writable = string | ArrayBufferView;

/** Marks for writers, in bytes. */
export interface WriteLimitOptions {
  readonly high?: number | undefined;
  readonly low?: number | undefined;
}

/** @internal The longest that the kernel takes or gives at once. */
export const ANY_NUMBER = 2 ** 31 - 1;
const DEFAULT_HIGH_BYTES = 64 * 1024;

/** @internal */
export function assertByteCount(count: unknown, what: string): asserts count is number {
  if (typeof count !== 'number') {
    throw new ArgumentTypeError(`${what}: a number of bytes is needed, not ${describe(count)}`);
  }
  if (Number.isInteger(count) && count >= 0 && count <= ANY_NUMBER) return;
  throw new ArgumentRangeError(`${what}: ${count} is not a number of bytes from 0 to ${ANY_NUMBER}`);
}

/** @internal Not `instanceof`: test runners have realms of their own. Throws: ArgumentTypeError, InvalidStateError. */
export function toBytes(data: unknown, what: string, needed = 'a Buffer or typed array is'): Uint8Array {
  if (!ArrayBuffer.isView(data)) {
    throw new ArgumentTypeError(`${what}: ${needed} needed, not ${describe(data)}`);
  }
  const isOfBytes = (data as Uint8Array).BYTES_PER_ELEMENT === 1;
  const mayBeEmpty = !isOfBytes || (data as Uint8Array).length === 0;
  if (mayBeEmpty && isGone(data)) throw goneError(what);
  return isOfBytes ? (data as Uint8Array) : new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
}

/** @internal What is to be written. Text becomes UTF-8. Throws: as `toBytes`. */
export function toWritten(data: unknown, what: string): Uint8Array {
  return typeof data === 'string' ? Buffer.from(data) : toBytes(data, what, 'text, a Buffer or a typed array is');
}

function goneError(what: string): Error {
  return new InvalidStateError(`${what}: the memory was transferred to somebody else, or made smaller than its view`);
}

// Such a view has no length, and would look like nothing to send, or no room. Asked for an element, or for its length if
// it is a DataView, it throws.
function isGone(view: ArrayBufferView): boolean {
  try {
    if ('BYTES_PER_ELEMENT' in view) Uint8Array.prototype.at.call(view, 0);
    return view.byteLength < 0;
  } catch {
    return true;
  }
}

/** @internal */
export function toWriteLimits(options: WriteLimitOptions): WriteLimits {
  assertOptions(options, 'setWriteLimits', ['high', 'low']);
  const { high, low } = options;
  if (low !== undefined) assertByteCount(low, 'setWriteLimits: low');
  const above = high ?? (low === undefined ? DEFAULT_HIGH_BYTES : 4 * low);
  assertByteCount(above, 'setWriteLimits: high');
  const below = low ?? Math.floor(above / 4);
  if (below > above) throw new ArgumentRangeError(`setWriteLimits: low (${below}) is above high (${above})`);
  return { high: above, low: below };
}
