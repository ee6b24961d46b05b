// The words for what `readyloop doctor` finds out.

import type { BinaryOrigin } from '../engine/binary_search.js';

/** The binary that was loaded, and by what right. */
export interface ExaminedBinary {
  readonly path: string;
  readonly origin: BinaryOrigin;
  readonly bytes: number;
}

/** Soft and hard limit of open files; null stands for "unlimited". */
export interface OpenFiles {
  readonly soft: number | null;
  readonly hard: number | null;
}

/** What is wrong, in a form that programs can read. */
export interface Problem {
  readonly code: string | null;
  readonly message: string;
}

/** Everything that was found out, before it is judged. */
export interface Facts {
  readonly version: string;
  readonly package: string | null;
  readonly runtime: string;
  readonly target: string;
  readonly libc: string | null;
  readonly kernel: string;
  readonly binary: ExaminedBinary | null;
  /** Null if everything works. */
  readonly problem: Problem | null;
  readonly selector: string | null;
  readonly selectors: readonly string[];
  /** Who makes hosted turns: `uv` or `poller`. */
  readonly driver: string | null;
  /** The drivers that work in this process. */
  readonly drivers: readonly string[];
  readonly kernelFeatures: Readonly<Record<string, boolean>>;
  readonly openFiles: OpenFiles | null;
  readonly debug: boolean;
  /** The variables READYLOOP_… that are set. */
  readonly environment: Readonly<Record<string, string>>;
}

/** One thing that costs speed, why, and what to do. */
export interface SlowThing {
  readonly what: string;
  readonly why: string;
  readonly remedy: string;
}

/** Everything that `readyloop doctor --json` prints. */
export interface Examination extends Facts {
  readonly slow: readonly SlowThing[];
}
