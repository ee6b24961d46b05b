// Planted bugs: explore finds each of them, with the same seed on every machine, and makes it small; and their correct
// twins survive. (Ten thousand seeds of these are a stage of CI: `npm run explore`.)
import { createHash } from 'node:crypto';
import { type ExplorationError, explore, replay, simulate, type SimulationTrace } from '../../lib/testing';
import { rejectionOf } from '../helpers/failures';
import { PLANTED } from './planted';

/** The first seed that fails. A change of what a seed means changes these; say so in the changelog. */
const FOUND_BY: Record<string, number> = {
  'a lost update across an await': 149,
  'a missing finally around what a deadline may cut short': 3,
  'an unfair queue': 36,
  'a double close': 276,
  'a retry storm': 42,
};

describe.each(PLANTED)('$name', ({ name, failure, broken, correct, options }) => {
  test('explore: it is found within a thousand seeds, always by the same one, and played again', async () => {
    const error = (await rejectionOf(explore(broken, { ...options, seeds: 1_000 }))) as ExplorationError;
    expect((error.cause as Error).message).toMatch(failure);
    expect(error.seed).toBe(FOUND_BY[name]);
    const { net = {} } = options;
    const again = await rejectionOf(replay(broken, JSON.parse(JSON.stringify(error.trace)), { net }));
    expect(again.message).toBe((error.cause as Error).message);
  });

  test('explore: it does not show without a seed, and its correct twin survives', async () => {
    const { net = {} } = options;
    await simulate(broken, { net });
    expect(await explore(correct, { ...options, seeds: 300 })).toMatchObject({ seeds: 300 });
  });
});

/** A change of the trace of a seed, on any version of Node, changes this. */
const GOLDEN = '9d0a957a5ba7475e90da7fb28aab6307aa48ec0d3ce919d78b5ffc3c6b14d2f1';

test('simulate: seeds give the same traces, to the byte, on every version of Node', async () => {
  const hash = createHash('sha256');
  for (const { correct, options } of PLANTED) {
    const { net = {} } = options;
    for (let seed = 1; seed <= 20; seed++) {
      const { trace }: { trace: SimulationTrace } = await simulate(correct, { seed, net });
      hash.update(JSON.stringify(trace));
    }
  }
  expect(hash.digest('hex')).toBe(GOLDEN);
});
