// Our server with an async function for each connection.
import { readyloop } from '../../harness/library.mjs';

const { run, startServer } = readyloop;

async function echo(stream) {
  for await (const chunk of stream) await stream.send(chunk);
}

await run(async () => {
  const server = await startServer(echo, { host: '127.0.0.1', port: 0, backlog: 4096 });
  process.stdout.write(`${server.address().port}\n`);
  process.stdin.on('end', () => process.exit(0)).resume();
  await server.serveForever();
});
