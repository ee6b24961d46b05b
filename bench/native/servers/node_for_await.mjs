// node:net in the form that is closest to a coroutine: an async function that iterates over the socket.
import { createServer } from 'node:net';

const server = createServer({ noDelay: true }, async (socket) => {
  try {
    for await (const chunk of socket) socket.write(chunk);
    socket.end();
  } catch {
    socket.destroy();
  }
});
server.listen({ port: 0, host: '127.0.0.1', backlog: 4096 }, () => {
  process.stdout.write(`${server.address().port}\n`);
});
process.stdin.on('end', () => process.exit(0)).resume();
