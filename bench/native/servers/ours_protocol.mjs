// Our server with callbacks instead of coroutines.
import { readyloop } from '../../harness/library.mjs';

const { createServer, run } = readyloop;

class Echo {
  connectionMade(transport) {
    this.transport = transport;
  }
  dataReceived(data) {
    this.transport.write(data);
  }
}

await run(function* () {
  const server = yield* createServer(() => new Echo(), { host: '127.0.0.1', port: 0, backlog: 4096 });
  process.stdout.write(`${server.address().port}\n`);
  process.stdin.on('end', () => process.exit(0)).resume();
  yield* server.serveForever();
});
