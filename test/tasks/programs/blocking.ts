// runBlocking where microtasks can be drained: at the top of a CommonJS program (no argument) and in a worker. Says what
// happened in one line of JSON.
import { isMainThread, parentPort } from 'node:worker_threads';
import { checkpoint, createTask, currentTask, gather, runBlocking, until } from '../../../lib/index';

function say(value: unknown): void {
  if (isMainThread) process.stdout.write(`${JSON.stringify(value)}\n`);
  else parentPort?.postMessage(value);
}

const log: string[] = [];
setImmediate(() => log.push('an immediate of Node'));

const results = runBlocking(async () => {
  await checkpoint();
  log.push('after our await');
  await Promise.resolve();
  log.push('after a foreign await');
  const both = await gather(
    until(Promise.resolve('a promise')),
    createTask(async () => {
      await checkpoint();
      return currentTask()?.name ?? 'nobody';
    }, { name: 'a child' }),
  );
  return both;
});

say({ results, log });
