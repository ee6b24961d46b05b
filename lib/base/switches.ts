// Switches that the environment sets: one rule for all of them.

import { ArgumentRangeError } from './errors.js';

const ON = ['1', 'true', 'yes'];
const OFF = ['', '0', 'false', 'no'];

/**
 * @internal Whether a variable such as `READYLOOP_DEBUG` is switched on: 1, true and yes say so; 0, false, no, nothing
 * and an absent variable say no, in letters of any case.
 *
 * Throws: ArgumentRangeError for anything else, because a guess would be wrong half of the time.
 */
export function isSwitchedOn(variable: string): boolean {
  const text = process.env[variable] ?? '';
  const word = text.toLowerCase();
  if (OFF.includes(word)) return false;
  if (ON.includes(word)) return true;
  throw new ArgumentRangeError(`${variable}=${text} is neither on nor off; say 1, true or yes, or else 0, false or no`);
}
