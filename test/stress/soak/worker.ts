// The loads of a soak in a thread that will be terminated without a word.
import { parentPort, workerData } from 'node:worker_threads';
import { checkpoint, createTask, run, sleep } from '../../../lib';
import { randomFrom } from '../../helpers/seed';
import { Ledger } from './ledger';
import { connections, datagrams, groups, messages, timers } from './loads';

void run(function* () {
  const ledger = new Ledger();
  const loads = [connections, timers, groups, messages, datagrams];
  for (const [i, load] of loads.entries()) createTask(() => load(ledger, randomFrom((workerData as number) + i)));
  yield* checkpoint();
  parentPort?.postMessage('running');
  yield* sleep(60_000);
});
