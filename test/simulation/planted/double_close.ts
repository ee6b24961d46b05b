// The bug: whether something is closed is noted after the farewell was sent, so the reader that has seen the end and the
// watchdog that has lost its patience may both close. They only meet in the time that the farewell takes.
import { type ByteStream, ClosedResourceError, type Coroutine, createTask, Event } from '../../../lib/index';
import { openConnection, sleep, startServer } from '../../../lib/index';
import { onHost, type Simulation } from '../../../lib/testing';
import type { Planted } from './planted';

const PORT = 7000;
const PATIENCE_MS = 40;

class Session {
  closings = 0;
  isClosed = false;
  readonly ended = new Event();
  readonly stream: ByteStream;

  constructor(stream: ByteStream) {
    this.stream = stream;
  }

  *say(farewell: string): Coroutine<void> {
    yield* this.stream.send(farewell);
    yield* sleep(1); // A moment for it to leave.
  }

  *release(): Coroutine<void> {
    this.closings++;
    yield* this.stream.close();
    this.ended.set();
  }
}

function* closeLate(session: Session): Coroutine<void> {
  if (session.isClosed) return;
  yield* session.say('bye\n');
  session.isClosed = true;
  yield* session.release();
}

function* closeAtOnce(session: Session): Coroutine<void> {
  if (session.isClosed) return;
  session.isClosed = true;
  yield* session.say('bye\n');
  yield* session.release();
}

// Answers some time later, and hangs up.
function* serve(stream: ByteStream): Coroutine<void> {
  yield* stream.readLine();
  yield* stream.sendEof();
  yield* stream.readAll();
}

function program(close: typeof closeLate) {
  return function* ({ network }: Simulation): Coroutine<void> {
    const server = yield* onHost(network.host('peer'), () => startServer(serve, { port: PORT }));
    const session = new Session(yield* openConnection({ host: 'peer', port: PORT }));
    const reader = createTask(function* () {
      yield* session.stream.send('hello\n');
      try {
        yield* session.stream.read();
      } catch (error) {
        if (error instanceof ClosedResourceError) return; // The watchdog was first.
        throw error;
      }
      yield* close(session);
    });
    const watchdog = createTask(function* () {
      yield* sleep(PATIENCE_MS);
      yield* close(session);
    });
    yield* session.ended.wait();
    yield* reader;
    yield* watchdog;
    if (session.closings !== 1) throw new Error(`the session was closed ${session.closings} times`);
    yield* server.shutdown({ drain: 0 });
  };
}

export const doubleClose: Planted = {
  name: 'a double close',
  failure: /closed 2 times/,
  broken: program(closeLate),
  correct: program(closeAtOnce),
  options: { net: { latencyMs: [5, 60] } },
};
