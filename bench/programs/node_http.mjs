// What does Node's HTTP server cost on our sockets, through `toDuplex()`, against the same server on Node's own? CPU of
// the server's process for one request on a kept connection; the load comes from a process of its own.
import http from 'node:http';
import net from 'node:net';
import { check, isQuick, report } from '../harness/contest.mjs';
import { requestedSide, runForJson, runSide } from '../harness/fresh.mjs';
import { readyloop } from '../harness/library.mjs';

const CONNECTIONS = 50;
const WARM_UP = isQuick ? 5_000 : 10_000;
const REQUESTS = isQuick ? 10_000 : 40_000;
const ROUNDS = isQuick ? 3 : 5;
const BODY = Buffer.alloc(1024, 'x');

const app = () =>
  http.createServer((_request, response) => {
    response.setHeader('content-type', 'text/plain');
    response.end(BODY);
  });

// Asks the server at a port, from another process, so many times.
async function load(port, requests) {
  const args = [process.argv[1], '--side', 'load', '--port', port, '--requests', requests].map(String);
  const { answers } = await runForJson(process.execPath, args);
  check(answers, requests, 'answers');
}

async function measure(port) {
  await load(port, WARM_UP);
  const before = process.cpuUsage();
  const began = performance.now();
  await load(port, REQUESTS);
  const wall = performance.now() - began;
  const { user, system } = process.cpuUsage(before);
  return { cpu: (user + system) / REQUESTS, wall: (wall * 1000) / REQUESTS };
}

const sides = {
  ours: () =>
    readyloop.run(async () => {
      const server = app();
      const listening = await readyloop.startServer(function* (stream) {
        server.emit('connection', stream.toDuplex());
        yield* stream.waitClosed();
      }, { host: '127.0.0.1', port: 0 });
      const figures = await measure(listening.address().port);
      await listening.shutdown({ drain: 0 });
      return figures;
    }),
  node: async () => {
    const server = app().listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    const figures = await measure(server.address().port);
    server.closeAllConnections();
    server.close();
    return figures;
  },
  load: () => drive(numberOf('--port'), numberOf('--requests')),
};

function numberOf(option) {
  return Number(process.argv[process.argv.indexOf(option) + 1]);
}

// Asks again as soon as an answer is complete; all answers have the same length but for the digits of the date.
async function drive(port, requests) {
  const request = Buffer.from('GET / HTTP/1.1\r\nhost: here\r\n\r\n');
  let asked = 0;
  let answers = 0;
  const connection = () =>
    new Promise((resolve, reject) => {
      const socket = net.connect(port, '127.0.0.1');
      let received = 0;
      let expected = 0;
      const ask = () => {
        if (asked++ < requests) socket.write(request);
        else socket.end();
      };
      socket.setNoDelay(true).once('connect', ask).once('error', reject).once('close', resolve);
      socket.on('data', (chunk) => {
        if (expected === 0) expected = chunk.indexOf('\r\n\r\n') + 4 + BODY.length;
        received += chunk.length;
        if (received < expected) return;
        check(received, expected, 'the length of an answer');
        received = expected = 0;
        answers++;
        ask();
      });
    });
  await Promise.all(Array.from({ length: CONNECTIONS }, connection));
  return { answers };
}

const median = (values) => values.sort((a, b) => a - b)[values.length >> 1];

async function main() {
  const rounds = [];
  for (let round = 0; round < ROUNDS; round++) {
    const order = round % 2 === 0 ? ['ours', 'node'] : ['node', 'ours'];
    const figures = {};
    for (const side of order) figures[side] = await runSide(import.meta, side);
    rounds.push(figures);
  }
  const of = (side) => ({
    cpu: median(rounds.map((figures) => figures[side].cpu)),
    wall: median(rounds.map((figures) => figures[side].wall)),
  });
  report([
    {
      id: 'node_http.request', what: 'node:http on toDuplex(), a request', unit: 'µs', ours: of('ours'),
      peer: { name: 'node:http', ...of('node') },
    },
  ]);
}

const side = requestedSide();
if (side === null) await main();
else process.stdout.write(`${JSON.stringify(await sides[side]())}\n`);
