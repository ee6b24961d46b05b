// Eager start: the first step runs inside createTask.
import {
  allTasks,
  checkpoint,
  ContextVar,
  createTask,
  currentTask,
  EventLoop,
  eagerTaskFactory,
  gather,
  getRunningLoop,
  run,
  runBlocking,
  sleep,
  sleepForever,
  type Task,
} from '../../lib/index';
import { SimulatedEngine, virtualTime } from '../../lib/testing';
import { withCode } from '../helpers/failures';
import { colours, failing, hosted, outcomeOf, ticks, trivial } from './support';

const eager = { eager: true } as const;

test('E1: eager: on a loop that does not run the task is scheduled as any other', () => {
  const loop = new EventLoop({ engine: new SimulatedEngine() });
  const log: string[] = [];
  const task = loop.createTask(function* () {
    log.push('step');
  }, eager);

  expect([log, task.done()]).toEqual([[], false]);
  loop.runUntilComplete(task);
  expect(log).toEqual(['step']);
  loop.close();
});

describe.each(colours)('$name tasks', ({ of }) => {
  test('E2: eager: the first step runs inside createTask, which restores the current task', hosted(function* () {
    const creator = currentTask();
    let inside: unknown;
    const task = createTask(of(function* () {
      inside = currentTask();
      yield sleepForever();
    }), eager);

    expect(inside).toBe(task);
    expect(currentTask()).toBe(creator);
    task.cancel();
  }));

  test('E2: eager: the current task is restored after a first step that throws', hosted(function* () {
    const creator = currentTask();
    const task = createTask(of(function* () {
      throw new Error('at once');
    }), eager);

    expect(currentTask()).toBe(creator);
    expect(yield* outcomeOf(task)).toEqual(['failed', new Error('at once')]);
  }));

  test('E3: eager: variables set in the first step stay in the task', hosted(function* () {
    const variable = new ContextVar<string>('where');
    variable.set('creator');
    const seen: unknown[] = [];
    const task = createTask(of(function* () {
      seen.push(variable.get());
      variable.set('task');
      yield checkpoint();
      seen.push(variable.get());
    }), eager);

    expect(variable.get()).toBe('creator');
    yield* outcomeOf(task);
    expect(seen).toEqual(['creator', 'task']);
    expect(variable.get()).toBe('creator');
  }));

  test('E6: eager: a task that blocks goes on as any other', hosted(function* () {
    const log: string[] = [];
    const task = createTask(of(function* () {
      log.push('first');
      yield sleep(10);
      log.push('second');
      return getRunningLoop().time();
    }), eager);

    expect([log, task.done()]).toEqual([['first'], false]);
    expect(yield* outcomeOf(task)).toEqual(['value', 10]);
    expect(log).toEqual(['first', 'second']);
  }));

  test('E7: eager: the task is listed during its first step and not after its end', hosted(function* () {
    let listed: boolean | undefined;
    const task = createTask(of(function* () {
      listed = allTasks().has(currentTask() as Task<unknown>);
    }), eager);

    expect(listed).toBe(true);
    yield* outcomeOf(task);
    expect(allTasks().has(task)).toBe(false);
  }));

  test('E11, D30: eager: a task that cancels itself is cancelled at its next wait', hosted(function* () {
    const timers = getRunningLoop().metrics().timers;
    const log: string[] = [];
    const task = createTask(of(function* () {
      (currentTask() as Task<unknown>).cancel('me');
      log.push('went on');
      yield sleep(10);
      log.push('never');
    }), eager);

    expect([log, task.cancelling()]).toEqual([['went on'], 1]);
    expect(yield* outcomeOf(task)).toEqual(['cancelled', 'me']);
    expect([log, getRunningLoop().metrics().timers]).toEqual([['went on'], timers]);
  }));

  test('E13: eager: name and context are there in the first step', hosted(function* () {
    let seen: string | undefined;
    const task = createTask(of(function* () {
      seen = currentTask()?.name;
    }), { eager: true, name: 'worker' });

    expect(seen).toBe('worker');
    yield* outcomeOf(task);
  }));

  test('E14: eager: without the option the body runs after the creator has gone on', hosted(function* () {
    const log: string[] = [];
    const task = createTask(of(function* () {
      log.push('body');
    }));
    log.push('creator');

    yield* outcomeOf(task);
    expect(log).toEqual(['creator', 'body']);
  }));

  test('E15: eager: a nested run in the first step is refused', hosted(function* () {
    const task = createTask(of(function* () {
      void run(trivial(1));
    }), eager);
    const blocking = createTask(of(function* () {
      runBlocking(trivial(1));
    }), eager);

    expect(yield* outcomeOf(task)).toEqual(['failed', withCode('ERR_LOOP_RUNNING')]);
    expect(yield* outcomeOf(blocking)).toEqual(['failed', withCode('ERR_LOOP_RUNNING')]);
  }));
});

test('E4: eager: a task that ends without blocking is done on return', virtualTime(function* () {
  const task = createTask(trivial('value'), eager);
  expect([task.done(), task.result()]).toEqual([true, 'value']);
}));

test('E4: eager: a failure is kept in the task and not thrown by createTask', virtualTime(function* () {
  const task = createTask(failing('kept'), eager);
  expect(task.done()).toBe(true);
  expect(task.exception()).toHaveProperty('message', 'kept');
}));

test('E8: eager: a callback on a task that is done already is scheduled, not called', virtualTime(function* () {
  const log: string[] = [];
  const task = createTask(trivial(1), eager);
  task.addDoneCallback(() => log.push('callback'));
  log.push('added');

  expect(log).toEqual(['added']);
  yield* ticks(1);
  expect(log).toEqual(['added', 'callback']);
}));

test('E9: eager: gather of coroutines that all end in their first step is done on return', virtualTime(function* () {
  getRunningLoop().setTaskFactory(eagerTaskFactory);
  const gathering = gather(trivial(1), trivial(2));
  getRunningLoop().setTaskFactory(null);

  expect([gathering.done(), gathering.result()]).toEqual([true, [1, 2]]);
}));

test('E12: eager: cancelling a task that is done already changes nothing', virtualTime(function* () {
  const task = createTask(trivial('value'), eager);
  expect(task.cancel()).toBe(false);
  expect([task.cancelled(), task.cancelling(), task.result()]).toEqual([false, 0, 'value']);
}));

test('E13: eagerTaskFactory: the body sees the name that was given', virtualTime(function* () {
  const seen: unknown[] = [];
  getRunningLoop().setTaskFactory(eagerTaskFactory);
  void createTask(function* () {
    seen.push(currentTask()?.name);
  }, { name: 'named' });
  getRunningLoop().setTaskFactory(null);

  expect(seen).toEqual(['named']);
}));

test('E14: eagerTaskFactory: it makes all tasks eager until it is taken back', virtualTime(function* () {
  const log: string[] = [];
  const body = function* (): Generator<never, void, unknown> {
    log.push('body');
  };
  getRunningLoop().setTaskFactory(eagerTaskFactory);
  void createTask(body);
  expect(log).toEqual(['body']);
  getRunningLoop().setTaskFactory(null);
  void createTask(body);
  expect(log).toEqual(['body']);
  yield* ticks(1);
  expect(log).toEqual(['body', 'body']);
}));

test('E16: eager: a task that is done on return holds no coroutine', virtualTime(function* () {
  expect(createTask(trivial(1), eager).coroutine).toBeNull();
}));

test('E2: eager: eager tasks that create eager tasks nest, each restored in turn', virtualTime(function* () {
  const log: (string | undefined)[] = [];
  void createTask(function* () {
    void createTask(function* () {
      log.push(currentTask()?.name);
      yield* checkpoint();
    }, { eager: true, name: 'inner' });
    log.push(currentTask()?.name);
  }, { eager: true, name: 'outer' });
  yield* ticks(1);

  expect(log).toEqual(['inner', 'outer']);
}));
