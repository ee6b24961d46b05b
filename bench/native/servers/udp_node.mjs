// node:dgram as its documentation shows it.
import { createSocket } from 'node:dgram';

const socket = createSocket('udp4');
socket.on('message', (message, { address, port }) => socket.send(message, port, address));
socket.bind({ port: 0, address: '127.0.0.1' }, () => process.stdout.write(`${socket.address().port}\n`));
process.stdin.on('end', () => process.exit(0)).resume();
