// What an async function awaits in a scope runs in a task of its own. Nothing that concerns the function gets lost there.
import { type CancelledError, CancelScope, createTask, getRunningLoop, sleep, withTaskGroup } from '../../lib/index';
import { hosted } from '../tasks/support';

test('regression: a request that comes too late for a part is seen by its async function', hosted(function* () {
  const log: string[] = [];
  const gate = getRunningLoop().createFuture<void>();
  const task = createTask(async () => {
    await new CancelScope().run(function* () {
      yield* gate;
      log.push('part');
    });
    log.push('function');
    await sleep(1);
    log.push('not reached');
  });
  yield* sleep(1);
  gate.setResult();
  task.cancel('late');
  yield* task.join();
  expect([task.cancelled(), log]).toEqual([true, ['part', 'function']]);
}));

test('regression: a cancellation by an async function names it, not the task of its part', hosted(function* () {
  const origins: unknown[] = [];
  const cancelOne = async (): Promise<void> => {
    const scope = new CancelScope();
    await scope.run(async () => {
      await sleep(1);
      scope.cancel();
      await sleep(1).then(undefined, (error: unknown) => origins.push((error as CancelledError).origin));
    });
  };
  yield* createTask(cancelOne, { name: 'alone' });
  yield* createTask(() => withTaskGroup(cancelOne), { name: 'in a group' });
  expect(origins).toEqual([{ task: 'alone' }, { task: 'in a group' }]);
}));
