// Queues and channels under random programs: several tasks put, get, try, are cancelled and close on the virtual clock.
// READYLOOP_SEED=n replays one program, READYLOOP_SEEDS=n runs that many; a failure names its seed.
import { CancelledError, createTask, END, openChannel, Queue, QueueShutDownError, sleep, type Task } from '../../lib/index';
import { BrokenResourceError, ClosedResourceError, type Coroutine, EndOfChannelError, type Future } from '../../lib/index';
import { virtualTime } from '../../lib/testing';
import { type Random, randomFrom } from '../helpers/seed';
import { outcomeOf } from '../tasks/support';

const first = Number(process.env['READYLOOP_SEED'] ?? 1);
const count = Number(process.env['READYLOOP_SEEDS'] ?? (process.env['READYLOOP_SEED'] === undefined ? 300 : 1));

/** What queues and channels have in common. */
interface Pipe {
  put(item: number): Future<void>;
  tryPut(item: number): boolean;
  next(): Future<number | typeof END>;
  tryGet(): number | null;
  /** No more items; what is there can still be taken. */
  end(): void;
  waiting(): number;
}

function queuePipe(capacity: number): Pipe {
  const queue = new Queue<number>(capacity);
  return {
    put: (item) => queue.put(item),
    tryPut: (item) => queue.tryPut(item),
    next: () => queue.next(),
    tryGet: () => queue.tryGet(),
    end: () => queue.shutdown(),
    waiting: () => queue.statistics().waitingToGet + queue.statistics().waitingToPut,
  };
}

function channelPipe(capacity: number): Pipe {
  const [sender, receiver] = openChannel<number>(capacity);
  return {
    put: (item) => sender.send(item),
    tryPut: (item) => sender.trySend(item),
    next: () => receiver.next(),
    tryGet: () => receiver.tryReceive(),
    end: () => sender.close(),
    waiting: () => receiver.statistics().waitingToReceive + receiver.statistics().waitingToSend,
  };
}

/** What happened: numbers go up by one, so that order and identity can be told from the number alone. */
class History {
  readonly accepted: number[] = [];
  readonly taken: number[] = [];
  last = 0;
}

const isEnd = (error: unknown): boolean =>
  [QueueShutDownError, ClosedResourceError, BrokenResourceError, EndOfChannelError].some((kind) => error instanceof kind);

function* producer(pipe: Pipe, random: Random, history: History): Coroutine<void> {
  for (let left = 1 + random(8); left > 0; left--) {
    if (random(3) === 0) yield* sleep(random(4));
    const item = ++history.last;
    try {
      if (random(4) === 0) {
        if (pipe.tryPut(item)) history.accepted.push(item);
      } else {
        yield* pipe.put(item);
        history.accepted.push(item);
      }
    } catch (error) {
      if (!isEnd(error)) throw error;
      return;
    }
  }
}

function* consumer(pipe: Pipe, random: Random, history: History): Coroutine<void> {
  for (let left = 1 + random(10); left > 0; left--) {
    if (random(3) === 0) yield* sleep(random(4));
    try {
      const item = random(4) === 0 ? pipe.tryGet() : yield* pipe.next();
      if (item === END) return;
      if (item !== null) history.taken.push(item);
    } catch (error) {
      if (!isEnd(error)) throw error;
      return;
    }
  }
}

function* program(pipe: Pipe, random: Random): Coroutine<void> {
  const history = new History();
  const tasks: Task<void>[] = [];
  for (let n = 3 + random(6); n > 0; n--) {
    const body = random(2) === 0 ? producer : consumer;
    tasks.push(createTask(body(pipe, random, history)));
  }
  for (let n = random(6); n > 0; n--) {
    yield* sleep(random(3));
    tasks[random(tasks.length)]?.cancel();
  }
  yield* sleep(random(12));
  pipe.end();
  const rest = createTask(function* () {
    for (let item = yield* pipe.next(); item !== END; item = yield* pipe.next()) history.taken.push(item);
  });
  for (const task of [...tasks, rest]) {
    const [how, what] = yield* outcomeOf(task);
    if (how === 'failed' && !(what instanceof CancelledError)) throw what;
  }
  const sorted = (items: number[]): number[] => [...items].sort((a, b) => a - b);
  expect(sorted(history.taken)).toEqual(sorted(history.accepted));
  expect(pipe.waiting()).toBe(0);
}

const kinds: readonly (readonly [string, (capacity: number) => Pipe])[] = [['queue', queuePipe], ['channel', channelPipe]];

test.each(kinds)('Q6, Q7, Q8, CH4, DV1, DV2, DV3: %s: random programs lose no item and double none', (_kind, make) => {
  for (let seed = first; seed < first + count; seed++) {
    const random = randomFrom(seed);
    try {
      virtualTime(() => program(make(random(4)), random))();
    } catch (error) {
      if (error instanceof Error) error.message = `READYLOOP_SEED=${seed}: ${error.message}`;
      throw error;
    }
  }
});

/** One producer's items arrive in its order, whoever is cancelled, as a single consumer sees. */
function* orderedProgram(pipe: Pipe, random: Random): Coroutine<void> {
  const history = new History();
  const seen: number[] = [];
  const reader = createTask(function* () {
    for (let item = yield* pipe.next(); item !== END; item = yield* pipe.next()) {
      seen.push(item);
      if (random(3) === 0) yield* sleep(random(3));
    }
  });
  // The items of one tick enter in the order in which their tasks were made.
  const producers = Array.from({ length: 12 }, () => ++history.last).map((item) => createTask(function* () {
    yield* pipe.put(item);
    history.accepted.push(item);
  }));
  for (let n = random(6); n > 0; n--) {
    yield* sleep(random(2));
    producers[random(producers.length)]?.cancel();
  }
  for (const task of producers) yield* outcomeOf(task);
  pipe.end();
  yield* outcomeOf(reader);
  expect(seen).toEqual(history.accepted);
  expect(seen).toEqual([...seen].sort((a, b) => a - b));
  expect(pipe.waiting()).toBe(0);
}

test.each(kinds)('Q4, Q9, CH3: %s: random programs keep the order of arrival', (_kind, make) => {
  for (let seed = first; seed < first + count; seed++) {
    const random = randomFrom(seed);
    try {
      virtualTime(() => orderedProgram(make(random(4)), random))();
    } catch (error) {
      if (error instanceof Error) error.message = `READYLOOP_SEED=${seed}: ${error.message}`;
      throw error;
    }
  }
});
