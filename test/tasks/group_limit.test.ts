// Groups with a limit: who waits for a turn has not run a line.
import {
  checkpoint,
  type Coroutine,
  createTask,
  EventLoop,
  getRunningLoop,
  moveOnAfter,
  run,
  sleep,
  sleepForever,
  type TaskStatus,
  wait,
  withTaskGroup,
} from '../../lib/index';
import { SimulatedEngine, virtualTime } from '../../lib/testing';
import { codeOf, colours, failing, groupIn, hosted, messagesOf, outcomeOf, thrownByGroup } from './support';

const now = (): number => getRunningLoop().time();

describe.each(colours)('$name: a group with a limit', (colour) => {
  test('runs at most so many children at once, in order of creation', hosted(function* () {
    const log: string[] = [];
    let running = 0;
    let most = 0;
    yield* groupIn(
      colour,
      function* (group) {
        for (const name of ['a', 'b', 'c', 'd', 'e']) {
          group.createTask(
            colour.of(function* () {
              log.push(`${name} at ${now()}`);
              most = Math.max(most, ++running);
              yield sleep(10);
              running--;
            }),
          );
        }
        yield checkpoint();
      },
      { limit: 2 },
    );
    expect([log, most, now()]).toEqual([['a at 0', 'b at 0', 'c at 10', 'd at 10', 'e at 20'], 2, 30]);
  }));

  test('task.cancel() takes a child out of the line, and it never runs', hosted(function* () {
    const log: string[] = [];
    yield* groupIn(
      colour,
      function* (group) {
        const make = (name: string) =>
          group.createTask(
            colour.of(function* () {
              log.push(name);
              yield sleep(10);
            }),
          );
        const [, second] = [make('first'), make('second'), make('third')];
        second?.cancel('not needed');
        if (second !== undefined) yield wait([second]);
        log.push(`second cancelled at ${now()}: ${second?.cancelled()}, ${group.children.size} left`);
      },
      { limit: 1 },
    );
    expect([log, now()]).toEqual([['first', 'second cancelled at 0: true, 2 left', 'third'], 20]);
  }));

  test('a failure cancels those that wait, which never run', hosted(function* () {
    const log: string[] = [];
    const error = yield* thrownByGroup(
      groupIn(
        colour,
        function* (group) {
          group.createTask(
            colour.of(function* () {
              yield sleep(5);
              throw new Error('first');
            }),
          );
          for (let i = 0; i < 3; i++) group.createTask(colour.of(function* () { log.push('not reached'); }));
        },
        { limit: 1 },
      ),
    );
    expect([messagesOf(error), log, now()]).toEqual([['first'], [], 5]);
  }));

  test('a child that waits can be awaited, and its waiter cancels it', hosted(function* () {
    const log: string[] = [];
    yield* groupIn(
      colour,
      function* (group) {
        group.createTask(colour.of(function* () { yield sleep(20); }));
        const child = group.createTask(colour.of(function* () { log.push('not reached'); }));
        yield moveOnAfter(
          5,
          colour.of(function* () {
            yield child;
          }),
        );
        log.push(`given up at ${now()}`);
      },
      { limit: 1 },
    );
    expect([log, now()]).toEqual([['given up at 5'], 20]);
  }));
});

test('limit: the coroutine of a child that is cancelled in the line is closed', virtualTime(function* () {
  const coroutine = failing('never runs');
  yield* withTaskGroup(
    function* (group) {
      group.createTask(function* () {
        yield* sleep(1);
      });
      const child = group.createTask(coroutine);
      child.cancel('why');
      expect(yield* outcomeOf(child)).toEqual(['cancelled', 'why']);
    },
    { limit: 1 },
  );
  expect(coroutine.next()).toEqual({ done: true, value: undefined });
}));

test('limit: the others keep their order when some leave from the middle and the ends', virtualTime(function* () {
  const log: number[] = [];
  yield* withTaskGroup(
    function* (group) {
      const children = Array.from({ length: 8 }, (_, i) =>
        group.createTask(function* () {
          log.push(i);
          yield* sleep(1);
        }),
      );
      for (const i of [1, 4, 7, 6]) children[i]?.cancel();
      yield* sleep(2);
      children[5]?.cancel();
      group.createTask(function* () {
        log.push(8);
      });
    },
    { limit: 1 },
  );
  expect(log).toEqual([0, 2, 3, 8]);
}));

test('limit: in a cancelled group a child without a turn never runs; one that gets it runs to its checkpoint', virtualTime(
  function* () {
    const log: string[] = [];
    const noting = (name: string) =>
      function* (): Coroutine<void> {
        log.push(name);
        yield* checkpoint();
        log.push('not reached');
      };
    yield* withTaskGroup(
      function* (group) {
        group.cancel();
        group.createTask(noting('first'));
        group.createTask(noting('second'));
      },
      { limit: 1 },
    );
    expect(log).toEqual(['first']);
  },
));

test('limit: eager children begin at once while there is room, and wait when there is none', virtualTime(function* () {
  const log: string[] = [];
  yield* withTaskGroup(
    function* (group) {
      for (const name of ['a', 'b']) {
        group.createTask(
          function* () {
            log.push(name);
            yield* sleep(1);
          },
          { eager: true },
        );
      }
      log.push('body');
    },
    { limit: 1 },
  );
  expect(log).toEqual(['a', 'body', 'b']);
}));

test('limit: a child that is being started has a turn, and waits for it', virtualTime(function* () {
  const log: string[] = [];
  yield* withTaskGroup(
    function* (group) {
      group.createTask(function* () {
        yield* sleep(5);
      });
      yield* group.start(function* (status: TaskStatus<void>) {
        log.push(`begins at ${now()}`);
        status.started();
        yield* sleep(5);
      });
      group.createTask(function* () {
        log.push(`next at ${now()}`);
      });
    },
    { limit: 1 },
  );
  expect(log).toEqual(['begins at 5', 'next at 10']);
}));

test('limit: a start that is cancelled in the line gives its place back', virtualTime(function* () {
  const log: string[] = [];
  yield* withTaskGroup(
    function* (group) {
      group.createTask(function* () {
        yield* sleep(5);
      });
      yield* moveOnAfter(1, function* () {
        yield* group.start(function* () {
          log.push('not reached');
        });
      });
      group.createTask(function* () {
        log.push(`next at ${now()}`);
      });
    },
    { limit: 1 },
  );
  expect(log).toEqual(['next at 5']);
}));

test('limit: must be a whole number of at least 1', () => {
  const codes = [0, -1, 1.5, NaN, '2', null].map((limit) =>
    codeOf(() => withTaskGroup(function* () {}, { limit: limit as number })),
  );
  const [range, type] = ['ERR_OUT_OF_RANGE', 'ERR_INVALID_ARG_TYPE'];
  expect(codes).toEqual([range, range, range, range, type, type]);
});

test('limit: Infinity is none', virtualTime(function* () {
  yield* withTaskGroup(
    function* (group) {
      for (let i = 0; i < 10; i++) {
        group.createTask(function* () {
          yield* sleep(5);
        });
      }
    },
    { limit: Infinity },
  );
  expect(now()).toBe(5);
}));

test('limit: a loop that is closed abandons children in the line', () => {
  const loop = new EventLoop({ engine: new SimulatedEngine() });
  const messages: unknown[] = [];
  loop.setExceptionHandler(({ message }) => messages.push(message));
  const coroutine = failing('never runs');
  loop.createTask(function* () {
    yield* withTaskGroup(
      function* (group) {
        group.createTask(
          function* () {
            yield* sleepForever();
          },
          { name: 'first' },
        );
        group.createTask(coroutine, { name: 'second' });
        group.createTask(failing('neither'), { name: 'third' });
        yield* sleepForever();
      },
      { limit: 1 },
    );
  }, { name: 'host' });
  loop.runOnce();
  loop.runOnce();
  loop.close();
  const names = ['host', 'first', 'second', 'third'];
  expect(messages).toEqual(names.map((name) => `${name} was abandoned: it did not end when cancelled`));
  expect(coroutine.next()).toEqual({ done: true, value: undefined });
});

test('limit: a run that ends cancels children in the line', async () => {
  const log: string[] = [];
  await run(
    function* () {
      createTask(function* () {
        yield* withTaskGroup(
          function* (group) {
            for (let i = 0; i < 3; i++) {
              group.createTask(function* () {
                log.push('begun');
                yield* sleepForever();
              });
            }
          },
          { limit: 1 },
        );
      });
      yield* sleep(5);
    },
    { engine: new SimulatedEngine() },
  );
  expect(log).toEqual(['begun']);
});
