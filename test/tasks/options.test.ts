// Options that are none: refused where they are given, with a code, before anything has happened.
import {
  asCompleted,
  checkpoint,
  createTask,
  gather,
  getRunningLoop,
  run,
  runBlocking,
  Runner,
  sleep,
  until,
  untilSignal,
  wait,
} from '../../lib/index';
import { SimulatedEngine } from '../../lib/testing';
import { codeOf, hosted, trivial } from './support';

const noOptions: readonly unknown[] = [null, 5, 'text', true, [], Promise.resolve(), trivial(1)];

const calls: readonly (readonly [string, (options: never) => unknown])[] = [
  ['gather of an array', (options) => gather([sleep(1)], options)],
  ['gather of a record', (options) => gather({ a: sleep(1) }, options)],
  ['wait', (options) => wait([sleep(1)], options)],
  ['asCompleted', (options) => asCompleted([sleep(1)], options)],
  ['until', (options) => until(Promise.resolve(), options)],
  ['untilSignal', (options) => untilSignal(() => Promise.resolve(), options)],
];

test.each(calls)('%s: what are no options is refused at the call', (_what, call) =>
  hosted(function* () {
    for (const bad of noOptions) expect(codeOf(() => call(bad as never))).toBe('ERR_INVALID_ARG_TYPE');
    yield* checkpoint();
  })());

test('gather: a future after an array is refused rather than forgotten', hosted(function* () {
  expect(codeOf(() => gather([sleep(1)], sleep(2) as never))).toBe('ERR_INVALID_ARG_TYPE');
  expect(codeOf(() => gather([sleep(1)] as never, {} as never, sleep(2)))).toBe('ERR_INVALID_ARG_TYPE');
}));

test('gather: a returnExceptions that is no boolean is refused', hosted(function* () {
  expect(codeOf(() => gather([sleep(1)], { returnExceptions: 'yes' as never }))).toBe('ERR_INVALID_ARG_TYPE');
}));

test('run: what are no options is refused at the call', () => {
  for (const bad of noOptions) {
    expect(codeOf(() => void run(trivial(1), bad as never))).toBe('ERR_INVALID_ARG_TYPE');
    expect(codeOf(() => runBlocking(trivial(1), bad as never))).toBe('ERR_INVALID_ARG_TYPE');
    expect(codeOf(() => new Runner(bad as never))).toBe('ERR_INVALID_ARG_TYPE');
  }
});

test.each([5, null, {}, 'native'])('run: %p is no engine', (bad) => {
  expect(codeOf(() => void run(trivial(1), { engine: bad as never }))).toBe('ERR_INVALID_ARG_TYPE');
  expect(codeOf(() => runBlocking(trivial(1), { engine: bad as never }))).toBe('ERR_INVALID_ARG_TYPE');
});

test('run: refused options leave a coroutine as it was', async () => {
  const coroutine = trivial('still fresh');
  codeOf(() => void run(coroutine, { unhandled: 'no' as never }));
  expect(await run(coroutine, { engine: new SimulatedEngine() })).toBe('still fresh');
});

test('createTask: what is refused leaves no task behind', hosted(function* () {
  const tasks = getRunningLoop().metrics().tasks;
  codeOf(() => createTask(5 as never));
  codeOf(() => gather(5 as never));
  expect(getRunningLoop().metrics().tasks).toBe(tasks);
}));
