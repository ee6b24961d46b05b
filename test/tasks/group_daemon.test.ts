// Daemon children of a group: they end with it, they do not keep it open.
import {
  type CancelledError,
  checkpoint,
  currentTask,
  getRunningLoop,
  sleep,
  sleepForever,
  type TaskStatus,
  withTaskGroup,
} from '../../lib/index';
import { virtualTime } from '../../lib/testing';
import { colours, groupIn, hosted, messagesOf, thrownByGroup } from './support';

const now = (): number => getRunningLoop().time();
const daemon = { daemon: true } as const;

describe.each(colours)('$name: a daemon', (colour) => {
  test('NU15: is cancelled when body and children have ended, and awaited', hosted(function* () {
    const log: unknown[] = [];
    const value = yield* groupIn(colour, function* (group) {
      group.createTask(
        colour.of(function* () {
          try {
            for (;;) yield sleep(4);
          } catch (error) {
            log.push(now(), (error as CancelledError).reason, (error as CancelledError).origin);
            throw error;
          } finally {
            log.push('cleaned up');
          }
        }),
        daemon,
      );
      group.createTask(
        colour.of(function* () {
          yield sleep(10);
        }),
      );
      yield sleep(3);
      return [group.children.size, 'value'];
    });
    const cause = 'all other tasks of the group have ended';
    expect([value, log]).toEqual([[2, 'value'], [10, cause, { task: currentTask()?.name, source: 'group' }, 'cleaned up']]);
  }));

  test('NU15: is cancelled at each checkpoint', hosted(function* () {
    let caught = 0;
    yield* groupIn(colour, function* (group) {
      group.createTask(
        colour.of(function* () {
          for (let i = 0; i < 3; i++) {
            try {
              yield sleepForever();
            } catch {
              caught++;
            }
          }
        }),
        daemon,
      );
      yield checkpoint();
    });
    expect(caught).toBe(3);
  }));

  test('a failure of it is one of the group', hosted(function* () {
    const error = yield* thrownByGroup(
      groupIn(colour, function* (group) {
        group.createTask(
          colour.of(function* () {
            yield sleep(1);
            throw new Error('daemon');
          }),
          daemon,
        );
        yield sleepForever();
      }),
    );
    expect([messagesOf(error), now()]).toEqual([['daemon'], 1]);
  }));

  test('a failure while it is cancelled is one of the group too', hosted(function* () {
    const error = yield* thrownByGroup(
      groupIn(colour, function* (group) {
        group.createTask(
          colour.of(function* () {
            try {
              yield sleepForever();
            } finally {
              throw new Error('clean-up');
            }
          }),
          daemon,
        );
        yield checkpoint();
      }),
    );
    expect(messagesOf(error)).toEqual(['clean-up']);
  }));
});

test('daemon: children that it starts while it ends are awaited', virtualTime(function* () {
  const log: string[] = [];
  yield* withTaskGroup(function* (group) {
    group.createTask(function* () {
      try {
        yield* sleepForever();
      } finally {
        group.createTask(function* () {
          yield* sleep(5);
          log.push(`flushed at ${now()}`);
        });
      }
    }, daemon);
    yield* checkpoint();
  });
  expect([log, now()]).toEqual([['flushed at 5'], 5]);
}));

test('daemon: one that is started later is cancelled as well', virtualTime(function* () {
  let begun = 0;
  yield* withTaskGroup(function* (group) {
    const again = function* () {
      begun++;
      try {
        yield* sleepForever();
      } finally {
        if (begun < 3) group.createTask(again, daemon);
      }
    };
    group.createTask(again, daemon);
    yield* checkpoint();
  });
  expect(begun).toBe(3);
}));

test('daemon: does not take a turn of a limit', virtualTime(function* () {
  yield* withTaskGroup(
    function* (group) {
      group.createTask(function* () {
        yield* sleepForever();
      }, daemon);
      group.createTask(function* () {
        yield* sleep(5);
      });
    },
    { limit: 1 },
  );
  expect(now()).toBe(5);
}));

test('daemon: one that was started ends with the group; until it has started it keeps the group open', virtualTime(
  function* () {
    const log: string[] = [];
    yield* withTaskGroup(function* (group) {
      group
        .start(function* (status: TaskStatus<void>) {
          yield* sleep(5);
          status.started();
          try {
            yield* sleepForever();
          } finally {
            log.push(`ended at ${now()}`);
          }
        }, daemon)
        .addDoneCallback(() => log.push(`started at ${now()}`));
      yield* checkpoint();
    });
    expect([log.sort(), now()]).toEqual([['ended at 5', 'started at 5'], 5]);
  },
));

test('daemon: a request to the task while daemons end goes on after them', virtualTime(function* () {
  const error = yield* thrownByGroup(
    withTaskGroup(function* (group) {
      const host = currentTask();
      group.createTask(function* () {
        try {
          yield* sleepForever();
        } finally {
          host?.cancel('asked');
        }
      }, daemon);
      yield* checkpoint();
    }),
  );
  expect((error as CancelledError).reason).toBe('asked');
}));
