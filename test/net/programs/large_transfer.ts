// Sends so many MiB to the first who connects, through send and its drain, and says by how much its memory has grown.
import { run, startServer } from '../../../lib';

const mebibytes = Number(process.argv[2]);
const chunk = Buffer.alloc(64 * 1024);
for (let i = 0; i < chunk.length; i++) chunk[i] = i % 251;
const CHUNKS_PER_MEBIBYTE = 16;
const WARM_UP_MEBIBYTES = 8;

void run(function* () {
  const done = yield* startServer(function* (stream) {
    let atFirst = 0;
    let most = 0;
    for (let sent = 0; sent < mebibytes; sent++) {
      for (let i = 0; i < CHUNKS_PER_MEBIBYTE; i++) yield* stream.send(chunk);
      const resident = process.memoryUsage.rss();
      if (sent === WARM_UP_MEBIBYTES) atFirst = resident;
      if (sent > WARM_UP_MEBIBYTES) most = Math.max(most, resident);
    }
    yield* stream.sendEof();
    console.log(`grown ${Math.max(0, most - atFirst)} pending ${stream.pendingBytes <= 2 * chunk.length}`);
    yield* stream.read();
    void done.close();
  }, { host: '127.0.0.1', port: 0 });
  console.log(`port ${done.address()?.port}`);
  yield* done.waitClosed();
});
