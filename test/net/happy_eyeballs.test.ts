// Happy eyeballs in virtual time: attempts that are plain futures, so that each of them ends when the test says.
import {
  createTask, type EventLoop, type Future, getRunningLoop, openConnection, run, sleep, startServer,
} from '../../lib';
import { AttemptRace, interleaveFamilies } from '../../lib/net/happy_eyeballs';
import { onHost, SimulatedEngine, SimulatedNetwork, virtualTime } from '../../lib/testing';
import { failureOf } from '../tasks/support';

// Of the simulated machines, where nobody else is.
const PORT = 7000;

/** Attempts by their target, and what happened to them. */
class Trials {
  readonly begun: [string, number][] = [];
  readonly futures = new Map<string, Future<string>>();
  readonly discarded: string[] = [];
  readonly loop: EventLoop = getRunningLoop();

  race(targets: readonly string[], delayMs = 250): AttemptRace<string, string> {
    return new AttemptRace(this.loop, {
      targets,
      attempt: (target) => this.#begin(target),
      delayMs,
      discard: (late) => this.discarded.push(late),
      failure: (errors) => new Error(errors.map(({ message }) => message).join(' and ')),
    });
  }

  #begin(target: string): Future<string> {
    this.begun.push([target, this.loop.time()]);
    const future = this.loop.createFuture<string>();
    if (target.startsWith('refused')) future.setException(new Error(target));
    this.futures.set(target, future);
    return future;
  }

  of(target: string): Future<string> {
    return this.futures.get(target) as Future<string>;
  }
}

test('IO25: attempts follow each other after the delay, and the first success ends the rest', virtualTime(function* () {
  const trials = new Trials();
  const race = trials.race(['a', 'b', 'c', 'd']);
  trials.loop.callLater(600, () => trials.of('b').setResult('b answered'));
  expect(yield* race).toBe('b answered');
  expect(trials.begun).toEqual([['a', 0], ['b', 250], ['c', 500]]);
  expect([trials.of('a').cancelled(), trials.of('c').cancelled()]).toEqual([true, true]);
  yield* sleep(1000);
  expect(trials.begun).toHaveLength(3);
}));

test('IO25: a failure starts the next attempt at once, and the delay counts from there', virtualTime(function* () {
  const trials = new Trials();
  const race = trials.race(['a', 'b', 'c']);
  trials.loop.callLater(100, () => trials.of('a').setException(new Error('a is down')));
  trials.loop.callLater(400, () => trials.of('c').setResult('c answered'));
  expect(yield* race).toBe('c answered');
  expect(trials.begun).toEqual([['a', 0], ['b', 100], ['c', 350]]);
}));

test.each([0, -1])('IO25: with a delay of %i all attempts begin at once, with Infinity one after the other', (delayMs) =>
  virtualTime(function* () {
    const trials = new Trials();
    const race = trials.race(['a', 'b', 'c'], delayMs);
    const patient = trials.race(['first', 'second'], Infinity);
    trials.loop.callLater(1, () => trials.of('c').setResult('c answered'));
    expect(yield* race).toBe('c answered');
    expect(trials.begun).toEqual([['a', 0], ['first', 0], ['b', 0], ['c', 0]]);
    yield* sleep(1_000_000);
    expect(trials.begun).toHaveLength(4);
    patient.cancel();
  })());

test('IO25: attempts that fail where they stand cost no time', virtualTime(function* () {
  const trials = new Trials();
  const race = trials.race(['refused 1', 'refused 2', 'c']);
  expect(trials.begun.map(([target]) => target)).toEqual(['refused 1', 'refused 2', 'c']);
  trials.of('c').setResult('c answered');
  expect(yield* race).toBe('c answered');
  expect(trials.loop.time()).toBe(0);
}));

test('IO25: if all fail, one failure has them in the order in which they failed', virtualTime(function* () {
  const trials = new Trials();
  const race = trials.race(['a', 'b']);
  trials.loop.callLater(300, () => trials.of('b').setException(new Error('b is down')));
  trials.loop.callLater(400, () => trials.of('a').setException(new Error('a is down')));
  expect(yield* failureOf(race)).toEqual(new Error('b is down and a is down'));
  expect(trials.loop.time()).toBe(400);
}));

test('IO25: with an endless delay an attempt waits for the failure of the one before', virtualTime(function* () {
  const trials = new Trials();
  const race = trials.race(['a', 'b'], Infinity);
  yield* sleep(60_000);
  expect(trials.begun).toHaveLength(1);
  trials.of('a').setException(new Error('a is down'));
  trials.of('b').setResult('b answered');
  expect(yield* race).toBe('b answered');
}));

test('IO25: two that succeed in one tick: the second is given back', virtualTime(function* () {
  const trials = new Trials();
  const race = trials.race(['a', 'b'], 0);
  yield* sleep(1);
  const late = trials.of('b');
  trials.of('a').addDoneCallback(() => undefined);
  // A success that comes to an attempt while it is being given up.
  late._undo = () => late._finish('b answered');
  trials.of('a').setResult('a answered');
  expect(yield* race).toBe('a answered');
  expect(trials.discarded).toEqual(['b answered']);
}));

test('IO25: cancelled, it gives all attempts up and starts no other', virtualTime(function* () {
  const trials = new Trials();
  const task = createTask(function* () {
    yield* trials.race(['a', 'b', 'c']);
  });
  yield* sleep(300);
  task.cancel();
  yield* task.join();
  yield* sleep(1000);
  expect(task.cancelled()).toBe(true);
  expect(trials.begun).toHaveLength(2);
  expect([trials.of('a').cancelled(), trials.of('b').cancelled()]).toEqual([true, true]);
}));

test('IO25: unless it is told otherwise a connection waits 250 ms before it tries the next address', () => {
  const network = new SimulatedNetwork();
  const engine = new SimulatedEngine({ network });
  const [silent, api, client] = [network.host('silent'), network.host('api'), network.host('client')];
  network.partition(['client'], ['silent']);
  const resolver = () => Promise.resolve([silent.addresses[0]!, api.addresses[0]!]);
  const connectAfter = function* (options: { readonly happyEyeballsDelay?: number }) {
    const begun = getRunningLoop().time();
    const stream = yield* openConnection({ host: 'both.example', port: PORT, resolver, ...options });
    void stream.close();
    return getRunningLoop().time() - begun;
  };
  return run(function* () {
    yield* onHost(api, () => startServer((stream) => stream.readAll().then(() => undefined), { port: PORT }));
    yield* onHost(client, function* () {
      expect(yield* connectAfter({})).toBe(250);
      expect(yield* connectAfter({ happyEyeballsDelay: 40 })).toBe(40);
    });
  }, { engine });
});

test('IO25: the families take turns, beginning with that of the first address', () => {
  const mixed = ['::1', '::2', '::3', '127.0.0.1', 'fe80::1%lo', '127.0.0.2'];
  expect(interleaveFamilies(mixed)).toEqual(['::1', '127.0.0.1', '::2', '127.0.0.2', '::3', 'fe80::1%lo']);
  expect(interleaveFamilies(['127.0.0.1', '127.0.0.2', '::1'])).toEqual(['127.0.0.1', '::1', '127.0.0.2']);
  expect(interleaveFamilies([])).toEqual([]);
});
