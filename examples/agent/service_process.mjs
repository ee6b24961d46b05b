// Starts and stops the process with the services, from inside a task.
import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { getRunningLoop } from 'readyloop';

const program = fileURLToPath(new URL('server_process.mjs', import.meta.url));

/**
 * Runs `body(services)` while the services are up. They are stopped whatever happens: an answer, an error, Ctrl-C.
 * `delays` are milliseconds by name; the service called `fail` answers with an error; nobody listens for the one
 * called `down`. `transport` says how they are asked: `http` or `streams`.
 */
export function* withServices({ delays, fail, down, transport }, body) {
  const child = fork(program, [JSON.stringify({ delays, fail, down, transport })]);
  const exited = onExit(child);
  try {
    const urls = yield* firstMessage(child);
    return yield* body(
      Object.fromEntries(Object.entries(urls).map(([name, url]) => [name, { name, url, transport }])),
    );
  } finally {
    child.kill();
    yield* exited;
  }
}

// Futures are the way in for anything that calls back.
function onExit(child) {
  const future = getRunningLoop().createFuture();
  const settle = () => future.done() || future.setResult(undefined);
  child.once('exit', settle).once('error', settle);
  return future;
}

function firstMessage(child) {
  const future = getRunningLoop().createFuture();
  const fail = (why) => future.done() || future.setException(new Error(`the services did not come up: ${why}`));
  child.once('message', (message) => future.done() || future.setResult(message));
  child.once('exit', (status) => fail(`their process ended with status ${status}`)).once('error', fail);
  return future;
}
