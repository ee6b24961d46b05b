// A seed means the same on every version of Node: the trace of one run is kept, and compared by each version's suite.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { replay, simulate, type SimulationTrace } from '../../lib/testing';
import { root } from '../contracts/rules/source_tree';
import { golden, goldenOptions } from './golden';

interface Kept extends Omit<SimulationTrace, 'choices'> {
  readonly choices: readonly string[];
}

const kept = JSON.parse(readFileSync(path.join(root, 'test', 'simulation', 'golden_trace.json'), 'utf8')) as Kept;
const trace = { ...kept, choices: kept.choices.map((choice) => JSON.parse(choice) as SimulationTrace['choices'][number]) };

test('simulate: a seed gives the trace that is kept, to the byte, on every version of Node', async () => {
  const run = await simulate(golden, goldenOptions);
  expect(run.trace.lines).toEqual(trace.lines);
  expect(run.trace.choices).toEqual(trace.choices);
  expect(JSON.stringify(run.trace)).toBe(JSON.stringify(trace));
  expect(run.result).toMatch(/^Ada: \d+ bytes at attempt \d; Grace: .*; Barbara: .*$/);
});

test('simulate: another seed, or another fault, gives another trace', async () => {
  for (const other of [{ seed: 1 }, { faults: [] }]) {
    const run = await simulate(golden, { ...goldenOptions, ...other });
    expect(run.trace.lines).not.toEqual(trace.lines);
  }
});

test('replay: the trace that is kept is played, network and all, on every version of Node', async () => {
  const run = await replay(golden, trace);
  expect(JSON.stringify(run.trace)).toBe(JSON.stringify(trace));
});
