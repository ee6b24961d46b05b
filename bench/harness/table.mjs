// Formats merged rows as a table for people: what it is, our figure, the peer's, how they compare, what was promised.
import { mainKey } from './figures.mjs';

const HEADINGS = ['what', 'ours', 'peer', '', 'ratio', 'runs', 'wall ratio', 'must reach', ''];
const LEFT_ALIGNED = new Set([0, 3, 8]);

/** Returns: the table's lines. */
export function formatTable(rows) {
  const cells = [HEADINGS, ...rows.map(formatRow)];
  const widths = HEADINGS.map((_, column) => Math.max(...cells.map((line) => line[column].length)));
  const lines = cells.map((line) => line.map((cell, column) => pad(cell, widths[column], column)).join('  ').trimEnd());
  lines.splice(1, 0, widths.map((width) => '-'.repeat(width)).join('  '));
  return lines;
}

function pad(cell, width, column) {
  return LEFT_ALIGNED.has(column) ? cell.padEnd(width) : cell.padStart(width);
}

function formatRow(row) {
  const key = mainKey(row);
  const { peer, ratio, spread, must } = row;
  return [
    row.what,
    formatFigure(row.ours[key], row.unit),
    peer === undefined ? '' : formatFigure(peer[key], row.unit),
    peer === undefined ? '' : peer.name,
    ratio === undefined ? '' : formatRatio(ratio[key]),
    spread === undefined ? '' : `${formatRatio(spread.lowest)}–${formatRatio(spread.highest)}`,
    ratio?.wall === undefined ? '' : formatRatio(ratio.wall),
    must === undefined ? '' : formatMust(must, row.unit),
    row.reached === undefined ? '' : row.reached ? 'ok' : 'misses',
  ];
}

function formatRatio(ratio) {
  return ratio < 0.1 ? ratio.toFixed(3) : ratio.toFixed(2);
}

function formatMust(must, unit) {
  return must.ratio === undefined ? `≤ ${formatFigure(must.ours, unit)}` : `≤ ${must.ratio} ×`;
}

function formatFigure(value, unit) {
  if (unit === 'ns' && value >= 10_000) return `${(value / 1000).toFixed(1)} µs`;
  if (unit === 'ns') return `${value.toFixed(value < 100 ? 1 : 0)} ns`;
  if (unit === 'ms') return `${value.toFixed(3)} ms`;
  return unit === 'bytes' ? `${value.toFixed(0)} B` : value.toFixed(0);
}
