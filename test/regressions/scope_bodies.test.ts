// A scope's async body, and everything that a scope does for an async function, runs in a task that stands for the
// caller's. A scope used to ask that task as if it were somebody else: the request went through shields, and a body in a
// cancelled scope never began.
import {
  type CancelledError,
  CancelScope,
  currentTask,
  getRunningLoop,
  moveOnAfter,
  shielded,
  sleep,
} from '../../lib/index';
import { virtualTime } from '../../lib/testing';
import { colours, hosted } from '../tasks/support';

const now = (): number => getRunningLoop().time();

test('shielded: an async body goes on when a scope around it is cancelled', virtualTime(async () => {
  const log: number[] = [];
  const outer = await moveOnAfter(10, async () => {
    await shielded(async () => {
      await sleep(50);
      log.push(now());
    });
    await sleep(1);
  });
  expect([log, outer.cancelledCaught]).toEqual([[50], true]);
}));

test('shielded: cleans up in the finally block of an async function that a scope has cancelled', virtualTime(async () => {
  const log: number[] = [];
  await moveOnAfter(10, async () => {
    try {
      await sleep(1_000);
    } finally {
      await shielded(async () => {
        await sleep(50);
        log.push(now());
      });
    }
  });
  expect(log).toEqual([60]);
}));

test.each(colours)('moveOnAfter: of 0 runs an async body to its first checkpoint, in $name tasks', async ({ of }) => {
  const log: string[] = [];
  await hosted(of(function* () {
    yield moveOnAfter(0, async () => {
      log.push('begun');
      await sleep(1);
      log.push('not reached');
    });
  }))();
  expect(log).toEqual(['begun']);
});

test('CancelScope: an async body that cancels its own scope gets the error of the scope', virtualTime(async () => {
  const scope = new CancelScope();
  const seen: unknown[] = [];
  await scope.run(async () => {
    scope.cancel('own');
    for (let i = 0; i < 2; i++) {
      try {
        await sleep(1);
      } catch (error) {
        seen.push((error as CancelledError).scope);
      }
    }
  });
  expect(seen).toEqual([scope, scope]);
}));

test('CancelScope: an async body whose scope is cancelled has not been asked itself', virtualTime(async () => {
  const scope = new CancelScope();
  getRunningLoop().callLater(5, () => scope.cancel());
  await scope.run(async () => {
    await sleep(1_000);
  });
  expect([scope.cancelledCaught, currentTask()?.cancelling()]).toEqual([true, 0]);
}));
