// Node's HTTP server on Node's sockets.
import { app } from './http_app.mjs';

app.listen({ port: 0, host: '127.0.0.1', backlog: 4096 }, () => process.stdout.write(`${app.address().port}\n`));
process.stdin.on('end', () => process.exit(0)).resume();
