// Context variables: who sees which value.
import { checkpoint, Context, ContextVar, copyContext, type Coroutine, createTask, getRunningLoop, sleep } from '../../lib';
import { ReadyBits } from '../../lib/engine/abi';
import { virtualTime } from '../../lib/testing';
import { withCode } from '../helpers/failures';
import { keepReports, ownedLoop, runReady } from '../helpers/owned_loop';

let variable: ContextVar<string>;
beforeEach(() => {
  variable = new ContextVar('variable', { default: 'default' });
});

test('CV1, K17: a task starts with its creator’s values', virtualTime(function* () {
  variable.set('creator');
  const task = createTask(function* () {
    return variable.get();
  });
  expect(yield* task).toBe('creator');
}));

test('CV1: what the creator sets later does not reach the task', virtualTime(function* () {
  variable.set('before');
  const task = createTask(function* () {
    yield* checkpoint();
    return variable.get();
  });
  variable.set('after');
  expect(yield* task).toBe('before');
}));

test('CV1: what a task sets reaches neither its creator nor its siblings', virtualTime(function* () {
  const seen: (string | undefined)[] = [];
  function* child(name: string): Coroutine<void> {
    variable.set(name);
    yield* sleep(1);
    seen.push(variable.get());
  }
  const tasks = [createTask(child('a')), createTask(child('b'))];
  for (const task of tasks) yield* task;
  expect([...seen, variable.get()]).toEqual(['a', 'b', 'default']);
}));

test('CV1: values are kept over waits, in async functions too', virtualTime(async () => {
  const both = [
    createTask(async () => {
      variable.set('async');
      await sleep(1);
      await Promise.resolve();
      return variable.get();
    }),
    createTask(function* () {
      variable.set('generator');
      yield* sleep(1);
      return variable.get();
    }),
  ];
  expect([await both[0], await both[1], variable.get()]).toEqual(['async', 'generator', 'default']);
}));

test('CV1: an eager task has a copy as well', virtualTime(function* () {
  variable.set('creator');
  const task = createTask(
    function* () {
      variable.set('child');
    },
    { eager: true },
  );
  yield* task;
  expect(variable.get()).toBe('creator');
}));

test('CV1: a coroutine that is awaited directly shares the values of its task', virtualTime(function* () {
  function* inner(): Coroutine<void> {
    variable.set('inner');
  }
  yield* inner();
  expect(variable.get()).toBe('inner');
}));

test('CV2, H12: callSoon, callLater and callAt run with the values of their scheduling', virtualTime(function* () {
  const loop = getRunningLoop();
  const seen: (string | undefined)[] = [];
  const note = (): void => void seen.push(variable.get());
  variable.set('scheduled');
  loop.callSoon(note);
  loop.callLater(1, note);
  loop.callAt(2, note);
  variable.set('changed');
  loop.callSoon(note);
  yield* sleep(5);
  expect(seen).toEqual(['scheduled', 'changed', 'scheduled', 'scheduled']);
}));

test('H12: what a callback sets reaches what it schedules, and nobody else', () => {
  const { loop } = ownedLoop();
  const seen: (string | undefined)[] = [];
  loop.callSoon(() => {
    variable.set('first');
    loop.callSoon(() => seen.push(variable.get()));
  });
  loop.callSoon(() => seen.push(variable.get()));
  runReady(loop);
  expect([...seen, variable.get()]).toEqual(['default', 'first', 'default']);
});

test('CV2, F10: a done callback runs with the values of its adding', virtualTime(function* () {
  const future = getRunningLoop().createFuture<void>();
  const seen: (string | undefined)[] = [];
  variable.set('added');
  future.addDoneCallback(() => seen.push(variable.get()));
  variable.set('done');
  future.setResult();
  future.addDoneCallback(() => seen.push(variable.get()));
  yield* checkpoint();
  expect(seen).toEqual(['added', 'done']);
}));

test('CV2: a reader runs with the values of its adding, and keeps what it sets', () => {
  const { loop, engine } = ownedLoop();
  const fd = engine.openDescriptor();
  const seen: (string | undefined)[] = [];
  void loop.createTask(function* () {
    variable.set('0');
    loop.addReader(fd, () => {
      seen.push(variable.get());
      variable.set(String(seen.length));
    });
  });
  runReady(loop);
  engine.setReady(fd, ReadyBits.readable);
  for (let turn = 0; turn < 3; turn++) loop.runOnce();
  expect([...seen, variable.get()]).toEqual(['0', '1', '2', 'default']);
});

test('CV3, K17, D41: a context that is given is shared by the tasks it is given to', virtualTime(function* () {
  const context = copyContext();
  const seen: (string | undefined)[] = [];
  function* child(value: string): Coroutine<void> {
    seen.push(variable.get());
    variable.set(value);
  }
  yield* createTask(child('1'), { context });
  yield* createTask(child('2'), { context });
  expect([...seen, context.get(variable), variable.get()]).toEqual(['default', '1', '2', 'default']);
}));

test('CV4: what a done callback sets does not reach the task that awaits', virtualTime(function* () {
  const future = getRunningLoop().createFuture<void>();
  variable.set('task');
  future.addDoneCallback(() => variable.set('callback'));
  getRunningLoop().callSoon(() => future.setResult());
  yield* future;
  yield* checkpoint();
  expect(variable.get()).toBe('task');
}));

test('CV5: the exception handler runs with the values of the callback that failed', virtualTime(function* () {
  const seen: (string | undefined)[] = [];
  getRunningLoop().setExceptionHandler(() => seen.push(variable.get()));
  variable.set('scheduled');
  getRunningLoop().callSoon(() => {
    variable.set('callback');
    throw new Error('broken');
  });
  variable.set('changed');
  yield* checkpoint();
  expect(seen).toEqual(['callback']);
}));

test('CV5: the exception handler runs with the values of the task that failed', () => {
  const seen: (string | undefined)[] = [];
  virtualTime(function* () {
    getRunningLoop().setExceptionHandler(() => seen.push(variable.get()));
    void createTask(function* () {
      variable.set('failed task');
      yield* checkpoint();
      throw new Error('nobody looked');
    });
    yield* sleep(1);
  })();
  expect(seen).toEqual(['failed task']);
});

test('CV5: a task that calls the exception handler lends it its values', virtualTime(function* () {
  const seen: (string | undefined)[] = [];
  getRunningLoop().setExceptionHandler(() => seen.push(variable.get()));
  variable.set('task');
  getRunningLoop().callExceptionHandler({ message: 'by hand', exception: null });
  expect(seen).toEqual(['task']);
}));

test('D41: copyContext gives an independent copy', virtualTime(function* () {
  variable.set('now');
  const copy = copyContext();
  variable.set('later');
  expect(copy).toBeInstanceOf(Context);
  expect([copy.get(variable), copy.has(variable as never)]).toEqual(['now', true]);
  copy.run(() => variable.set('in the copy'));
  expect([copy.get(variable), variable.get()]).toEqual(['in the copy', 'later']);
}));

test('D41: a copy of a copy is independent too', () => {
  const context = copyContext();
  context.run(() => variable.set('a'));
  const copy = context.copy();
  copy.run(() => variable.set('b'));
  expect([context.get(variable), copy.get(variable)]).toEqual(['a', 'b']);
});

test('context: run gives what its function gives, and passes its failure on', () => {
  const context = copyContext();
  expect(context.run((a: number, b: number) => a + b, 1, 2)).toBe(3);
  const fail = (): never => {
    throw new RangeError('inside');
  };
  expect(() => context.run(fail)).toThrow(RangeError);
  expect(variable.get()).toBe('default');
});

test('context variable: reset puts back what was there before', virtualTime(function* () {
  const first = variable.set('first');
  const second = variable.set('second');
  variable.reset(second);
  expect(variable.get()).toBe('first');
  variable.reset(first);
  expect(variable.get()).toBe('default');
}));

test('context variable: a token of another variable or context is refused', virtualTime(function* () {
  const token = variable.set('value');
  const other = new ContextVar<string>('other');
  expect(() => other.reset(token)).toThrow(withCode('ERR_INVALID_STATE', /other/));
  const task = createTask(function* () {
    variable.reset(token);
  });
  yield* task.join();
  expect(task.exception()).toEqual(withCode('ERR_INVALID_STATE'));
}));

test('context variable: get takes a fallback, and knows unset variables', () => {
  const unset = new ContextVar<string>('unset');
  expect([unset.get(), unset.get('fallback'), variable.get('fallback')]).toEqual([undefined, 'fallback', 'fallback']);
});

test('CV1: values do not outlive their run', () => {
  const { loop } = ownedLoop();
  keepReports(loop);
  loop.runUntilComplete(function* () {
    variable.set('inside');
  });
  expect(variable.get()).toBe('default');
});
