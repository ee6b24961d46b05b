// Echo servers for datagrams against each other: CPU time of the server process per datagram, with the server on one core
// and the load on the other. The servers take turns; a figure is the median of the runs. Linux only, with two cores at
// least and g++.
//
//   node bench/native/udp.mjs [--runs N] [--ms N] [--json FILE]
import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { median } from '../harness/statistics.mjs';
import { cpuOf, firstLine, pinned, startServer, stopServer } from './contestants.mjs';

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

// Arguments of the load: sockets, bytes, in flight on each.
const CASES = {
  'udp64': { what: '64 B, 50 sockets, 4 in flight', load: ['50', '64', '4'] },
  'udp64x1': { what: '64 B, one at a time', load: ['1', '64', '1'] },
  'udp1k': { what: '1 KiB, 50 sockets, 4 in flight', load: ['50', '1024', '4'] },
};
/** What ours must not exceed, of node:dgram. */
const MUST = 0.6;

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

async function measureCase({ what, load }, { runs, ms }) {
  const samples = Object.fromEntries(Object.keys(SERVERS).map((name) => [name, []]));
  for (let run = 0; run < runs; run++) {
    for (const [name, command] of Object.entries(SERVERS)) samples[name].push(await measure(command, load, ms));
  }
  process.stdout.write(`${what}\n`);
  const node = samples['node:dgram'];
  return Object.fromEntries(Object.entries(samples).map(([name, list]) => {
    const of = (key) => median(list.map((sample) => sample[key]));
    const ratio = median(list.map((sample, round) => sample.cpu / node[round].cpu));
    const judged = name.startsWith('ours') ? (ratio <= MUST ? '  ok' : `  must be ${MUST}: NOT REACHED`) : '';
    process.stdout.write(
      `  ${name.padEnd(12)} ${of('cpu').toFixed(2).padStart(7)} µs ${of('rate').toFixed(0).padStart(8)}/s  ` +
        `p99 ${of('p99').toFixed(0).padStart(6)} µs  ${ratio.toFixed(2)} of node:dgram${judged}\n`,
    );
    return [name, { cpu: of('cpu'), rate: of('rate'), p99: of('p99'), ratio }];
  }));
}

const { values } = parseArgs({
  options: { runs: { type: 'string', default: '5' }, ms: { type: 'string', default: '1500' }, json: { type: 'string' } },
});
compile();
process.stdout.write(`µs of CPU per datagram; Node ${process.version}, ${os.cpus()[0].model}\n`);
const options = { runs: Number(values.runs), ms: Number(values.ms) };
const results = {};
for (const [name, contest] of Object.entries(CASES)) results[name] = await measureCase(contest, options);
if (values.json !== undefined) {
  writeFileSync(values.json, `${JSON.stringify({ node: process.version, results }, null, 2)}\n`);
}
