// Loops that end while everything pends on them: closed, or with a thread that is terminated. Nothing crashes, and no
// descriptor is left.
import { readdirSync } from 'node:fs';
import path from 'node:path';
import { Worker } from 'node:worker_threads';
import { EventLoop } from '../../lib';
import { SimulatedEngine } from '../../lib/testing';
import { onlyNative, underTest } from './engines';
import { pend, type Pending } from './pending';

const countDescriptors = (): number => readdirSync('/proc/self/fd').length;
// Nothing is ever sent there.
const discard = 9;
let names = 0;

function closedUnderAll(): Pending {
  const loop = new EventLoop(underTest.isSimulated ? { engine: new SimulatedEngine() } : {});
  // Tasks that are closed with their loop are reported.
  loop.setExceptionHandler(() => undefined);
  const pending = loop.runUntilComplete(pend(`closed-${process.pid}-${names++}`));
  loop.close();
  return pending;
}

test('K23: a loop that is closed while sockets pend leaves no descriptor, and using them harms nobody', () => {
  closedUnderAll();
  const before = countDescriptors();
  const { streams, datagrams, servers, transport, parked } = closedUnderAll();
  expect(countDescriptors()).toBe(before);
  const [slow, sender, udp] = datagrams;
  const uses: (() => unknown)[] = [
    ...streams.flatMap((stream) => [
      () => stream.write('x'), () => stream.write(Buffer.alloc(100_000)), () => stream.drain(), () => stream.pendingBytes,
      () => stream.read(), () => stream.sendEof(), () => stream.localAddress, () => stream.close(), () => stream.abort(),
    ]),
    () => parked.cancel(), () => sender!.send('x', slow!.localAddress!), () => udp!.receive(), () => udp!.drain(),
    () => udp!.write('x', { host: '127.0.0.1', port: discard }), () => transport.write('x'), () => transport.abort(),
    ...servers.flatMap((server) => [() => server.closeClients(), () => server.abortClients(), () => server.close()]),
    ...datagrams.flatMap((socket) => [() => socket.close(), () => socket.abort()]),
  ];
  // Whether it is refused or in vain depends on what had been begun.
  for (const use of uses) {
    try {
      use();
    } catch (error) {
      expect((error as { code?: unknown }).code).toEqual(expect.any(String));
    }
  }
  expect(countDescriptors()).toBe(before);
});

/** Returns: its exit code. Terminates it once everything pends. */
function terminated(isHosted: boolean): Promise<number> {
  return new Promise((resolve, reject) => {
    const workerData = { isHosted, name: names++ };
    const worker = new Worker(path.join(__dirname, 'programs', 'pending_worker.js'), { workerData });
    worker.once('message', () => void worker.terminate());
    worker.once('error', reject);
    worker.once('exit', resolve);
  });
}

onlyNative('it has no descriptors')(
  'D49: threads that are terminated while sockets pend on their loops leave no descriptor open', async () => {
    await Promise.all([terminated(true), terminated(false)]);
    const before = countDescriptors();
    for (let i = 0; i < 3; i++) expect(await Promise.all([terminated(true), terminated(false)])).toEqual([1, 1]);
    expect(countDescriptors()).toBe(before);
  });
