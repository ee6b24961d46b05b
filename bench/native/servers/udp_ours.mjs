// Our socket of datagrams: `send` asks the kernel for each one, `write` gathers those of a turn. udp_ours.mjs send|write
import { readyloop } from '../../harness/library.mjs';

const { openDatagram, run } = readyloop;

const echoes = {
  *send(socket) {
    for (;;) {
      const datagram = yield* socket.receive();
      yield* socket.send(datagram.data, datagram);
    }
  },
  *write(socket) {
    for (;;) {
      const datagram = yield* socket.receive();
      socket.write(datagram.data, datagram);
    }
  },
};

await run(function* () {
  const socket = yield* openDatagram({ host: '127.0.0.1', port: 0 });
  process.stdout.write(`${socket.localAddress.port}\n`);
  process.stdin.on('end', () => process.exit(0)).resume();
  yield* echoes[process.argv[2]](socket);
});
