// Puts figures into docs/: the JSON, and what is made of it alone, the tables of benchmarks.md and the picture. Cases that
// were not measured this time stay as they were.
//
//   node bench/native/publish.mjs        makes tables and picture of the JSON again
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { drawPicture } from './picture.mjs';

const docs = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..', '..', 'docs');
const BEGIN = '<!-- figures: written by bench/native/publish.mjs from benchmarks.json -->';
const END = '<!-- end of figures -->';

/** The files in a folder, docs/ by default. */
export function published(folder = docs) {
  return {
    json: path.join(folder, 'benchmarks.json'), picture: path.join(folder, 'benchmarks.svg'),
    page: path.join(folder, 'benchmarks.md'),
  };
}

/** What a result was measured on. */
export function machine(runs) {
  const { model } = os.cpus()[0];
  const date = new Date().toISOString().slice(0, 10);
  return { date, node: process.version, cpu: model, runs, load: round(os.loadavg()[0]) };
}

/** Merges `results` (as run.mjs makes them) into the JSON, in `order`, and writes everything. */
export function publish(results, order, measuredOn) {
  const files = published();
  const before = existsSync(files.json) ? JSON.parse(readFileSync(files.json, 'utf8')).results : [];
  const merged = new Map(before.map((result) => [result.name, result]));
  for (const { name, what, unit, figures, ratios } of results) {
    merged.set(name, { name, what, unit, ...measuredOn, figures: tidy(figures), ratios: tidy(ratios) });
  }
  const rank = ({ name }) => (order.includes(name) ? order.indexOf(name) : order.length);
  const sorted = [...merged.values()].sort((a, b) => rank(a) - rank(b));
  writeFileSync(files.json, `${JSON.stringify({ results: sorted }, null, 2)}\n`);
  writeAll();
}

/** Makes the tables and the picture of the JSON. */
export function writeAll(folder = docs) {
  const { picture, page, json } = published(folder);
  const figures = JSON.parse(readFileSync(json, 'utf8'));
  writeFileSync(picture, drawPicture(figures));
  writeFileSync(page, withTables(readFileSync(page, 'utf8'), figures));
}

/** Returns: the page with the tables of these figures. */
export function withTables(page, { results }) {
  const [before, rest] = page.split(BEGIN);
  const after = rest?.split(END)[1];
  if (after === undefined) throw new Error(`benchmarks.md has no place for tables: ${BEGIN} … ${END}`);
  return [before, BEGIN, '\n\n', ...results.map(table), END, after].join('');
}

function table({ what, unit, date, node, cpu, runs, load, figures, ratios }) {
  const lines = [`**${what}** (${unit}; ${runs} rounds on ${date}, Node ${node.slice(1)}, ${cpu}, load ${load})`, ''];
  lines.push('| server | figure | ours / it | must reach | floor / it |', '|---|---|---|---|---|');
  for (const [server, figure] of Object.entries(figures)) {
    const against = ratios.filter(({ peer, ratio }) => peer === server && Number.isFinite(ratio));
    const ratio = against.map((row) => (row.ours === 'ours' ? '' : `${row.ours}: `) + row.ratio.toFixed(2)).join('; ');
    const must = against.find((row) => row.must !== undefined);
    const verdict = must === undefined ? '' : `${must.must}${against.every((row) => row.reached) ? '' : ' (not reached)'}`;
    const floor = against.find((row) => Number.isFinite(row.floor))?.floor.toFixed(2) ?? '';
    const said = figure < 100 ? figure.toFixed(2) : figure.toFixed(0);
    lines.push(`| \`${server}\` | ${said} | ${ratio} | ${verdict} | ${floor} |`);
  }
  return `${lines.join('\n')}\n\n`;
}

// Three digits behind the point say all that such figures can.
function tidy(value) {
  return JSON.parse(JSON.stringify(value, (_key, inner) => (typeof inner === 'number' ? round(inner, 1000) : inner)));
}

function round(number, digits = 10) {
  return Math.round(number * digits) / digits;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) writeAll();
