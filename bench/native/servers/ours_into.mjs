// Our server in the form for large messages: each coroutine receives into memory of its own, again and again.
import { readyloop } from '../../harness/library.mjs';

const { run, startServer } = readyloop;
const MEMORY_BYTES = 256 * 1024;

function* echo(stream) {
  const memory = Buffer.allocUnsafeSlow(MEMORY_BYTES);
  let count;
  while ((count = yield* stream.readInto(memory)) > 0) yield* stream.send(memory.subarray(0, count));
}

await run(function* () {
  const server = yield* startServer(echo, { host: '127.0.0.1', port: 0, backlog: 4096 });
  process.stdout.write(`${server.address().port}\n`);
  process.stdin.on('end', () => process.exit(0)).resume();
  yield* server.serveForever();
});
