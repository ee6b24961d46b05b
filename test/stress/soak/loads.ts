// The loads of a soak. Each goes on until the ledger says that it is over, draws what it does from its own random numbers,
// and checks what comes of it: bytes and messages neither lost nor doubled, timers never early, no child outliving its
// group.
import {
  type ByteStream, CancelledError, checkpoint, type Coroutine, createTask,
  type DatagramSocket, ExceptionGroup, failAfter, getRunningLoop, moveOnAfter, openConnection, openDatagram, Queue,
  type Server, sleep, type SocketAddress, startServer, withTaskGroup,
} from '../../../lib';
import type { Random } from '../../helpers/seed';
import { injectsFailures, type Ledger } from './ledger';

const HOST = '127.0.0.1';

export type Load = (ledger: Ledger, random: Random) => Coroutine<void>;

function pattern(size: number, salt: number): Buffer {
  const bytes = Buffer.allocUnsafe(size);
  for (let i = 0; i < size; i++) bytes[i] = (i * 31 + (i >> 8) * 7 + salt) & 255;
  return bytes;
}

const LOSSES = new Set(['ECONNRESET', 'EPIPE', 'ERR_BROKEN', 'ERR_CLOSED']);

/** A handler that sends back what comes, to clients that go as they like. */
const echo = (ledger: Ledger) => function* (stream: ByteStream): Coroutine<void> {
  try {
    for (let chunk = yield* stream.read(); chunk !== null; chunk = yield* stream.read()) yield* stream.send(chunk);
  } catch (error) {
    if (error instanceof CancelledError) throw error;
    if (LOSSES.has((error as { code: string }).code)) ledger.count('connections lost');
    else ledger.allow(error, 'a handler');
  }
};

/** Sends, and checks what comes back as far as it comes. */
function* converse(ledger: Ledger, stream: ByteStream, size: number, salt: number): Coroutine<void> {
  const sent = pattern(size, salt);
  let received = 0;
  const writing = createTask(function* () {
    yield* stream.send(sent);
    yield* stream.sendEof();
  });
  try {
    for (let chunk = yield* stream.read(); chunk !== null; chunk = yield* stream.read()) {
      const isFaithful = sent.subarray(received, received + chunk.length).equals(chunk);
      ledger.expect(isFaithful, `an echo differs at ${received} of ${size}`);
      received += chunk.length;
    }
    yield* writing;
    ledger.expect(received === size || injectsFailures, `an echo of ${size} bytes ended at ${received}`);
    ledger.count('echoes');
    ledger.count('echoed bytes', received);
  } finally {
    writing.cancel();
    yield* writing.join();
  }
}

function* converseOnce(ledger: Ledger, random: Random, server: Server): Coroutine<void> {
  const stream = yield* openConnection({ host: HOST, port: server.address()!.port });
  const ending = random(10);
  try {
    const body = () => converse(ledger, stream, 1 + random(random(8) === 0 ? 400_000 : 4000), random(256));
    // A tenth is cancelled half-way, a tenth aborted.
    const scope = yield* moveOnAfter(ending < 2 ? random(4) : 20_000, body);
    if (scope.cancelledCaught) {
      ledger.count('conversations cancelled');
      ledger.expect(ending < 2, 'a conversation made no progress for 20 s');
    }
  } finally {
    if (ending === 1) stream.abort();
    yield* stream.close();
  }
}

export function* connections(ledger: Ledger, random: Random): Coroutine<void> {
  while (!ledger.isOver) {
    let server: Server;
    try {
      server = yield* startServer(echo(ledger), { host: HOST, port: 0 });
    } catch (error) {
      ledger.allow(error, 'startServer');
      yield* sleep(10);
      continue;
    }
    for (let round = 0; round < 200 && !ledger.isOver; round++) {
      const together = 1 + random(8);
      yield* withTaskGroup(function* (group) {
        for (let i = 0; i < together; i++) group.createTask(() => tolerated(ledger, converseOnce(ledger, random, server)));
        yield* checkpoint();
      });
    }
    ledger.expect(server.connections <= 16, `${server.connections} handlers of clients that have gone`);
    yield* server.shutdown({ drain: 1000 });
    ledger.expect(server.connections === 0, 'a server that was shut down has connections');
  }
}

function* tolerated(ledger: Ledger, body: Coroutine<void>): Coroutine<void> {
  try {
    yield* body;
  } catch (error) {
    if (error instanceof CancelledError) throw error;
    ledger.allow(error, 'a conversation');
  }
}

export function* timers(ledger: Ledger, random: Random): Coroutine<void> {
  const loop = getRunningLoop();
  while (!ledger.isOver) {
    const naps = Array.from({ length: 200 }, () => {
      const ms = random(60);
      return createTask(function* () {
        const from = loop.time();
        yield* sleep(ms);
        ledger.expect(loop.time() - from >= ms, `a sleep of ${ms} ms ended early`);
        ledger.count('timers');
      });
    });
    yield* sleep(random(30));
    for (const nap of naps) if (random(3) === 0) nap.cancel();
    for (const nap of naps) yield* nap.join();
  }
}

export function* groups(ledger: Ledger, random: Random): Coroutine<void> {
  while (!ledger.isOver) {
    let alive = 0;
    const fails = random(3) === 0;
    const child = (ms: number, isBad: boolean) => function* (): Coroutine<void> {
      alive++;
      try {
        yield* sleep(ms);
        if (isBad) throw new Error('meant');
      } finally {
        alive--;
      }
    };
    try {
      const scope = yield* moveOnAfter(random(20), () => withTaskGroup(function* (group) {
        for (let i = 1 + random(30); i > 0; i--) group.createTask(child(random(25), fails && i === 1));
        yield* checkpoint();
      }));
      if (scope.cancelledCaught) ledger.count('groups cancelled');
    } catch (error) {
      const isMeant = error instanceof ExceptionGroup && fails;
      ledger.expect(isMeant, `a group failed with ${String(error)}`);
    }
    ledger.expect(alive === 0, `${alive} children outlived their group`);
    ledger.count('groups');
  }
}

/** Producers and consumers that are cancelled all the time: what was put is taken once. */
export function* messages(ledger: Ledger, random: Random): Coroutine<void> {
  while (!ledger.isOver) {
    const queue = new Queue<number>(1 + random(5));
    const [put, taken] = [new Set<number>(), new Set<number>()];
    const producer = (from: number) => function* (): Coroutine<void> {
      for (let i = from; i < from + 50; i++) {
        yield* queue.put(i);
        put.add(i);
      }
    };
    function* consumer(): Coroutine<void> {
      for (;;) {
        const item = yield* queue.get();
        ledger.expect(!taken.has(item), 'a message was taken twice');
        taken.add(item);
        ledger.count('messages');
        if (random(4) === 0) yield* sleep(1);
      }
    }
    const producers = [0, 1000, 2000].map((from) => createTask(producer(from)));
    const consumers = [0, 1, 2].map(() => createTask(consumer));
    yield* sleep(random(20));
    for (const task of producers) if (random(2) === 0) task.cancel();
    consumers[0]!.cancel();
    for (const task of producers) yield* task.join();
    while (queue.size > 0) yield* sleep(1);
    yield* checkpoint();
    for (const task of consumers) task.cancel();
    for (const task of consumers) yield* task.join();
    ledger.expect(put.size === taken.size, `of ${put.size} messages ${taken.size} were taken`);
  }
}

export function* datagrams(ledger: Ledger, random: Random): Coroutine<void> {
  while (!ledger.isOver) {
    try {
      const near = yield* openDatagram({ host: HOST, port: 0 });
      const far = yield* openDatagram({ host: HOST, port: 0 });
      try {
        for (let round = 0; round < 50 && !ledger.isOver; round++) yield* volley(ledger, random, near, far);
      } finally {
        yield* near.close();
        yield* far.close();
      }
    } catch (error) {
      if (error instanceof CancelledError) throw error;
      ledger.allow(error, 'datagrams');
      yield* sleep(5);
    }
  }
}

// So few that the receiver's buffer has room for them.
function* volley(ledger: Ledger, random: Random, near: DatagramSocket, far: DatagramSocket): Coroutine<void> {
  const there = far.localAddress as SocketAddress;
  const count = 1 + random(60);
  const session = random(1 << 30);
  for (let i = 0; i < count; i++) near.write(`${session}:${i}:${'x'.repeat(random(500))}`, there);
  let next = 0;
  const scope = yield* moveOnAfter(injectsFailures ? 50 : 5000, function* () {
    while (next < count) {
      const [ours, index] = String((yield* far.receive()).data).split(':').map(Number);
      if (ours !== session && injectsFailures) continue;
      // Over loopback, with room for all, none is lost, doubled or overtaken.
      const isNext = ours === session && (index === next || (injectsFailures && index! > next));
      ledger.expect(isNext, `datagram ${index} of ${session} came behind ${next - 1}`);
      next = index! + 1;
      ledger.count('datagrams');
    }
  });
  ledger.expect(!scope.cancelledCaught || injectsFailures, `of ${count} datagrams the loopback lost some, at ${next}`);
}

/** An operation that cannot end in time is what a hang looks like from inside. */
export function* heartbeat(ledger: Ledger): Coroutine<void> {
  while (!ledger.isOver) {
    yield* failAfter(10_000, () => sleep(50));
    ledger.count('heartbeats');
  }
}

