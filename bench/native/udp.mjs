// Echo servers for datagrams against each other: CPU time of the server process per datagram, with the server on one core
// and the load on the other. The servers take turns; a figure is the median of the runs. Linux only, with two cores at
// least and g++.
//
//   node bench/native/udp.mjs [--runs N] [--ms N] [--json FILE] [--publish]
//
// With --publish the figures go into docs/ as well: JSON, tables and picture.
import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { median } from '../harness/statistics.mjs';
import { CASES as TCP_CASES, cpuOf, firstLine, pinned, startServer, stopServer } from './contestants.mjs';
import { machine, publish } from './publish.mjs';
import { CASES } from './udp_cases.mjs';

const SERVER_CORE = 0;
const LOAD_CORE = 1;
const WARM_MS = 700;

const here = path.dirname(fileURLToPath(import.meta.url));
const root = path.resolve(here, '..', '..');
const build = path.join(root, 'build', 'bench-native');
const program = (name) => [process.execPath, path.join(here, 'servers', name)];

const SERVERS = {
  floor: [path.join(build, 'udp_floor')],
  'ours, send': [...program('udp_ours.mjs'), 'send'],
  'ours, write': [...program('udp_ours.mjs'), 'write'],
  'node:dgram': program('udp_node.mjs'),
};

function compile() {
  mkdirSync(build, { recursive: true });
  for (const name of ['udp_floor', 'udp_load']) {
    const source = path.join(here, `${name}.cc`);
    execFileSync('g++', ['-O2', '-std=c++17', '-Wall', '-Wextra', '-Werror', source, '-o', path.join(build, name)]);
  }
}

async function measure(command, load, ms) {
  const server = await startServer(command, SERVER_CORE);
  const args = [path.join(build, 'udp_load'), server.port, ...load, String(WARM_MS), String(ms)];
  const child = pinned(args, LOAD_CORE, ['ignore', 'pipe', 'pipe']);
  const marks = [];
  child.stderr.on('data', (text) => {
    for (const _ of String(text).matchAll(/start|stop/g)) marks.push(cpuOf(server.child.pid));
  });
  const result = JSON.parse(await firstLine(child.stdout));
  while (marks.length < 2) await new Promise((resolve) => setImmediate(resolve));
  await stopServer(server);
  return { cpu: (marks[1] - marks[0]) / result.messages, rate: result.messages / result.seconds, p99: result.p99us };
}

async function measureCase(name, { what, load, must }, { runs, ms }) {
  const samples = Object.fromEntries(Object.keys(SERVERS).map((server) => [server, []]));
  for (let run = 0; run < runs; run++) {
    for (const [server, command] of Object.entries(SERVERS)) samples[server].push(await measure(command, load, ms));
  }
  process.stdout.write(`${what}\n`);
  const of = (server, key) => median(samples[server].map((sample) => sample[key]));
  const ratios = ['ours, send', 'ours, write'].flatMap((ours) => ['floor', 'node:dgram'].map((peer) => {
    const ratio = median(samples[ours].map((sample, round) => sample.cpu / samples[peer][round].cpu));
    const limit = peer === 'node:dgram' ? must : undefined;
    return { ours, peer, ratio, must: limit, reached: limit === undefined || ratio <= limit };
  }));
  for (const server of Object.keys(SERVERS)) {
    const against = ratios.find(({ ours, peer }) => ours === server && peer === 'node:dgram');
    const verdict = against?.must === undefined ? '' : against.reached ? '  ok' : `  must be ${must}: NOT REACHED`;
    const ratio = against === undefined ? '' : `${against.ratio.toFixed(2)} of node:dgram`;
    process.stdout.write(
      `  ${server.padEnd(12)} ${of(server, 'cpu').toFixed(2).padStart(7)} µs ` +
        `${of(server, 'rate').toFixed(0).padStart(8)}/s  ` +
        `p99 ${of(server, 'p99').toFixed(0).padStart(6)} µs  ${ratio}${verdict}\n`,
    );
  }
  const figures = Object.fromEntries(Object.keys(SERVERS).map((server) => [server, of(server, 'cpu')]));
  return { name, what, unit: 'µs of CPU for each datagram', figures, ratios, samples };
}

const { values } = parseArgs({
  options: {
    runs: { type: 'string', default: '5' }, ms: { type: 'string', default: '1500' }, json: { type: 'string' },
    publish: { type: 'boolean', default: false },
  },
});
compile();
process.stdout.write(`µs of CPU per datagram; Node ${process.version}, ${os.cpus()[0].model}\n`);
const options = { runs: Number(values.runs), ms: Number(values.ms) };
const measuredOn = machine(options.runs);
const results = [];
for (const [name, contest] of Object.entries(CASES)) results.push(await measureCase(name, contest, options));
if (values.json !== undefined) {
  writeFileSync(values.json, `${JSON.stringify({ node: process.version, results }, null, 2)}\n`);
}
if (values.publish) publish(results, [...Object.keys(TCP_CASES), ...Object.keys(CASES)], measuredOn);
