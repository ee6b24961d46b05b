// Servers against each other: CPU time of the server's process per message, its memory per connection, latencies; with the
// server on one core and the load on the other. The servers take turns, so that a drift of the machine meets all of them;
// a figure is the median of the rounds, and a ratio the median of the rounds' ratios. Linux only, with two cores and g++.
//
//   node bench/native/run.mjs [case…] [--runs N] [--ms N] [--servers a,b] [--idle N] [--json FILE] [--publish]
//
// With --publish the figures go into docs/ as well: JSON, tables and picture.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { assertBuilt, findPythonLoops } from '../harness/preparation.mjs';
import { median } from '../harness/statistics.mjs';
import { CASES, findServers, ON_REQUEST } from './contestants.mjs';
import { datagramArguments, loadArguments, measureIdle, measureLoad } from './measure.mjs';
import { machine, publish } from './publish.mjs';

const here = path.dirname(fileURLToPath(import.meta.url));
const root = path.resolve(here, '..', '..');
const build = path.join(root, 'build', 'bench-native');
const program = (name) => path.join(build, name);

// A measurement of latencies in which somebody else had a core says nothing: it is taken again, up to so often.
const MOST_TRIES = 3;
const MOST_WAITED = 0.02;
const MOST_LATE_US = 150;

function compile() {
  mkdirSync(build, { recursive: true });
  for (const name of ['echo_floor', 'load', 'udp_floor', 'udp_load']) {
    const source = path.join(here, `${name}.cc`);
    execFileSync('g++', ['-O2', '-std=c++17', '-Wall', '-Wextra', '-Werror', source, '-o', program(name)]);
  }
}

// Returns: how one server is measured once.
function measurementOf({ kind = 'stream', load, half }, options, rate) {
  if (kind === 'idle') return (command) => measureIdle(command, program('load'), options.idle);
  if (kind === 'datagram') {
    return (command) => measureLoad(command, program('udp_load'), datagramArguments(load, options.ms));
  }
  const once = (command) => measureLoad(command, program('load'), loadArguments(load, options.ms, rate));
  return half === undefined ? once : (command) => undisturbed(() => once(command));
}

async function undisturbed(once) {
  let best = null;
  for (let tries = 0; tries < MOST_TRIES; tries++) {
    const sample = await once();
    if (best === null || sample.waited < best.waited) best = sample;
    if (sample.waited < MOST_WAITED && sample.late < MOST_LATE_US) return sample;
  }
  return best;
}

async function measureCase(name, servers, options) {
  const { what, against, half, figure = 'cpu', unit = 'µs of CPU for each message' } = CASES[name];
  const rate = half === undefined ? 0 : await halfRate(servers[half], CASES[name], options);
  const measure = measurementOf(CASES[name], options, rate);
  const samples = Object.fromEntries(Object.keys(servers).map((server) => [server, []]));
  for (let run = 0; run < options.runs; run++) {
    const order = Object.keys(servers);
    for (const server of run % 2 === 0 ? order : order.reverse()) samples[server].push(await measure(servers[server]));
  }
  const medians = Object.fromEntries(Object.entries(samples).map(([server, list]) => [server, mediansOf(list)]));
  const figures = Object.fromEntries(Object.entries(medians).map(([server, of]) => [server, of[figure]]));
  const said = rate === 0 ? what : `${what}: ${Math.round(rate).toLocaleString('en')} messages a second to every server`;
  return { name, what: said, unit, figures, medians, samples, ratios: ratiosOf(samples, against, figure) };
}

async function halfRate(command, { load }, { ms }) {
  if (command === undefined) throw new Error('half of which load? leave the server `data` among the --servers');
  const { rate } = await measureLoad(command, program('load'), loadArguments(load, ms));
  return rate / 2;
}

function mediansOf(samples) {
  return Object.fromEntries(Object.keys(samples[0]).map((key) => [key, median(samples.map((sample) => sample[key]))]));
}

// The median of the ratios of the same round, which a drift of the machine moves least.
function ratiosOf(samples, against, figure) {
  const over = (mine, theirs) =>
    median(samples[mine].map((sample, round) => sample[figure] / samples[theirs][round][figure]));
  return Object.entries(against).flatMap(([ours, limits]) => {
    const peers = Object.entries(limits).filter(([peer]) => samples[ours] !== undefined && samples[peer] !== undefined);
    return peers.map(([peer, limit]) => {
      const ratio = over(ours, peer);
      const must = limit ?? undefined;
      // What the floor reaches tells what anybody could on this machine.
      const isAsked = samples.floor !== undefined && peer !== 'floor' && figure !== 'bytes';
      const floor = isAsked ? over('floor', peer) : undefined;
      return { ours, peer, ratio, floor, must, reached: must === undefined || ratio <= must };
    });
  });
}

function print({ what, unit, figures, medians, ratios }) {
  const lines = [`${what} (${unit})`];
  for (const [server, { rate, p50, p99, waited }] of Object.entries(medians)) {
    const more = rate === undefined ? '' :
      `${rate.toFixed(0).padStart(8)}/s  p50 ${p50.toFixed(0).padStart(6)} µs  p99 ${p99.toFixed(0).padStart(6)} µs` +
      `${waited > MOST_WAITED ? `  waited for its core ${(waited * 100).toFixed(0)} % of the time` : ''}`;
    lines.push(`  ${server.padEnd(16)} ${figures[server].toFixed(2).padStart(9)} ${more}`);
  }
  for (const { ours, peer, ratio, floor, must, reached } of ratios) {
    const verdict = must === undefined ? '' : `, must be ${must}${reached ? '' : ': NOT REACHED'}`;
    const beside = must === undefined || floor === undefined ? '' : ` (the floor: ${floor.toFixed(2)})`;
    lines.push(`    ${ours} / ${peer}: ${ratio.toFixed(2)}${verdict}${beside}`);
  }
  process.stdout.write(`${lines.join('\n')}\n`);
}

function readOptions() {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      runs: { type: 'string', default: '5' },
      ms: { type: 'string', default: '1000' },
      idle: { type: 'string', default: '10000' },
      servers: { type: 'string' },
      json: { type: 'string' },
      publish: { type: 'boolean', default: false },
    },
  });
  const cases = positionals.length === 0 ? Object.keys(CASES) : positionals;
  const unknown = cases.filter((name) => !(name in CASES));
  if (unknown.length > 0) throw new Error(`no case ${unknown.join(', ')}; there are ${Object.keys(CASES).join(', ')}`);
  return { ...values, cases, runs: Number(values.runs), ms: Number(values.ms), idle: Number(values.idle) };
}

// Those of the case that are there and wanted.
function serversOf({ kind, servers }, found, wanted) {
  const all = found[kind === 'datagram' || kind === 'http' ? kind : 'stream'];
  const names = [...new Set([...(servers ?? Object.keys(all)), ...ON_REQUEST])].filter((name) => name in all);
  const chosen = names.filter((name) => wanted?.includes(name) ?? !ON_REQUEST.includes(name));
  return Object.fromEntries(chosen.map((name) => [name, all[name]]));
}

const options = readOptions();
if (!existsSync('/proc/self/schedstat') || os.cpus().length < 2) throw new Error('this needs Linux and two cores');
assertBuilt();
compile();
const began = performance.now();
const { found } = await findPythonLoops();
const servers = findServers(build, found.find(({ name }) => name === 'uvloop')?.python);
const results = [];
const measuredOn = machine(options.runs);
process.stdout.write(`Node ${process.version}, ${os.cpus()[0].model}, load ${os.loadavg()[0].toFixed(1)}\n`);
for (const name of options.cases) {
  results.push(await measureCase(name, serversOf(CASES[name], servers, options.servers?.split(',')), options));
  print(results.at(-1));
}
const fresh = `native-${new Date().toISOString().replaceAll(':', '-')}.json`;
const file = options.json ?? path.join(root, 'bench', 'results', fresh);
mkdirSync(path.dirname(file), { recursive: true });
writeFileSync(file, `${JSON.stringify({ node: process.version, cpu: os.cpus()[0].model, results }, null, 2)}\n`);
process.stdout.write(`written: ${path.relative(process.cwd(), file)}, ` +
  `after ${Math.round((performance.now() - began) / 1000)} s\n`);
if (options.publish) {
  publish(results, Object.keys(CASES), measuredOn);
  process.stdout.write('published in docs/\n');
}
