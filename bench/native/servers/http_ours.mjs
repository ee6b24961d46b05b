// Node's HTTP server on our sockets, through toDuplex().
import { readyloop } from '../../harness/library.mjs';
import { app } from './http_app.mjs';

const { run, startServer } = readyloop;

await run(function* () {
  const server = yield* startServer(function* (stream) {
    app.emit('connection', stream.toDuplex());
    yield* stream.waitClosed();
  }, { host: '127.0.0.1', port: 0, backlog: 4096 });
  process.stdout.write(`${server.address().port}\n`);
  process.stdin.on('end', () => process.exit(0)).resume();
  yield* server.serveForever();
});
