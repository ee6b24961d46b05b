// One program with a bit of everything, in both colours, whose trace is kept in golden_trace.json. The suite runs on every
// supported version of Node and compares, so a seed means the same on all of them. After a change that is meant:
// `npm run explore -- --golden` writes the file anew.
import { randomUUID } from 'node:crypto';
// real time: it is virtual, as all of this runs in a simulation
import { setTimeout as pause } from 'node:timers/promises';
import {
  type ByteStream, type Coroutine, createTask, failAfter, gather, Lock, moveOnAfter, openConnection, openDatagram, openPipe,
  Queue, sleep, startServer, until, withTaskGroup,
} from '../../lib/index';
import { type Fault, onHost, type SimulateOptions, type Simulation } from '../../lib/testing';

const HTTP = 80; // Of hosts that exist only in the simulation.
const DNS = 53;

const faults: readonly Fault[] = [
  { kind: 'refuse', connect: 2 },
  { kind: 'reset', connect: 4, afterBytes: 20 },
  { kind: 'delay', connect: 5, ms: 30 },
  { kind: 'drop', datagram: 3 },
  { kind: 'duplicate', datagram: 5 },
  { kind: 'partition', groups: [['api'], ['client']], fromMs: 120, untilMs: 180 },
];

export const goldenOptions: SimulateOptions = {
  seed: 20_261_130,
  faults,
  net: { latencyMs: [1, 15], loss: 0.02, reorder: 0.1, bufferBytes: 4_000, bytesPerSecond: 200_000 },
};

function* echo(stream: ByteStream): Coroutine<void> {
  for (let line = yield* stream.readLine(); line !== null; line = yield* stream.readLine()) {
    yield* stream.send(`${String(line)}!\n`);
  }
}

async function converse(simulation: Simulation, name: string): Promise<string> {
  for (let attempt = 1; ; attempt++) {
    try {
      const stream = await failAfter(2_000, () => openConnection({ host: 'api', port: HTTP }));
      await stream.send(`${name} ${'x'.repeat(500 * attempt)}\n`);
      const answer = await stream.readLine();
      await stream.close();
      if (answer !== null) return `${name}: ${answer.length} bytes at attempt ${attempt}`;
    } catch (error) {
      simulation.note(`${name} fails: ${(error as { code: string }).code}`);
    }
    await pause(10 * attempt + Math.random() * 10);
  }
}

function* lookUp(simulation: Simulation): Coroutine<void> {
  const { network } = simulation;
  const far = yield* onHost(network.host('api'), () => openDatagram({ port: DNS }));
  const near = yield* openDatagram({ port: 0 });
  for (let i = 0; i < 8; i++) {
    yield* near.send(`question ${i}`, { host: network.host('api').addresses[0]!, port: DNS });
  }
  const heard: string[] = [];
  yield* moveOnAfter(300, function* () {
    for (;;) heard.push(String((yield* far.receive()).data).slice(-1));
  });
  simulation.note(`questions heard: ${heard.join(' ')}`);
  yield* gather(near.close(), far.close());
}

async function share(simulation: Simulation): Promise<void> {
  const [queue, lock, order]: [Queue<number>, Lock, string[]] = [new Queue(2), new Lock(), []];
  await withTaskGroup(async (group) => {
    for (const name of ['a', 'b', 'c']) {
      group.createTask(async () => {
        for (let i = 0; i < 3; i++) {
          const item = await queue.get();
          using _ = await lock.acquire();
          await sleep(1);
          order.push(`${name}${item}`);
        }
      });
    }
    for (let i = 0; i < 9; i++) await queue.put(i);
  });
  simulation.note(`taken: ${order.join(' ')}`);
}

export async function golden(simulation: Simulation): Promise<string> {
  const { network } = simulation;
  const server = await onHost(network.host('api'), () => startServer(echo, { port: HTTP }));
  // real time: it is virtual, as all of this runs in a simulation
  const ticker = setInterval(() => simulation.note(`tick at ${new Date().toISOString()}`), 40);
  const answers = await onHost(network.host('client'), async () =>
    gather(
      ...['Ada', 'Grace', 'Barbara'].map((name) => createTask(() => converse(simulation, name), { name })),
      createTask(() => lookUp(simulation), { name: 'names' }),
      createTask(() => share(simulation), { name: 'share' }),
    ));
  clearInterval(ticker);
  const [reader, writer] = openPipe();
  await writer.send(randomUUID());
  await writer.close();
  simulation.note(`piped: ${String(await reader.readAll())}`);
  await createTask(function* () {
    simulation.note(`promised: ${yield* until(Promise.resolve(performance.now()))}`);
  });
  await server.shutdown({ drain: 100 });
  return answers.filter((answer) => answer !== undefined).join('; ');
}
