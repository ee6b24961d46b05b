// A small program with a known bug, and its twin without.
import type { ExploreOptions, SimulatedMain } from '../../../lib/testing';

export interface Planted {
  readonly name: string;
  /** What the bug shows as. */
  readonly failure: RegExp;
  readonly broken: SimulatedMain<void>;
  readonly correct: SimulatedMain<void>;
  readonly options: ExploreOptions;
}
