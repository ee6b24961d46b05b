// The servers that are compared, the work they are given, and what ours has to reach. A server prints its port and ends
// with its standard input.
import { spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const here = path.dirname(fileURLToPath(import.meta.url));
const program = (name) => path.join(here, 'servers', name);

/** Returns: the servers that can be started here, by name, as commands. */
export function findServers(build, python) {
  const servers = {
    floor: [path.join(build, 'echo_floor')],
    ours: [process.execPath, program('ours.mjs')],
    'ours readInto': [process.execPath, program('ours_into.mjs')],
    'ours protocol': [process.execPath, program('ours_protocol.mjs')],
    data: [process.execPath, program('node_data.mjs')],
    'for await': [process.execPath, program('node_for_await.mjs')],
  };
  if (python !== undefined) {
    servers['uvloop protocol'] = [python, program('uvloop_echo.py'), 'protocol'];
    servers['uvloop streams'] = [python, program('uvloop_echo.py'), 'streams'];
  }
  return servers;
}

/**
 * What the load generator is asked for, and the ratios that ours must not exceed. `figure` is what counts: CPU time for a
 * message if nothing else is said. With `half` messages come at half the rate that node:net reaches at most.
 */
export const CASES = {
  '1k': {
    what: '1 KiB, 100 connections', load: ['echo', '100', '1024', '1'],
    must: { floor: 1.2, data: 0.7, 'for await': 0.55, 'uvloop protocol': 1 },
  },
  '1k16': { what: '1 KiB, 50 connections, 16 in flight', load: ['echo', '50', '1024', '16'], must: { data: 0.85 } },
  '16k': { what: '16 KiB, 10 connections', load: ['echo', '10', '16384', '1'], must: { floor: 1.5, data: 0.55 } },
  '100k': { what: '100 KiB, 10 connections', load: ['echo', '10', '102400', '1'], must: { floor: 1.4, data: 0.6 } },
  cycle: { what: 'connect, 1 KiB, close', load: ['cycle', '20', '1024'], must: { data: 0.75 } },
  latency: {
    what: '1 KiB, 100 connections, latency at half load', load: ['echo', '100', '1024', '1'], half: true,
    figure: 'p99', unit: 'µs, the 99th percentile', must: { data: 1 },
  },
  idle: { what: 'idle connections, memory of each', unit: 'bytes', must: { data: 0.45, 'for await': 0.17 } },
};

/** A started server: its process and its port. */
export async function startServer(command, core) {
  const child = pinned(command, core, ['pipe', 'pipe', 'ignore']);
  const port = await firstLine(child.stdout);
  return { child, port };
}

/** Starts a command on one core. */
export function pinned([file, ...args], core, stdio) {
  return spawn('taskset', ['-c', String(core), file, ...args], { stdio });
}

/** Ends a server and waits for it. */
export async function stopServer({ child }) {
  const closed = new Promise((resolve) => child.on('close', resolve));
  child.stdin.end();
  await closed;
}

/** Returns: the first line that a stream gives. */
export function firstLine(stream) {
  return new Promise((resolve, reject) => {
    let text = '';
    stream.on('data', (chunk) => {
      text += chunk;
      if (text.includes('\n')) resolve(text.slice(0, text.indexOf('\n')));
    });
    stream.on('end', () => reject(new Error(`ended before a line came: ${text}`)));
  });
}

/** CPU time of all threads of a process so far, in µs. */
export function cpuOf(pid) {
  const threads = readdirSync(`/proc/${pid}/task`).map((thread) => `/proc/${pid}/task/${thread}/schedstat`);
  const spent = threads.map((file) => Number(readFileSync(file, 'utf8').split(' ')[0]));
  return spent.reduce((sum, ns) => sum + ns, 0) / 1000;
}

/** Resident memory of a process, in bytes. */
export function residentOf(pid) {
  return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))[1]) * 1024;
}
