// Barrier: parties that meet, leave, and meet again.
import { Barrier, BrokenResourceError, createTask, getRunningLoop, sleep, type Task } from '../../lib/index';
import { withCode } from '../helpers/failures';
import { codeOf, type Colour, colours, hosted, outcomeOf, ticks } from '../tasks/support';
import { onTwoLoops } from './support';

const arrive = (of: Colour['of'], barrier: Barrier): Task<unknown> =>
  createTask(of(function* () {
    return yield barrier.wait();
  }));

describe.each(colours)('$name tasks', ({ of }) => {
  test('SE13: barrier: the last to arrive releases all, each with its place', hosted(function* () {
    const barrier = new Barrier(3);
    const tasks: Task<unknown>[] = [];
    for (let i = 0; i < 3; i++) {
      expect(barrier.waiting).toBe(i);
      tasks.push(arrive(of, barrier));
      yield* sleep(5);
    }
    const places: unknown[] = [];
    for (const task of tasks) places.push(yield* task);
    expect(places).toEqual([0, 1, 2]);
    expect(barrier.statistics()).toEqual({ parties: 3, tasksWaiting: 0, isBroken: false });
  }));

  test('SE13, D5: barrier: of one never waits', hosted(function* () {
    const barrier = new Barrier(1);
    const task = createTask(of(function* () {
      const before = getRunningLoop().metrics().ticks;
      const places = [yield barrier.wait(), yield barrier.wait()];
      return [...places, getRunningLoop().metrics().ticks - before];
    }));
    expect(yield* task).toEqual([0, 0, 0]);
  }));

  test('SE14, SE17: barrier: who comes before the old party has left counts for the next', hosted(function* () {
    const barrier = new Barrier(2);
    const log: string[] = [];
    const round = (name: string): Task<void> =>
      createTask(of(function* () {
        for (let i = 0; i < 3; i++) log.push(`${name}${i}: ${String(yield barrier.wait())}`);
      }));
    const tasks = [round('a'), round('b')];
    yield* ticks(3);
    for (const task of tasks) yield* task;
    expect(log.filter((line) => line.endsWith('0'))).toHaveLength(3);
    expect(log.filter((line) => line.endsWith('1'))).toHaveLength(3);
    expect(barrier.waiting).toBe(0);
  }));

  test('SE14, SE17: barrier: a party that was released does not count as waiting', hosted(function* () {
    const barrier = new Barrier(2);
    const first = arrive(of, barrier);
    yield* ticks(3);
    const main = yield* barrier.wait();
    expect([main, first.done(), barrier.waiting]).toEqual([1, false, 0]);
    const late = arrive(of, barrier);
    expect(yield* first).toBe(0);
    yield* ticks(3);
    expect([late.done(), barrier.waiting]).toEqual([false, 1]);
    yield* barrier.wait();
    expect(yield* late).toBe(0);
  }));

  test('SE15, DV3: barrier: who is cancelled counts no more, and breaks nothing', hosted(function* () {
    const barrier = new Barrier(3);
    const [a, b] = [arrive(of, barrier), arrive(of, barrier)];
    yield* ticks(3);
    a.cancel('gone');
    expect([barrier.waiting, barrier.isBroken()]).toEqual([1, false]);
    expect(yield* outcomeOf(a)).toEqual(['cancelled', 'gone']);
    const third = arrive(of, barrier);
    yield* ticks(3);
    expect(yield* barrier.wait()).toBe(2);
    expect([yield* b, yield* third]).toEqual([0, 1]);
  }));

  test('SE14, DV2: barrier: who was released and then cancelled has its place', hosted(function* () {
    const barrier = new Barrier(2);
    const task = arrive(of, barrier);
    yield* ticks(3);
    yield* barrier.wait();
    task.cancel();
    barrier.abort();
    expect(yield* outcomeOf(task)).toEqual(['value', 0]);
  }));

  test('SE16: barrier: reset fails who waits, and is usable again', hosted(function* () {
    const barrier = new Barrier(2);
    barrier.reset();
    const task = arrive(of, barrier);
    yield* ticks(3);
    barrier.reset();
    expect(yield* outcomeOf(task)).toEqual(['failed', withCode('ERR_BROKEN_BARRIER', /reset/)]);
    const again = arrive(of, barrier);
    yield* ticks(3);
    expect(yield* barrier.wait()).toBe(1);
    expect(yield* again).toBe(0);
  }));

  test('SE16: barrier: abort fails who waits and who comes, until it is reset', hosted(function* () {
    const barrier = new Barrier(2);
    const tasks = [arrive(of, barrier)];
    yield* ticks(3);
    barrier.abort();
    tasks.push(arrive(of, barrier));
    for (const task of tasks) {
      expect(yield* outcomeOf(task)).toEqual(['failed', withCode('ERR_BROKEN_BARRIER', /aborted/)]);
      expect(task.exception()).toBeInstanceOf(BrokenResourceError);
    }
    expect(barrier.statistics()).toEqual({ parties: 2, tasksWaiting: 0, isBroken: true });
    barrier.reset();
    expect(barrier.isBroken()).toBe(false);
    const again = arrive(of, barrier);
    yield* ticks(3);
    yield* barrier.wait();
    expect(yield* again).toBe(0);
  }));

  test('D30: barrier: a pending cancel comes before the arrival', hosted(function* () {
    const barrier = new Barrier(2);
    const first = arrive(of, barrier);
    yield* ticks(3);
    const task: Task<void> = createTask(of(function* () {
      task.cancel('already');
      yield barrier.wait();
    }));
    expect(yield* outcomeOf(task)).toEqual(['cancelled', 'already']);
    expect([barrier.waiting, first.done()]).toEqual([1, false]);
    first.cancel();
  }));
});

test.each([
  [0, 'ERR_OUT_OF_RANGE'],
  [-1, 'ERR_OUT_OF_RANGE'],
  [1.5, 'ERR_INVALID_ARG_TYPE'],
  ['2', 'ERR_INVALID_ARG_TYPE'],
])('SE13: barrier: it refuses parties of %p', (parties, code) => {
  expect(codeOf(() => new Barrier(parties as number))).toBe(code);
});

test('LK11: barrier: tasks of two loops cannot meet', onTwoLoops((onFirst, onSecond) => {
  const barrier = new Barrier(2);
  onFirst(() => void barrier.wait());
  expect(onSecond(() => codeOf(() => void barrier.wait()))).toBe('ERR_WRONG_LOOP');
  expect(barrier.waiting).toBe(1);
}));
