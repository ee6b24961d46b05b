// Groups without a body: `await using` in async functions, `close()` in both colours.
import {
  type CancelledError,
  checkpoint,
  type Coroutine,
  createTask,
  currentTask,
  getRunningLoop,
  moveOnAfter,
  run,
  sleep,
  sleepForever,
  TaskGroup,
  withTaskGroup,
} from '../../lib/index';
import { SimulatedEngine, virtualTime } from '../../lib/testing';
import { codeOf, type Colour, colours, failing, hosted, messagesOf, outcomeOf, type Script, slowToEnd } from './support';

const now = (): number => getRunningLoop().time();

// Ends like `slowToEnd`, and notes the reason.
function* noting(ms: number, log: unknown[]): Coroutine<void> {
  const causes: CancelledError[] = [];
  try {
    yield* slowToEnd(ms, causes);
  } finally {
    log.push(...causes.map(({ reason }) => reason));
  }
}

async function thrownByAsync(body: () => Promise<unknown>): Promise<unknown> {
  try {
    await body();
  } catch (error) {
    return error;
  }
  throw new Error('nothing was thrown');
}

describe.each(colours)('$name: new TaskGroup()', (colour: Colour) => {
  // The test itself is a task of this colour.
  const inTask = <T>(script: Script<T>) =>
    hosted(function* () {
      yield* createTask(colour.of(script), { name: 'host' });
    });

  test('D43: waits for its children when it is closed', inTask(function* () {
    const log: string[] = [];
    const group = new TaskGroup();
    group.createTask(
      colour.of(function* () {
        yield sleep(5);
        log.push('child');
      }),
    );
    yield sleep(1);
    log.push('block');
    yield group.close();
    expect([log, now(), group.children.size]).toEqual([['block', 'child'], 5, 0]);
    expect(codeOf(() => group.createTask(failing('refused')))).toBe('ERR_CLOSED');
  }));

  test('D43: throws the failures of children when it is closed', inTask(function* () {
    const group = new TaskGroup({ name: 'pool' });
    group.createTask(failing('first'));
    let cut: unknown;
    let thrown: unknown;
    try {
      yield sleepForever();
    } catch (error) {
      cut = error;
    }
    try {
      yield group.close();
    } catch (error) {
      thrown = error;
    }
    expect([(cut as CancelledError).scope === group.scope, messagesOf(thrown)]).toEqual([true, ['first']]);
    // The scope is left, so the task goes on.
    yield sleep(1);
    expect(now()).toBe(1);
  }));

  test('D43: ends quietly after cancel()', inTask(function* () {
    const group = new TaskGroup();
    const child = group.createTask(() => slowToEnd(3));
    yield checkpoint();
    group.cancel('enough');
    yield group.close();
    expect([child.cancelled(), now(), group.scope.cancelledCaught]).toEqual([true, 3, true]);
    yield sleep(1);
  }));

  test('D43: closing twice does nothing the second time', inTask(function* () {
    const group = new TaskGroup();
    yield group.close();
    yield group.close();
    yield sleep(1);
    expect(now()).toBe(1);
  }));

  test('D43: is closed also when its task has been cancelled meanwhile', inTask(function* () {
    const log: unknown[] = [];
    const task = createTask(
      colour.of(function* () {
        const group = new TaskGroup();
        group.createTask(() => noting(10, log));
        try {
          yield sleepForever();
        } finally {
          yield group.close();
        }
      }),
    );
    yield sleep(1);
    task.cancel('asked');
    yield task.join();
    expect([task.cancelled(), log, now()]).toEqual([true, ['its task was cancelled'], 11]);
  }));

  test('D43: a cancellation of its task that it has not seen yet cancels the children', inTask(function* () {
    const log: unknown[] = [];
    const task = createTask(
      colour.of(function* () {
        const group = new TaskGroup();
        group.createTask(() => noting(10, log), { eager: true });
        task.cancel('asked');
        yield group.close();
        log.push('not reached');
      }),
    );
    yield task.join();
    expect([task.cancelled(), log, now()]).toEqual([true, ['asked'], 10]);
  }));

  test('D43: a cancellation while it is closing cancels the children and goes on after them', inTask(function* () {
    const log: unknown[] = [];
    const task = createTask(
      colour.of(function* () {
        const group = new TaskGroup();
        group.createTask(() => noting(10, log));
        yield group.close();
        log.push('not reached');
      }),
    );
    yield sleep(1);
    task.cancel('asked');
    yield task.join();
    expect([task.cancelled(), log, now()]).toEqual([true, ['asked'], 11]);
  }));

  test('D43: a scope around it cancels the children and catches its own', inTask(function* () {
    const log: unknown[] = [];
    const scope = (yield moveOnAfter(
      5,
      colour.of(function* () {
        const group = new TaskGroup();
        group.createTask(() => noting(10, log));
        yield group.close();
        log.push('not reached');
      }),
    )) as { cancelledCaught: boolean };
    expect([scope.cancelledCaught, log, now()]).toEqual([true, ['the deadline has passed'], 15]);
  }));

  test('D43: tasks that interleave have each their own', inTask(function* () {
    const log: string[] = [];
    const owner = (name: string, ms: number) =>
      createTask(
        colour.of(function* () {
          const group = new TaskGroup();
          group.createTask(() => slowToEnd(ms));
          yield sleep(ms);
          group.cancel();
          yield group.close();
          log.push(`${name} at ${now()}`);
        }),
      );
    const owners = [owner('slow', 10), owner('quick', 3)];
    for (const each of owners) yield each;
    expect(log).toEqual(['quick at 6', 'slow at 20']);
  }));

  test('D43: nests', inTask(function* () {
    const outer = new TaskGroup();
    const inner = new TaskGroup();
    const child = inner.createTask(() => slowToEnd(1));
    outer.cancel();
    try {
      yield inner.close();
    } catch (error) {
      expect((error as CancelledError).scope).toBe(outer.scope);
    }
    yield outer.close();
    expect([child.cancelled(), outer.scope.cancelledCaught, inner.scope.cancelledCaught]).toEqual([true, true, false]);
  }));

  test('D43: is closed in its own task only, and in order', inTask(function* () {
    const outer = new TaskGroup();
    const inner = new TaskGroup();
    const codes: unknown[] = [];
    const foreign = createTask(
      colour.of(function* () {
        yield outer.close();
      }),
    );
    try {
      yield foreign;
    } catch (error) {
      codes.push((error as { code: string }).code);
    }
    try {
      yield outer.close();
    } catch (error) {
      codes.push((error as { code: string }).code);
    }
    // Neither attempt has changed anything.
    const child = outer.createTask(() => slowToEnd(0));
    yield inner.close();
    outer.cancel();
    yield outer.close();
    expect([codes, child.cancelled()]).toEqual([['ERR_SCOPE_NESTING', 'ERR_SCOPE_NESTING'], true]);
  }));

  test('D43: a task that ends without closing it cancels the children', inTask(function* () {
    const log: unknown[] = [];
    yield createTask(
      colour.of(function* () {
        const group = new TaskGroup();
        group.createTask(() => noting(0, log));
        yield checkpoint();
      }),
    );
    yield sleep(1);
    expect(log).toEqual(['its task has ended without closing it']);
  }));

  test('D43: a group of a body is not closed by hand', inTask(function* () {
    const value: unknown = yield withTaskGroup((group) =>
      colour.of(function* () {
        try {
          yield group.close();
        } catch (error) {
          return (error as { code: string }).code;
        }
        return 'nothing was thrown';
      })(),
    );
    expect(value).toBe('ERR_SCOPE_NESTING');
  }));
});

test('D43: await using: waits for the children at the end of the block', hosted(async () => {
  const log: string[] = [];
  {
    await using group = new TaskGroup({ limit: 1 });
    for (const name of ['a', 'b']) {
      group.createTask(async () => {
        await sleep(5);
        log.push(name);
      });
    }
    await sleep(1);
    log.push('block');
  }
  expect([log, now()]).toEqual([['block', 'a', 'b'], 10]);
}));

test('D43: await using: a child that fails cuts the block short, and both errors are kept', hosted(async () => {
  const error = await thrownByAsync(async () => {
    await using group = new TaskGroup();
    group.createTask(failing('child'));
    await sleepForever();
  });
  const { error: closing, suppressed } = error as { error: unknown; suppressed: CancelledError };
  expect([(error as Error).name, messagesOf(closing), suppressed.code]).toEqual([
    'SuppressedError',
    ['child'],
    'ERR_CANCELLED',
  ]);
  await sleep(1);
}));

test('D43: await using: a failure of the block alone waits for the children and goes on', hosted(async () => {
  const log: string[] = [];
  const error = await thrownByAsync(async () => {
    await using group = new TaskGroup();
    group.createTask(async () => {
      await sleep(5);
      log.push('child');
    });
    throw new Error('block');
  });
  expect([(error as Error).message, log, now()]).toEqual(['block', ['child'], 5]);
}));

test('D43: await using: a task that is cancelled in the block ends its children', hosted(async () => {
  const log: unknown[] = [];
  const task = createTask(async () => {
    await using group = new TaskGroup();
    group.createTask(() => noting(10, log));
    await sleepForever();
  });
  await sleep(1);
  task.cancel('asked');
  expect(await createTask(() => outcomeOf(task))).toEqual(['cancelled', 'asked']);
  expect([log, now()]).toEqual([['its task was cancelled'], 11]);
}));

test('D43: needs a task', async () => {
  expect(codeOf(() => new TaskGroup())).toBe('ERR_NOT_IN_TASK');
  await run(
    function* () {
      const codes: unknown[] = [];
      getRunningLoop().callSoon(() => codes.push(codeOf(() => new TaskGroup())));
      yield* checkpoint();
      yield* checkpoint();
      expect(codes).toEqual(['ERR_NOT_IN_TASK']);
    },
    { engine: new SimulatedEngine() },
  );
});

test('TG1: needs a task: without one a group of a body gets one of its own', hosted(async () => {
  let seen: unknown;
  getRunningLoop().callSoon(() => {
    void withTaskGroup(function* () {
      seen = currentTask();
    }).then();
  });
  await sleep(1);
  expect(seen).not.toBe(currentTask());
}));

test('D43: refuses a limit and options that are none, and the task goes on in its own scope', virtualTime(function* () {
  expect(codeOf(() => new TaskGroup({ limit: 0 }))).toBe('ERR_OUT_OF_RANGE');
  expect(codeOf(() => new TaskGroup(7 as never))).toBe('ERR_INVALID_ARG_TYPE');
  yield* checkpoint();
}));

test('D43: closing it while it is being closed is refused', hosted(async () => {
  const group = new TaskGroup();
  group.createTask(() => slowToEnd(0));
  const closing = group.close().then();
  expect((await thrownByAsync(() => group.close().then()) as { code: string }).code).toBe('ERR_BUSY');
  group.cancel();
  await closing;
}));

test('D43: a failure after its task has ended is reported', async () => {
  const ended = run(
    function* () {
      yield* createTask(function* () {
        const group = new TaskGroup();
        group.createTask(function* () {
          try {
            yield* sleepForever();
          } finally {
            throw new Error('clean-up');
          }
        });
        yield* checkpoint();
        yield* checkpoint();
      });
      yield* sleep(1);
    },
    { engine: new SimulatedEngine(), unhandled: 'throw' },
  );
  await expect(ended).rejects.toThrow('clean-up');
});
