// Random numbers that can be had again: READYLOOP_SEED overrides the seed, which is printed.

/** Returns: an integer from 0 to `limit - 1`. */
export type Random = (limit: number) => number;

/** Calls `body` with a random source; prints the seed, and names it in the failure too. */
export function withSeed(body: (random: Random) => void): void {
  const seed = Number(process.env['READYLOOP_SEED'] ?? Date.now() % 0x7fffffff);
  process.stdout.write(`READYLOOP_SEED=${seed} ${expect.getState().currentTestName ?? ''}\n`);
  try {
    body(randomFrom(seed));
  } catch (error) {
    if (error instanceof Error) error.message = `READYLOOP_SEED=${seed}: ${error.message}`;
    throw error;
  }
}

// mulberry32: small, and the same on every machine.
export function randomFrom(seed: number): Random {
  let state = seed >>> 0;
  return (limit) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) % limit;
  };
}
