// `--check`: what the example promises, seen from the server. Nothing here depends on how fast the machine is, except
// that a page on this machine comes within seconds.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { all, failAfter, until, untilSignal } from 'readyloop';
import { fetchAll } from './fan_out.mjs';
import { Server } from './server.mjs';

const program = fileURLToPath(new URL('main.mjs', import.meta.url));
const patient = { limit: 3, timeoutMs: 20_000, totalMs: 20_000 };

/** Gives `body` a server of its own. Whatever happens, the server is stopped. */
function* withServer(body) {
  const server = new Server();
  yield* until(server.start());
  try {
    return yield* failAfter(20_000, () => body(server));
  } finally {
    server.stop();
  }
}

/** Fetches `paths` of the server. Returns: whether it came through, and the failures by path, null for none. */
function* fetchPaths(server, paths, limits) {
  const failures = new Map();
  const tell = ({ url, failure }) => failures.set(url.slice(server.url('').length), failure);
  const isThrough = yield* fetchAll(paths.map((path) => server.url(path)), { ...patient, ...limits }, tell);
  return { isThrough, failures: Object.fromEntries(failures) };
}

function* checkLimit(server) {
  // These are answered three at a time: with a lower limit they would hang, with a higher one more would be seen.
  const meetings = Array.from({ length: 9 }, (_, i) => `meet/3/${i}`);
  const { isThrough, failures } = yield* fetchPaths(server, [...meetings, 'fast/1', 'fail/1', 'fast/2']);
  assert.equal(server.most, 3);
  assert.ok(isThrough);
  assert.equal(Object.keys(failures).length, 12);
  assert.deepEqual(Object.entries(failures).filter(([, failure]) => failure !== null), [['fail/1', 'HTTP 503']]);
}

function* checkDeadlineOfEach(server) {
  const { isThrough, failures } = yield* fetchPaths(server, ['hang/1', 'part/1'], { timeoutMs: 100 });
  assert.ok(isThrough);
  assert.deepEqual(failures, { 'hang/1': 'no answer within 100 ms', 'part/1': 'no answer within 100 ms' });
  yield* untilSignal((signal) => server.when(() => server.active === 0, signal));
}

function* checkDeadlineOfAll(server) {
  const { isThrough, failures } = yield* fetchPaths(server, ['hang/1', 'hang/2', 'fast/1'], { limit: 2, totalMs: 100 });
  assert.equal(isThrough, false);
  assert.deepEqual(failures, {});
  assert.ok(!server.paths.includes('/fast/1'), 'what was not begun is not begun');
  yield* untilSignal((signal) => server.when(() => server.active === 0, signal));
}

function start(server, paths, ...args) {
  const child = spawn(process.execPath, [program, ...args, ...paths.map((path) => server.url(path))]);
  return { child, printed: text(child.stdout), complaints: text(child.stderr), ended: once(child, 'close') };
}

function* checkCtrlC(server) {
  const { child, printed, complaints, ended } = start(server, ['fast/1', 'hang/1', 'part/1', 'fast/2'], '--limit', '2');
  const areInFlight = () => server.paths.length === 3 && server.active === 2;
  yield* untilSignal((signal) => server.when(areInFlight, signal));
  child.kill('SIGINT');
  assert.deepEqual(yield* until(ended), [130, null], 'it exits by itself, with the status of a SIGINT');
  assert.equal(yield* until(complaints), '');
  assert.match(yield* until(printed), /^ok .*fast\/1\nstopped by SIGINT\n1 fetched, 0 failed, 3 left\n$/);
  yield* untilSignal((signal) => server.when(() => server.active === 0, signal));
  assert.equal(server.givenUp, 2);
}

function* checkStatus(server) {
  const [good, bad] = [start(server, ['fast/1', 'fast/2']), start(server, ['fast/3', 'fail/1'])];
  assert.deepEqual(yield* until(good.ended), [0, null]);
  assert.match(yield* until(good.printed), /2 fetched, 0 failed, 0 left\n$/);
  assert.deepEqual(yield* until(bad.ended), [1, null]);
  assert.match(yield* until(bad.printed), /FAIL {2}HTTP 503[^]*1 fetched, 1 failed, 0 left\n$/);
}

/** Runs all checks at once, each with a server of its own. Throws: AssertionError. */
export function* check() {
  const checks = [checkLimit, checkDeadlineOfEach, checkDeadlineOfAll, checkCtrlC, checkStatus];
  yield* all(
    checks.map(function* (each) {
      yield* withServer(each);
      console.log(`${each.name}: ok`);
    }),
  );
}
