// Brings the rows of several runs together: each figure is the median over the runs, and the ratio's spread is kept.
import { median } from './statistics.mjs';

/** The clock (or size) by which a row is judged: CPU time where it was taken. */
export function mainKey(row) {
  return ['cpu', 'wall', 'size'].find((key) => row.ours[key] !== undefined);
}

/** `runs`: for each run its rows. Returns: one row for each id, in the order in which ids first appear. */
export function mergeRuns(runs) {
  const byId = new Map();
  for (const row of runs.flat()) byId.set(row.id, [...(byId.get(row.id) ?? []), row]);
  return [...byId.values()].map(mergeRows);
}

function mergeRows(rows) {
  const merged = mergeValues(rows);
  const key = mainKey(merged);
  if (merged.ratio !== undefined) {
    const ratios = rows.map((row) => row.ratio[key]);
    merged.spread = { lowest: Math.min(...ratios), highest: Math.max(...ratios) };
  }
  if (merged.must !== undefined) merged.reached = isReached(merged, key);
  return merged;
}

function isReached(row, key) {
  const { must } = row;
  return must.ratio === undefined ? row.ours[key] <= must.ours : row.ratio[key] <= must.ratio;
}

// Numbers become medians; everything else is the same in all runs.
function mergeValues(values) {
  const [first] = values;
  if (typeof first === 'number') return median(values);
  if (typeof first !== 'object' || first === null) return first;
  return Object.fromEntries(Object.keys(first).map((key) => [key, mergeValues(values.map((value) => value[key]))]));
}

/** A row for a peer that was measured in another process of the same run. */
export function rowAgainst(row, name, peer) {
  const ratio = { cpu: row.ours.cpu / peer.cpu, wall: row.ours.wall / peer.wall };
  return { id: `${row.id}.${name}`, what: row.what, unit: row.unit, ours: row.ours, peer: { name, ...peer }, ratio };
}
