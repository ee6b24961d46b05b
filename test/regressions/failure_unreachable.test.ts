// An error that was made in a task's step holds the task through V8's frames, until somebody reads its stack.
import { type EventLoop } from '../../lib';
import { collectUntil } from '../helpers/garbage';
import { ownedLoop, runReady } from '../helpers/owned_loop';

function* failing(): Generator<never, never> {
  throw new Error('made in the step', { cause: new Error('and so was this') });
}

function forgetFailures(loop: EventLoop, count: number): void {
  for (let i = 0; i < count; i++) void loop.createTask(failing());
  runReady(loop);
}

test('failure: a task that failed by an error of its own step is reported when it becomes unreachable', async () => {
  const { loop, reports } = ownedLoop();
  forgetFailures(loop, 10);
  await collectUntil(() => reports.length === 10);
  expect(reports).toHaveLength(10);
  loop.close();
});
