// The bug: a client that gets no answer tries again at once, and so does each of its attempts. With a healthy network
// nobody notices; a few refused or reset connections make each request many, and a server that is weak gets the rest.
import { type ByteStream, type Coroutine, openConnection, sleep, startServer } from '../../../lib/index';
import { type Fault, onHost, type Simulation } from '../../../lib/testing';
import type { Planted } from './planted';

const PORT = 80;
const REQUESTS = 4;
const MOST_ATTEMPTS = 16;

function* serve(stream: ByteStream): Coroutine<void> {
  if ((yield* stream.readLine()) !== null) yield* stream.send('ok\n');
}

function* ask(count: () => void): Coroutine<void> {
  count();
  const stream = yield* openConnection({ host: 'api', port: PORT });
  try {
    yield* stream.send('get\n');
    if ((yield* stream.readLine()) === null) throw new Error('no answer');
  } finally {
    yield* stream.close();
  }
}

// Each attempt that fails makes two.
function* askStubbornly(count: () => void): Coroutine<void> {
  try {
    yield* ask(count);
  } catch {
    yield* askStubbornly(count);
    yield* askStubbornly(count);
  }
}

function* askPatiently(count: () => void): Coroutine<void> {
  for (let attempt = 1; attempt <= 3; attempt++) {
    try {
      yield* ask(count);
      return;
    } catch {
      yield* sleep(100 * 2 ** attempt * (1 + Math.random()));
    }
  }
}

function program(request: typeof askStubbornly) {
  return function* ({ network }: Simulation): Coroutine<void> {
    const server = yield* onHost(network.host('api'), () => startServer(serve, { port: PORT }));
    let attempts = 0;
    for (let i = 0; i < REQUESTS; i++) {
      yield* request(() => {
        attempts++;
      });
    }
    if (attempts > MOST_ATTEMPTS) throw new Error(`${REQUESTS} requests made ${attempts} attempts`);
    yield* server.shutdown({ drain: 0 });
  };
}

/** Up to eight of the first twenty connections go wrong. */
function trouble(below: (count: number) => number): Fault[] {
  return Array.from({ length: below(9) }, () => {
    const connect = 1 + below(20);
    return below(2) === 0 ? { kind: 'refuse', connect } : { kind: 'reset', connect, afterBytes: below(4) };
  });
}

export const retryStorm: Planted = {
  name: 'a retry storm',
  failure: /4 requests made \d+ attempts/,
  broken: program(askStubbornly),
  correct: program(askPatiently),
  options: { net: { latencyMs: [1, 5] }, faults: trouble },
};
