// Semaphore: permits that are handed over in order.
import { createTask, getRunningLoop, type Guard, Semaphore, sleep, type Task } from '../../lib/index';
import { virtualTime } from '../../lib/testing';
import { codeOf, type Colour, colours, hosted, outcomeOf, ticks } from '../tasks/support';
import { onTwoLoops } from './support';

function taker(of: Colour['of'], semaphore: Semaphore, log: string[], name: string): Task<string> {
  return createTask(of(function* () {
    yield semaphore.acquire();
    log.push(name);
    return name;
  }));
}

describe.each(colours)('$name tasks', ({ of }) => {
  test('SE2, D5: semaphore: a permit that is there is taken without a tick', hosted(function* () {
    const semaphore = new Semaphore(3);
    const task = createTask(of(function* () {
      const before = getRunningLoop().metrics().ticks;
      for (let i = 0; i < 3; i++) yield semaphore.acquire();
      return getRunningLoop().metrics().ticks - before;
    }));
    expect(yield* task).toBe(0);
    expect([semaphore.value, semaphore.locked()]).toEqual([0, true]);
  }));

  test('SE2: semaphore: without a permit tasks wait in order', hosted(function* () {
    const semaphore = new Semaphore(2);
    const log: string[] = [];
    const tasks = ['a', 'b', 'c', 'd'].map((name) =>
      createTask(of(function* () {
        const guard = (yield semaphore.acquire()) as Guard;
        log.push(`${name} at ${getRunningLoop().time()}`);
        yield sleep(10);
        guard.release();
      })),
    );
    for (const task of tasks) yield* task;
    expect(log).toEqual(['a at 0', 'b at 0', 'c at 10', 'd at 10']);
    expect(semaphore.statistics()).toEqual({ value: 2, max: null, tasksWaiting: 0 });
  }));

  test('SE3: semaphore: while somebody waits, or was just given the permit, it is locked', hosted(function* () {
    const semaphore = new Semaphore(1);
    const guard = yield* semaphore.acquire();
    const task = taker(of, semaphore, [], 'waiter');
    yield* ticks(3);
    expect(semaphore.locked()).toBe(true);
    guard.release();
    expect(semaphore.locked()).toBe(true);
    expect(semaphore.tryAcquire()).toBeNull();
    yield* task;
  }));

  test('SE4: semaphore: each release gives its permit away at once, in order', hosted(function* () {
    const semaphore = new Semaphore(0);
    const log: string[] = [];
    const tasks = ['a', 'b', 'c'].map((name) => taker(of, semaphore, log, name));
    yield* ticks(3);
    expect(semaphore.statistics()).toEqual({ value: 0, max: null, tasksWaiting: 3 });

    for (let i = 0; i < 3; i++) semaphore.release();
    expect([semaphore.value, log]).toEqual([0, []]);
    const late = taker(of, semaphore, log, 'late');
    for (const task of tasks) yield* task;
    yield* ticks(3);
    expect(log).toEqual(['a', 'b', 'c']);
    semaphore.release();
    yield* late;
  }));

  test('SE5, D31, DV2: semaphore: who was given a permit and then cancelled has it', hosted(function* () {
    const semaphore = new Semaphore(0);
    const log: string[] = [];
    const chosen = createTask(of(function* () {
      const guard = (yield semaphore.acquire()) as Guard;
      log.push('chosen');
      try {
        yield sleep(5);
      } finally {
        guard.release();
      }
    }));
    const next = taker(of, semaphore, log, 'next');
    yield* ticks(3);

    semaphore.release();
    chosen.cancel('late');
    expect(yield* outcomeOf(chosen)).toEqual(['cancelled', 'late']);
    yield* next;
    expect(log).toEqual(['chosen', 'next']);
    expect(semaphore.value).toBe(0);
  }));

  test('SE6, DV3: semaphore: a permit goes to the first who still waits, and to nobody else', hosted(function* () {
    const semaphore = new Semaphore(0);
    const log: string[] = [];
    const [a, b, c, d] = ['a', 'b', 'c', 'd'].map((name) => taker(of, semaphore, log, name));
    yield* ticks(3);
    a!.cancel('gone');
    b!.cancel('gone');
    semaphore.release();
    expect(yield* outcomeOf(a!)).toEqual(['cancelled', 'gone']);
    expect(yield* outcomeOf(b!)).toEqual(['cancelled', 'gone']);
    yield* c!;
    yield* ticks(3);
    expect(log).toEqual(['c']);
    expect(semaphore.statistics().tasksWaiting).toBe(1);
    semaphore.release();
    yield* d!;
  }));

  test('D30: semaphore: a pending cancel comes before a permit is taken', hosted(function* () {
    const semaphore = new Semaphore(1);
    const task: Task<void> = createTask(of(function* () {
      task.cancel('already');
      yield semaphore.acquire();
    }));
    expect(yield* outcomeOf(task)).toEqual(['cancelled', 'already']);
    expect(semaphore.value).toBe(1);
  }));
});

test.each([
  [-1, undefined, 'ERR_OUT_OF_RANGE'],
  [1.5, undefined, 'ERR_INVALID_ARG_TYPE'],
  [NaN, undefined, 'ERR_INVALID_ARG_TYPE'],
  ['1', undefined, 'ERR_INVALID_ARG_TYPE'],
  [2, { max: 1 }, 'ERR_OUT_OF_RANGE'],
  [1, { max: '2' }, 'ERR_INVALID_ARG_TYPE'],
  [1, 2, 'ERR_INVALID_ARG_TYPE'],
])('SE1: semaphore: it refuses to be made with %p, %p', (value, options, code) => {
  expect(codeOf(() => new Semaphore(value as number, options as object))).toBe(code);
});

test('SE7, D48: semaphore: more releases than max are an error that changes nothing', () => {
  const semaphore = new Semaphore(1, { max: 1 });
  expect(codeOf(() => semaphore.release())).toBe('ERR_INVALID_STATE');
  expect(semaphore.statistics()).toEqual({ value: 1, max: 1, tasksWaiting: 0 });
  const guard = semaphore.tryAcquire();
  guard!.release();
  expect(codeOf(() => semaphore.release())).toBe('ERR_INVALID_STATE');
  expect(semaphore.value).toBe(1);
});

test('D48: semaphore: tryAcquire gives a guard that releases once, or null', () => {
  const semaphore = new Semaphore();
  const guard = semaphore.tryAcquire();
  expect(semaphore.tryAcquire()).toBeNull();
  guard!.release();
  guard!.release();
  guard![Symbol.dispose]();
  expect(semaphore.value).toBe(1);
});

test('D48: semaphore: `using` gives the permit back at the end of the block', virtualTime(function* () {
  const semaphore = new Semaphore(1);
  {
    using _ = yield* semaphore.acquire();
    expect(semaphore.locked()).toBe(true);
  }
  expect(semaphore.locked()).toBe(false);
}));

test('LK11: semaphore: it is bound to a loop only while somebody waits', onTwoLoops((onFirst, onSecond) => {
  const semaphore = new Semaphore(1);
  semaphore.tryAcquire()!.release();
  onFirst(() => void semaphore.acquire());
  const wait = onFirst(() => semaphore.acquire());
  expect(codeOf(() => onSecond(() => void semaphore.acquire()))).toBe('ERR_WRONG_LOOP');
  wait.cancel();
  const elsewhere = onSecond(() => semaphore.acquire());
  semaphore.release();
  expect(elsewhere.done()).toBe(true);
}));
