// What does an echo cost in the simulated network, against the same program over real loopback sockets? 10,000 messages
// over 100 connections, both ends in one process; each side has a process of its own. The simulation should need less CPU,
// because no kernel takes part.
import net from 'node:net';
import { check, isQuick, report } from '../harness/contest.mjs';
import { requestedSide, runSide } from '../harness/fresh.mjs';
import { readyloop, testing } from '../harness/library.mjs';
import { median } from '../harness/statistics.mjs';

const CONNECTIONS = 100;
const MESSAGES = 10_000;
const BYTES = 1024;
const RUNS = isQuick ? 5 : 15;
const WARM_UPS = isQuick ? 2 : 4;
const ROUNDS = isQuick ? 1 : 5;

const message = Buffer.alloc(BYTES, 'x');

function* echo(stream) {
  for (let chunk = yield* stream.read(); chunk !== null; chunk = yield* stream.read()) yield* stream.send(chunk);
}

function* echoes() {
  const { createTask, openConnection, startServer } = readyloop;
  const server = yield* startServer(echo, { host: '127.0.0.1', port: 0 });
  const { port } = server.address();
  let echoed = 0;
  const clients = Array.from({ length: CONNECTIONS }, () =>
    createTask(function* () {
      const stream = yield* openConnection({ host: '127.0.0.1', port });
      for (let i = 0; i < MESSAGES / CONNECTIONS; i++) {
        yield* stream.send(message);
        const answer = yield* stream.readExactly(BYTES);
        echoed += answer.length;
      }
      yield* stream.close();
    }),
  );
  for (const client of clients) yield* client;
  yield* server.shutdown({ drain: 1000 });
  check(echoed, MESSAGES * BYTES, 'echoed bytes');
}

// Node's own sockets, both ends in one process too.
async function nodeEchoes() {
  const server = net.createServer((socket) => socket.setNoDelay(true).on('data', (chunk) => socket.write(chunk)));
  server.listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  let echoed = 0;
  const client = () =>
    new Promise((resolve, reject) => {
      const socket = net.connect(server.address().port, '127.0.0.1').setNoDelay(true);
      let waited = 0;
      let left = MESSAGES / CONNECTIONS;
      socket.once('connect', () => socket.write(message)).once('error', reject).once('close', resolve);
      socket.on('data', (chunk) => {
        echoed += chunk.length;
        waited += chunk.length;
        if (waited < BYTES) return;
        waited = 0;
        if (--left > 0) socket.write(message);
        else socket.destroy();
      });
    });
  await Promise.all(Array.from({ length: CONNECTIONS }, client));
  await new Promise((resolve) => server.close(resolve));
  check(echoed, MESSAGES * BYTES, 'echoed bytes');
}

const sides = {
  simulated: () => testing.simulate(echoes, { lines: false }),
  seeded: () => testing.simulate(echoes, { seed: 7, net: { latencyMs: [1, 20] } }),
  loopback: () => readyloop.run(echoes),
  node: nodeEchoes,
};

async function measureSide(side) {
  for (let i = 0; i < WARM_UPS; i++) await sides[side]();
  const runs = [];
  for (let i = 0; i < RUNS; i++) {
    globalThis.gc?.({ type: 'minor' });
    const before = process.cpuUsage();
    const began = performance.now();
    await sides[side]();
    const wall = performance.now() - began;
    const { user, system } = process.cpuUsage(before);
    runs.push({ cpu: ((user + system) * 1000) / MESSAGES, wall: (wall * 1e6) / MESSAGES });
  }
  const of = (clock) => median(runs.map((run) => run[clock]));
  process.stdout.write(`${JSON.stringify({ cpu: of('cpu'), wall: of('wall') })}\n`);
}

async function compare() {
  const rounds = [];
  for (let round = 0; round < ROUNDS; round++) {
    const names = Object.keys(sides);
    const figures = {};
    for (const side of round % 2 === 0 ? names : names.reverse()) figures[side] = await runSide(import.meta, side);
    rounds.push(figures);
  }
  const over = (formula, clock) => median(rounds.map((round) => formula(round, clock)));
  const medianOf = (formula) => ({ cpu: over(formula, 'cpu'), wall: over(formula, 'wall') });
  const row = (id, what, ours, peer, peerName, must) => ({
    id, what, unit: 'ns', ours: medianOf((round, clock) => round[ours][clock]),
    peer: { name: peerName, ...medianOf((round, clock) => round[peer][clock]) },
    ratio: medianOf((round, clock) => round[ours][clock] / round[peer][clock]),
    ...(must === undefined ? {} : { must: { ratio: must } }),
  });
  const loopback = 'the same over loopback';
  report([
    row('simulated_echo', 'an echo of 1 KiB, simulated', 'simulated', 'loopback', loopback, 1),
    row('simulated_echo.seeded', '  with a seed, latencies and a trace', 'seeded', 'loopback', loopback),
    row('simulated_echo.loopback', '  over loopback, both ends here', 'loopback', 'node', 'node:net'),
  ]);
}

const side = requestedSide();
await (side === null ? compare() : measureSide(side));
