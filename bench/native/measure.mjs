// One measurement: a server on one core, the load on the other, and what the kernel says of the server afterwards.
import { spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';

const SERVER_CORE = 0;
const LOAD_CORE = 1;
const WARM_MS = 600;
// Until the code of a whole HTTP server is compiled.
const WARM_HTTP_MS = 2000;
// Of idle servers: how long their memory has to stay as it is, and how long that is waited for.
const LOOK_MS = 250;
const STEADY_LOOKS = 3;
const MOST_LOOKS = 16;
// They pay for what is there once: tables that grow, and above all code that is compiled while connections come.
const FIRST_CONNECTIONS = 4_000;

/** Starts a command on one core, with as many descriptors as the system allows. */
function pinned([file, ...args], core, stdio) {
  const start = 'ulimit -n "$(ulimit -Hn)"; exec taskset -c "$0" "$@"';
  return spawn('sh', ['-c', start, String(core), file, ...args.map(String)], { stdio });
}

async function startServer(command) {
  const child = pinned(command, SERVER_CORE, ['pipe', 'pipe', 'ignore']);
  return { child, port: await firstLine(child.stdout) };
}

async function stopServer({ child }) {
  const closed = new Promise((resolve) => child.on('close', resolve));
  child.stdin.end();
  await closed;
}

// The first line that a stream gives.
function firstLine(stream) {
  return new Promise((resolve, reject) => {
    let text = '';
    stream.on('data', (chunk) => {
      text += chunk;
      if (text.includes('\n')) resolve(text.slice(0, text.indexOf('\n')));
    });
    stream.on('end', () => reject(new Error(`ended before a line came: ${text}`)));
  });
}

/**
 * What a process has had of its core so far: CPU time of all its threads; and how long its main thread could have run and
 * did not, because somebody else had the core. In µs, with the time of day.
 */
function timesOf(pid) {
  const read = (file) => readFileSync(file, 'utf8').split(' ').map(Number);
  const threads = readdirSync(`/proc/${pid}/task`).map((thread) => read(`/proc/${pid}/task/${thread}/schedstat`));
  const [, waited] = read(`/proc/${pid}/schedstat`);
  const cpu = threads.reduce((sum, [ns]) => sum + ns, 0);
  return { cpu: cpu / 1000, waited: waited / 1000, now: performance.now() * 1000 };
}

function residentOf(pid) {
  return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))[1]) * 1024;
}

/**
 * Puts a server under a load: `program` and what it is asked for, in which `PORT` stands for the server's port.
 *
 * Returns: µs of CPU for each message, messages a second, percentiles of the latency, how late the load was itself, and
 * which part of the time the server had to wait for its core.
 */
export async function measureLoad(command, program, args) {
  const server = await startServer(command);
  const child = pinned([program, ...args.map((arg) => (arg === 'PORT' ? server.port : arg))], LOAD_CORE, [
    'ignore', 'pipe', 'pipe',
  ]);
  const marks = [];
  child.stderr.on('data', (text) => {
    for (const _ of String(text).matchAll(/start|stop/g)) marks.push(timesOf(server.child.pid));
  });
  const { messages, seconds, ...latencies } = JSON.parse(await firstLine(child.stdout));
  while (marks.length < 2) await new Promise((resolve) => setImmediate(resolve));
  await stopServer(server);
  const [from, to] = marks;
  return {
    cpu: (to.cpu - from.cpu) / messages, rate: messages / seconds, p50: latencies.p50us, p99: latencies.p99us,
    late: latencies.late99us, waited: (to.waited - from.waited) / (to.now - from.now),
  };
}

/** How a load is asked for, with the times it takes. */
export function loadArguments([kind, ...rest], ms, rate = 0) {
  const warm = kind === 'http' ? WARM_HTTP_MS : WARM_MS;
  return [kind, 'PORT', ...rest, warm, ms, ...(rate > 0 ? [rate] : [])];
}

/** The same of the load for datagrams. */
export function datagramArguments(load, ms) {
  return ['PORT', ...load, WARM_MS, ms];
}

/** Memory of a server for each connection that waits in a read. */
export async function measureIdle(command, program, connections) {
  const server = await startServer(command);
  const open = async (count) => {
    const child = pinned([program, 'idle', server.port, count], LOAD_CORE, ['pipe', 'pipe', 'inherit']);
    await firstLine(child.stdout);
    return { child, bytes: await steadyMemory(server.child.pid) };
  };
  const few = await open(FIRST_CONNECTIONS);
  const many = await open(connections);
  for (const { child } of [few, many]) child.stdin.end();
  await stopServer(server);
  return { bytes: (many.bytes - few.bytes) / connections };
}

// Connections are still accepted when the last one stands, and collectors take their time.
async function steadyMemory(pid) {
  let bytes = residentOf(pid);
  for (let looks = 0, steady = 0; looks < MOST_LOOKS && steady < STEADY_LOOKS; looks++) {
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
    const now = residentOf(pid);
    steady = Math.abs(now - bytes) < 128 * 1024 ? steady + 1 : 0;
    bytes = now;
  }
  return bytes;
}
