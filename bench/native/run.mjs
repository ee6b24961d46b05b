// Echo servers against each other: CPU time of the server process per message, with the server on one core and the load
// on the other. The servers take turns, so that a drift of the machine meets all of them; a figure is the median of the
// runs. Linux only, with two cores at least and g++.
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
import { findPythonLoops } from '../harness/preparation.mjs';
import { median } from '../harness/statistics.mjs';
import {
  CASES, cpuOf, findServers, firstLine, pinned, residentOf, startServer, stopServer,
} from './contestants.mjs';
import { machine, publish } from './publish.mjs';
import { CASES as UDP_CASES } from './udp_cases.mjs';

const SERVER_CORE = 0;
const LOAD_CORE = 1;
const WARM_MS = 700;

const here = path.dirname(fileURLToPath(import.meta.url));
const root = path.resolve(here, '..', '..');
const build = path.join(root, 'build', 'bench-native');
const loadProgram = path.join(build, 'load');

function compile() {
  mkdirSync(build, { recursive: true });
  for (const name of ['echo_floor', 'load']) {
    const source = path.join(here, `${name}.cc`);
    execFileSync('g++', ['-O2', '-std=c++17', '-Wall', '-Wextra', '-Werror', source, '-o', path.join(build, name)]);
  }
}

// One server under one load. Returns: µs of CPU per message, messages per second, latencies.
async function measureLoad(command, load, ms, rate = 0) {
  const server = await startServer(command, SERVER_CORE);
  const [kind, ...rest] = load;
  const args = [kind, server.port, ...rest, String(WARM_MS), String(ms), ...(rate > 0 ? [String(rate)] : [])];
  const child = pinned([loadProgram, ...args], LOAD_CORE, ['ignore', 'pipe', 'pipe']);
  const marks = [];
  child.stderr.on('data', (text) => {
    for (const _ of String(text).matchAll(/start|stop/g)) marks.push(cpuOf(server.child.pid));
  });
  const result = JSON.parse(await firstLine(child.stdout));
  while (marks.length < 2) await new Promise((resolve) => setImmediate(resolve));
  await stopServer(server);
  return { cpu: (marks[1] - marks[0]) / result.messages, rate: result.messages / result.seconds, p99: result.p99us };
}

// Memory of a server per connection that waits in a read.
async function measureIdle(command, connections) {
  const server = await startServer(command, SERVER_CORE);
  // The first ones pay for what is there once.
  const open = async (count) => {
    const child = pinned([loadProgram, 'idle', server.port, String(count)], LOAD_CORE, ['pipe', 'pipe', 'inherit']);
    await firstLine(child.stdout);
    await new Promise((resolve) => setTimeout(resolve, 1500));
    return child;
  };
  const few = await open(500);
  const before = residentOf(server.child.pid);
  const many = await open(connections);
  const cpu = (residentOf(server.child.pid) - before) / connections;
  for (const child of [few, many]) child.stdin.end();
  await stopServer(server);
  return { cpu, rate: 0, p99: 0 };
}

async function measureCase(name, servers, options) {
  const { load, what, must = {}, half = false, figure = 'cpu', unit = 'µs of CPU for each message' } = CASES[name];
  const rate = half ? (await measureLoad(options.halfOf, load, options.ms)).rate / 2 : 0;
  const samples = Object.fromEntries(Object.keys(servers).map((server) => [server, []]));
  for (let run = 0; run < options.runs; run++) {
    for (const [server, command] of Object.entries(servers)) {
      const sample =
        load === undefined ? measureIdle(command, options.idle) : measureLoad(command, load, options.ms, rate);
      samples[server].push(await sample);
    }
  }
  const figures = Object.fromEntries(Object.entries(samples).map(([server, list]) => [server, medians(list)]));
  return { name, what, unit, figure, figures, samples, ratios: ratiosOf(samples, must, figure) };
}

function medians(list) {
  const of = (key) => median(list.map((sample) => sample[key]));
  return { cpu: of('cpu'), rate: of('rate'), p99: of('p99') };
}

// The median of the ratios of the same round, which a drift of the machine moves least.
function ratiosOf(samples, must, figure) {
  const peers = samples.ours === undefined ? [] : Object.keys(samples).filter((peer) => peer !== 'ours');
  return peers.map((peer) => {
    const ratio = median(samples.ours.map((sample, round) => sample[figure] / samples[peer][round][figure]));
    return { ours: 'ours', peer, ratio, must: must[peer], reached: must[peer] === undefined || ratio <= must[peer] };
  });
}

function print({ what, unit, figures, ratios }) {
  const lines = [`${what} (${unit})`];
  for (const [server, { cpu, rate, p99 }] of Object.entries(figures)) {
    const against = ratios.find(({ peer }) => peer === server);
    const ratio = !Number.isFinite(against?.ratio) ? '' : `ours is ${against.ratio.toFixed(2)} of it`;
    const must = against?.must === undefined ? '' : `, must be ${against.must}${against.reached ? '' : ': NOT REACHED'}`;
    const more = rate === 0 ? '' : `${rate.toFixed(0).padStart(8)}/s  p99 ${p99.toFixed(0).padStart(6)} µs`;
    lines.push(`  ${server.padEnd(16)} ${cpu.toFixed(2).padStart(9)} ${more}  ${ratio}${must}`);
  }
  process.stdout.write(`${lines.join('\n')}\n`);
}

function readOptions() {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      runs: { type: 'string', default: '5' },
      ms: { type: 'string', default: '1500' },
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

const options = readOptions();
if (!existsSync('/proc/self/schedstat') || os.cpus().length < 2) throw new Error('this needs Linux and two cores');
compile();
const { found } = await findPythonLoops();
const all = findServers(build, found.find(({ name }) => name === 'uvloop')?.python);
const wanted = options.servers?.split(',') ?? Object.keys(all);
const servers = Object.fromEntries(Object.entries(all).filter(([name]) => wanted.includes(name)));
options.halfOf = all.data;
const results = [];
const measuredOn = machine(options.runs);
const where = `Node ${process.version}, ${os.cpus()[0].model}, load ${os.loadavg()[0].toFixed(1)}`;
process.stdout.write(`${where}\n`);
for (const name of options.cases) {
  results.push(await measureCase(name, servers, options));
  print(results.at(-1));
}
const fresh = `native-${new Date().toISOString().replaceAll(':', '-')}.json`;
const file = options.json ?? path.join(root, 'bench', 'results', fresh);
mkdirSync(path.dirname(file), { recursive: true });
writeFileSync(file, `${JSON.stringify({ node: process.version, cpu: os.cpus()[0].model, results }, null, 2)}\n`);
process.stdout.write(`written: ${path.relative(process.cwd(), file)}\n`);
if (options.publish) {
  const order = [...Object.keys(CASES), ...Object.keys(UDP_CASES)];
  const plain = results.map(({ figure, figures, ...rest }) => {
    return { ...rest, figures: Object.fromEntries(Object.entries(figures).map(([name, of]) => [name, of[figure]])) };
  });
  publish(plain, order, measuredOn);
  process.stdout.write('published in docs/\n');
}
