// What a task does with what its coroutine does.
import { CancelledError, checkpoint, type Coroutine, createTask, currentTask, type Future, getRunningLoop, sleep, type Task } from '../../lib';
import { virtualTime } from '../../lib/testing';
import { collect, nodeTurn } from '../helpers/garbage';
import { withCode } from '../helpers/failures';
import { ownedLoop, runReady } from '../helpers/owned_loop';
import { rawYield } from '../helpers/raw_yield';

const ticks = (): number => getRunningLoop().metrics().ticks;

test('K1: first steps run in the next tick, in the order of creation', () => {
  const { loop } = ownedLoop();
  const log: string[] = [];
  for (const name of ['a', 'b', 'c']) {
    void loop.createTask(function* () {
      log.push(name);
    });
  }
  loop.callSoon(() => log.push('queued after'));
  expect(log).toEqual([]);
  loop.runOnce();
  expect(log).toEqual(['a', 'b', 'c', 'queued after']);
});

test('K3: a step sends nothing into the coroutine', virtualTime(function* () {
  const sent: unknown[] = [];
  const next = (value?: unknown): object => (sent.push(value), { done: sent.length > 1, value: undefined });
  const spy: unknown = { [Symbol.iterator]: () => ({ next }) };
  yield* spy as Coroutine<void>;
  expect(sent).toEqual([undefined, undefined]);
}));

test('K4: what the generator returns is the result', () => {
  const { loop } = ownedLoop();
  const task = loop.createTask(function* () {
    return 'value';
  });
  runReady(loop);
  expect(task.result()).toBe('value');
});

test('K4: what the generator throws is the failure, wrapped if it is no Error', () => {
  const { loop } = ownedLoop();
  const failure = new Error('failure');
  const failed = loop.createTask(function* () {
    throw failure;
  });
  const odd = loop.createTask(function* () {
    throw 'text';
  });
  runReady(loop);
  expect(failed.exception()).toBe(failure);
  expect(odd.exception()).toMatchObject({ code: 'ERR_NON_ERROR_THROWN', value: 'text' });
});

test('K4: a generator that throws CancelledError ends its task as cancelled, with that error', () => {
  const { loop } = ownedLoop();
  const error = new CancelledError('own idea');
  const task = loop.createTask(function* () {
    throw error;
  });
  runReady(loop);
  expect(task.cancelled()).toBe(true);
  expect(() => task.result()).toThrow(error);
});

test('K5: a bare yield takes one tick', virtualTime(function* () {
  const seen: number[] = [ticks()];
  yield* rawYield(undefined);
  seen.push(ticks());
  yield* rawYield(null);
  seen.push(ticks());
  expect(seen.map((tick) => tick - seen[0]!)).toEqual([0, 1, 2]);
}));

test('K5: a bare yield gives undefined', virtualTime(function* () {
  expect(yield* rawYield(undefined)).toBeUndefined();
}));

test('K6: a pending future is waited for, and its completion resumes in the next tick', virtualTime(function* () {
  const future = getRunningLoop().createFuture<string>();
  let completedIn = -1;
  getRunningLoop().callLater(5, () => {
    completedIn = ticks();
    future.setResult('value');
  });
  expect(yield* future).toBe('value');
  expect(ticks() - completedIn).toBe(1);
}));

test('K12: a pending task waits, is scheduled, or runs', () => {
  const { loop } = ownedLoop();
  const states: [string, number][] = [];
  const future = loop.createFuture<void>();
  const task = loop.createTask(function* () {
    states.push(['running', loop.metrics().ready]);
    yield* future;
  });
  states.push(['scheduled', loop.metrics().ready]);
  runReady(loop);
  states.push(['waiting', loop.metrics().ready]);
  future.setResult();
  states.push(['scheduled', loop.metrics().ready]);
  const seen = states.map(([name, ready]) => `${name} ${ready}`);
  expect(seen).toEqual(['scheduled 1', 'running 0', 'waiting 0', 'scheduled 1']);
  expect(task.done()).toBe(false);
  runReady(loop);
  expect(task.done()).toBe(true);
});

test('K13: the failure of what was awaited is thrown at the await, where it can be caught', virtualTime(function* () {
  const future = getRunningLoop().createFuture();
  const failure = new Error('failure');
  getRunningLoop().callSoon(() => future.setException(failure));
  const log: unknown[] = [];
  try {
    yield* future;
    log.push('not here');
  } catch (error) {
    log.push(error);
  } finally {
    log.push('finally');
  }
  expect(log).toEqual([failure, 'finally']);
  yield* sleep(1);
}));

test('K13: a cancelled future is thrown as CancelledError, and not caught it cancels the task', virtualTime(function* () {
  const future = getRunningLoop().createFuture();
  const task = createTask(function* () {
    yield* future;
  });
  yield* checkpoint();
  future.cancel('why');
  yield* task.join();
  expect(task.cancelled()).toBe(true);
  expect(() => task.result()).toThrow(expect.objectContaining({ reason: 'why' }));
}));

test('K14: a wake-up that comes when the task has ended is dropped, and reaches nobody else', () => {
  const { loop, reports } = ownedLoop();
  let steps = 0;
  const task = loop.createTask(function* () {
    steps++;
  });
  task._wake();
  let called = 0;
  loop.callSoon(() => {
    void loop.createTask(function* () {
      called++;
      yield* sleep(0);
      called++;
    });
  });
  runReady(loop);
  expect([steps, called, reports]).toEqual([1, 2, []]);
});

test('K15: result and failure of a task cannot be set', () => {
  const { loop } = ownedLoop();
  const task = loop.createTask(function* () {
    return 1;
  });
  expect(() => task.setResult(2)).toThrow(withCode('ERR_INVALID_STATE', /Task-\d+/));
  expect(() => task.setException(new Error('x'))).toThrow(withCode('ERR_INVALID_STATE', /Task-\d+/));
  runReady(loop);
  expect(task.result()).toBe(1);
});

test('K16: the current task is the one whose step runs, also inside what it delegates to', virtualTime(function* () {
  const seen: (Task<unknown> | null)[] = [];
  function* inner(): Coroutine<void> {
    seen.push(currentTask());
    yield* sleep(1);
    seen.push(currentTask());
  }
  const task = createTask(function* () {
    yield* inner();
  });
  const main = currentTask();
  yield* task;
  expect(seen.every((found) => found === task)).toBe(true);
  expect(currentTask()).toBe(main);
}));

test('K16: there is no current task in callbacks, done callbacks, readers and exception handlers', () => {
  const { loop, engine } = ownedLoop();
  const seen: Record<string, unknown> = { outside: currentTask() };
  const note = (where: string): void => void (seen[where] = currentTask());
  loop.setExceptionHandler(({ message }) => note(message));
  const fd = engine.openDescriptor();
  engine.setReady(fd, 1);
  const task = loop.createTask(function* () {
    loop.callSoon(note, 'callback');
    loop.callLater(0, note, 'timer');
    loop.addReader(fd, () => {
      loop.removeReader(fd);
      note('reader');
    });
    loop.callExceptionHandler({ message: 'handler called by a task', exception: null });
    expect(currentTask()).toBe(task);
  });
  task.addDoneCallback(() => note('done callback'));
  loop.callSoon(() => {
    throw new Error('broken');
  });
  for (let turn = 0; turn < 3; turn++) loop.runOnce();
  expect(seen).toEqual({
    'outside': null,
    'callback': null,
    'timer': null,
    'reader': null,
    'done callback': null,
    'a callback threw': null,
    'handler called by a task': null,
  });
});

test('K16: there is no current task while unseen failures are reported at the end of a run', () => {
  const seen: unknown[] = [];
  virtualTime(function* () {
    getRunningLoop().setExceptionHandler(() => seen.push(currentTask()));
    void createTask(function* () {
      throw new Error('nobody looked');
    });
    yield* checkpoint();
  })();
  expect(seen).toEqual([null]);
});

test('K18: tasks are called Task-N, with N rising', () => {
  const { loop } = ownedLoop();
  const numbers = [1, 2, 3].map(() => Number(/^Task-(\d+)$/.exec(loop.createTask(function* () {}).name)?.[1]));
  expect(numbers).toEqual([numbers[0], numbers[0]! + 1, numbers[0]! + 2]);
  expect(ownedLoop().loop.createTask(function* () {}).name).toBe(`Task-${numbers[0]! + 3}`);
});

test('K18: a name is turned into text', () => {
  const { loop } = ownedLoop();
  const task = loop.createTask(function* () {}, { name: 7 as unknown as string });
  expect(task.name).toBe('7');
  task.name = null as unknown as string;
  expect(task.name).toBe('null');
});

test('K20: awaiting a coroutine directly is no switch: no tick, the same task', virtualTime(function* () {
  const failure = new Error('failure');
  function* inner(fail: boolean): Coroutine<Task<unknown> | null> {
    if (fail) throw failure;
    return currentTask();
  }
  const before = ticks();
  expect(yield* inner(false)).toBe(currentTask());
  try {
    void (yield* inner(true));
  } catch (error) {
    expect(error).toBe(failure);
  }
  expect(ticks()).toBe(before);
}));

/** A task that waits for a future which only its own frame holds. */
function makeHermit(): WeakRef<Future<unknown>> {
  const { loop } = ownedLoop();
  let hidden: WeakRef<Future<unknown>> | null = null;
  void loop.createTask(function* () {
    const future = loop.createFuture();
    hidden = new WeakRef(future);
    yield* future;
  });
  runReady(loop);
  loops.push(loop);
  return hidden as unknown as WeakRef<Future<unknown>>;
}
const loops: { metrics(): { readonly tasks: number } }[] = [];

test('K24: an unfinished task is kept, although nobody else refers to it or to what it waits for', async () => {
  const hidden = makeHermit();
  for (let i = 0; i < 5; i++) {
    await nodeTurn();
    collect();
  }
  expect(loops[0]?.metrics().tasks).toBe(1);
  expect(hidden.deref()?.done()).toBe(false);
});
