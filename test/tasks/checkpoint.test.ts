// checkpoint: lets everybody else who is ready run once, and looks for a cancellation.
import { checkpoint, createTask, getRunningLoop, type Operation, type Suspension } from '../../lib/index';
import { virtualTime } from '../../lib/testing';
import { withCode } from '../helpers/failures';
import { colours, hosted, outcomeOf, ticks } from './support';

describe.each(colours)('$name tasks', ({ of }) => {
  test('K22: checkpoint: two tasks that pass them alternate', hosted(function* () {
    const log: string[] = [];
    const looping = (name: string): ReturnType<typeof of<void>> =>
      of(function* () {
        for (let i = 0; i < 3; i++) {
          log.push(`${name}${i}`);
          yield checkpoint();
        }
      });
    const tasks = [createTask(looping('a')), createTask(looping('b'))];
    for (const task of tasks) yield* task;
    expect(log).toEqual(['a0', 'b0', 'a1', 'b1', 'a2', 'b2']);
  }));

  test('checkpoint: everything that is ready runs before its caller goes on', hosted(function* () {
    const log: string[] = [];
    const task = createTask(of(function* () {
      getRunningLoop().callSoon(() => log.push('callback'));
      void createTask(of(function* () {
        log.push('task');
      }));
      yield checkpoint();
      log.push('caller');
    }));
    yield* outcomeOf(task);
    expect(log).toEqual(['callback', 'task', 'caller']);
  }));

  test('checkpoint: cancelled while it waits, it throws', hosted(function* () {
    const log: string[] = [];
    const task = createTask(of(function* () {
      log.push('before');
      yield checkpoint();
      log.push('after');
    }));
    yield* ticks(1);
    task.cancel('now');
    expect(yield* outcomeOf(task)).toEqual(['cancelled', 'now']);
    expect(log).toEqual(['before']);
  }));

  test('checkpoint: when cancelled already, it throws before it yields', hosted(function* () {
    const task = createTask(of(function* () {
      task.cancel('already');
      yield checkpoint();
    }));
    expect(yield* outcomeOf(task)).toEqual(['cancelled', 'already']);
  }));

  test('checkpoint: one object can be awaited again and again', hosted(function* () {
    const again = checkpoint();
    const before = getRunningLoop().metrics().ticks;
    const task = createTask(of(function* () {
      yield again;
      yield again;
    }));
    yield* outcomeOf(task);
    expect(getRunningLoop().metrics().ticks - before).toBeGreaterThanOrEqual(3);
  }));

  test('checkpoint: one object thrown out of can be awaited again', hosted(function* () {
    const again = checkpoint();
    const task = createTask(of(function* () {
      try {
        yield again;
      } catch {
        yield again;
      }
      return 'went on';
    }));
    yield* ticks(1);
    task.cancel();
    expect(yield* outcomeOf(task)).toEqual(['value', 'went on']);
  }));
});

test('K19: checkpoint: it takes one tick', virtualTime(function* () {
  const before = getRunningLoop().metrics().ticks;
  yield* checkpoint();
  expect(getRunningLoop().metrics().ticks - before).toBe(1);
}));

test('checkpoint: driven by anything but a task it throws', virtualTime(function* () {
  const bare = checkpoint() as Operation<void> & Iterable<Suspension>;
  getRunningLoop().callSoon(() => {
    expect(() => [...bare]).toThrow(withCode('ERR_NOT_IN_TASK', /yield\*/));
    seen.push('thrown');
  });
  const seen: string[] = [];
  yield* ticks(2);
  expect(seen).toEqual(['thrown']);
}));

test('checkpoint: outside a run it rejects or throws', async () => {
  await expect((async () => await checkpoint())()).rejects.toThrow(withCode('ERR_NO_RUNNING_LOOP'));
  expect(() => [...(checkpoint() as Operation<void> & Iterable<unknown>)]).toThrow(withCode('ERR_NOT_IN_TASK'));
});
