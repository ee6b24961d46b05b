// What a callback of Node's wrote to a stream of the simulated network, between two turns, left only after the clock had
// jumped to the next deadline: a TLS handshake on Node 24 and later ran into its own limit by that.
import { createTask, getRunningLoop, openConnection, run, sleep, startServer } from '../../lib';
import { SimulatedEngine, SimulatedNetwork } from '../../lib/testing';

test('simulated engine: what is written between two turns leaves before time passes', async () => {
  const network = new SimulatedNetwork();
  await run(function* () {
    const server = yield* startServer(function* (stream) {
      yield* stream.send((yield* stream.read())!);
    }, { host: '127.0.0.1', port: 0 });
    const stream = yield* openConnection({ host: '127.0.0.1', port: server.address()!.port });
    const minute = createTask(() => sleep(60_000));
    setImmediate(() => stream.write('from outside'));
    expect(String(yield* stream.read())).toBe('from outside');
    expect(getRunningLoop().time()).toBe(0);
    minute.cancel();
    stream.abort();
    yield* server.close();
  }, { engine: new SimulatedEngine({ network }) });
});
