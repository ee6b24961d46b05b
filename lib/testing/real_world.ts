// What code inside a simulation must not have from the real world: its time, its randomness, and what happens outside of
// the process. Time and randomness are replaced (by the virtual clock and the seed), because programs and the libraries
// they use ask for them everywhere; what cannot be had in a simulation is refused at the call.
// Replacements look at each call where it comes from: code outside of a simulation is served as ever. They are there
// only while a simulation is, and those who have taken a function before that (`const { randomBytes } = require(…)`)
// keep the real one.

import { Patches } from './patches.js';
import { type RefusingWorld, refuseRealWorld } from './refusals.js';
import type { SeededRandom } from './seeded_random.js';
import { type ClockWorld, replaceClocks } from './virtual_clocks.js';
import { replaceRandomness } from './virtual_randomness.js';
import { replaceTimers, type TimerWorld } from './virtual_timers.js';

/** The simulation that a call comes from, as the replacements see it. */
export interface InsideWorld extends TimerWorld, ClockWorld, RefusingWorld {
  readonly random: SeededRandom;
}

/** Returns: the simulation whose code is running, or null. */
export type FindInside = () => InsideWorld | null;

/** @internal The real ones, for the simulator itself. */
export const realWorld = {
  setImmediate: globalThis.setImmediate,
  setTimeout: globalThis.setTimeout,
  now: performance.now.bind(performance),
};

let users = 0;
const patches = new Patches();

/** Begins to replace, for as long as somebody needs it. Returns: what ends it. */
export function watchRealWorld(find: FindInside): () => void {
  if (users++ === 0) {
    replaceClocks(patches, find);
    replaceRandomness(patches, find);
    replaceTimers(patches, find);
    refuseRealWorld(patches, find);
    patches.sync();
  }
  let isOver = false;
  return () => {
    if (isOver) return;
    isOver = true;
    if (--users === 0) patches.undo();
  };
}
