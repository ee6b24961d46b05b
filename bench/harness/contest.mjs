// Measures several ways of doing the same work, side by side in one process. Each side is warmed up and sized so that a
// round takes about the same time; then the sides take turns, in an order that is turned round every other round, so
// that a drift of the machine meets all of them. A figure is the median over the rounds; a ratio is the median of the
// rounds' ratios, which is steadier than a ratio of medians on a busy machine.
// CPU time counts every thread of the process (collector and compiler included); wall time is kept beside it.

import { median } from './statistics.mjs';

/** Whether this process was asked for quick, rougher figures. */
export const isQuick = process.argv.includes('--quick');

const ROUNDS = isQuick ? 5 : 11;
const ROUND_MS = isQuick ? 25 : 50;
const WARM_UP_MS = isQuick ? 80 : 200;
const FIRST_SIZE = 64;

/**
 * Runs the sides against each other.
 *
 * `sides` maps names to functions `(size) => operations | Promise<operations>`: do work of about `size`, check the
 * result, and return how many operations that was. Returns: a Figures.
 */
export async function contest(sides, { rounds = ROUNDS, roundMs = ROUND_MS } = {}) {
  const names = Object.keys(sides);
  const sizes = new Map();
  for (const name of names) sizes.set(name, await warmUp(sides[name], roundMs));
  const samples = new Map(names.map((name) => [name, []]));
  for (let round = 0; round < rounds; round++) {
    const order = round % 2 === 0 ? names : [...names].reverse();
    for (const name of order) samples.get(name).push(await measure(sides[name], sizes.get(name)));
  }
  return new Figures(samples);
}

/** The medians of a contest. */
export class Figures {
  #samples;

  constructor(samples) {
    this.#samples = samples;
  }

  /** Nanoseconds per operation. */
  of(name) {
    const samples = this.#samples.get(name);
    return { cpu: median(samples.map((sample) => sample.cpu)), wall: median(samples.map((sample) => sample.wall)) };
  }

  /** How many times `peer`'s cost is `ours`'. */
  ratio(ours, peer) {
    return this.combine([ours, peer], (mine, theirs) => mine / theirs);
  }

  /** The median over the rounds of what `formula` makes of the named sides' costs in the same round. */
  combine(names, formula) {
    const rounds = this.#samples.get(names[0]).map((_, round) => names.map((name) => this.#samples.get(name)[round]));
    const over = (clock) => median(rounds.map((samples) => formula(...samples.map((sample) => sample[clock]))));
    return { cpu: over('cpu'), wall: over('wall') };
  }
}

async function warmUp(side, roundMs) {
  let size = FIRST_SIZE;
  let spent = 0;
  for (;;) {
    const began = performance.now();
    await side(size);
    const took = performance.now() - began;
    spent += took;
    if (spent >= WARM_UP_MS) return Math.max(1, Math.round((size * roundMs) / took));
    const fitting = (size * roundMs) / Math.max(took, 0.01);
    if (took < roundMs) size = Math.max(size + 1, Math.round(Math.min(size * 4, fitting)));
  }
}

// What the round before left is collected first (young objects only: a full collection would also drop compiled code);
// what this round allocates is its own cost.
async function measure(side, size) {
  globalThis.gc?.({ type: 'minor' });
  const cpuBefore = process.cpuUsage();
  const wallBefore = process.hrtime.bigint();
  const operations = await side(size);
  const wall = Number(process.hrtime.bigint() - wallBefore);
  const { user, system } = process.cpuUsage(cpuBefore);
  return { cpu: ((user + system) * 1000) / operations, wall: wall / operations };
}

/** Throws unless the work gave what it must: a side that does less is not measured. */
export function check(actual, expected, what) {
  if (actual !== expected) throw new Error(`${what}: ${String(actual)} came out instead of ${String(expected)}`);
}

/** The row "ours against a peer" of a contest. `must`: the ratio to reach, or undefined for a row to know about. */
export function ratioRow(figures, { id, what, ours = 'ours', peer, peerName, must }) {
  return {
    id,
    what,
    unit: 'ns',
    ours: figures.of(ours),
    peer: { name: peerName, ...figures.of(peer) },
    ratio: figures.ratio(ours, peer),
    ...(must === undefined ? {} : { must: { ratio: must } }),
  };
}

/** Hands the rows of this program to `run.mjs`: one JSON line. */
export function report(rows) {
  process.stdout.write(`${JSON.stringify({ node: process.version, rows })}\n`);
}
