// The bug: a connection is taken from a pool, and given back behind the query instead of in a `finally`. A query that its
// deadline cuts short never gives it back, and after a few of those the pool is empty for good.
import { type ByteStream, type Coroutine, moveOnAfter, openConnection, Queue, startServer } from '../../../lib/index';
import { onHost, type Simulation } from '../../../lib/testing';
import type { Planted } from './planted';

const PORT = 5432;
const CONNECTIONS = 2;
const QUERIES = 6;
const DEADLINE_MS = 18;

function* answer(stream: ByteStream): Coroutine<void> {
  for (let line = yield* stream.readLine(); line !== null; line = yield* stream.readLine()) {
    yield* stream.send(`${String(line)} is answered\n`);
  }
}

type Pool = Queue<ByteStream>;

function* query(stream: ByteStream, what: string): Coroutine<void> {
  yield* stream.send(`${what}\n`);
  for (let line = yield* stream.readLine(); String(line) !== `${what} is answered`; line = yield* stream.readLine()) {
    if (line === null) throw new Error('the database is gone');
  }
}

function* queryLeaking(pool: Pool, what: string): Coroutine<void> {
  const stream = yield* pool.get();
  yield* query(stream, what);
  pool.tryPut(stream);
}

function* queryReturning(pool: Pool, what: string): Coroutine<void> {
  const stream = yield* pool.get();
  try {
    yield* query(stream, what);
  } finally {
    pool.tryPut(stream);
  }
}

function program(ask: typeof queryLeaking) {
  return function* ({ network }: Simulation): Coroutine<void> {
    const host = network.host('database');
    const server = yield* onHost(host, () => startServer(answer, { port: PORT }));
    const pool: Pool = new Queue();
    const streams: ByteStream[] = [];
    for (let i = 0; i < CONNECTIONS; i++) streams.push(yield* openConnection({ host: 'database', port: PORT }));
    for (const stream of streams) pool.tryPut(stream);
    for (let i = 0; i < QUERIES; i++) yield* moveOnAfter(DEADLINE_MS, () => ask(pool, `query ${i}`));
    if (pool.size < CONNECTIONS) throw new Error(`${CONNECTIONS - pool.size} connections never came back to the pool`);
    for (const stream of streams) yield* stream.close();
    yield* server.shutdown({ drain: 0 });
  };
}

export const missingCancelHandling: Planted = {
  name: 'a missing finally around what a deadline may cut short',
  failure: /never came back to the pool/,
  broken: program(queryLeaking),
  correct: program(queryReturning),
  options: { net: { latencyMs: [1, 10] } },
};
