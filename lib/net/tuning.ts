// How the connections of a call are set up: what can be asked for when one is opened or accepted.

import { ArgumentRangeError, ArgumentTypeError } from '../base/errors.js';
import { StreamOption, type Transports } from '../engine/transports.js';
import { describe } from '../kernel/coroutine.js';

/** Options of TCP connections; UNIX sockets know nothing of them. */
export interface TuningOptions {
  /** Small segments leave at once, which is the default; false lets them wait for more (Nagle). */
  readonly noDelay?: boolean | undefined;
  /** Seconds of silence after which the peer is probed, so that one that vanished is found; 0 for the system's own time. */
  readonly keepAlive?: number | undefined;
}

/** The kernel counts them in fifteen bits. */
const MOST_SECONDS = 32767;

/** @internal Throws: ArgumentTypeError, ArgumentRangeError. Returns: null if nothing was asked for. */
export function checkedTuning({ noDelay, keepAlive }: TuningOptions, call: string): TuningOptions | null {
  if (noDelay !== undefined && typeof noDelay !== 'boolean') {
    throw new ArgumentTypeError(`${call}: noDelay is a boolean, not ${describe(noDelay)}`);
  }
  if (keepAlive !== undefined && typeof keepAlive !== 'number') {
    throw new ArgumentTypeError(`${call}: keepAlive is a number of seconds, not ${describe(keepAlive)}`);
  }
  if (keepAlive !== undefined && !(Number.isInteger(keepAlive) && keepAlive >= 0 && keepAlive <= MOST_SECONDS)) {
    throw new ArgumentRangeError(`${call}: keepAlive ${keepAlive} is no whole number of seconds from 0 to ${MOST_SECONDS}`);
  }
  if (noDelay === undefined && keepAlive === undefined) return null;
  return { ...(noDelay === undefined ? {} : { noDelay }), ...(keepAlive === undefined ? {} : { keepAlive }) };
}

/** @internal */
export function tune(transports: Transports, slot: number, word: number, { noDelay, keepAlive }: TuningOptions): void {
  if (noDelay !== undefined) transports.setOption(slot, word, StreamOption.noDelay, Number(noDelay));
  if (keepAlive !== undefined) transports.setOption(slot, word, StreamOption.keepAlive, keepAlive);
}
