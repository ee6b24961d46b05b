// An echo server in a process that may open few descriptors: tests/net/limits.test.ts limits it and connects.
// It prints its port, each report, and at the end how many connections it has served.
import { type Coroutine, getRunningLoop, run, startServer, until } from '../../../lib';

let served = 0;
void run(function* (): Coroutine<void> {
  getRunningLoop().setExceptionHandler(({ message, exception }) => {
    console.log(`report ${(exception as { code?: string }).code}: ${message}`);
  });
  const server = yield* startServer(function* (stream) {
    for (let chunk = yield* stream.read(); chunk !== null; chunk = yield* stream.read()) yield* stream.send(chunk);
    served++;
  }, { host: '127.0.0.1', port: 0 });
  console.log(`port ${server.address()?.port}`);
  yield* until(new Promise((resolve) => process.stdin.once('end', resolve).resume()));
  const { turns } = getRunningLoop().metrics();
  console.log(`served ${served} turns ${turns}`);
  yield* server.shutdown({ drain: 0 });
});
