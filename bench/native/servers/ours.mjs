// Our server: a coroutine for each connection, hosted by Node's own loop.
import { readyloop } from '../../harness/library.mjs';

const { run, startServer } = readyloop;

function* echo(stream) {
  let chunk;
  while ((chunk = yield* stream.read()) !== null) yield* stream.send(chunk);
}

await run(function* () {
  const server = yield* startServer(echo, { host: '127.0.0.1', port: 0, backlog: 4096 });
  process.stdout.write(`${server.address().port}\n`);
  process.stdin.on('end', () => process.exit(0)).resume();
  yield* server.serveForever();
});
