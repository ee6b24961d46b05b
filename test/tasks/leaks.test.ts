// Nothing is left behind by runs and tasks: no descriptor, no sink, no timer, no memory.
import { readdirSync } from 'node:fs';
import { checkpoint, createTask, gather, getRunningLoop, run, runBlocking, sleep, sleepForever, wait } from '../../lib/index';
import { virtualTime } from '../../lib/testing';
import { liveHeap } from '../helpers/garbage';
import { ticks, trivial } from './support';

const RUNS = 1_000;
const TASKS = 1_000_000;
const ROOM_BYTES = 4_000_000;

/** Descriptors of this process, on Linux and macOS. */
const openDescriptors = (): number => readdirSync('/dev/fd').length;

test('RU16: run: a thousand runs leave the same descriptors', async () => {
  await run(trivial(0));
  const before = openDescriptors();
  for (let i = 0; i < RUNS; i++) await run(trivial(i));
  // What an earlier file of this process has left to the collector may be closed meanwhile.
  expect(openDescriptors()).toBeLessThanOrEqual(before);
});

test('RU16: runBlocking: a thousand runs, each with a loop of its own, leave the same descriptors', () => {
  runBlocking(trivial(0));
  const before = openDescriptors();
  for (let i = 0; i < RUNS; i++) runBlocking(trivial(i));
  expect(openDescriptors()).toBeLessThanOrEqual(before);
});

test('RU16: task: a million finished tasks leave the same heap', virtualTime(function* () {
  const spawn = function* (count: number) {
    for (let i = 0; i < count; i += 100) yield* gather(Array.from({ length: 100 }, () => trivial(i)));
  };
  yield* spawn(10_000);
  const before = liveHeap();
  yield* spawn(TASKS);
  expect(liveHeap() - before).toBeLessThan(ROOM_BYTES);
}));

test('RU16: task: cancelled waits leave no timer and no task', virtualTime(function* () {
  const loop = getRunningLoop();
  for (let round = 0; round < 10; round++) {
    const tasks = Array.from({ length: 100 }, () =>
      createTask(function* () {
        yield* sleep(1e6);
      }),
    );
    yield* checkpoint();
    for (const task of tasks) task.cancel();
    yield* wait(tasks);
  }
  expect([loop.metrics().timers, loop.metrics().tasks]).toEqual([0, 1]);
}));

test('RU16: wait: giving up again and again adds nothing to the futures waited for', virtualTime(function* () {
  const future = sleepForever();
  for (let i = 0; i < 1_000; i++) yield* wait([future], { timeout: 1 });
  // Nobody waits any more, so its end wakes nobody.
  const ready = getRunningLoop().metrics().ready;
  future.cancel();
  expect(getRunningLoop().metrics().ready).toBe(ready);
  yield* ticks(1);
}));
