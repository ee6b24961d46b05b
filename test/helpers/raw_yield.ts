// Yields what the types forbid, as JavaScript without them would.
import type { Suspension } from '../../lib';

/** `yield value`, past the types. */
export function* rawYield(value: unknown): Generator<Suspension, unknown, unknown> {
  return yield value as Suspension;
}
