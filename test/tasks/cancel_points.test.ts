// Every public operation of tasks: it is a checkpoint where it says so, it can be cancelled while it waits, and it sees
// a cancellation that was there before it.
import {
  asCompleted,
  checkpoint,
  createTask,
  type Future,
  gather,
  getRunningLoop,
  type Operation,
  shield,
  sleep,
  sleepForever,
  sleepUntil,
  until,
  untilSignal,
  wait,
  waitReadable,
  waitWritable,
} from '../../lib/index';
import { type SimulatedEngine } from '../../lib/testing';
import { asyncColour, type Colour, generatorColour, hosted, outcomeOf, ticks } from './support';

interface Row {
  readonly what: string;
  /** An operation that ends by itself. */
  readonly ending: (engine: SimulatedEngine) => Operation<unknown>;
  /** The same operation, waiting until it is cancelled. */
  readonly endless: (engine: SimulatedEngine) => Operation<unknown>;
  readonly colours?: readonly Colour[];
}

const pending = (): Future<unknown> => getRunningLoop().createFuture();
const soon = (): Future<unknown> => {
  const future = pending();
  getRunningLoop().callSoon(() => future.setResult('soon'));
  return future;
};
const ready = (waitFor: (fd: number) => Future<unknown>, bits: number) => (engine: SimulatedEngine) => {
  const fd = engine.openDescriptor();
  engine.setReady(fd, bits);
  return waitFor(fd);
};
const firstOf = (futures: Iterable<Future<unknown>>): Operation<unknown> => [...asCompleted(futures)][0]!;

const operations: readonly Row[] = [
  { what: 'a future', ending: soon, endless: pending },
  { what: 'a task', ending: () => createTask(() => soon()), endless: () => createTask(() => pending()) },
  { what: 'sleep', ending: () => sleep(1), endless: () => sleep(1e9) },
  { what: 'sleepUntil', ending: () => sleepUntil(1), endless: () => sleepUntil(1e9) },
  { what: 'sleepForever', ending: soon, endless: sleepForever },
  { what: 'gather', ending: () => gather(soon(), soon()), endless: () => gather(pending(), pending()) },
  { what: 'wait', ending: () => wait([soon()]), endless: () => wait([pending()]) },
  { what: 'shield', ending: () => shield(soon()), endless: () => shield(pending()) },
  { what: 'join', ending: () => createTask(() => soon()).join(), endless: () => createTask(() => pending()).join() },
  { what: 'until', ending: () => until(Promise.resolve()), endless: () => until(new Promise(() => {})) },
  {
    what: 'untilSignal',
    ending: () => untilSignal(() => Promise.resolve()),
    endless: () => untilSignal(() => new Promise(() => {}), { graceMs: 0 }),
  },
  { what: 'waitReadable', ending: ready(waitReadable, 1), endless: ready(waitReadable, 0) },
  { what: 'waitWritable', ending: ready(waitWritable, 2), endless: ready(waitWritable, 0) },
  {
    what: 'an item of asCompleted',
    ending: () => firstOf([soon()]),
    endless: () => firstOf([pending()]),
    colours: [generatorColour],
  },
];

const rows = operations.flatMap(({ what, ending, endless, colours = [generatorColour, asyncColour] }) =>
  colours.map((colour) => [what, colour.name, colour, ending, endless] as const),
);

test.each(rows)('CK1: cancel points: %s in a %s task lets others run while it waits', (_what, _name, colour, ending) =>
  hosted(function* (engine) {
    const log: string[] = [];
    const task = createTask(colour.of(function* () {
      yield ending(engine);
      log.push('operation');
    }));
    void createTask(colour.of(function* () {
      log.push('other');
    }));
    expect((yield* outcomeOf(task))[0]).toBe('value');
    expect(log).toEqual(['other', 'operation']);
  })());

test.each(rows)('cancel points: %s in a %s task is cancelled while it waits', (...[, , colour, , endless]) =>
  hosted(function* (engine) {
    const task = createTask(colour.of(function* () {
      yield endless(engine);
    }));
    yield* ticks(4);
    expect(task.done()).toBe(false);
    task.cancel('waiting');
    expect(yield* outcomeOf(task)).toEqual(['cancelled', 'waiting']);
  })());

test.each(rows)('CK5: cancel points: %s in a %s task cancelled already throws there', (...[, , colour, , endless]) =>
  hosted(function* (engine) {
    const log: string[] = [];
    const task = createTask(colour.of(function* () {
      task.cancel('already');
      try {
        yield endless(engine);
      } finally {
        log.push('thrown');
      }
    }));
    expect(yield* outcomeOf(task)).toEqual(['cancelled', 'already']);
    expect(log).toEqual(['thrown']);
    expect(engine.now()).toBe(0);
  })());

test('cancel points: checkpoint in a task that was cancelled already takes no tick', hosted(function* () {
  const before = getRunningLoop().metrics().ticks;
  const task = createTask(function* () {
    task.cancel();
    yield* checkpoint();
  });
  yield* checkpoint();
  expect(task.done()).toBe(true);
  expect(getRunningLoop().metrics().ticks - before).toBe(1);
}));
