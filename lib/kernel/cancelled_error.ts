// The CancelledErrors that the kernel throws. A scope may cancel a hundred thousand waits at once, and recording a stack
// costs ten times the rest of an error, so outside debug mode they carry none: the reason and the origin say who asked.

import { CancelledError, type CancelOrigin } from '../base/errors.js';
import { current } from './current.js';

// Not so under `--frozen-intrinsics`, where the errors keep their stacks.
const canLimit = Object.getOwnPropertyDescriptor(Error, 'stackTraceLimit')?.writable === true;

/** @internal An error for one wait, with a stack in debug mode only. */
export function cancelledError(reason: unknown, origin: CancelOrigin | null, scope: object | null = null): CancelledError {
  if (!canLimit || current.loop === null || current.loop._debug) return new CancelledError(reason, origin, scope);
  const limit = Error.stackTraceLimit;
  Error.stackTraceLimit = 0;
  try {
    return new CancelledError(reason, origin, scope);
  } finally {
    Error.stackTraceLimit = limit;
  }
}
