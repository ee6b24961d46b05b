// The servers that are compared, the work they are given, and what ours has to reach. A server prints its port and ends
// with its standard input.
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const here = path.dirname(fileURLToPath(import.meta.url));
const node = (name, ...args) => [process.execPath, path.join(here, 'servers', name), ...args];

/** Servers that are measured only when `--servers` names them. */
export const ON_REQUEST = ['ours async', 'ours poller'];

/** Returns: the servers that can be started here, by name, as commands: of streams, of datagrams, of HTTP. */
export function findServers(build, python) {
  const stream = {
    floor: [path.join(build, 'echo_floor')],
    ours: node('ours.mjs'),
    'ours async': node('ours_async.mjs'),
    'ours poller': ['env', 'READYLOOP_DRIVER=poller', ...node('ours.mjs')],
    'ours readInto': node('ours_into.mjs'),
    'ours protocol': node('ours_protocol.mjs'),
    data: node('node_data.mjs'),
    'for await': node('node_for_await.mjs'),
  };
  if (python !== undefined) {
    const uvloop = path.join(here, 'servers', 'uvloop_echo.py');
    stream['uvloop protocol'] = [python, uvloop, 'protocol'];
    stream['uvloop streams'] = [python, uvloop, 'streams'];
  }
  const datagram = {
    floor: [path.join(build, 'udp_floor')],
    'ours send': node('udp_ours.mjs', 'send'),
    'ours write': node('udp_ours.mjs', 'write'),
    'node:dgram': node('udp_node.mjs'),
  };
  return { stream, datagram, http: { ours: node('http_ours.mjs'), 'node:http': node('http_node.mjs') } };
}

const PEERS = ['data', 'for await', 'uvloop protocol', 'uvloop streams'];
const PLAIN = ['floor', 'ours', 'ours protocol', ...PEERS];
const LARGE = ['floor', 'ours', 'ours readInto', 'ours protocol', ...PEERS];
const PROTOCOL = { ours: 1 };
const THEIRS = { data: null, 'for await': null, 'uvloop protocol': null, 'uvloop streams': null };
const KNOWN = { floor: null, ...THEIRS };
// For both forms in which a coroutine receives.
const of16k = { floor: 1.5, data: 0.55 };
const of100k = { floor: 1.4, data: 0.6 };
const DATAGRAM = { floor: null, 'node:dgram': 0.6 };

/**
 * What the load generator is asked for. `against`: of which servers of ours to which peers ratios are taken, and what a
 * ratio must not exceed; null if it is there to be known. `figure` is what counts: CPU time for a message if nothing else
 * is said. With `half` every server is sent the same number of messages a second: half of what node:net reaches at most.
 */
export const CASES = {
  '1k': {
    what: '1 KiB, 100 connections', servers: PLAIN, load: ['echo', 100, 1024, 1],
    against: {
      ours: { ...KNOWN, floor: 1.2, data: 0.7, 'for await': 0.55, 'uvloop protocol': 1 }, 'ours protocol': PROTOCOL,
      'ours async': THEIRS, 'ours poller': { ours: null },
    },
  },
  '1k16': {
    what: '1 KiB, 50 connections, 16 in flight', servers: PLAIN, load: ['echo', 50, 1024, 16],
    against: { ours: { ...KNOWN, data: 0.85 }, 'ours protocol': PROTOCOL },
  },
  '16k': {
    what: '16 KiB, 10 connections', servers: LARGE, load: ['echo', 10, 16384, 1],
    against: { ours: { ...KNOWN, ...of16k }, 'ours readInto': of16k, 'ours protocol': PROTOCOL },
  },
  '100k': {
    what: '100 KiB, 10 connections', servers: LARGE, load: ['echo', 10, 102400, 1],
    against: { ours: { ...KNOWN, ...of100k }, 'ours readInto': of100k, 'ours protocol': PROTOCOL },
  },
  idle: {
    what: 'idle connections, memory of each', servers: PLAIN, kind: 'idle', figure: 'bytes', unit: 'bytes',
    // The floor keeps nothing of a connection but its descriptor.
    against: { ours: { ...THEIRS, data: 0.45, 'for await': 0.17 }, 'ours protocol': PROTOCOL },
  },
  cycle: {
    what: 'connect, 1 KiB, close', servers: PLAIN, load: ['cycle', 20, 1024],
    against: { ours: { ...KNOWN, data: 0.75 } },
  },
  latency: {
    what: '1 KiB, 100 connections, latency at half load', servers: PLAIN, load: ['echo', 100, 1024, 1], half: 'data',
    figure: 'p99', unit: 'µs, the 99th percentile', against: { ours: { ...KNOWN, data: 1 } },
  },
  udp64: {
    what: 'UDP, 64 B, 50 sockets, 4 in flight', kind: 'datagram', load: [50, 64, 4], unit: 'µs of CPU for each datagram',
    against: { 'ours send': DATAGRAM, 'ours write': DATAGRAM },
  },
  // The floor itself costs nearly what node:dgram does here: the system's wake-ups are all there is.
  udp64x1: {
    what: 'UDP, 64 B, one at a time', kind: 'datagram', load: [1, 64, 1], unit: 'µs of CPU for each datagram',
    against: { 'ours send': { floor: null, 'node:dgram': null }, 'ours write': { floor: null, 'node:dgram': null } },
  },
  http: {
    what: 'node:http over toDuplex(), 1 KiB, 50 connections', kind: 'http', load: ['http', 50],
    unit: 'µs of CPU for each request', against: { ours: { 'node:http': null } },
  },
};
